"""What needs attention, on the first screen: each with its size, its reason and the way to it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import streamlit as st

from crm_core.metrics.exploration import to_query
from crm_core.pipeline.waiting_results import waiting_results
from crm_core.privacy.escape import md_escape
from crm_core.privacy.notes import may_write, require_writing
from crm_core.records import Subject
from crm_core.selection import Selection
from crm_core.ui import navigation
from crm_core.ui.goals_words import targets_kept
from crm_core.ui.layout import details_box, go, panel, part
from crm_core.ui.notes import today
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.words import caption, flash
from crm_core.views.attention import Finding, attention
from crm_core.views.attention_words import looked_words, reason, title

_LONG = 600
_ICONS = {
    "anomaly_down": "trending_down",
    "anomaly_up": "trending_up",
    "shrinking": "group_remove",
    "repeat_rate": "replay",
    "sold_out": "remove_shopping_cart",
    "goal_missed": "flag",
    "goal_behind": "flag",
    "late_data": "hourglass_bottom",
    "late_source": "hourglass_bottom",
    "late_scores": "hourglass_bottom",
    "test_ended": "science",
    "event_more": "event",
    "event_less": "event",
    "event_unknown": "event",
}


def draw_attention() -> None:
    """The list, or that there is nothing out of the ordinary."""
    session = current()
    store = session.store
    # The demo's data ends on a day of its own: how old it is tells nothing.
    day = None if store.meta.kind == "demo" else today(session)
    ended = waiting_results(session.records, store.meta.as_of)
    with panel("attention.title", help_key="attention.about"), part():
        view = show(attention, Selection(), ended=ended, targets=targets_kept(), today=day)
        tasks = {task.text for task in session.records.open_tasks()} if view.findings else set()
        if not view.findings:
            st.markdown(f"**{session.md('attention.empty_title')}**")
        with st.container(gap="xsmall"):
            for place, found in enumerate(view.first):
                _draw(found, place, tasks, session)
        if view.rest:
            with details_box("attention.all", count=len(view.rest)):
                for place, found in enumerate(view.rest, len(view.first)):
                    _draw(found, place, tasks, session)
        st.caption(md_escape(looked_words(view, session.language), _LONG))
        if view.hidden:
            caption("attention.hidden", count=view.hidden)


def _draw(found: Finding, place: int, tasks: set[str], session: Session) -> None:
    said = title(found, session.currency, session.language)
    about = md_escape(reason(found, session.currency, session.language), _LONG)
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"attention_{place}"
    ):
        icon = f":material/{_ICONS[found.kind]}:"
        st.markdown(
            f"{icon} **{md_escape(said, _LONG)}**  \n:small[:gray[{about}]]", width="stretch"
        )
        _look_button(found, place, session)
        _task_button(found, said, place, tasks, session)


def _look_button(found: Finding, place: int, session: Session) -> None:
    """The way to where it can be looked at, for whoever may go there."""
    spec = navigation.spec_of(found.page)
    if spec is None or session.access.role not in spec.roles:
        return
    label = session.md("attention.look")
    icon = ":material/arrow_forward:"
    if not st.button(label, key=f"attention_look_{place}", type="tertiary", icon=icon):
        return
    if found.question is None:
        go(found.page, **found.opens)
    parts = asdict(found.selection)
    filters = {name: parts[name] for name in ("period", "start", "end")}
    go(found.page, **filters, **to_query(found.question))


def _task_button(found: Finding, said: str, place: int, tasks: set[str], session: Session) -> None:
    if not may_write(session.access, "page"):
        return
    if said in tasks:
        st.badge(session.md("attention.is_task"), icon=":material/task_alt:", color="gray")
        return
    label, icon = session.md("attention.task"), ":material/add_task:"
    if not st.button(label, key=f"attention_task_{place}", type="tertiary", icon=icon):
        return
    require_writing(session.access, "page")
    session.records.add_task(
        Subject("page", found.page), said, author=session.access.user, now=datetime.now(UTC)
    )
    flash("attention.task_made")
    st.rerun()
