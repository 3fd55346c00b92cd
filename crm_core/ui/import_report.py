"""The bill of an import: rows, reasons, totals, and what the data can feed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crm_core.text import formats, has
from crm_core.ui.layout import panel
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, pairs, plain, success, warning


def import_report(report: Mapping[str, Any]) -> None:
    """Draws the report of `import --json`."""
    session = current()
    rows = report["rows"]
    with panel("imports.report"):
        if report.get("checked_only"):
            note("imports.checked_only")
        elif report.get("batch") is None:
            note("imports.nothing_new")
        else:
            success("imports.done", rows=formats.number(rows["loaded"], session.language))
        pairs(
            [
                (f"imports.rows.{name}", formats.number(rows.get(name, 0), session.language))
                for name in ("read", "loaded", "duplicate", "quarantined")
            ]
            + _totals(report, session)
        )
        for example in report.get("examples", ())[:20]:
            plain(_words(example, session))
        for notice in report.get("warnings", ()):
            warning("imports.notice", text=notice["message"])
        if report.get("lookalike_emails"):
            warning("imports.lookalike", count=report["lookalike_emails"])
        _identity(report)
        _feeds(report, session)


def _totals(report: Mapping[str, Any], session: Session) -> list[tuple[str, str]]:
    counts = ("orders", "customers", "units")
    currency = report.get("currency") or ""
    return [
        (
            f"imports.total.{name}",
            formats.number(value, session.language)
            if name in counts
            else formats.money(value, currency, session.language, 2),
        )
        for name, value in report.get("totals", {}).items()
        if has(f"imports.total.{name}", session.language)
    ]


def _words(example: Mapping[str, Any], session: Session) -> str:
    key = f"error_import.{str(example['code']).removeprefix('import_')}"
    if not has(key, session.language):
        return str(example["message"])
    return session.t(key, file=example["file"], row=example["row"], column=example["column"])


def _identity(report: Mapping[str, Any]) -> None:
    """How many customers each rule of recognition joined or passed over, with masked examples."""
    rows = [
        {
            "rule": rule,
            "count": found["count"],
            "examples": ", ".join(each for each in found["examples"] if each),
        }
        for rule, found in (report.get("identity") or {}).items()
        if found["count"]
    ]
    if not rows:
        return
    caption("imports.identity_about")
    data_table(
        pd.DataFrame(rows),
        [
            Column(
                "rule", "code", "imports.identity_rule", prefix="imports.identity", width="large"
            ),
            Column("count", "count", "imports.identity_count"),
            Column("examples", "text", "imports.identity_examples"),
        ],
        key="import_identity",
        alt_key="imports.identity_about",
    )


def _feeds(report: Mapping[str, Any], session: Session) -> None:
    feeds = report.get("feeds") or {}
    if not feeds:
        return
    why = report.get("feed_reasons", {})
    frame = pd.DataFrame(
        [
            {
                "page": session.t(f"nav.page.{page}"),
                "level": level,
                "why": session.t(f"imports.why_not.{why[page]}") if page in why else "",
            }
            for page, level in feeds.items()
        ]
    )
    data_table(
        frame,
        [
            Column("page", "text", "imports.feeds_page", pinned=True),
            Column("level", "code", "imports.feeds_level", prefix="imports.feeds"),
            Column("why", "text", "imports.feeds_why"),
        ],
        key="import_feeds",
        alt_key="imports.feeds_about",
    )
