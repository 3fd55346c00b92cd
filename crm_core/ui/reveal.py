"""Whether a customer's contact details are shown here, and the button that shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from crm_core.privacy.policy import Purpose, allowed, treatment
from crm_core.privacy.reveal import is_revealed_already, reveal
from crm_core.ui.people import code_of
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption

_REVEALED = "_shop_revealed"


def purpose_for(key: int) -> Purpose:
    """What the gate is asked for about this customer: "call" once the record was revealed, else
    "view". For who only opens one record at a time, opening it is the reveal."""
    session = current()
    may = allowed(session.access, "call") and not session.access.present
    if not may or is_revealed_already(session.access):
        return "view"
    if key in _revealed(session):
        return "call"
    if not allowed(session.access, "analyse"):
        return _reveal(key, session)
    return "view"


def reveal_button(key: int) -> None:
    """Shows the contact details of this customer, and writes down who asked."""
    session = current()
    may = allowed(session.access, "call") and not is_revealed_already(session.access)
    if not may or session.access.present:
        return
    if purpose_for(key) == "call":
        caption("customer.revealed")
        return
    pressed = st.button(
        session.md("customer.reveal"),
        key="reveal",
        icon=":material/visibility:",
        help=session.md("customer.reveal_about"),
    )
    if pressed:
        _reveal(key, session)
        st.rerun()


def open_in_full(key: int) -> None:
    """Opens a record for a call, which is a line of the log each time."""
    _reveal(key, current())


def may_read_words(key: int | None) -> bool:
    """Whether what people wrote may be read here: as clearly as a note on this customer."""
    session = current()
    if key is None:
        return allowed(session.access, "call") and not session.access.present
    return treatment(session.access, purpose_for(key), "note") == "clear"


def _revealed(session: Session) -> set[int]:
    """Whom this person revealed in this visit; another person's reveals are not theirs."""
    kept: dict[str, set[int]] = st.session_state.setdefault(_REVEALED, {})
    return kept.setdefault(session.access.user, set())


def _reveal(key: int, session: Session) -> Purpose:
    purpose = reveal(session.records, session.access, code_of(key, session), now=datetime.now(UTC))
    _revealed(session).add(key)
    return purpose
