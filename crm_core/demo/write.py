"""The shop as a folder of Parquet files with a manifest, the form that imports load directly."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crm_core.demo.arrow import schema
from crm_core.demo.parameters import CURRENCY, LANGUAGE, NAME, TIMEZONE
from crm_core.demo.readme import readme
from crm_core.demo.truths import Truths

# Ids that differ in every row: written as differences to the one before.
_DELTA = ("order_id", "event_id", "review_id", "refund_id", "contact_id", "touch_id", "cost_id")


def write_canonical(
    folder: Path, tables: Iterable[tuple[str, pa.Table]], *, end_day: date
) -> dict[str, Any]:
    """Writes `<table>.parquet` for each table and `manifest.json`; tells the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, pq.ParquetWriter] = {}
    rows: dict[str, int] = {}
    try:
        for name, part in tables:
            if name not in writers:
                writers[name] = _writer(folder / f"{name}.parquet", name)
            writers[name].write_table(part)
            rows[name] = rows.get(name, 0) + part.num_rows
    finally:
        for writer in writers.values():
            writer.close()
    manifest = {
        "format": "clientele-canonical",
        "version": 1,
        "name": NAME,
        "invented": True,
        "currency": CURRENCY,
        "timezone": TIMEZONE,
        "starts_with_shop": True,
        "language": LANGUAGE,
        "end_day": end_day.isoformat(),
        "prices_include_tax": False,
        "tables": dict(sorted(rows.items())),
    }
    write_json(folder / "manifest.json", manifest)
    return manifest


def write_truths(folder: Path, truths: Truths) -> None:
    """Writes `truths.json`, the README and the two tables of truths beside the shop's files."""
    document = truths.document()
    write_json(folder / "truths.json", document)
    (folder / "README.md").write_text(readme(document), encoding="utf-8")
    inside = folder / "truths"
    inside.mkdir(exist_ok=True)
    for name, table in (("customers", truths.customers()), ("reviews", truths.reviews())):
        pq.write_table(table, inside / f"{name}.parquet", compression="zstd", compression_level=12)


def write_json(path: Path, document: dict[str, Any]) -> None:
    """One JSON document, readable and the same for the same content."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


def _writer(path: Path, name: str) -> pq.ParquetWriter:
    wanted = schema(name)
    delta = [c for c in wanted.names if c in _DELTA]
    times = [f.name for f in wanted if pa.types.is_timestamp(f.type)]
    plain = {*delta, *times}
    return pq.ParquetWriter(
        path,
        wanted,
        compression="zstd",
        compression_level=3,
        use_dictionary=[c for c in wanted.names if c not in plain],
        column_encoding=dict.fromkeys(delta, "DELTA_BYTE_ARRAY")
        | dict.fromkeys(times, "DELTA_BINARY_PACKED"),
        store_decimal_as_integer=True,
    )
