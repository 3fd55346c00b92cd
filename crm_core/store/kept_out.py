"""Rows of people who were erased, found by tombstones among rows that come in or are kept.

A row is of somebody erased if its source id has a tombstone, or if it has no source id and its
address or number has one. An id that was never seen and is told with such an address is the same
person's; one that is another customer's already is not, but the address stays out all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from crm_core.schema import PERSON, TABLES, Table
from crm_core.store.addresses import clean_address, mailbox_of
from crm_core.store.people import PeopleRules, columns_of, read_traces, region_sql
from crm_core.store.people_kept import people_before
from crm_core.store.phones import phone_number
from crm_core.store.tombstones import Tombstones

_ROWS = 20_000
_DELIMITERS = r'[,;\t|"{}\[\]]+|: '
_LIKE_A_PHONE = r"\+?[\d\s().\-/]{7,40}"


def keep_out(
    con: duckdb.DuckDBPyConnection, staged: set[str], buried: Tombstones, rules: PeopleRules
) -> dict[str, int]:
    """Takes rows of erased people out of `staging`, or their names where the shop's sums need the
    row; how many rows, by table. Rows set aside that hold one of their traces go, too."""
    if not buried:
        return {}
    find_buried(con, staged, buried, rules)
    counted = {table: _keep_out_of(con, table) for table in sorted(staged) if table in TABLES}
    raws = raws_of_buried(con, "staging.quarantine", buried, rules)
    if raws:
        keep(con, "buried_raws", ["raw"], [raws])
        con.execute("DELETE FROM staging.quarantine WHERE raw IN (SELECT raw FROM buried_raws)")
        counted["quarantine"] = len(raws)
    return {table: count for table, count in counted.items() if count}


def _keep_out_of(con: duckdb.DuckDBPyConnection, table: str) -> int:
    present = columns_of(con, table)
    count = count_buried(con, f"staging.{table}", present)
    if count:
        rest = without_buried(f"staging.{table}", TABLES[table], present)
        con.execute(f"CREATE OR REPLACE TABLE staging.{table} AS {rest}")
    return count


def find_buried(
    con: duckdb.DuckDBPyConnection, staged: set[str], buried: Tombstones, rules: PeopleRules
) -> None:
    """Makes `buried_ids`, `buried_emails`, `buried_phones`, `buried_visitors`, `buried_accounts` of
    what the staged rows tell, as it is written there. Needs the snapshot before as `old`."""
    people_before(con)
    read_traces(con, staged, rules)
    ids = buried.covered("source_id", values(con, "SELECT DISTINCT id FROM told"))
    emails = buried.covered("email", values(con, "SELECT DISTINCT email FROM people.emails"))
    boxes: list[str] = []
    if rules.join_aliases:
        own = "SELECT DISTINCT mailbox FROM people.emails WHERE state = 'own'"
        boxes = buried.covered("mailbox", values(con, own))
    phones = buried.covered("phone", values(con, "SELECT DISTINCT phone FROM people.phones"))
    keep(con, "buried_ids", ["id"], [ids])
    keep(con, "buried_traces", ["kind", "value"], [
        ["email"] * len(emails) + ["mailbox"] * len(boxes) + ["phone"] * len(phones),
        [*emails, *boxes, *phones],
    ])  # fmt: skip
    con.execute("""
        CREATE OR REPLACE TEMP TABLE buried_emails AS SELECT DISTINCT raw FROM people.emails e
        JOIN buried_traces t ON t.kind = 'email' AND t.value = e.email
             OR t.kind = 'mailbox' AND t.value = e.mailbox AND e.state = 'own';
        CREATE OR REPLACE TEMP TABLE buried_phones AS SELECT DISTINCT raw, region
        FROM people.phones p JOIN buried_traces t ON t.kind = 'phone' AND t.value = p.phone;
        INSERT INTO buried_ids SELECT DISTINCT t.id FROM told t
        LEFT JOIN buried_emails e ON e.raw = t.raw_email
        LEFT JOIN buried_phones p ON p.raw = t.raw_phone AND p.region = t.region
        WHERE t.id IS NOT NULL AND (e.raw IS NOT NULL OR p.raw IS NOT NULL)
        AND t.id NOT IN (SELECT value FROM people.old_links WHERE kind = 'source_id')
        AND t.id NOT IN (SELECT id FROM buried_ids)
    """)
    for kind, table, column in (
        ("visitor", "web_events", "visitor_id"),
        ("account_id", "accounts", "account_id"),
    ):
        told: list[str] = []
        if table in staged and column in columns_of(con, table):
            asked = f"SELECT DISTINCT {column} FROM staging.{table}"
            told = buried.covered(kind, values(con, asked))
        keep(con, f"buried_{column}s", [column], [told])


def count_buried(con: duckdb.DuckDBPyConnection, source: str, present: set[str]) -> int:
    """How many rows of a source, which has these columns, tell something of somebody erased."""
    tests = _Tests.of(present)
    if tests is None:
        return 0
    asked = f"SELECT count(*) FROM {source} s{tests.joins} WHERE {tests.touches}"
    row = con.execute(asked).fetchone()
    return int(row[0]) if row else 0


def without_buried(source: str, table: Table, present: set[str]) -> str:
    """SQL for the rows of a source (of these columns) without erased people: without their rows,
    or without what tells of them where rows of the table stay nameless. Their addresses and
    numbers go from rows of others, too."""
    tests = _Tests.of(present)
    if tests is None:
        return f"SELECT * FROM {source}"
    empty = dict(tests.cells)
    if table.stays_nameless:
        named = {column.name for column in table.staging() if column.pii} & present
        empty |= {name: _any([tests.theirs, empty.get(name, "false")]) for name in sorted(named)}
    cells = ", ".join(
        f'CASE WHEN {test} THEN NULL ELSE s."{name}" END AS "{name}"'
        for name, test in empty.items()
    )
    replaced = f" REPLACE ({cells})" if cells else ""
    kept = "true" if table.stays_nameless else f"NOT {tests.theirs}"
    return f"SELECT s.*{replaced} FROM {source} s{tests.joins} WHERE {kept}"


@dataclass(frozen=True)
class _Tests:
    """SQL about a row of a source: whether it is of somebody erased (`theirs`), whether it tells
    anything of one (`touches`), which cells hold a trace of one; and the join that these need."""

    theirs: str
    touches: str
    cells: Mapping[str, str]
    joins: str

    @classmethod
    def of(cls, present: set[str]) -> _Tests | None:
        """The tests of a source with these columns; None where it is about nobody."""
        region, joins = region_sql("s", present)
        cells: dict[str, str] = {}
        if "email" in present:
            cells["email"] = _any(["s.email IN (SELECT raw FROM buried_emails)"])
        if "phone" in present:
            buried = "(SELECT (raw, region) FROM buried_phones)"
            cells["phone"] = _any([f"(s.phone, {region}) IN {buried}"])
        theirs = list(cells.values())
        if "customer_id" in present:
            theirs = [f"(s.customer_id IS NULL AND {_any(theirs)})"] if theirs else []
            theirs.append("s.customer_id IN (SELECT id FROM buried_ids)")
        if "visitor_id" in present:
            theirs.append("s.visitor_id IN (SELECT visitor_id FROM buried_visitor_ids)")
        # Other tables tell of an account whom it holds; that one is about itself.
        if "account_id" in present and not present & set(PERSON):
            theirs.append("s.account_id IN (SELECT account_id FROM buried_account_ids)")
        if not theirs:
            return None
        return cls(_any(theirs), _any([*theirs, *cells.values()]), cells, joins)


def _any(tests: Iterable[str]) -> str:
    return f"({' OR '.join(f'coalesce({test}, false)' for test in tests)})"


def raws_of_buried(
    con: duckdb.DuckDBPyConnection, source: str, buried: Tombstones, rules: PeopleRules
) -> list[str]:
    """Those rows set aside, as they stood in their file, that hold a trace of somebody erased.

    What was set aside was not understood, so every part of a row is taken for an id, an address
    and a number.
    """
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE raw_parts AS SELECT DISTINCT raw, trim(part) AS part FROM (
            SELECT raw, unnest(regexp_split_to_array(raw, '{_DELIMITERS}')) AS part
            FROM (SELECT DISTINCT raw FROM {source} WHERE raw IS NOT NULL))
        WHERE trim(part) <> ''
    """)
    parts = con.execute(f"""
        SELECT part, email, {mailbox_of("email")} AS mailbox,
               regexp_full_match(part, '{_LIKE_A_PHONE}')
        FROM (SELECT DISTINCT part, CASE WHEN contains(part, '@') OR contains(part, '＠')
              THEN {clean_address("part")} END AS email FROM raw_parts)
    """)
    found: list[str] = []
    while rows := parts.fetchmany(_ROWS):
        for part, email, mailbox, may_call in rows:
            phone = phone_number(part, rules.country or "") if may_call else None
            traces = (("source_id", part), ("email", email), ("phone", phone), ("mailbox", mailbox))
            if any(value and buried.cover(kind, value) for kind, value in traces):
                found.append(part)
    if not found:
        return []
    keep(con, "found_parts", ["part"], [found])
    asked = "SELECT DISTINCT raw FROM raw_parts SEMI JOIN found_parts USING (part)"
    return [str(row[0]) for row in con.execute(asked).fetchall()]


def values(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[str | None]:
    """The one column of a query, some rows at a time: it may be long."""
    rows = con.execute(query)
    while some := rows.fetchmany(_ROWS):
        yield from (row[0] for row in some)


def keep(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
) -> None:
    """Makes a temporary table of texts."""
    arrays = [pa.array(column, pa.string()) for column in cells]
    con.register("incoming_texts", pa.table(arrays, names=list(columns)))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming_texts")
    con.unregister("incoming_texts")
