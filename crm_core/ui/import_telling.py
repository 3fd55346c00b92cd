"""The most telling things in the data: each with its money, its reason and a way to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from crm_core.selection import Selection
from crm_core.ui.address import PARTS
from crm_core.ui.layout import go, panel
from crm_core.ui.navigation import spec_of
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption
from crm_core.views.telling import Telling


def telling_panel(found: Sequence[Telling]) -> None:
    """Draws them, the most money first."""
    session = current()
    with panel("telling.heading"):
        if not found:
            caption("telling.none")
        for place, each in enumerate(found):
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                _words(each, session)
                _way(each, place, session)


def _words(each: Telling, session: Session) -> None:
    words = each.words(session.currency, session.language)
    with st.container(width=760):
        st.markdown(f"**{session.md(each.title_key, **words)}**")
        st.caption(session.md(each.about_key, **words))


def _way(each: Telling, place: int, session: Session) -> None:
    """A button to the page that shows it, for who may open that page."""
    spec = spec_of(each.page)
    if spec is None or session.access.role not in spec.roles:
        return
    label = session.t("telling.look_at", page=session.t(f"nav.page.{each.page}"))
    if st.button(label, icon=f":material/{spec.icon}:", key=f"telling_{place}"):
        go(each.page, **_filters(each.selection))


def _filters(selection: Selection) -> dict[str, Any]:
    said = asdict(selection)
    return {name: said[name] for name in ("period", "compare", *PARTS)}
