"""The shop's own databases: which are written down, when each was last read, and reading them now."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from crm_core.pipeline.pulls import source_names
from crm_core.text import formats
from crm_core.ui import import_steps
from crm_core.ui.import_steps import Job
from crm_core.ui.layout import details_box, panel, part
from crm_core.ui.opening import records_at
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, plain


def sources_panel() -> None:
    """A row for each source: its name, never its address; what it told last; check and pull."""
    session = current()
    with panel("import_sources.title", help_key="import_sources.about"), part():
        # A visitor of the demo has no database here, and must not learn of the owner's.
        names = [] if session.workspace.private else source_names(session.settings)
        if not names:
            _how_to(session)
            return
        read = records_at(session.workspace.shop_records_url).sources_read()
        for place, name in enumerate(names):
            _source(name, place, read.get(name), session)


def _how_to(session: Session) -> None:
    caption("import_sources.none")
    if not session.workspace.private:
        with details_box("import_sources.how"):
            st.markdown(session.md("import_sources.steps"))
            st.code(session.t("import_sources.example"), language="toml")
            caption("import_sources.guide")


def _source(name: str, place: int, read_at: datetime | None, session: Session) -> None:
    plain(name)
    if read_at is None:
        caption("import_sources.never")
    else:
        day = formats.day(read_at.date(), session.language)
        caption("import_sources.last_read", day=day, time=f"{read_at:%H:%M}")
    job = Job(("pull", name))
    with st.container(horizontal=True):
        pull = st.button(
            session.t("import_sources.pull"), icon=":material/sync:", key=f"source_pull_{place}"
        )
        check = st.button(session.t("import_sources.check"), key=f"source_check_{place}")
    if pull:
        import_steps.load(job)
    if check:
        import_steps.check(job)
