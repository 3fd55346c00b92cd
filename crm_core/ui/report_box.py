"""The box that makes the monthly review: which month, as what, with which commentary."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from crm_core.documents import FORMATS, Document
from crm_core.records import Reported
from crm_core.text import formats
from crm_core.ui.export_button import ReportOrder, export_button
from crm_core.ui.fields import long_text_field, switch_choice
from crm_core.ui.layout import part
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, note
from crm_core.views.report import whole_months
from crm_core.views.report_made import report_made
from crm_core.views.report_words import report_name

_WIDTH = 360


def draw_report_box() -> None:
    """A button that opens the box; nothing is worked out before the review is asked for."""
    session = current()
    popover = st.popover(
        session.md("report.box.open"),
        type="tertiary",
        icon=":material/picture_as_pdf:",
        key="report_box",
        on_change="rerun",
    )
    if popover.open:
        with popover, st.container(width=_WIDTH), part():
            _draw(session)


def _draw(session: Session) -> None:
    meta = session.store.meta
    months = whole_months(meta.first_day, meta.as_of)
    if not months:
        note("report.box.none")
        return
    caption("report.box.about")
    month = st.selectbox(
        session.md("report.box.month"),
        months,
        format_func=lambda day: formats.month(day, session.language),
        key="report_month",
    )
    file_format = switch_choice(
        "report.box.format", FORMATS, key="report_format", prefix="report.format"
    )
    comment = long_text_field("report.box.comment", key="report_comment")

    def make(asking: Session, now: datetime) -> tuple[Document, Reported]:
        made = report_made(
            asking.selection,
            store=asking.store,
            records=asking.records,
            access=asking.access,
            now=now,
            month=month,
            comment=comment,
        )
        return made.document, made.reported

    name = report_name(month, session.language)
    export_button("report.box.save", ReportOrder(name, make, file_format), key="report")
