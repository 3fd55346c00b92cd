"""The facts of a shop without some of its customers: what was told of them goes, sums stay.

Everything is written into the next snapshot's file without them: nothing of theirs is ever in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from crm_core.errors import CrmError
from crm_core.schema import TABLES, Table
from crm_core.store.addresses import clean_address, mailbox_of
from crm_core.store.columns import columns_at, has_old
from crm_core.store.connection import attach
from crm_core.store.expired import aside_before, expired_in, kept_body
from crm_core.store.kept_out import keep
from crm_core.store.merge import carried, listed
from crm_core.store.people_kept import people_before
from crm_core.store.person_keys import last_given
from crm_core.store.tombstones import Tombstones

Mask = Callable[[str, object], str | None]
_ROWS = 20_000
# Kinds of accounts that are people themselves.
_OF_PERSONS = "('person', 'household', 'family')"


@dataclass(frozen=True)
class Leaving:
    """Who goes: every key that they ever had, and every trace (kind, value) that led to them."""

    keys: tuple[int, ...]
    traces: tuple[tuple[str, str], ...]


def leaving(con: duckdb.DuckDBPyConnection, key: int) -> Leaving:
    """A customer of the snapshot `old`, by the key they have now or one they had before.

    Raises: CrmError("no_such_customer").
    """
    people_before(con)
    moves = dict(con.execute("SELECT old_key, new_key FROM people.old_moves").fetchall())
    while key in moves:
        key = moves[key]
    known = "SELECT customer_key FROM people.old_links"
    if has_old(con, "customers"):
        known += " UNION ALL SELECT customer_key FROM old.main.customers"
    asked = f"SELECT 1 FROM ({known}) WHERE customer_key = ? LIMIT 1"
    if not con.execute(asked, [key]).fetchone():
        raise CrmError("no_such_customer")
    keys = _all_keys(con, [key])
    return Leaving(keys, tuple(_traces(con, keys)))


def keys_buried(con: duckdb.DuckDBPyConnection, buried: Tombstones) -> tuple[int, ...]:
    """Every key of customers of the snapshot `old` who were erased and are there again, as after
    a backup was put back: one of their traces has a tombstone, and all of their source ids."""
    people_before(con)
    rows = con.execute("SELECT kind, value, customer_key FROM people.old_links")
    touched: set[int] = set()
    while some := rows.fetchmany(_ROWS):
        touched.update(key for kind, value, key in some if buried.cover(kind, value))
    _keep_keys(con, touched)
    ids = con.execute(
        "SELECT customer_key, value FROM people.old_links SEMI JOIN gone_keys USING (customer_key) "
        "WHERE kind = 'source_id'"
    ).fetchall()
    others = {key for key, value in ids if not buried.cover("source_id", value)}
    return _all_keys(con, touched - others)


def _all_keys(con: duckdb.DuckDBPyConnection, homes: Iterable[int]) -> tuple[int, ...]:
    """These keys and all that became one of them."""
    moves = con.execute("SELECT old_key, new_key FROM people.old_moves").fetchall()
    found = set(homes)
    fresh = set(found)
    while fresh:
        fresh = {old for old, new in moves if new in fresh} - found
        found |= fresh
    return tuple(sorted(found))


def _keep_keys(con: duckdb.DuckDBPyConnection, keys: Iterable[int]) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE gone_keys AS SELECT unnest(?::BIGINT[]) AS customer_key",
        [sorted(keys)],
    )


def _traces(con: duckdb.DuckDBPyConnection, keys: Sequence[int]) -> list[tuple[str, str]]:
    """Ids, addresses and numbers that lead to these customers, less what the shop also tells of
    others; the mailboxes of their addresses; visitor numbers that were only ever theirs; accounts
    that were theirs alone."""
    _keep_keys(con, keys)
    found = con.execute(f"""
        WITH mine AS (SELECT kind, value, rule FROM people.old_links
             SEMI JOIN gone_keys USING (customer_key) WHERE kind = 'source_id' OR value NOT IN
             (SELECT value FROM ({_told_of_others(con)}) WHERE value IS NOT NULL))
        SELECT kind, value FROM mine UNION SELECT 'mailbox', {mailbox_of("value")} FROM mine
        WHERE kind = 'email' AND rule IN ('email_exact', 'email_alias')
        UNION SELECT 'visitor', visitor_id FROM ({_visitors(con)})
        UNION SELECT 'account_id', account_id FROM ({_accounts(con)})
        ORDER BY 1, 2
    """).fetchall()
    return [(str(kind), str(value)) for kind, value in found]


def _told_of_others(con: duckdb.DuckDBPyConnection) -> str:
    """SQL for the addresses and numbers in identities of everybody else."""
    if not has_old(con, "identities"):
        return "SELECT '' AS value"
    told = f"unnest([{clean_address('email')}, phone])"
    return (
        f"SELECT {told} AS value FROM old.main.identities ANTI JOIN gone_keys USING (customer_key)"
    )


def _visitors(con: duckdb.DuckDBPyConnection) -> str:
    if not has_old(con, "web_events", "visitor_id"):
        return "SELECT '' AS visitor_id WHERE false"
    return (
        "SELECT visitor_id FROM old.main.web_events LEFT JOIN (SELECT customer_key, true AS goes "
        "FROM gone_keys) USING (customer_key) WHERE visitor_id IS NOT NULL GROUP BY visitor_id "
        "HAVING bool_or(goes) AND NOT bool_or(customer_key IS NOT NULL AND goes IS NULL)"
    )


def _accounts(con: duckdb.DuckDBPyConnection) -> str:
    if not (has_old(con, "accounts") and has_old(con, "customers", "account_id")):
        return "SELECT '' AS account_id WHERE false"
    return (
        "SELECT a.account_id FROM old.main.accounts a JOIN old.main.customers c USING (account_id) "
        "LEFT JOIN (SELECT customer_key, true AS goes FROM gone_keys) g USING (customer_key) "
        "LEFT JOIN old.main.identities i USING (customer_key) "
        f"WHERE lower(a.account_kind) IN {_OF_PERSONS} OR a.account_name = i.name "
        "GROUP BY a.account_id HAVING bool_and(coalesce(goes, false)) AND count(*) = "
        "(SELECT count(*) FROM old.main.customers m WHERE m.account_id = a.account_id)"
    )


def batches_with(con: duckdb.DuckDBPyConnection, raws: Sequence[str]) -> list[int]:
    """The imports that set these rows aside."""
    keep(con, "gone_raws", ["raw"], [raws])
    found = con.execute(
        "SELECT DISTINCT batch_id FROM old.main.quarantine SEMI JOIN gone_raws USING (raw)"
    )
    return sorted(int(row[0]) for row in found.fetchall())


def carry_without(
    con: duckdb.DuckDBPyConnection,
    keys: Sequence[int],
    *,
    raws: Sequence[str],
    mask: Mask,
    cuts: Mapping[str, date] = MappingProxyType({}),
) -> dict[str, int]:
    """Copies the tables of `old` into `facts` without these customers, as `copy_tables` does with
    them; how many rows of each that took. `raws` are the rows set aside that hold a trace of
    theirs, `mask` is how examples in reports of imports were made unreadable. Of tables in `cuts`
    rows of days before go, too."""
    people_before(con)
    traces = _traces(con, keys)
    keep(con, "gone_raws", ["raw"], [raws])
    for kind in ("visitor", "account_id"):
        keep(con, f"gone_{kind}s", [kind], [[value for found, value in traces if found == kind]])
    counted = {name: _carry(con, table, cuts.get(name)) for name, table in TABLES.items()}
    _carry_log(con, {mask(kind, value) for kind, value in traces})
    aside = "raw IN (SELECT raw FROM gone_raws)"
    if "quarantine" in cuts:
        aside = f"({aside} OR {aside_before(cuts['quarantine'])})"
    counted["quarantine"] = _copy(con, "quarantine", carried(con, "quarantine"), aside)
    _carry_people(con)
    return {name: count for name, count in counted.items() if count}


def _carry(con: duckdb.DuckDBPyConnection, table: Table, cut: date | None = None) -> int:
    body = carried(con, table.name)
    if cut is None or not body:
        return _carry_rows(con, table, body)
    expired = _count(con, expired_in(table, body, cut))
    return expired + _carry_rows(con, table, kept_body(table, body, cut))


def _carry_rows(con: duckdb.DuckDBPyConnection, table: Table, body: str) -> int:
    names = {column.name for column in table.stored()}
    if table.name == "accounts":
        return _copy(
            con, "accounts", body, "account_id IN (SELECT account_id FROM gone_account_ids)"
        )
    if "customer_key" not in names:
        return _copy(con, table.name, body, "false")
    test = "customer_key IN (SELECT customer_key FROM gone_keys)"
    if "visitor_id" in names:
        test = f"({test} OR visitor_id IN (SELECT visitor FROM gone_visitors))"
    if not table.stays_nameless:
        return _copy(con, table.name, body, test)
    named = [column.name for column in table.stored() if column.pii] + ["customer_key"]
    cells = ", ".join(f'CASE WHEN {test} THEN NULL ELSE "{n}" END AS "{n}"' for n in named)
    con.execute(f"CREATE TABLE facts.main.{table.name} AS SELECT * REPLACE ({cells}) FROM ({body})")
    return _count(con, f"({body}) WHERE {test}")


def _copy(con: duckdb.DuckDBPyConnection, name: str, body: str, test: str) -> int:
    """Copies rows that are not of those who go; how many were."""
    if not body:
        return 0
    test = f"coalesce({test}, false)"
    con.execute(f"CREATE TABLE facts.main.{name} AS SELECT * FROM ({body}) WHERE NOT {test}")
    return _count(con, f"({body}) WHERE {test}") if test != "coalesce(false, false)" else 0


def _count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {rows}").fetchone()
    return int(row[0]) if row else 0


def _carry_log(con: duckdb.DuckDBPyConnection, masked: set[str | None]) -> None:
    """The log of imports, its reports without examples that were made of these people's traces."""
    if not columns_at(con, "old.main.import_batches"):
        return
    rows = con.execute("SELECT batch_id, report FROM old.main.import_batches").fetchall()
    fresh = [(str(number), _without(report, masked)) for number, report in rows]
    keep(con, "fresh_reports", ["number", "report"], list(zip(*fresh, strict=True)) or [[], []])
    con.execute(
        "CREATE TABLE facts.main.import_batches AS SELECT l.* REPLACE (f.report AS report) "
        "FROM old.main.import_batches l JOIN fresh_reports f ON f.number = l.batch_id::VARCHAR "
        "ORDER BY batch_id"
    )


