"""A table of numbers about groups leaves: a line in the log with its totals, then bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from crm_core.privacy import audit
from crm_core.privacy.export import (
    ExportResult,
    list_name,
    list_title,
    new_export_id,
    release,
    require_told,
)
from crm_core.privacy.files import open_list
from crm_core.privacy.packing import sha256_of
from crm_core.privacy.policy import Access
from crm_core.records import Records


@dataclass(frozen=True)
class TableTold:
    """A table to write: headings, rows of finished cells, the question it answers as parts of an
    address, and its control totals by metric."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    asked: Mapping[str, Sequence[str]]
    totals: Mapping[str, float | None]


def export_table(
    *,
    access: Access,
    records: Records,
    table: TableTold,
    now: datetime,
    out: Path | BinaryIO,
    export_id: str | None = None,
) -> ExportResult:
    """Writes a table of numbers about groups as CSV, as the screen shows it; it names nobody.

    The log gets its control totals, so that a file can be held against the screen.
    Raises: CrmError("privacy_denied", action), ("privacy_denied_present"), ("privacy_file_unwritable").
    """
    untold = records.shop_settings().sensitive_categories
    title = list_title(table.name, untold)
    about: dict[str, Any] = {"list": title, "format": "csv", "asked": dict(table.asked)}
    require_told(records, access, "export", about, now=now)
    named = export_id or new_export_id()
    with tempfile.TemporaryFile() as file:
        scratch = cast(BinaryIO, file)
        written = open_list("csv", scratch, table.headings, title=title, now=now)
        written.write(list(zip(*table.rows, strict=True)))
        written.close()
        sealed: dict[str, Any] = {
            "rows": len(table.rows),
            "sha256": sha256_of(scratch),
            "export_id": named,
        }
        totals = {"control_totals": dict(table.totals)}
        audit.append(records, access, "export_table", about, now=now, as_is=totals, **sealed)
        name = list_name(title, now=now, export_id=named, file_format="csv", untold=untold)
        release(scratch, out, name)
    return ExportResult(named, len(table.rows), {}, sealed["sha256"], name)
