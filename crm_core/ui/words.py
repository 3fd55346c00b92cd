"""Sentences on a page: notes, warnings, empty states, lists of facts. Data in them is inert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from crm_core.privacy.escape import md_escape
from crm_core.ui.layout import go
from crm_core.ui.session import current

_FLASH = "_flash"
_LONG = 600


def caption(key: str, **facts: object) -> None:
    """Small grey words."""
    st.caption(current().md(key, **facts))


def paragraph(key: str, **facts: object) -> None:
    """Plain words."""
    st.markdown(current().md(key, **facts), anchors=False)


def note(key: str, **facts: object) -> None:
    """Something worth knowing."""
    st.info(current().md(key, **facts), icon=":material/info:")


def warning(key: str, **facts: object) -> None:
    """Something to beware of."""
    st.warning(current().md(key, **facts), icon=":material/warning:")


def success(key: str, **facts: object) -> None:
    """Something done."""
    st.success(current().md(key, **facts), icon=":material/check_circle:")


def failure(key: str, **facts: object) -> None:
    """Something that did not work, and what to do."""
    st.error(current().md(key, **facts), icon=":material/error:")


def plain(text: object) -> None:
    """Words from a shop's data, shown exactly as they stand."""
    st.text(str(text))


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Facts as a list: (label key, value in words)."""
    session = current()
    st.table(
        {session.md(label_key): md_escape(value) for label_key, value in rows},
        border="horizontal",
    )


def word_table(rows: Sequence[Mapping[str, str]]) -> None:
    """A small table of words, each row by label key; long words wrap instead of being cut."""
    session = current()
    labels = list(rows[0]) if rows else []
    st.table(
        {session.md(label): [md_escape(row[label], _LONG) for row in rows] for label in labels},
        border="horizontal",
        hide_index=True,
    )


def empty_state(
    prefix: str, *, page: str | None = None, action_key: str | None = None, **facts: object
) -> None:
    """Why there is nothing here (`<prefix>.empty_title`, `.empty_about`) and what to do."""
    session = current()
    with st.container(border=True, horizontal_alignment="center", key=f"empty_{prefix}"):
        st.space("small")
        st.header(session.md(f"{prefix}.empty_title", **facts), anchor=False, width="content")
        about = session.maybe(f"{prefix}.empty_about", **facts)
        if about:
            st.caption(about, text_alignment="center")
        if page and action_key and st.button(session.md(action_key), type="primary"):
            go(page)
        st.space("small")


def flash(key: str, **facts: object) -> None:
    """Says it once the page is drawn anew: for what a click has just changed."""
    st.session_state[_FLASH] = current().md(key, **facts)


def show_flash() -> None:
    """Shows what `flash` left; main calls it."""
    words = st.session_state.pop(_FLASH, None)
    if words:
        st.toast(words, icon=":material/check_circle:")