def _without(report: str, masked: set[str | None]) -> str:
    told: dict[str, Any] = json.loads(report)
    rules = told.get("identity")
    if not isinstance(rules, dict):
        return report
    for rule in rules.values():
        rule["examples"] = [each for each in rule.get("examples", ()) if each not in masked]
    return json.dumps(told, default=str, ensure_ascii=False)


def _carry_people(con: duckdb.DuckDBPyConnection) -> None:
    """What is remembered of people: the highest key stays, so that nobody ever gets theirs; an
    address that leads to nobody goes if no one else has it."""
    gone = "(SELECT customer_key FROM gone_keys)"
    con.execute(
        "CREATE TABLE facts.main.key_moves AS SELECT * FROM people.old_moves "
        f"WHERE old_key NOT IN {gone} AND new_key NOT IN {gone}"
    )
    con.execute(
        f"CREATE TABLE facts.main.keys_given AS SELECT {last_given(con)}::BIGINT AS last_key"
    )
    mine = "SELECT '' AS value WHERE false"
    if has_old(con, "identities"):
        both = f"{clean_address('email')}, phone"
        told = f"SELECT unnest([{both}]) AS value, customer_key FROM old.main.identities"
        mine = (
            f"SELECT value FROM ({told}) WHERE value IS NOT NULL GROUP BY value "
            f"HAVING bool_and(customer_key IN {gone})"
        )
    con.execute(
        "CREATE TABLE facts.main.shared_addresses AS SELECT * FROM people.old_shared "
        f"WHERE value NOT IN ({mine})"
    )


def scores_without(con: duckdb.DuckDBPyConnection, past: Path, keys: Sequence[int]) -> int:
    """Copies the tables of a scores file into catalogue `scores` without these customers; how
    many rows that took."""
    attach(con, past, "past")
    _keep_keys(con, keys)
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'past' "
        "AND schema_name = 'main' ORDER BY table_name"
    ).fetchall()
    taken = 0
    for (name,) in found:
        place = f'past.main."{name}"'
        columns = columns_at(con, place)
        test = "customer_key IN (SELECT customer_key FROM gone_keys)"
        test = f"coalesce({test}, false)" if "customer_key" in columns else "false"
        taken += _count(con, f"{place} WHERE {test}") if test != "false" else 0
        con.execute(
            f'CREATE TABLE scores.main."{name}" AS SELECT {listed(columns)} FROM {place} '
            f"WHERE NOT {test}"
        )
    con.execute("DETACH past")
    return taken
