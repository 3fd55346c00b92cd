"""A small button with the notes and tasks on a subject: read, add, edit, delete, bring back.

What people wrote is drawn as plain text alone. Nothing is written in a callback: those run before
main has decided anew who may do what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import streamlit as st

from crm_core.privacy.notes import may_read, may_write, require_writing
from crm_core.records import NOTE_LENGTH, Note, Subject, Task
from crm_core.text import formats
from crm_core.ui.layout import part
from crm_core.ui.note_words import subject_words, user_words
from crm_core.ui.people import code_of
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, flash, plain

_EDITING = "_shop_note_editing"
_UNDO = "_shop_note_undo"
KINDS = ("note", "task")
_DAYS = "YYYY-MM-DD"
_WIDTH = 320


def customer_notes(key: int) -> None:
    """The button for a person; their address's code is what notes are kept on."""
    notes_button("customer", code_of(key, current()))


def notes_here(kind: str, code: str) -> None:
    """The notes and tasks of a subject, open on the page."""
    session = current()
    with part():
        if may_read(session.access, kind):
            _content(Subject(kind, code), session)
        else:
            caption("notes.hidden")


def notes_counts(kind: str, codes: Sequence[str]) -> dict[str, int]:
    """How many notes and open tasks several subjects have, asked for all at once."""
    return current().records.count_notes(kind, codes)


def notes_button(kind: str, code: str, *, count: int | None = None) -> None:
    """The button for a subject, with how much there is; its content is drawn once it is open."""
    session, subject = current(), Subject(kind, code)
    shown = may_read(session.access, kind)
    if count is None and shown:
        count = session.records.count_notes(kind, [code]).get(code, 0)
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
        # The count stands beside: a button whose words change would close what is open.
        popover = st.popover(
            session.md("notes.label"),
            type="tertiary",
            icon=":material/sticky_note_2:",
            help=session.md("notes.help", subject=subject_words(subject, session)),
            key=f"notes_{kind}_{code}",
            on_change="rerun",
        )
        if count and shown:
            st.badge(formats.number(count, session.language), color="gray")
    if popover.open:
        with popover, st.container(width=_WIDTH), part():
            if shown:
                _content(subject, session)
            else:
                caption("notes.hidden")


def _content(subject: Subject, session: Session) -> None:
    notes = session.records.notes(subject.kind, subject.code)
    tasks = session.records.tasks(subject.kind, subject.code)
    writes = may_write(session.access, subject.kind)
    if not notes and not tasks:
        caption("notes.none")
    offer_undo(f"notes_undo_{subject.kind}_{subject.code}", subject)
    for task in tasks:
        _draw_task(task, session, writes=writes)
    for note in notes:
        _draw_note(note, session, writes=writes)
    if not writes:
        caption("notes.denied")
        return
    editing: Any = st.session_state.get(_EDITING)
    if isinstance(editing, Note | Task) and editing.subject == subject:
        _edit_form(editing, session)
    else:
        _add_form(subject, session)


def today(session: Session) -> date:
    """The day it is in the shop."""
    return datetime.now(ZoneInfo(session.store.meta.timezone)).date()


def _draw_note(note: Note, session: Session, *, writes: bool) -> None:
    day = formats.day(note.day, session.language)
    with st.container(gap="xsmall", border=True):
        plain(note.text)
        key = "notes.changed_by" if note.version > 1 else "notes.by"
        caption(key, day=day, user=user_words(note.author, session))
        if writes:
            _edit_buttons(note, session)


def _draw_task(task: Task, session: Session, *, writes: bool) -> None:
    with st.container(gap="xsmall", border=True):
        with st.container(horizontal=True, vertical_alignment="top", gap="small"):
            if writes:
                tick(task, session, place="notes")
            with st.container():
                plain(task.text)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _task_line(task, session)
        if writes:
            _edit_buttons(task, session)


def _task_line(task: Task, session: Session) -> None:
    if task.done_at is not None:
        day = formats.day(task.done_at.date(), session.language)
        caption("notes.tasks.done_line", day=day, user=user_words(task.done_by, session))
        return
    if task.owner:
        st.caption(
            session.md(
                "notes.by", day=due_words(task, session), user=user_words(task.owner, session)
            )
        )
    else:
        st.caption(due_words(task, session))
    draw_overdue(task, session)


def due_words(task: Task, session: Session) -> str:
    """By when."""
    if task.due is None:
        return session.t("notes.tasks.no_due")
    return session.t("notes.tasks.due", day=formats.day(task.due, session.language))


def draw_overdue(task: Task, session: Session) -> None:
    """A mark on what should have been done by now."""
    if task.is_overdue(today(session)):
        day = formats.day(task.due, session.language)
        words = session.md("notes.tasks.overdue", day=day)
        st.badge(words, icon=":material/schedule:", color="red")


def tick(task: Task, session: Session, *, place: str) -> None:
    """The box that says a task is done, or open again."""
    is_done = task.done_at is not None
    # A box drawn anew after its task was opened again must not remember being ticked.
    key = f"task_{place}_{task.id}_{is_done}_{st.session_state.get('_ticks', 0)}"
    label = session.md("notes.tasks.done")
    ticked = st.checkbox(label, value=is_done, key=key, label_visibility="collapsed")
    if ticked == is_done:
        return
    require_writing(session.access, task.subject.kind)
    st.session_state["_ticks"] = st.session_state.get("_ticks", 0) + 1
    if ticked:
        now = datetime.now(UTC)
        done = session.records.finish_task(task.id, user=session.access.user, now=now)
        st.session_state[_UNDO] = ("done", done)
        flash("notes.tasks.done_now")
    else:
        session.records.reopen_task(task.id)
    st.rerun()


