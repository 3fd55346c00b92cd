"""A customer's rights on their page: whether they are restricted, what was put right, and the forms
for who may act on it.

Nothing is written in a callback: those run before main has decided anew who may do what.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from crm_core.privacy import rights
from crm_core.privacy.policy import allowed
from crm_core.records import CORRECTED, VALUE_LENGTH, Correction
from crm_core.text import formats
from crm_core.ui.layout import details_box, part
from crm_core.ui.note_words import user_words
from crm_core.ui.people import code_of
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, flash, plain, warning

_REASON_LENGTH = 200


def tell_rights(key: int) -> None:
    """That a customer is restricted, before anything else is said of them."""
    session = current()
    found = session.records.restriction_of(key)
    if found is not None:
        day = _day(found.at, session)
        warning("rights.restricted", day=day, user=user_words(found.user, session))
        plain(found.reason)


def draw_rights(key: int) -> None:
    """What was put right, for everybody who sees the person; the acts for who may."""
    session = current()
    told = session.records.corrections(key)
    holds = _holding(told)
    for each in holds.values():
        facts = {"field": session.t(f"privacy.column.{each.field}"), "day": _day(each.at, session)}
        caption("rights.put_right", **facts, user=user_words(each.user, session))
    if not allowed(session.access, "erase"):
        return
    with details_box("rights.title"), part():
        _restriction_form(key, session)
        _correction_form(key, session)
        _undo_buttons(key, holds, session)


def _holding(told: list[Correction]) -> dict[str, Correction]:
    """The latest word on each field, where it still counts."""
    latest: dict[str, Correction] = {}
    for each in told:
        latest.setdefault(each.field, each)
    return {name: each for name, each in latest.items() if each.value is not None}


def _restriction_form(key: int, session: Session) -> None:
    is_on = session.records.restriction_of(key) is not None
    act = "lift" if is_on else "restrict"
    with st.form("rights_restriction", border=False, clear_on_submit=True):
        caption("rights.restrict_about")
        reason = st.text_input(
            session.md("rights.reason"), key="rights_restriction_reason", max_chars=_REASON_LENGTH
        )
        pressed = st.form_submit_button(session.md(f"rights.{act}"), icon=":material/block:")
    if pressed:
        change = rights.lift_restriction if is_on else rights.restrict
        now = datetime.now(UTC)
        change(session.records, session.access, key, code_of(key, session), reason=reason, now=now)
        flash(f"rights.{act}_done")
        st.rerun()


def _correction_form(key: int, session: Session) -> None:
    with st.form("rights_correction", border=False, clear_on_submit=True):
        caption("rights.correct_about")
        field = st.selectbox(
            session.md("rights.field"),
            CORRECTED,
            format_func=lambda name: session.t(f"privacy.column.{name}"),
            key="rights_field",
        )
        value = st.text_input(
            session.md("rights.value"), key="rights_value", max_chars=VALUE_LENGTH
        )
        reason = st.text_input(
            session.md("rights.reason"), key="rights_correction_reason", max_chars=_REASON_LENGTH
        )
        pressed = st.form_submit_button(session.md("rights.correct"), icon=":material/edit:")
    if pressed:
        rights.correct(
            session.records, session.access, key, code_of(key, session), field=str(field),
            value=value, reason=reason, now=datetime.now(UTC),
        )  # fmt: skip
        flash("rights.correct_done")
        st.rerun()


def _undo_buttons(key: int, holds: dict[str, Correction], session: Session) -> None:
    for name in holds:
        label = session.md("rights.undo", field=session.t(f"privacy.column.{name}"))
        if st.button(label, key=f"rights_undo_{name}", icon=":material/undo:"):
            rights.take_back_correction(
                session.records, session.access, key, code_of(key, session), field=name,
                reason=session.t("rights.undo_reason"), now=datetime.now(UTC),
            )  # fmt: skip
            flash("rights.undone")
            st.rerun()


def _day(moment: datetime, session: Session) -> str:
    """A moment as the shop's day."""
    local = moment.astimezone(ZoneInfo(session.store.meta.timezone))
    return formats.day(local.date(), session.language)
