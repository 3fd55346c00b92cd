"""What is to be done, on the first screen: by due day, ticked off there, with the way to each."""

from __future__ import annotations

import streamlit as st

from crm_core.privacy.notes import may_write, readable
from crm_core.records import Task
from crm_core.ui import navigation
from crm_core.ui.campaign_words import go_campaign
from crm_core.ui.layout import details_box, go, panel, part
from crm_core.ui.note_words import key_of, subjects_words, user_words
from crm_core.ui.notes import draw_overdue, due_words, offer_undo, tick, undo_of
from crm_core.ui.people import go_customer
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, plain

_SHOWN = 6
_MOST = 50
_PAGES = {"metric": "overview", "chart": "overview", "customer": "customer", "campaign": "campaign"}


def draw_open_tasks(*, named: bool = False) -> None:
    """The open tasks; nothing at all where there are none.

    Customers are told by their short code, the first screen names nobody; by name if `named`.
    """
    session = current()
    waiting = session.records.open_tasks()
    seen = readable(session.access, waiting)
    if not waiting and not isinstance(undo_of(), Task):
        return
    with panel("notes.tasks.title", help_key="notes.tasks.about"), part():
        about = [task.subject for task in seen[:_MOST]]
        names = subjects_words(about, session, named=named)
        for task in seen[:_SHOWN]:
            _draw(task, names[task.subject], session)
        if len(seen) > _SHOWN:
            with details_box("notes.tasks.more", count=len(seen) - _SHOWN):
                for task in seen[_SHOWN:_MOST]:
                    _draw(task, names[task.subject], session)
        if len(seen) < len(waiting):
            caption("notes.tasks.hidden", count=len(waiting) - len(seen))
        if isinstance(undo_of(), Task):
            offer_undo("tasks_undo")


def _draw(task: Task, subject: str, session: Session) -> None:
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        if may_write(session.access, task.subject.kind):
            tick(task, session, place="tasks")
        with st.container(gap="xxsmall"):
            plain(task.text)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _line(task, subject, session)
                draw_overdue(task, session)
                _open_button(task, session)


def _line(task: Task, subject: str, session: Session) -> None:
    facts = {"subject": subject, "due": due_words(task, session)}
    if task.owner:
        owner = user_words(task.owner, session)
        words = session.md("notes.tasks.about_task", owner=owner, **facts)
    else:
        words = session.md("notes.tasks.about_open", **facts)
    st.caption(words, width="content")


def _open_button(task: Task, session: Session) -> None:
    """The way to what a task is about, for whoever may go there."""
    subject = task.subject
    stem = subject.code if subject.kind == "page" else _PAGES[subject.kind]
    spec = navigation.spec_of(stem)
    if spec is None or session.access.role not in spec.roles or stem == session.page:
        return
    label = session.md("notes.tasks.open")
    if not st.button(
        label, key=f"task_open_{task.id}", type="tertiary", icon=":material/arrow_forward:"
    ):
        return
    if subject.kind == "customer":
        key = key_of(subject, session)
        if key is not None:
            go_customer(key)
    elif subject.kind == "campaign":
        go_campaign(int(subject.code))
    else:
        go(stem)
