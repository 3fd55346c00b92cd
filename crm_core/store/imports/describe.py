"""The result of an import in the shape of `import --json`."""

from __future__ import annotations

from typing import Any

from crm_core.errors import CrmError
from crm_core.store.imports.contract import StageResult
from crm_core.text import error_text


def describe(result: StageResult, *, language: str = "en") -> dict[str, Any]:
    """Rows, reasons, totals and feeds of a staged import, as plain values.

    The writer adds `batch` and `rows.loaded`, and the rows already in the store to
    `rows.duplicate`. `examples` say in words where the first rows of each reason are.
    """
    return {
        "format": result.format,
        "rows": {
            "read": result.rows_read,
            "duplicate": result.duplicates,
            "quarantined": result.quarantined,
        },
        "tables": dict(result.good),
        "reasons": dict(result.reasons),
        "examples": [
            {
                "code": issue.code,
                "file": issue.file,
                "row": issue.row,
                "column": issue.column,
                "message": error_text(
                    CrmError(issue.code, file=issue.file, row=issue.row, column=issue.column),
                    language,
                ),
            }
            for issue in result.examples
        ],
        "warnings": [
            {
                "code": notice.code,
                "message": error_text(CrmError(notice.code, **notice.facts), language),
            }
            for notice in result.notices
        ],
        "totals": dict(result.totals),
        "feeds": dict(result.feeds),
        "feed_reasons": dict(result.feed_reasons),
        "currency": result.currency,
        "timezone": result.timezone,
        "starts_with_shop": result.starts_with_shop,
        "files": [
            {"name": file.name, "sha256": file.sha256, "rows": file.rows, **file.decisions}
            for file in result.files
        ],
    }
