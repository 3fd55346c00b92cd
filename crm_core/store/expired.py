"""Rows that are older than a shop keeps them: out of what comes in, is kept beside, and is built.

Rows that the shop's sums need stay as nobody's, as those of erased people do; all others go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

from crm_core.schema import PERSON, TABLES, Table
from crm_core.store.batches import Batch, synced, told_files
from crm_core.store.columns import columns_at
from crm_core.store.connection import quoted
from crm_core.store.people import columns_of

Cuts = Mapping[str, date]
#: What leads to somebody beside columns that name them: whose order it was.
_LEADS = ("customer_key", "order_id")


def drop_expired(
    con: duckdb.DuckDBPyConnection, staged: set[str], cuts: Cuts, timezone: str
) -> dict[str, int]:
    """Takes rows of days before the cuts out of `staging`; how many, by table."""
    counted: dict[str, int] = {}
    for name in sorted(staged & cuts.keys() & TABLES.keys()):
        present = columns_of(con, name)
        old = _told_before(TABLES[name], cuts[name], timezone, present)
        if count := _count(con, f"staging.{name} WHERE {old}"):
            rest = _rest(f"staging.{name}", TABLES[name], old, present)
            con.execute(f"CREATE OR REPLACE TEMP TABLE rest AS {rest}")
            kind = "VIEW" if _is_view(con, name) else "TABLE"
            con.execute(f"DROP {kind} staging.{name}")
            con.execute(f"CREATE TABLE staging.{name} AS SELECT * FROM rest; DROP TABLE rest")
            counted[name] = count
    return counted


def find_expired(
    con: duckdb.DuckDBPyConnection, folder: Path, kept: Iterable[Batch], cuts: Cuts, timezone: str
) -> dict[Path, int]:
    """The kept files of what imports told with rows before the cuts, each with its batch's number."""
    found: dict[Path, int] = {}
    for batch in kept:
        for path in told_files(folder, batch):
            if path.stem in cuts and path.stem in TABLES:
                source, present = _source(con, path)
                old = _told_before(TABLES[path.stem], cuts[path.stem], timezone, present)
                if _count(con, f"{source} WHERE {old}"):
                    found[path] = batch.number
    return found


def without_expired(
    con: duckdb.DuckDBPyConnection, files: Iterable[Path], cuts: Cuts, timezone: str
) -> None:
    """Writes these files anew, each in place of itself or not at all."""
    for path in files:
        source, present = _source(con, path)
        table = TABLES[path.stem]
        rest = _rest(
            source, table, _told_before(table, cuts[path.stem], timezone, present), present
        )
        fresh = path.with_suffix(".part")
        con.execute(f"COPY ({rest}) TO {quoted(str(fresh))} (FORMAT parquet, COMPRESSION zstd)")
        synced(fresh).replace(path)
        synced(path.parent)


def kept_body(table: Table, body: str, cut: date) -> str:
    """SQL for the stored rows of `body` less those of days before the cut, or less what leads to
    somebody in them."""
    present = {column.name for column in table.stored()}
    return _rest(f"({body})", table, _stored_before(table, cut), present)


def expired_in(table: Table, body: str, cut: date) -> str:
    """SQL for a FROM of the stored rows of `body` that are to go."""
    return f"({body}) WHERE {_stored_before(table, cut)}"


def aside_before(cut: date) -> str:
    """SQL: a row set aside by an import before that day, as the log of the snapshot before tells."""
    return (
        "batch_id IN (SELECT batch_id FROM old.main.import_batches "
        f"WHERE imported_at < DATE '{cut.isoformat()}')"
    )


def _rest(source: str, table: Table, old: str, present: set[str]) -> str:
    if not table.stays_nameless:
        return f"SELECT * FROM {source} WHERE NOT {old}"
    cells = ", ".join(
        f'CASE WHEN {old} THEN NULL ELSE "{name}" END AS "{name}"'
        for name in emptied(table, present)
    )
    return f"SELECT * REPLACE ({cells}) FROM {source}" if cells else f"SELECT * FROM {source}"


def emptied(table: Table, present: Iterable[str]) -> list[str]:
    """The columns of a table that stays nameless which are emptied: names, and what leads to one."""
    named = {column.name for column in table.columns if column.pii}
    return sorted((named | {*PERSON, *_LEADS}) & set(present))


def _told_before(table: Table, cut: date, timezone: str, present: set[str]) -> str:
    """SQL: a row as an import tells it, of the shop's day before the cut, that has yet to go."""
    zone = quoted(timezone)
    day = f'(make_timestamptz(epoch_us("{table.event}")) AT TIME ZONE {zone})::DATE'
    return _before(table, day, cut, present)


def _stored_before(table: Table, cut: date) -> str:
    return _before(table, "day", cut, {column.name for column in table.stored()})


def _before(table: Table, day: str, cut: date, present: set[str]) -> str:
    test = f"{day} < DATE '{cut.isoformat()}'"
    if table.stays_nameless:
        still = " OR ".join(f'"{name}" IS NOT NULL' for name in emptied(table, present))
        test = f"{test} AND ({still or 'false'})"
    return f"coalesce({test}, false)"


def _source(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, set[str]]:
    source = f"read_parquet({quoted(str(path))})"
    return source, set(columns_at(con, source))


def _is_view(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    asked = "SELECT 1 FROM duckdb_views() WHERE schema_name = 'staging' AND view_name = ?"
    return con.execute(asked, [name]).fetchone() is not None


def _count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {rows}").fetchone()
    return int(row[0]) if row else 0
