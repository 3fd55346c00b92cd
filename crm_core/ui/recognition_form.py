"""The part of the settings that says how customers are recognised and put in accounts."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from crm_core.records import ShopSettings
from crm_core.ui.layout import panel
from crm_core.ui.session import current


def recognition(saved: ShopSettings) -> ShopSettings:
    """Fields of a form; the shop's own domains are among its internal buyers."""
    session = current()
    with panel("costs.recognition", help_key="costs.recognition_about"):
        aliases = st.toggle(
            session.t("costs.join_aliases"),
            value=saved.join_email_aliases,
            help=session.t("costs.join_aliases_about"),
        )
        country = st.text_input(
            session.t("costs.country"),
            value=saved.country or "",
            help=session.t("costs.country_about"),
            max_chars=2,
        )
        households = st.toggle(
            session.t("costs.households"),
            value=saved.household_accounts,
            help=session.t("costs.households_about"),
        )
        companies = st.toggle(
            session.t("costs.companies"),
            value=saved.company_accounts,
            help=session.t("costs.companies_about"),
        )
        apart = st.toggle(
            session.t("costs.companies_apart"),
            value=saved.companies_apart,
            help=session.t("costs.companies_apart_about"),
        )
    return replace(
        saved,
        join_email_aliases=aliases,
        country=(country or "").strip().upper() or None,
        household_accounts=households,
        company_accounts=companies,
        companies_apart=apart,
    )
