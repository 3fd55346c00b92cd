"""What the rules of recognition did with the people of an import: counts, and a few examples."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

EXAMPLES = 5


@dataclass(frozen=True)
class Found:
    """How many there were of a kind, and the kind and value of some: personal data as it stands."""

    count: int
    examples: tuple[tuple[str, str], ...]


# Each a SELECT of (who or what is counted, kind, value).
_QUERIES = {
    "email_exact": """
        SELECT l.customer_key, 'email', e.other FROM edges e
        JOIN people.links l ON l.kind = 'email' AND l.value = e.other
        WHERE e.kind = 'source_id' AND e.other_kind = 'email'
        GROUP BY ALL HAVING count(DISTINCT e.value) > 1""",
    "email_alias": """
        SELECT l.customer_key, 'email', a.email FROM aliases a
        JOIN people.links l ON l.kind = 'email' AND l.value = a.email
        WHERE l.rule = 'email_alias'""",
    "phone": """
        SELECT l.customer_key, 'phone', e.phone FROM (
            SELECT CASE kind WHEN 'phone' THEN value ELSE other END AS phone,
                   CASE kind WHEN 'phone' THEN other ELSE value END AS with_whom
            FROM edges WHERE 'phone' IN (kind, other_kind)) e
        JOIN people.links l ON l.kind = 'phone' AND l.value = e.phone
        GROUP BY ALL HAVING count(DISTINCT e.with_whom) > 1""",
    "by_hand": """
        SELECT l.customer_key, 'source_id', l.value FROM same s
        JOIN people.links l ON l.kind = 'source_id' AND l.value = s.id""",
    "guests": """
        SELECT l.customer_key, l.kind, l.value FROM (
            SELECT 'email' AS kind, email AS value FROM seen WHERE id IS NULL
            UNION SELECT 'phone', phone FROM seen WHERE id IS NULL) g
        JOIN people.links l USING (kind, value)
        SEMI JOIN people.id_keys i ON i.customer_key = l.customer_key""",
    "shared": """
        SELECT s.kind || s.value, s.kind, s.value FROM people.shared s
        SEMI JOIN known k ON k.kind = s.kind AND k.value = s.value WHERE s.kind <> 'mailbox'
        UNION SELECT 'email' || email, 'email', email FROM people.emails WHERE state = 'nobody'""",
    "relay": "SELECT email, 'email', email FROM seen WHERE state = 'relay'",
    "lookalike": "SELECT email, 'email', email FROM seen WHERE state = 'lookalike'",
}


def found_people(con: duckdb.DuckDBPyConnection) -> dict[str, Found]:
    """By rule, how many customers its addresses and numbers joined; guests who were recognised;
    addresses passed over. Reads what `resolve_people` left."""
    return {name: _found(con, query) for name, query in _QUERIES.items()}


def _found(con: duckdb.DuckDBPyConnection, query: str) -> Found:
    rows = con.execute(
        f"WITH found (who, kind, value) AS ({query}) "
        "SELECT kind, value, (SELECT count(DISTINCT who) FROM found) FROM found "
        f"GROUP BY kind, value ORDER BY kind, value LIMIT {EXAMPLES}"
    ).fetchall()
    examples = tuple((str(kind), str(value)) for kind, value, _ in rows)
    return Found(int(rows[0][2]) if rows else 0, examples)
