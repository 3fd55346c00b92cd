"""The part of the settings that says what is never recommended."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from crm_core.records import ShopSettings
from crm_core.ui.layout import panel
from crm_core.ui.session import current
from crm_core.views.costs import Costs


def recommending(saved: ShopSettings, view: Costs) -> ShopSettings:
    """Fields of a form; a category that was named and is sold no more can still be taken out."""
    session = current()
    sold = [name for name in view.categories["category"] if isinstance(name, str)]
    names = list(dict.fromkeys([*sold, *saved.sensitive_categories]))
    with panel("costs.recommending", help_key="costs.recommending_about"):
        chosen = st.multiselect(
            session.t("costs.sensitive_categories"),
            names,
            default=list(saved.sensitive_categories),
            placeholder=session.t("costs.sensitive_none"),
            help=session.t("costs.sensitive_about"),
        )
        sold_out = st.toggle(
            session.t("costs.offer_sold_out"),
            value=saved.offer_sold_out,
            help=session.t("costs.offer_sold_out_about"),
        )
    return replace(saved, sensitive_categories=tuple(chosen), offer_sold_out=sold_out)
