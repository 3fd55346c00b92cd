"""The result of an import: what came in, what the files' bill was, who was recognised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.text import formats
from crm_core.ui.import_bill import details, findings
from crm_core.ui.layout import columns, details_box, panel
from crm_core.ui.session import Session, current
from crm_core.ui.words import note, pairs, success

_TOTALS = ("orders", "customers", "gross", "net")
_COUNTS = ("orders", "customers")


def import_report(report: Mapping[str, Any]) -> None:
    """Draws the report of `import --json`, or of `pull --json`."""
    session = current()
    quality = report.get("quality")
    with panel("imports.report"):
        if quality is None:
            note("import_sources.nothing_new")
            return
        rows = report["rows"]
        if report.get("batch") is None:
            note("imports.nothing_new")
        else:
            success("imports.done", rows=formats.number(rows["loaded"], session.language))
        came, told = columns(1, 1)
        with came:
            pairs(
                [
                    (f"imports.rows.{name}", formats.number(rows.get(name, 0), session.language))
                    for name in ("read", "loaded", "duplicate", "quarantined")
                ]
            )
        with told:
            pairs(_totals(report, session))
    with details_box("imports.bill_again"):
        findings(report)
        details(report)


def _totals(report: Mapping[str, Any], session: Session) -> list[tuple[str, str]]:
    found = report.get("totals", {})
    currency = str(report.get("currency") or session.currency)
    return [
        (
            f"imports.total.{name}",
            formats.number(found[name], session.language)
            if name in _COUNTS
            else formats.money(found[name], currency, session.language, 2),
        )
        for name in _TOTALS
        if name in found
    ]
