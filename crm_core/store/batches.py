"""The log of imports, and what each of them told: kept so that any can be taken back.

An import's staged rows lie as Parquet under `batches/<token>/` in the store's folder. They are on
the disk before the snapshot that names the token is published. A folder that the current snapshot
does not name is what an import that was cut off, or an undone one, left; the next writer removes
it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from crm_core.store.columns import columns_at, has_table
from crm_core.store.connection import quoted

_FOLDER = "batches"
_LOG = {
    "batch_id": "BIGINT",
    "imported_at": "TIMESTAMP",
    "files": "VARCHAR",
    "format": "VARCHAR",
    "report": "VARCHAR",
    "token": "VARCHAR",
    "undone_at": "TIMESTAMP",
}
_QUARANTINE = {
    "source_file": "VARCHAR",
    "source_row": "BIGINT",
    "table_name": "VARCHAR",
    "column_name": "VARCHAR",
    "reason": "VARCHAR",
    "raw": "VARCHAR",
    "amount": "DECIMAL(18,2)",
    "batch_id": "BIGINT",
    "healed_by": "BIGINT",
}


@dataclass(frozen=True)
class Batch:
    """One import. `token` names the folder of what it told; None where that was not kept."""

    number: int
    imported_at: datetime
    files: str
    format: str
    report: Mapping[str, Any] = field(default_factory=dict)
    token: str | None = None
    undone_at: datetime | None = None


def token_of(batch: int, now: datetime, report: Mapping[str, Any]) -> str:
    """A folder name that no other import of this store has: its number and a part of a hash.

    >>> token_of(7, datetime(2026, 1, 2), {})
    '000007-3b562c309910'
    """
    told = f"{now.isoformat()} {json.dumps(report, sort_keys=True, default=str)}"
    return f"{batch:06d}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def keep_told(
    con: duckdb.DuckDBPyConnection, folder: Path, batch: Batch, tables: Iterable[str]
) -> None:
    """Writes the staged tables to the batch's folder, durably; nothing names it yet."""
    place = folder / _FOLDER / str(batch.token)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for table in sorted(tables):
        path = place / f"{table}.parquet"
        con.execute(
            f"COPY (SELECT * EXCLUDE (source_file), {batch.number}::BIGINT AS batch_id FROM "
            f"staging.{table}) TO {quoted(str(path))} "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
    for path in (*place.iterdir(), place, place.parent, folder):
        synced(path)


def synced(path: Path) -> Path:
    """The file or folder, once what was written to it is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return path


def was_kept(folder: Path, batch: Batch) -> bool:
    """Whether what a batch told is there."""
    return batch.token is not None and (folder / _FOLDER / batch.token).is_dir()


def unite_told(con: duckdb.DuckDBPyConnection, folder: Path, batches: Iterable[Batch]) -> set[str]:
    """Makes `staging.<table>` of all that these batches told, with `batch_id`; the tables."""
    files: dict[str, list[str]] = {}
    for batch in batches:
        for path in told_files(folder, batch):
            files.setdefault(path.stem, []).append(quoted(str(path)))
    con.execute("DROP SCHEMA IF EXISTS staging CASCADE; CREATE SCHEMA staging")
    for table, paths in files.items():
        con.execute(
            f"CREATE VIEW staging.{table} AS SELECT * FROM "
            f"read_parquet([{', '.join(paths)}], union_by_name = true)"
        )
    return set(files)


def told_files(folder: Path, batch: Batch) -> list[Path]:
    """The files of what a batch told, one a table."""
    return sorted((folder / _FOLDER / batch.token).glob("*.parquet")) if batch.token else []


def tidy_told(folder: Path, log: Iterable[Batch]) -> None:
    """Removes every folder that no batch still in the store names."""
    named = {batch.token for batch in log if batch.undone_at is None}
    for path in (folder / _FOLDER).glob("*"):
        if path.name not in named:
            shutil.rmtree(path, ignore_errors=True)


def read_log(con: duckdb.DuckDBPyConnection, catalogue: str = "old") -> list[Batch]:
    """Every import of a snapshot, oldest first; none where there is no snapshot."""
    if not has_table(con, catalogue, "import_batches"):
        return []
    found = con.execute(f"SELECT * FROM {catalogue}.main.import_batches ORDER BY batch_id")
    names = [column[0] for column in found.description]
    return [_batch(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _batch(row: Mapping[str, Any]) -> Batch:
    return Batch(
        row["batch_id"],
        row["imported_at"],
        row["files"],
        row["format"],
        json.loads(row["report"]),
        row.get("token"),
        row.get("undone_at"),
    )


def write_log(
    con: duckdb.DuckDBPyConnection,
    *,
    added: Batch | None = None,
    undone: tuple[int, datetime] | None = None,
) -> None:
    """Makes the log and the quarantine of the snapshot in the making.

    `added` brings its rows of `staging.quarantine`; those of an undone batch go.
    """
    columns = ", ".join(f"NULL::{kind} AS {name}" for name, kind in _LOG.items())
    past = _past(con, "import_batches", f"SELECT {columns} WHERE false")
    con.execute(f"CREATE TABLE facts.main.import_batches AS {past}")
    number, at = undone or (None, None)
    con.execute(
        "UPDATE facts.main.import_batches SET undone_at = ?, token = NULL WHERE batch_id = ?",
        [at, number],
    )
    columns = ", ".join(f"NULL::{kind} AS {name}" for name, kind in _QUARANTINE.items())
    past = _past(con, "quarantine", f"SELECT {columns} WHERE false")
    con.execute(
        f"CREATE TABLE facts.main.quarantine AS SELECT * FROM ({past}) "
        "WHERE batch_id IS DISTINCT FROM ?",
        [number],
    )
    # What an undone import had mended is broken again.
    con.execute("UPDATE facts.main.quarantine SET healed_by = NULL WHERE healed_by = ?", [number])
    if added is not None:
        _add(con, added)


def _past(con: duckdb.DuckDBPyConnection, table: str, columns: str) -> str:
    if not has_table(con, "old", table):
        return columns
    return f"SELECT * FROM old.main.{table} UNION ALL BY NAME {columns}"


def _add(con: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    con.execute(
        "INSERT INTO facts.main.import_batches BY NAME SELECT ?::BIGINT AS batch_id, "
        "?::TIMESTAMP AS imported_at, ?::VARCHAR AS files, ?::VARCHAR AS format, "
        "?::VARCHAR AS report, ?::VARCHAR AS token",
        [
            batch.number,
            batch.imported_at,
            batch.files,
            batch.format,
            json.dumps(batch.report, default=str, ensure_ascii=False),
            batch.token,
        ],
    )
    if columns_at(con, "staging.quarantine"):
        con.execute(
            f"INSERT INTO facts.main.quarantine BY NAME SELECT *, {batch.number} AS batch_id "
            "FROM staging.quarantine"
        )