def _edit_buttons(item: Note | Task, session: Session) -> None:
    key = f"{_kind_of(item)}_{item.id}"
    with st.container(horizontal=True, gap="small"):
        edits = _small_button("notes.edit", f"notes_edit_{key}", "edit")
        deletes = _small_button("notes.delete", f"notes_delete_{key}", "delete")
    if edits:
        st.session_state[_EDITING] = item
        st.rerun()
    if deletes:
        require_writing(session.access, item.subject.kind)
        records = session.records
        is_note = isinstance(item, Note)
        removed = records.remove_note(item.id) if is_note else records.remove_task(item.id)
        st.session_state[_UNDO] = ("removed", removed)
        flash("notes.deleted")
        st.rerun()


def _small_button(label_key: str, key: str, icon: str) -> bool:
    label = current().md(label_key)
    return st.button(label, key=key, type="tertiary", icon=f":material/{icon}:")


def _kind_of(item: Note | Task) -> str:
    return "note" if isinstance(item, Note) else "task"


def offer_undo(key: str, subject: Subject | None = None) -> None:
    """A button that takes back the last deleting or ticking off, of this subject or of any."""
    session = current()
    what, item = st.session_state.get(_UNDO, ("", None))
    if not isinstance(item, Note | Task) or (subject is not None and item.subject != subject):
        return
    if not may_write(session.access, item.subject.kind):
        return
    label = "notes.undo_done" if what == "done" else f"notes.undo_{_kind_of(item)}"
    if st.button(session.md(label), key=key, icon=":material/undo:"):
        if what == "done":
            session.records.reopen_task(item.id)
        elif isinstance(item, Note):
            session.records.bring_back_note(item)
        else:
            session.records.bring_back_task(item)
        st.session_state.pop(_UNDO)
        flash("notes.brought_back")
        st.rerun()


def undo_of() -> Note | Task | None:
    """What was deleted or ticked off last, while that can be taken back."""
    item = st.session_state.get(_UNDO, ("", None))[1]
    return item if isinstance(item, Note | Task) else None


@dataclass(frozen=True)
class _Said:
    """What a form says: of a note the words and the day, of a task the words, owner and due day."""

    text: str
    day: date
    owner: str = ""
    due: date | None = None


def _add_form(subject: Subject, session: Session) -> None:
    place = f"notes_add_{subject.kind}_{subject.code}"
    kind = st.segmented_control(
        session.md("notes.kind"),
        KINDS,
        default=KINDS[0],
        required=True,
        format_func=lambda code: session.t(f"notes.kinds.{code}"),
        key=f"{place}_kind",
        label_visibility="collapsed",
    )
    blank = _Said("", session.store.meta.last_day, session.access.user)
    with st.form(f"{place}_{kind}", border=False, clear_on_submit=True):
        said = _fields(str(kind), place, blank, session)
        pressed = st.form_submit_button(session.md(f"notes.add_{kind}"), type="primary")
    if not pressed:
        return
    require_writing(session.access, subject.kind)
    made: dict[str, Any] = {"author": session.access.user, "now": datetime.now(UTC)}
    if kind == "task":
        session.records.add_task(subject, said.text, owner=said.owner, due=said.due, **made)
    else:
        session.records.add_note(subject, said.text, day=said.day, **made)
    _saved()


def _edit_form(item: Note | Task, session: Session) -> None:
    place = f"notes_change_{_kind_of(item)}_{item.id}"
    if isinstance(item, Note):
        was = _Said(item.text, item.day)
    else:
        was = _Said(item.text, session.store.meta.last_day, item.owner, item.due)
    with st.form(place, border=False):
        said = _fields(_kind_of(item), place, was, session)
        with st.container(horizontal=True):
            pressed = st.form_submit_button(session.md("notes.save"), type="primary")
            let_go = st.form_submit_button(session.md("notes.cancel"))
    if let_go:
        st.session_state.pop(_EDITING)
        st.rerun()
    if pressed:
        _change(item, said, session)
        st.session_state.pop(_EDITING)
        _saved()


def _change(item: Note | Task, said: _Said, session: Session) -> None:
    require_writing(session.access, item.subject.kind)
    told: dict[str, Any] = {"version": item.version, "text": said.text}
    if isinstance(item, Note):
        session.records.change_note(item.id, day=said.day, **told)
    else:
        session.records.change_task(item.id, owner=said.owner, due=said.due, **told)


def _saved() -> NoReturn:
    flash("notes.saved")
    st.rerun()


def _fields(kind: str, place: str, was: _Said, session: Session) -> _Said:
    label = session.md(f"notes.text_{kind}")
    text = st.text_area(
        label, was.text, key=f"{place}_{kind}_text", height=92, max_chars=NOTE_LENGTH
    )
    if kind == "note":
        day = st.date_input(session.md("notes.day"), was.day, key=f"{place}_day", format=_DAYS)
        return _Said(text or "", day)
    names = dict.fromkeys([was.owner, session.access.user, *session.records.users()])
    names.pop("", None)
    owner = st.selectbox(
        session.md("notes.owner"),
        list(names),
        index=0 if was.owner else None,
        format_func=lambda name: user_words(str(name), session),
        key=f"{place}_owner",
        placeholder=session.t("notes.owner_hint"),
        accept_new_options=True,
    )
    due = st.date_input(session.md("notes.due"), was.due, key=f"{place}_due", format=_DAYS)
    return _Said(text or "", was.day, str(owner or ""), due if isinstance(due, date) else None)
