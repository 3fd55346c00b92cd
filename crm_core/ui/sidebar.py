"""The sidebar: search, the groups of pages, which shop is open, hiding identities."""

from __future__ import annotations

from typing import Any

import streamlit as st

from crm_core.text import t
from crm_core.ui import door, navigation, workspace
from crm_core.ui.people import search_box
from crm_core.ui.session import Session


def draw_present(language: str) -> bool:
    """The switch that masks every identity on screen."""
    return st.toggle(
        t("app.present", language),
        key="present",
        help=t("app.present_help", language),
        persist_state="session",
    )


def draw(
    specs: list[navigation.PageSpec],
    pages: dict[str, Any],
    session: Session,
    top: Any,
    groups: Any,
    foot: Any,
) -> None:
    """Fills the reserved parts of the sidebar."""
    if session.opened is not None:
        with top:
            search_box()
    with groups:
        navigation.draw_groups(specs, pages, session.page, session.language)
    with foot:
        _draw_workspace(session)
        if door.login_configured() and not session.settings.single_user:
            door.sign_out_button(session.visit, session.workspace, session.language)


def _draw_workspace(session: Session) -> None:
    place = session.workspace
    st.badge(
        session.t("app.demo_badge" if place.is_demo else "app.shop_badge"),
        color="gray",
        icon=":material/storefront:",
    )
    if place.private:
        st.caption(session.t("app.visitor_note"))
    other = workspace.SHOP if place.is_demo else workspace.DEMO
    if other == workspace.DEMO or workspace.shop_exists(session.settings, place):
        st.button(
            session.t(f"app.open_{other}"),
            key=f"open_{other}",
            type="tertiary",
            icon=":material/swap_horiz:",
            on_click=door.activate,
            args=(session, other),
        )
