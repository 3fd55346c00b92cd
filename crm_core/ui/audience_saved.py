"""Audiences that were saved: choosing one, changing it, what it was before, taking it away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any as Anything

import streamlit as st

from crm_core.audiences import FIELDS, resolved
from crm_core.errors import CrmError
from crm_core.records import Audience as Saved
from crm_core.records import Version
from crm_core.rules import Rule, from_document, to_document
from crm_core.text import formats
from crm_core.ui.fields import form, submit, text_field
from crm_core.ui.guard import show_error
from crm_core.ui.layout import details_box
from crm_core.ui.rule_tree import edit_document
from crm_core.ui.rule_words import in_words
from crm_core.ui.session import current
from crm_core.ui.words import caption, flash, note, plain

CHOSEN_BY = "audience_by"
_EDITING = "_shop_audience_editing"
_REMOVED = "_shop_audience_removed"


def saved_rule() -> tuple[Rule, str] | None:
    """Draws the choice of a saved audience with what can be done to it; its rule and name.

    One whose rule names what is gone says which condition, and can still be mended.
    """
    session = current()
    _offer_undo()
    saved = {audience.id: audience for audience in session.records.audiences()}
    if not saved:
        note("audiences.no_saved")
        return None
    chosen = st.selectbox(
        session.md("audiences.saved_label"),
        list(saved),
        format_func=lambda number: saved[number].name,
        key="audience_saved",
        persist_state="session",
    )
    audience = saved.get(chosen) or next(iter(saved.values()))
    _actions(audience)
    _history(audience)
    try:
        return from_document(dict(audience.rule), FIELDS), audience.name
    except CrmError as error:
        show_error(error, session.language)
        caption("builder.mend")
        return None


def _actions(audience: Saved) -> None:
    session = current()
    with st.container(horizontal=True):
        st.button(
            session.md("builder.edit"),
            key="audience_edit",
            icon=":material/edit:",
            on_click=_edit,
            args=(audience,),
        )
        # Not a callback: those run before main has decided anew who may do what.
        if st.button(
            session.md("audiences.delete"), key="audience_delete", icon=":material/delete:"
        ):
            session.records.remove_audience(audience.id)
            st.session_state[_REMOVED] = audience
            flash("audiences.deleted", name=audience.name)
            st.rerun()


def _edit(audience: Saved) -> None:
    edit_document(audience.rule)
    st.session_state[_EDITING] = audience
    st.session_state[CHOSEN_BY] = "rule"


def stop_editing() -> None:
    """What is in the builder is no saved audience any more."""
    st.session_state.pop(_EDITING, None)


def _history(audience: Saved) -> None:
    """What the audience was, newest first; an older version can be made the one of now."""
    session = current()
    versions = session.records.audience_versions(audience.id)
    if len(versions) < 2:
        return
    with details_box("builder.history", versions=len(versions)):
        for version in versions:
            with st.container(horizontal=True, vertical_alignment="center"):
                day = formats.day(version.saved_at.date(), session.language)
                caption("builder.version", version=version.version, day=day, user=version.saved_by)
                is_now = version.version == audience.version
                key = f"audience_version_{audience.id}_{version.version}"
                if not is_now and st.button(
                    session.md("builder.restore"), key=key, icon=":material/history:"
                ):
                    _restore(audience, version)
            plain(_said(version))


def _said(version: Version) -> str:
    try:
        return in_words(from_document(dict(version.rule), FIELDS))
    except CrmError:
        return version.name


def _restore(audience: Saved, version: Version) -> None:
    _change(audience, version.name, from_document(dict(version.rule), FIELDS))
    flash("builder.restored", name=audience.name, version=version.version)
    st.rerun()


def _change(audience: Saved, name: str, rule: Rule) -> None:
    session = current()
    resolved(session.store, rule, of=audience.id)
    session.records.change_audience(
        audience.id,
        version=audience.version,
        name=name,
        rule=to_document(rule),
        user=session.access.user,
        now=datetime.now(UTC),
    )


def _offer_undo() -> None:
    removed: Anything = st.session_state.get(_REMOVED)
    if not isinstance(removed, Saved):
        return
    session = current()
    words = session.md("audiences.undo", name=removed.name)
    if st.button(words, key="audience_undo", icon=":material/undo:"):
        session.records.bring_back_audience(removed.id)
        st.session_state.pop(_REMOVED)
        flash("audiences.restored", name=removed.name)
        st.rerun()


def save_audience(rule: Rule, *, by_rule: bool) -> None:
    """A name and buttons that keep the rule: under a new name, or as the next version of the
    audience that is being changed."""
    session = current()
    editing: Anything = st.session_state.get(_EDITING) if by_rule else None
    editing = editing if isinstance(editing, Saved) else None
    with form("audience_save"):
        start = editing.name if editing else ""
        key = f"audience_name_{editing.id}" if editing else "audience_name"
        name = text_field("audiences.name", key=key, value=start, max_chars=120)
        with st.container(horizontal=True):
            again = editing is not None and submit("builder.save_version")
            fresh = submit("builder.save_new" if editing else "audiences.save_button")
    if again and editing is not None:
        _change(editing, name, rule)
        st.session_state[_EDITING] = session.records.audience(editing.id)
        flash("builder.saved_version", name=name, version=editing.version + 1)
        st.rerun()
    if fresh:
        made = session.records.add_audience(
            name, to_document(rule), owner=session.access.user, now=datetime.now(UTC)
        )
        if by_rule:
            st.session_state[_EDITING] = made
        flash("audiences.saved", name=name)
        st.rerun()
