"""Who is who: source ids and e-mails lead to one customer key, kept through every re-import.

Rules: a source id is one person; the same e-mail, letter for letter after trimming, Unicode
composition (NFC) and lower case, is one person, unless more than three source ids share it, in
one file or over all (a shop's own or a marketplace's address leads to nobody). Look-alike letters
are counted and never merged. The older key survives a merge.
"""

from __future__ import annotations

import duckdb

from crm_core.store.person_keys import give_keys, join_traces

SHARED_EMAIL_IDS = 3

_EMAIL = "lower(nfc_normalize(trim({column})))"
_VALID = "regexp_full_match({column}, '[^@\\s]+@[^@\\s]+\\.[^@\\s]+')"
_LOOKALIKE = (
    "regexp_matches(value, '[a-z]') AND regexp_matches(value, '[\\x{0370}-\\x{03ff}"
    "\\x{0400}-\\x{04ff}]')"
)


def resolve_people(
    con: duckdb.DuckDBPyConnection, staged: set[str], *, batch: int, rebuild: bool = False
) -> int:
    """Makes `people.links` (kind, value, customer_key, first_key, rule, batch_id); look-alikes.

    Expects `staging.*` with `customer_id` and `email`, the earlier links in `people.old_links`,
    who had which e-mail in `people.old_emails`, addresses of nobody's own in `people.old_shared`
    and the keys given up earlier in `people.old_moves`. `people.moved` maps keys that this merge
    gives up to those that survive, `people.given` is the highest key ever given. A key given up
    or not told again is never given to anybody else: what people decided about it must not pass
    to a stranger.

    `first_key` is the key a trace got when it was first seen (or when a rebuild set it apart from
    who else had that key), kept for ever. A `rebuild` is told
    every row of the store anew: `people.old_links` (its customer_key set to the first_key) then
    only says which numbers to give; nobody is joined because they were joined before, and what
    is not told again has no link any more.
    """
    pairs = " UNION ALL ".join(_sightings(con, staged)) or _NOBODY
    con.execute(f"CREATE OR REPLACE TEMP TABLE seen AS {pairs}")
    _find_shared(con, rebuild=rebuild)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE nodes AS
        SELECT DISTINCT 'source_id' AS kind, id AS value FROM seen WHERE id IS NOT NULL
        UNION SELECT DISTINCT 'email', email FROM seen
              WHERE email IS NOT NULL AND email NOT IN (SELECT email FROM people.shared)
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE edges AS
        SELECT DISTINCT 'source_id' AS kind, id AS value, 'email' AS other_kind, email AS other
        FROM seen WHERE id IS NOT NULL AND email IS NOT NULL
        AND email NOT IN (SELECT email FROM people.shared)
    """)
    join_traces(con, rebuild=rebuild)
    give_keys(con, rebuild=rebuild)
    _link(con, batch, rebuild=rebuild)
    row = con.execute(
        f"SELECT count(*) FROM nodes WHERE kind = 'email' AND {_LOOKALIKE}"
    ).fetchone()
    return int(row[0]) if row else 0


def _find_shared(con: duckdb.DuckDBPyConnection, *, rebuild: bool) -> None:
    """Makes `people.shared`, the e-mails of more than three ids that are not one person already.

    Files of a day each would otherwise join a marketplace's buyers one after the other. Once
    shared an address stays so: whether it joins people must not depend on how often it is told.
    A rebuild, which is told everything at once, judges by what it is told alone.
    """
    address = _EMAIL.format(column="e.email")
    before = f"""
        UNION SELECT t.email, l.value FROM (SELECT DISTINCT email FROM seen) t
        JOIN people.old_emails e ON {address} = t.email
        JOIN people.old_links l ON l.customer_key = e.customer_key AND l.kind = 'source_id'
    """
    not_one = "count(DISTINCT o.customer_key) > 1 OR count(*) > count(o.customer_key)"
    con.execute(f"""
        CREATE OR REPLACE TABLE people.shared AS
        WITH known AS (
            SELECT email, id FROM seen WHERE email IS NOT NULL AND id IS NOT NULL
            {"" if rebuild else before}
        )
        SELECT k.email FROM known k
        LEFT JOIN people.old_links o ON o.kind = 'source_id' AND o.value = k.id
        GROUP BY k.email HAVING count(DISTINCT k.id) > {SHARED_EMAIL_IDS}
        AND ({"true" if rebuild else not_one})
        UNION SELECT email FROM people.old_shared
    """)


_NOBODY = "SELECT NULL::VARCHAR AS id, NULL::VARCHAR AS email WHERE false"


def _sightings(con: duckdb.DuckDBPyConnection, staged: set[str]) -> list[str]:
    """One SELECT (id, email) for each staged table that names people."""
    selects: list[str] = []
    for table in sorted(staged):
        names = {row[0] for row in con.execute(f"DESCRIBE staging.{table}").fetchall()}
        if "customer_id" not in names:
            continue
        email = "NULL::VARCHAR"
        if "email" in names:
            clean = _EMAIL.format(column="email")
            email = f"CASE WHEN {_VALID.format(column=clean)} THEN {clean} END"
        selects.append(f"SELECT DISTINCT customer_id AS id, {email} AS email FROM staging.{table}")
    return selects


def _link(con: duckdb.DuckDBPyConnection, batch: int, *, rebuild: bool) -> None:
    """Makes `people.links` of the traces told now and, but in a rebuild, those told before."""
    told_before = """
        UNION ALL
        SELECT o.kind, o.value, coalesce(m.new_key, o.customer_key), o.first_key, o.rule, o.batch_id
        FROM people.old_links o ANTI JOIN labels l USING (kind, value)
        LEFT JOIN people.moved m ON m.old_key = o.customer_key
        WHERE o.kind <> 'email' OR o.value NOT IN (SELECT email FROM people.shared)
    """
    con.execute(f"""
        CREATE OR REPLACE TABLE people.links AS
        SELECT l.kind, l.value, k.key AS customer_key,
               CASE WHEN k.is_new THEN k.key ELSE coalesce(o.first_key, k.key) END AS first_key,
               CASE l.kind WHEN 'email' THEN 'email_exact' ELSE 'source_id' END AS rule,
               coalesce(o.batch_id, {batch}) AS batch_id
        FROM labels l JOIN people.keyed k USING (root)
        LEFT JOIN people.old_links o USING (kind, value)
        {"" if rebuild else told_before}
    """)


def key_of(alias: str, *, with_email: bool) -> str:
    """SQL for a staged row's customer key: by its id, else by its e-mail.

    Needs the joins of `people_joins`.
    """
    return (
        f"coalesce({alias}_id.customer_key, {alias}_mail.customer_key)"
        if with_email
        else (f"{alias}_id.customer_key")
    )


def people_joins(alias: str, *, with_email: bool) -> str:
    """SQL joins from a staged row `alias` to the links."""
    joins = (
        f" LEFT JOIN people.links {alias}_id ON {alias}_id.kind = 'source_id'"
        f" AND {alias}_id.value = {alias}.customer_id"
    )
    if with_email:
        clean = _EMAIL.format(column=f"{alias}.email")
        joins += (
            f" LEFT JOIN people.links {alias}_mail ON {alias}_mail.kind = 'email'"
            f" AND {alias}_mail.value = {clean}"
        )
    return joins
