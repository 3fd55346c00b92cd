"""A store written out as Parquet, for engines that read files: what happened, and nobody's name.

A folder holds numbered versions, each with its tables and a manifest; `current.json` names the
current one. A version appears whole or not at all; the one before stays for those who read it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from crm_core.errors import CrmError
from crm_core.schema import MARTS, SCORES, TABLES
from crm_core.store.answers import arrow_schema
from crm_core.store.snapshots import writer_lock
from crm_core.store.tables import Store

CURRENT, MANIFEST = "current.json", "manifest.json"
FORM = 1
_BATCH_ROWS = 200_000
_VERSION = re.compile(r"\d{6}")
_NAMES = {"consents": "imported_consents"}
_LEFT_OUT = {"identities"}

Progress = Callable[[str, float], None]


def write_folder(store: Store, folder: Path, *, progress: Progress) -> dict[str, Any]:
    """Writes the facts and scores of a store as the folder's next version; what was written.

    Columns that could tell who somebody is are left out (browsers are numbered), and with them every
    decision.
    Raises: CrmError("store_busy"), ("store_read_only"), ("store_disk_full").
    """
    with writer_lock(folder):
        _tidy(folder)
        version = f"{max((int(name) for name in _versions(folder)), default=0) + 1:06d}"
        fresh = folder / f"{version}.building"
        fresh.mkdir()
        tables = shareable(store)
        rows: dict[str, int] = {}
        try:
            for place, (name, table) in enumerate(tables.items()):
                rows[name] = _write_table(store, table, fresh / f"{name}.parquet")
                progress("publish", (place + 1) / len(tables))
            _write_json(fresh / MANIFEST, _manifest(store, tables))
        except OSError:
            shutil.rmtree(fresh)
            raise CrmError("store_disk_full") from None
        except BaseException:
            shutil.rmtree(fresh)
            raise
        fresh.replace(folder / version)
        _write_json(folder / CURRENT, {"version": version})
        _tidy(folder)
    return {"version": version, "tables": rows}


def shareable(store: Store) -> dict[str, ir.Table]:
    """The tables of facts and scores, without the columns that could tell who somebody is."""
    found: dict[str, ir.Table] = {}
    for table in TABLES.values():
        name = _NAMES.get(table.name, table.name)
        if store.has(name) and name not in _LEFT_OUT:
            told = {column.name for column in table.stored() if column.pii}
            whole = store.table(name)
            if name == "web_events":
                told, whole = told - {"visitor_id"}, _numbered(whole)
            found[name] = whole.drop(*[column for column in whole.columns if column in told])
    for name in (*MARTS, *SCORES):
        if store.has(name):
            found[name] = store.table(name)
    return found


def _numbered(events: ir.Table) -> ir.Table:
    """Visits with a number for each browser: who came again is told, not by which cookie."""
    number = events.visitor_id.dense_rank().cast("string")
    return events.mutate(visitor_id=events.visitor_id.isnull().ifelse(None, number))


def _write_table(store: Store, table: ir.Table, path: Path) -> int:
    """Writes a table a batch at a time; how many rows."""
    schema = pa.schema(
        [
            # Moments are UTC; said so, every engine reads them as the same moment.
            field.with_type(pa.timestamp("us", "UTC"))
            if field.type == pa.timestamp("us")
            else field
            for field in arrow_schema(table)
        ]
    )
    rows = 0
    with path.open("wb") as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in store.stream(table, _BATCH_ROWS, purpose="export"):
            writer.write_batch(batch.cast(schema))
            rows += batch.num_rows
        writer.close()
        file.flush()
        os.fsync(file.fileno())
    return rows


def _manifest(store: Store, tables: Mapping[str, ir.Table]) -> dict[str, Any]:
    meta = {name: _told(value) for name, value in asdict(store.meta).items()}
    scores = None
    if store.scores_as_of is not None:
        scores = {"as_of": store.scores_as_of.isoformat(), "facts": store.scores_facts}
    return {
        "form": FORM,
        "facts": meta,
        "scores": scores,
        "scores_snapshot": store.scores_snapshot,
        "tables": {
            name: {column: str(kind) for column, kind in table.schema().items()}
            for name, table in tables.items()
        },
    }


def _told(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _versions(folder: Path) -> Iterator[str]:
    yield from sorted(path.name for path in folder.iterdir() if _VERSION.fullmatch(path.name))


def _tidy(folder: Path) -> None:
    """Removes what was cut off and all but the current version and the one before it."""
    for path in folder.glob("*.building"):
        shutil.rmtree(path)
    pointer = folder / CURRENT
    if not pointer.is_file():
        return
    current = json.loads(pointer.read_text(encoding="utf-8"))["version"]
    kept = [name for name in _versions(folder) if name <= current][-2:]
    for name in _versions(folder):
        if name not in kept:
            shutil.rmtree(folder / name)
