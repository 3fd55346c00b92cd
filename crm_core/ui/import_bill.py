"""The bill of an import before anything is merged: rows, totals, what is odd; and three ways on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.privacy.escape import md_escape
from crm_core.store.imports.describe import finding_text, reason_text
from crm_core.store.imports.quality import SEVERITIES
from crm_core.text import formats, has
from crm_core.ui import import_steps
from crm_core.ui.import_feeds import feeds_table
from crm_core.ui.import_steps import Checked
from crm_core.ui.layout import columns, details_box, panel
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, failure, note, pairs, plain, success, warning, word_table

_ROWS = ("read", "good", "duplicate", "quarantined", "skipped")
_COUNTS = ("orders", "customers", "units")
_BY_MONTH = ("rows", *_COUNTS)
_MONEY = ("gross", "discount", "refunds", "net", "tax", "shipping", "fees")
_GRAVE = "stop"


def import_bill(waiting: Checked) -> None:
    """Draws what a job that was checked would do, and asks what to do with it."""
    quality: Mapping[str, Any] | None = waiting.report.get("quality")
    with panel("imports.bill"):
        if waiting.job.files:
            plain("  ·  ".join(file.name for file in waiting.job.files))
        note("imports.checked_only")
        if quality is None:
            caption("import_sources.nothing_new")
        else:
            _added_up(waiting.report, quality)
            findings(waiting.report)
            _acts(waiting, any(each["severity"] == _GRAVE for each in quality["findings"]))
    if quality is None:
        return
    details(waiting.report)


def _added_up(report: Mapping[str, Any], quality: Mapping[str, Any]) -> None:
    """Every row by what became of it, and the totals of those kept."""
    session = current()
    sums, currency = quality["totals"], str(report.get("currency") or "")
    rows, counts, amounts = columns(1, 1, 1)
    with rows:
        pairs(
            [
                (
                    f"imports.bill_rows.{name}",
                    formats.number(quality["rows"][name], session.language),
                )
                for name in _ROWS
            ]
        )
    with counts:
        pairs(
            [
                (f"imports.total.{name}", formats.number(sums.get(name, 0), session.language))
                for name in _COUNTS
            ]
            + [_money_pair(name, sums, currency, session) for name in _MONEY[:2]]
        )
    with amounts:
        pairs([_money_pair(name, sums, currency, session) for name in _MONEY[2:]])
    if quality["adds_up"]:
        success("quality.adds_up")
    else:
        failure("quality.adds_up_not")


def _money_pair(
    name: str, sums: Mapping[str, Any], currency: str, session: Session
) -> tuple[str, str]:
    return f"imports.total.{name}", formats.money(sums.get(name, 0), currency, session.language, 2)


def findings(report: Mapping[str, Any]) -> None:
    """What was found, gravest first: in words, with what to do and where to look."""
    session = current()
    found = [each for each in report["quality"]["findings"] if not _is_reason(each, session)]
    for severity in SEVERITIES[:-1]:
        for each in (each for each in found if each["severity"] == severity):
            words = "  \n".join(_said(each, report, session))
            title = session.t(f"quality.severity.{severity}")
            if severity == _GRAVE:
                st.error(words, title=title, icon=":material/block:")
            else:
                st.warning(words, title=title, icon=":material/visibility:")
    notes = [each for each in found if each["severity"] == SEVERITIES[-1]]
    if notes:
        with details_box("imports.notes", count=len(notes)):
            for each in notes:
                first, *more = _said(each, report, session)
                st.markdown(first)
                st.caption("  \n".join(more))


def _is_reason(finding: Mapping[str, Any], session: Session) -> bool:
    """Whether a finding says why rows were set aside: those have a table of their own."""
    return has(f"imports.aside.{finding['code']}", session.language)


def _said(finding: Mapping[str, Any], report: Mapping[str, Any], session: Session) -> list[str]:
    """A finding in words, what to do about it, and its first rows; all inert."""
    text = finding_text(dict(finding), currency=report.get("currency"), language=session.language)
    said = [md_escape(text, 600)]
    if finding.get("remedy"):
        said.append(session.md(finding["remedy"]))
    places = _places(finding["examples"], report, session)
    if places:
        said.append(md_escape(session.t("imports.first_rows", places=places), 600))
    return said


def _places(
    examples: Sequence[Mapping[str, Any]], report: Mapping[str, Any], session: Session
) -> str:
    """Where rows are: `may.csv row 12 (Date), row 15`; of one file its name goes without saying."""
    files = report.get("files") or ()
    found: list[str] = []
    last = str(files[0]["name"]) if len(files) == 1 else ""
    for each in examples:
        file = "" if each["file"] == last else str(each["file"])
        column = f" ({each['column']})" if each["column"] else ""
        row = session.t("imports.row_at", row=each["row"])
        found.append(f"{file} {row}{column}".strip())
        last = str(each["file"])
    return ", ".join(found)


def _acts(waiting: Checked, is_grave: bool) -> None:
    """Accept, mend what the columns mean, or let go."""
    session, job = current(), waiting.job
    with st.container(horizontal=True):
        accept = st.button(
            session.t("imports.accept_anyway" if is_grave else "imports.accept"),
            type="secondary" if is_grave else "primary",
            icon=":material/check:",
            key="import_accept",
        )
        mend = job.can_mend and st.button(
            session.t("imports.mend"),
            type="primary" if is_grave else "secondary",
            icon=":material/edit:",
            key="import_mend",
        )
        drop = st.button(session.t("imports.cancel"), icon=":material/close:", key="import_cancel")
    if accept:
        import_steps.load(job)
    if mend:
        import_steps.forget()
        st.rerun()
    if drop:
        import_steps.cancel()


def details(report: Mapping[str, Any]) -> None:
    """The rest of a bill: rows set aside by reason, who is joined with whom by which rule, totals by
    month, and what the files can feed."""
    quality: Mapping[str, Any] = report["quality"]
    session = current()
    reasons = [each for each in quality["findings"] if _is_reason(each, session)]
    if reasons:
        with panel("imports.reasons", help_key="imports.reasons_about"):
            _reasons(reasons, report, session)
    _people(report)
    with panel("imports.months", help_key="imports.months_about"):
        _months(quality, str(report.get("currency") or ""), session)
    with panel("imports.feeds_files"):
        feeds_table(report)


def _reasons(
    found: Sequence[Mapping[str, Any]], report: Mapping[str, Any], session: Session
) -> None:
    currency = str(report.get("currency") or "")
    word_table(
        [
            {
                "imports.reason_label": reason_text(each["code"], session.language),
                "imports.rows.quarantined": formats.number(each["count"], session.language),
                "imports.reason_share": formats.percent(each["share"], session.language),
                "imports.reason_money": formats.money(each["money"], currency, session.language, 2),
                "imports.reason_places": _places(each["examples"], report, session),
            }
            for each in found
        ]
    )


def _people(report: Mapping[str, Any]) -> None:
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
    with panel("imports.identity_title"):
        _recognised(report, rows)


def _recognised(report: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
    if report.get("lookalike_emails"):
        warning("imports.lookalike", count=report["lookalike_emails"])
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


def _months(quality: Mapping[str, Any], currency: str, session: Session) -> None:
    """The totals of all, and below them those by month: they are one sum, but for customers."""
    if currency:
        caption("imports.months_in", currency=currency)
    names = (*_BY_MONTH, "gross", "discount", "tax", "refunds", "net")
    rows = [
        {"month": session.t("imports.month_all")}
        | {name: quality["totals"].get(name, 0) for name in names}
    ]
    rows += [
        {"month": each["month"] or session.t("imports.month_unknown")}
        | {name: each[name] for name in names}
        for each in quality["months"]
    ]
    data_table(
        pd.DataFrame(rows),
        [
            Column("month", "text", "quality.month.month", pinned=True),
            *[Column(name, "count", f"quality.month.{name}") for name in _BY_MONTH],
            *[Column(name, "per", f"quality.month.{name}") for name in names[len(_BY_MONTH) :]],
        ],
        key="import_bill_months",
        alt_key="imports.months",
    )
