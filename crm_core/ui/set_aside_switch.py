"""The switch between all numbers and those without what was set aside, and what says which is on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from crm_core.pipeline.without import Without
from crm_core.ui import address, navigation
from crm_core.ui.filters import LEFT_OUT, SET_ASIDE
from crm_core.ui.opening import open_without, without_at
from crm_core.ui.session import Session
from crm_core.ui.words import warning


def with_choice(session: Session, place: Any) -> Session:
    """Draws the switch where there is anything set aside; the session with the store it asks for.

    A page that decides what is set aside, or is about no numbers, has all rows in any case.
    """
    found = None if session.opened is None else without_at(session)
    if found is None:
        address.keep(set_aside="")
        return session
    spec = navigation.spec_of(session.page)
    follows = spec is not None and spec.set_aside
    with place:
        wanted = _switch(session, found, follows=follows)
    address.keep(set_aside=LEFT_OUT if wanted else "")
    if not (wanted and follows and found.is_made):
        return replace(session, set_aside=found)
    return replace(session, opened=open_without(session, found), set_aside=found)


def _switch(session: Session, found: Without, *, follows: bool) -> bool:
    why = "counts" if found.is_made else "not_made"
    numbers = {"orders": session.write(found.orders, "count")}
    numbers["reviews"] = session.write(found.reviews, "count")
    return bool(
        st.toggle(
            session.t("review_queue.switch.label"),
            key=SET_ASIDE,
            help=session.md(f"review_queue.switch.{why if follows else 'not_here'}", **numbers),
            disabled=not follows,
            persist_state="session",
        )
    )


def say_which(session: Session) -> None:
    """Tells on the page that numbers are those without what was set aside, or that they are not
    made yet though they were asked for."""
    found = session.set_aside
    if found is None:
        return
    asked = address.kept().set_aside == LEFT_OUT
    if session.leaves_out:
        numbers = {"orders": session.write(found.orders, "count")}
        numbers["reviews"] = session.write(found.reviews, "count")
        with st.container(key="set_aside_left_out_note"):
            st.badge(
                session.t("review_queue.switch.on", **numbers),
                icon=":material/visibility_off:",
                color="orange",
            )
    elif asked and not found.is_made:
        spec = navigation.spec_of(session.page)
        if spec is not None and spec.set_aside:
            warning("review_queue.switch.stale")
