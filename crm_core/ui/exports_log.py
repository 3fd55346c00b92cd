"""The log of exports on its page: filters, the table, and one export in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.audiences import FIELDS
from crm_core.errors import CrmError
from crm_core.records import AuditLine
from crm_core.rules import from_document
from crm_core.text import formats
from crm_core.ui.audience_builder import in_words
from crm_core.ui.export_button import manifest_button
from crm_core.ui.fields import choice_field, text_field
from crm_core.ui.layout import columns, panel, part
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, pairs, plain, word_table
from crm_core.views.exports import KINDS, NEWEST, Exports

_ANY = "any"
_OPENED = "_export_opened"


def chosen_exports(view: Exports) -> pd.DataFrame:
    """The exports that fit the filters."""
    kind, form, text = columns(2, 2, 3)
    with kind:
        wanted = choice_field(
            "exports.what", (_ANY, *KINDS), key="exports_kind", prefix="exports.kind"
        )
    with form:
        used = sorted({str(name) for name in view.table["format"].dropna()})
        name = choice_field(
            "exports.file_format", (_ANY, *used), key="exports_form", prefix="exports.format"
        )
    with text:
        asked = text_field("exports.search", key="exports_search", kind="search")
    return view.found(
        kind=None if wanted == _ANY else wanted,
        file_format=None if name == _ANY else name,
        text=asked,
    )


def exports_table(view: Exports, found: pd.DataFrame) -> None:
    """The exports, newest first; one that is opened is told in full below."""
    session = current()
    with panel("exports.log"):
        if found.empty:
            caption("exports.none_fit")
            return
        opened = data_table(
            found.assign(short=[sha[:12] for sha in found["sha256"]]),
            [
                Column("list", "text", "exports.list", width="medium"),
                Column("at", "time", "exports.when"),
                Column("user", "text", "exports.who"),
                Column("format", "code", "exports.file_format", prefix="exports.format"),
                Column("channel", "code", "exports.channel", prefix="privacy.contact_channel"),
                Column("rows", "count", "exports.rows"),
                Column("left_out", "count", "exports.left_out"),
                Column("kind", "code", "exports.what", prefix="exports.kind"),
                Column("short", "text", "exports.sha256"),
            ],
            key="exports",
            alt_key="exports.log",
            on_click=True,
        )
        if len(view.table) >= NEWEST:
            caption("exports.newest", limit=formats.number(NEWEST, session.language))
    if opened:
        st.session_state[_OPENED] = int(opened["id"])
    line = view.lines.get(st.session_state.get(_OPENED, -1))
    if line is not None and line.rows is not None:
        with part():
            _full(line, session)


def _set_aside(told: Mapping[str, Any], session: Session) -> str:
    """That the rows were those without what was set aside, where they were."""
    asked = told.get("asked", {})
    left_out = told.get("without_set_aside") or "set_aside" in asked
    return session.t("exports.set_aside_left_out") if left_out else ""


def _full(line: AuditLine, session: Session) -> None:
    """One export: whom it was of, who was left out and why, its files, its manifest."""
    told = line.subject
    with panel("exports.detail", export_id=line.export_id or ""):
        left, right = columns(1, 1)
        with left:
            words = _rule_words(told)
            facts = [
                ("exports.list", str(told.get("list") or "")),
                ("exports.rule", words),
                ("exports.snapshot", _day(told, session)),
                ("exports.columns", ", ".join(told.get("columns", ()))),
                ("exports.set_aside", _set_aside(told, session)),
            ]
            pairs([(key, value) for key, value in facts if value])
        with right:
            _reasons(told, session)
            if line.action == KINDS[0]:
                manifest_button("exports.manifest", line)
                caption("exports.manifest_about")
        files = told.get("files", ())
        if files and isinstance(files[0], Mapping):
            word_table([_file_words(file, session) for file in files])
            # As `sha256sum` writes and checks it; a cell of a table would cut it.
            caption("exports.sums")
            sums = [f"{file['sha256']}  {file['name']}" for file in files]
            st.code("\n".join(sums), language=None, wrap_lines=True)


def _rule_words(told: Mapping[str, Any]) -> str:
    """Whom the list was of, in the reader's language where the rule can still be read."""
    try:
        if "rule" in told:
            return in_words(from_document(told["rule"], FIELDS))
    except CrmError:
        pass  # a field of that day is gone: the words of that day remain
    return str(told.get("rule_in_words") or "")


def _day(told: Mapping[str, Any], session: Session) -> str:
    day = told.get("as_of")
    return formats.day(pd.Timestamp(day).date(), session.language) if day else ""


def _reasons(told: Mapping[str, Any], session: Session) -> None:
    counted = [
        (session.word("privacy.excluded", reason), count)
        for reason, count in told.get("excluded", {}).items()
    ]
    st.subheader(session.t("exports.reasons"), anchor=False)
    if not counted:
        caption("exports.nobody_left_out")
    for reason, count in counted:
        plain(f"{formats.number(count, session.language)}  {reason}")


def _file_words(file: Mapping[str, Any], session: Session) -> dict[str, str]:
    asked = [
        session.word("exports.purpose", code)
        if code.startswith("ad_")
        else session.word("privacy.contact_channel", code)
        for code in file.get("consent", {})
    ]
    region = session.word("exports.region", file["region"]) if file.get("region") else "–"
    return {
        "exports.file": str(file["name"]),
        "exports.rows": formats.number(file["rows"], session.language),
        "exports.region_label": region,
        "exports.consent": ", ".join(asked) or "–",
    }
