"""The result of an import in the shape of `import --json`, and what was found in words."""

from __future__ import annotations

from typing import Any

from crm_core.errors import CrmError
from crm_core.store.imports.contract import StageResult
from crm_core.store.imports.quality import Bill
from crm_core.text import catalogue, error_text, formats, has, t


def describe(result: StageResult, *, language: str = "en") -> dict[str, Any]:
    """Rows, reasons, totals, the bill of quality and feeds of a staged import, as plain values.

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
        "quality": describe_bill(result.bill, currency=result.currency, language=language),
        "feeds": dict(result.feeds),
        "feed_reasons": dict(result.feed_reasons),
        "feed_details": dict(result.feed_details),
        "feeds_with_orders": list(result.feeds_with_orders),
        "currency": result.currency,
        "timezone": result.timezone,
        "starts_with_shop": result.starts_with_shop,
        "files": [
            {
                "name": file.name,
                "sha256": file.sha256,
                "rows": file.rows,
                **file.decisions,
                **({"header": list(file.header)} if file.header else {}),
                **(
                    {
                        "feeds": dict(result.file_feeds[file.name]),
                        "feeds_with_orders": list(result.file_feeds_with_orders[file.name]),
                    }
                    if file.name in result.file_feeds
                    else {}
                ),
            }
            for file in result.files
        ],
    }


def describe_bill(bill: Bill, *, currency: str | None, language: str = "en") -> dict[str, Any]:
    """The bill of quality as plain values. `remedy` is the key of the text that says what to do."""
    return {
        "rows": dict(bill.rows),
        "totals": dict(bill.totals),
        "months": [dict(month) for month in bill.months],
        "set_aside_money": bill.set_aside_money,
        "adds_up": bill.adds_up,
        "findings": [
            {
                "code": each.code,
                "severity": each.severity,
                "count": each.count,
                "money": each.money,
                "share": each.share,
                "facts": dict(each.facts),
                "examples": [vars(place) for place in each.examples],
                "remedy": remedy_key(each.code),
                "message": finding_text(vars(each), currency=currency, language=language),
            }
            for each in bill.findings
        ],
    }


def finding_codes() -> tuple[str, ...]:
    """Every code a finding may have: those of the checks, and why rows are set aside or noted.

    >>> "zero_prices" in finding_codes(), "import_bad_date" in finding_codes()
    (True, True)
    """
    keys = [key.split(".") for key in catalogue("en")]
    own = [key[1] for key in keys if key[0] == "quality" and key[2:] == ["text"]]
    own.remove("set_aside")  # how every reason for it is worded
    rows = [f"import_{key[1]}" for key in keys if key[0] == "error_import" and len(key) == 2]
    return (*own, *rows)


def remedy_key(code: str) -> str | None:
    """The key of what can be done about a finding; notices say it themselves."""
    if has(f"quality.{code}.remedy", "en"):
        return f"quality.{code}.remedy"
    return "quality.set_aside.remedy" if has(f"imports.aside.{code}", "en") else None


def reason_text(code: str, language: str) -> str:
    """Why a row was set aside, in a few words.

    >>> reason_text("import_bad_date", "en")
    'no date can be read'
    """
    key = f"imports.aside.{code}"
    return t(key, language) if has(key, language) else code


def finding_text(finding: dict[str, Any], *, currency: str | None, language: str) -> str:
    """A finding of a bill (or of its JSON) in words."""
    facts: dict[str, Any] = dict(finding["facts"])
    words = facts | {
        "count": formats.number(finding["count"], language),
        "money": formats.money(finding["money"], currency or "", language, 2).strip(),
        "share": formats.percent(finding["share"], language),
    }
    code = finding["code"]
    if has(f"imports.aside.{code}", language):
        words["reason"] = reason_text(code, language)
        return t("quality.set_aside.text", language, **words)
    if has(f"quality.{code}.text", language):
        return t(f"quality.{code}.text", language, **words)
    return error_text(CrmError(code, **{"file": "", "row": "", "column": "", **facts}), language)
