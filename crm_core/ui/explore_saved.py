"""Views of the Explore page under a name: kept, opened, removed, shown on the overview."""

from __future__ import annotations

import streamlit as st

from crm_core.metrics.exploration import Exploration
from crm_core.ui import navigation
from crm_core.ui.address import kept, to_query
from crm_core.ui.explore_state import PAGE, PIN, address_of, kept_query
from crm_core.ui.fields import form, submit, switch_field, text_field
from crm_core.ui.layout import details_box, panel
from crm_core.ui.session import current
from crm_core.ui.words import caption, flash


def draw_saved(asked: Exploration) -> None:
    """Keeps what is asked now, and lists what was kept."""
    session = current()
    owner = session.access.user
    with details_box("explore.saved"):
        with form("explore_save"):
            name = text_field("explore.save_name", key="explore_save_name", max_chars=120)
            is_pinned = switch_field("explore.save_pin", key="explore_save_pin", value=True)
            is_sent = submit("explore.save")
        if is_sent:
            query = address_of(asked, pinned=is_pinned)
            session.records.save_view(name, query, owner=owner)
            flash("explore.saved_done", name=name.strip())
            st.rerun()
        views = _views()
        if not views:
            caption("explore.no_saved")
        for place, (found, parts) in enumerate(views):
            with st.container(horizontal=True, vertical_alignment="center"):
                _link(found, parts)
                if st.button(
                    session.md("explore.remove"),
                    key=f"explore_remove_{place}",
                    type="tertiary",
                    icon=":material/delete:",
                ):
                    session.records.remove_view(found, owner=owner)
                    flash("explore.saved_gone", name=found)
                    st.rerun()


def draw_pinned() -> None:
    """The views kept for the overview, as a row of links; nothing where there are none."""
    views = [(name, parts) for name, parts in _views() if parts.get(PIN)]
    if not views:
        return
    with panel("explore.pinned"), st.container(horizontal=True, gap="small"):
        for name, parts in views:
            _link(name, parts)


def _views() -> list[tuple[str, dict[str, list[str]]]]:
    session = current()
    found = [
        (view.name, kept_query(view.query)) for view in session.records.views(session.access.user)
    ]
    return [(name, dict(parts)) for name, parts in found if parts is not None]


def _link(name: str, parts: dict[str, list[str]]) -> None:
    """Opens a kept view in the language of now."""
    spec = navigation.spec_of(PAGE)
    if spec is None:
        return
    language = {"lang": to_query(kept()).get("lang", [])}
    said = {key: codes for key, codes in {**parts, **language}.items() if codes and key != PIN}
    label = current().md("explore.named", name=name)
    st.page_link(spec.path, label=label, icon=f":material/{spec.icon}:", query_params=said)
