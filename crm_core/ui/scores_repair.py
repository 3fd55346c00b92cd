"""What a page says where the scores' file is damaged, and the way to make them anew."""

from __future__ import annotations

import streamlit as st

from crm_core.privacy.policy import allowed
from crm_core.ui.runner import run_job
from crm_core.ui.session import current
from crm_core.ui.words import warning


def scores_repair() -> None:
    """Says that scores are missing and, to who may change settings, offers to make them anew."""
    session = current()
    if session.opened is None or not session.opened.scores_damaged:
        return
    warning("app.scores_damaged")
    place = session.workspace
    if not allowed(session.access, "settings") or (place.private and place.is_demo):
        return
    if st.button(session.t("app.scores_rebuild"), key="scores_rebuild"):
        run_job(["refresh"], store=place.store_url, title_key="app.scores_rebuilding")
        st.rerun()
