"""One run of the app: who looks, which store, language, navigation, filters, then the page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.text import t
from crm_core.ui import address, door, filters, navigation, sidebar
from crm_core.ui.access import Visit
from crm_core.ui.first_run import first_run
from crm_core.ui.guard import guarded
from crm_core.ui.opening import bounds_of, open_place, prepare, settings_and_disk
from crm_core.ui.scores_repair import scores_repair
from crm_core.ui.session import Session, begin, end
from crm_core.ui.set_aside_switch import say_which, with_choice
from crm_core.ui.words import show_flash
from crm_core.ui.workspace import Workspace

_LOGO = Path(__file__).resolve().parents[2] / "static" / "logo.svg"
_FIRST_RUN = "first_run"


@dataclass(frozen=True)
class Places:
    """Parts of the sidebar, reserved in the order they are seen."""

    top: Any
    groups: Any
    foot: Any
    switch: Any


def run() -> None:
    """Draws the whole screen once."""
    st.set_page_config(page_title="Clientele", page_icon=str(_LOGO), layout="wide")
    st.logo(str(_LOGO), size="large")
    end()
    filters.start()
    with st.sidebar:
        top, groups = st.container(), st.container()
        st.space("medium")
        foot = st.container()
        with foot:
            language = filters.draw_language()
            places = Places(top, groups, foot, st.container())
    with guarded(language):
        _run(language, places)


def _run(language: str, places: Places) -> None:
    settings, lasting = settings_and_disk()
    place = door.workspace_of(settings)
    with places.foot:
        present = sidebar.draw_present(language)
    visit = door.visit_of(settings, place)
    access = door.admitted(visit, place, language=language, present=present)
    if access is None:
        return
    session = _opened(place, visit, access, language)
    if not lasting:
        st.warning(t("app.not_lasting", language), icon=":material/warning:")
    _screen(session, places)


def _opened(place: Workspace, visit: Visit, access: Access, language: str) -> Session:
    settings, _ = settings_and_disk()
    words = t("app.building_demo" if place.is_demo else "app.opening", language)
    with st.spinner(words):
        prepare(settings, place)
        opened = open_place(settings, place)
    return Session(
        opened=opened.store,
        records=opened.records,
        decisions=str(opened.decisions),
        access=access,
        selection=Selection(language=language),
        language=language,
        settings=settings,
        workspace=place,
        visit=visit,
    )


def _screen(session: Session, places: Places) -> None:
    language = session.language
    specs = navigation.pages_for(session.access)
    pages = navigation.page_objects(specs, language)
    shown = st.navigation(list(pages.values()), position="hidden")
    stem = next((name for name, page in pages.items() if page == shown), "")
    if session.opened is None:
        # Every address stays known while the store is empty, but leads to the first screen.
        specs = navigation.pages_for(session.access, has_store=False)
        stem = stem if stem in [spec.stem for spec in specs] else _FIRST_RUN
    session = begin(with_choice(replace(session, page=stem), places.switch))
    sidebar.draw(specs, pages, session, places.top, places.groups, places.foot)
    navigation.draw_siblings(specs, pages, stem, language)
    begin(_with_filters(session))
    address.write()
    say_which(session)
    show_flash()
    with guarded(language):
        scores_repair()
        first_run() if stem == _FIRST_RUN else shown.run()


def _with_filters(session: Session) -> Session:
    """The session with the page's title place and what the filter bar says."""
    spec = navigation.spec_of(session.page)
    applies = spec.applies if spec else frozenset[str]()
    if session.opened is None or not applies or not session.may("analyse"):
        head = st.container()
        selection = replace(session.selection, without_set_aside=session.leaves_out)
        return replace(session, head=head, selection=selection)
    bounds = bounds_of(session.store, session.workspace.store_url)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        head = st.container(width="content")
        asked = filters.draw_bar(bounds, applies, session.language)
    selection = replace(filters.narrowed(asked, applies), without_set_aside=session.leaves_out)
    filters.draw_chips(selection, session.language)
    return replace(session, head=head, selection=selection)
