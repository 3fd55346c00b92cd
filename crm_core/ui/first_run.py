"""The first screen of an empty store: look around in the demo, or load the own log."""

from __future__ import annotations

import streamlit as st

from crm_core.ui import door, navigation, workspace
from crm_core.ui.layout import header
from crm_core.ui.session import current


def first_run() -> None:
    """Offers the two ways to see something."""
    session = current()
    header("app.first_run")
    with st.container(border=True):
        st.header(session.t("app.first_run.empty_title"), anchor=False)
        st.markdown(session.t("app.first_run.empty_about"))
        with st.container(horizontal=True):
            imports = navigation.spec_of("imports")
            may_import = imports is not None and session.access.role in imports.roles
            can_import = imports and may_import and imports.path.is_file()
            pressed = can_import and st.button(session.t("app.first_run.import"), type="primary")
            if imports and pressed:
                st.switch_page(imports.path)
            st.button(
                session.t("app.first_run.demo"),
                on_click=door.activate,
                args=(session, workspace.DEMO),
            )
