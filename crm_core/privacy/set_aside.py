"""Rows that imports set aside as a CSV shaped like their file: its columns first, then why and where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

import pyarrow as pa

from crm_core.privacy.files import CsvFile
from crm_core.store.imports.describe import reason_text
from crm_core.store.quarantine import Layout

# Behind the file's own columns. Reading the mended file again takes them off.
MARKS = (
    "clientele_reason",
    "clientele_column",
    "clientele_import",
    "clientele_file",
    "clientele_row",
    "clientele_more",
)


def write_rows(
    stream: BinaryIO, layout: Layout, batches: Iterable[pa.RecordBatch], language: str
) -> int:
    """Writes the rows, escaped against formulas; how many. `clientele_more` holds what of a row
    did not fit into the file's columns."""
    width, count = len(layout.header), 0
    file = CsvFile(stream, (*layout.header, *MARKS))
    for batch in batches:
        rows: list[list[Any]] = []
        for row in batch.to_pylist():
            cells = layout.cells(row["raw"], (row["batch_id"], row["source_file"]))
            why = (reason_text(row["reason"], language), row["column_name"])
            place = (row["batch_id"], row["source_file"], row["source_row"])
            rows.append([*cells[:width], *why, *place, " | ".join(cells[width:])])
        file.write(list(zip(*rows, strict=True)))
        count += len(rows)
    file.close()
    return count
