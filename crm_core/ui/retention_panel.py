"""For how long what is kept, what that would let go of today, and the act; the log and its check."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.pipeline.audited import look
from crm_core.pipeline.retention import due
from crm_core.privacy.audit import require_whole
from crm_core.privacy.policy import allowed
from crm_core.records import MONTHS, RETAINED
from crm_core.store import engine_of
from crm_core.text import formats
from crm_core.ui.layout import grid, panel, part
from crm_core.ui.runner import run_job
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, customer_table, data_table
from crm_core.ui.words import caption, flash, note, success


def draw_retention() -> None:
    """The months of each kind, what is older today, and letting go of it."""
    session = current()
    if not allowed(session.access, "erase"):
        return
    with panel("retention.title", help_key="retention.about"), part():
        months = session.records.retention_months()
        _months_form(months, session)
        if months:
            _due(session)
        _runs(session)


def _months_form(months: dict[str, int], session: Session) -> None:
    with st.form("retention_months", border=False):
        caption("retention.months_about")
        told: dict[str, int | None] = {}
        with grid(3, min_width=200):
            for kind in RETAINED:
                told[kind] = st.number_input(
                    session.md(f"retention.kind.{kind}"),
                    value=months.get(kind),
                    min_value=MONTHS[0],
                    max_value=MONTHS[1],
                    step=1,
                    placeholder=session.t("retention.for_good"),
                    key=f"retention_{kind}",
                )
        pressed = st.form_submit_button(session.md("retention.save"))
    if pressed:
        said = {kind: int(number) for kind, number in told.items() if number}
        session.records.save_retention(said, user=session.access.user, now=datetime.now(UTC))
        flash("retention.saved")
        st.rerun()


def _due(session: Session) -> None:
    now = datetime.now(UTC)
    found = due(session.store, session.records, session.access, today=now.date())
    data_table(
        pd.DataFrame([vars(each) for each in found]).assign(
            before=[pd.Timestamp(each.before) for each in found]
        ),
        [
            Column("kind", "code", "retention.what", prefix="retention.kind", pinned=True),
            Column("before", "date", "retention.before"),
            Column("rows", "count", "retention.rows"),
        ],
        key="retention_due",
        alt_key="retention.title",
    )
    if session.workspace.is_demo:
        note("retention.not_in_demo")
        return
    if not sum(each.rows for each in found):
        caption("retention.nothing_due")
        return
    sure = st.toggle(session.md("retention.sure"), key="retention_sure")
    if st.button(session.md("retention.let_go"), disabled=not sure, icon=":material/delete_sweep:"):
        told = run_job(
            ["retention"], store=session.workspace.store_url, title_key="retention.at_work"
        )
        flash("retention.gone", rows=sum(told["rows"].values()))
        st.rerun()


def _runs(session: Session) -> None:
    runs = session.records.let_go()
    if runs:
        day = formats.day(runs[0].at.date(), session.language)
        caption("retention.last", day=day, rows=sum(runs[0].told.values()))


def draw_rights_used() -> None:
    """Who is restricted, by name as far as the role may see it, and how many were erased."""
    session = current()
    with panel("privacy.rights", help_key="privacy.rights_about"), part():
        away = sorted(session.records.restricted())
        if away:
            caption("privacy.restricted_count", count=len(away))
            rows = pd.DataFrame({"customer_key": away[:_MOST]})
            customer_table(
                rows, [], key="restricted", alt_key="privacy.rights", with_restricted=True
            )
        else:
            caption("privacy.nobody_restricted")
        caption("privacy.erased_count", count=len(session.records.erasures()))
        caption("privacy.rights_where")


_MOST = 200


def draw_log() -> None:
    """How many lines the log has, and whether each is as it was written."""
    session = current()
    with panel("privacy.log", help_key="privacy.log_about"), part():
        written, there = session.records.audit_count()
        lines = formats.number(there, session.language)
        caption("privacy.log_lines", lines=lines)
        if written and st.button(session.md("privacy.log_check"), icon=":material/verified:"):
            engine = engine_of(session.workspace.store_url, session.settings)
            chain = look(engine, session.records)
            require_whole(chain)
            success("privacy.log_whole", lines=chain.lines, last=str(chain.last))
