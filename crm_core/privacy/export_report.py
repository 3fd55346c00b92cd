"""A report of numbers about groups leaves: a line in the log, what it told for later ones, then bytes."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from crm_core.documents import Document, write
from crm_core.privacy import audit
from crm_core.privacy.export import (
    ExportResult,
    list_name,
    list_title,
    new_export_id,
    release,
    require_told,
)
from crm_core.privacy.packing import sha256_of
from crm_core.privacy.policy import Access
from crm_core.records import Records, Reported


@dataclass(frozen=True)
class ReportTold:
    """A finished document, what it is called, and what is remembered of it."""

    name: str
    document: Document
    reported: Reported


def export_report(
    *,
    access: Access,
    records: Records,
    told: ReportTold,
    file_format: str,
    now: datetime,
    out: Path | BinaryIO,
    export_id: str | None = None,
) -> ExportResult:
    """Writes a report; it names nobody and tells of no small group, so all who see the shop's
    numbers may have it.

    Raises: CrmError("privacy_denied", action), ("unknown_choice"), ("privacy_file_unwritable").
    """
    untold = records.shop_settings().sensitive_categories
    title = list_title(told.name, untold)
    kept = told.reported
    about: dict[str, Any] = {"list": title, "format": file_format, "asked": dict(kept.asked)}
    require_told(records, access, "analyse", about, now=now)
    named = export_id or new_export_id()
    with tempfile.TemporaryFile() as file:
        scratch = cast(BinaryIO, file)
        write(told.document, file_format, scratch)
        sha256 = sha256_of(scratch)
        # As they are: a month looks like a piece of a phone number, sums are long.
        made = {"month": f"{kept.month:%Y-%m}", "snapshot": kept.snapshot,
                "control_totals": dict(kept.numbers)}  # fmt: skip
        audit.append(
            records, access, "export_report", about, now=now, as_is=made, sha256=sha256,
            export_id=named,
        )  # fmt: skip
        records.keep_report(kept)
        name = list_name(title, now=now, export_id=named, file_format=file_format, untold=untold)
        release(scratch, out, name)
    return ExportResult(named, 0, {}, sha256, name)
