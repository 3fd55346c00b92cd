"""The card of one customer: which offer rules fit, why, what becomes of each."""

from __future__ import annotations

import streamlit as st

from crm_core.audiences import FIELDS
from crm_core.privacy.policy import allowed
from crm_core.ui.customer_parts import fact_words
from crm_core.ui.layout import panel, part
from crm_core.ui.rules_saving import said
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.words import caption, plain
from crm_core.views.rules import OfferedRule, rules_for

_ICONS = {"gets": "check_circle", "peace": "do_not_disturb_on"}
_BY = "offer_rules.card_by"


def draw_offer_rules(key: int) -> None:
    """The rules that fit a customer in their order, for who may write rules; nothing without any."""
    session = current()
    if not allowed(session.access, "plan") or not session.records.offer_book().rules:
        return
    with panel("offer_rules.card", help_key="offer_rules.book_about"), part():
        fitting = show(rules_for, session.selection, key=key)
        if not fitting:
            caption("offer_rules.card_none")
        for each in fitting:
            _draw(each, session)


def _draw(each: OfferedRule, session: Session) -> None:
    icon = _ICONS.get(each.state, "block")
    state = session.t(f"offer_rules.state.{each.state}")
    told = session.md("offer_rules.card_rule", name=each.offer.name, state=state)
    st.markdown(f":material/{icon}: {told}")
    if each.by:
        caption(f"{_BY}_peace" if each.state == "left_in_peace" else _BY, name=each.by)
    plain(said(each.offer, session))
    if each.facts:
        facts = [
            session.t(
                "offer_rules.card_fact",
                field=session.t(FIELDS[field].label),
                value=fact_words(field, value),
            )
            for field, value in each.facts.items()
        ]
        caption("offer_rules.card_because", facts=session.t("rules.comma").join(facts))
