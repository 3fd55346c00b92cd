"""What holds for all campaigns: how often people are written to, who never is, what is offered."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.pipeline.campaigns import globally_out, hold_globally
from crm_core.privacy.policy import allowed
from crm_core.records import MOST_GLOBAL, OFFER_KINDS, CampaignPolicy, Offer, OfferTerms
from crm_core.text import formats
from crm_core.ui.export_button import ListOrder, export_button
from crm_core.ui.fields import (
    choice_field,
    day_field,
    form,
    number_field,
    submit,
    text_field,
)
from crm_core.ui.layout import busy, columns, details_box
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash


def draw_policy() -> None:
    """Contact pressure, exclusion and the global control."""
    session = current()
    policy = session.records.campaign_policy()
    caption("campaigns.policy.about")
    with form("campaign_policy"):
        left, right = columns(1, 1)
        with left:
            most = _whole("most_contacts", policy.most_contacts, 1, 100)
            days = _whole("pressure_days", policy.pressure_days, 0, 365)
        with right:
            apart = _whole("exclusion_days", policy.exclusion_days, 0, 365)
            share = number_field(
                "campaigns.policy.global_control",
                key="policy_global",
                value=round(policy.global_control_share * 100, 2),
                low=0.0,
                high=MOST_GLOBAL * 100,
                step=1.0,
                help_key="campaigns.policy.global_control_about",
            )
        pressed = submit("campaigns.policy.save")
    if pressed:
        told = CampaignPolicy((share or 0.0) / 100, most, days, apart)
        with busy("campaigns.policy.busy"):
            session.records.save_campaign_policy(
                told, user=session.access.user, now=datetime.now(UTC)
            )
            if told.global_control_share or policy.global_control_share:
                hold_globally(session.store, session.records)
        flash("campaigns.policy.saved")
        st.rerun()
    if policy.global_control_share and allowed(session.access, "export"):
        store = session.store
        caption("campaigns.policy.file_about")
        order = ListOrder("Global control", lambda: globally_out(store), ["customer"])
        export_button("campaigns.policy.file", order, key="global_control")


def _whole(name: str, value: int, low: int, high: int) -> int:
    told = number_field(
        f"campaigns.policy.{name}",
        key=f"policy_{name}",
        value=value,
        low=low,
        high=high,
        step=1,
        help_key=f"campaigns.policy.{name}_about",
    )
    return int(told if told is not None else value)


def draw_offers() -> None:
    """The offers there are, and a form for another."""
    session = current()
    offers = session.records.offers()
    if not offers:
        caption("campaigns.offers.none")
    else:
        opened = data_table(
            pd.DataFrame([_row(offer) for offer in offers]),
            [
                Column("name", label_key="campaigns.offers.name"),
                Column("kind", "code", "campaigns.offers.kind", prefix="campaigns.offer_kind"),
                Column("value", label_key="campaigns.offers.value"),
                Column("code", label_key="campaigns.offers.code"),
                Column("cost", "cents", "campaigns.offers.cost"),
                Column("cap", "count", "campaigns.offers.cap"),
                Column("until", "date", "campaigns.offers.ends_on"),
            ],
            key="campaign_offers",
            alt_key="campaigns.offers.title",
            on_click=True,
            icon="sell",
        )
        if opened:
            st.session_state["_offer"] = int(opened["id"])
        _remove(offers)
    with details_box("campaigns.offers.add"), form("offer_new"):
        _new()


def _row(offer: Offer) -> dict[str, object]:
    session, terms = current(), offer.terms
    value = ""
    if terms.kind == "percent":
        value = formats.percent(terms.value / 100, session.language, 0)
    elif terms.kind == "amount":
        value = session.write(terms.value, "money")
    told = {"id": offer.id, "name": terms.name, "kind": terms.kind, "value": value}
    return {
        **told,
        "code": terms.code,
        "cost": terms.cost,
        "cap": terms.cap,
        "until": terms.ends_on,
    }


def _remove(offers: list[Offer]) -> None:
    """The offer that was opened may be forgotten, if no campaign has it."""
    session = current()
    chosen = next((each for each in offers if each.id == st.session_state.get("_offer")), None)
    if chosen is None:
        return
    words = session.md("campaigns.offers.remove", name=chosen.terms.name)
    if st.button(words, key="offer_remove", icon=":material/delete:"):
        session.records.remove_offer(chosen.id)
        flash("campaigns.offers.removed", name=chosen.terms.name)
        st.rerun()


def _new() -> None:
    session = current()
    one, two, three = columns(1, 1, 1)
    with one:
        name = text_field("campaigns.offers.name", key="offer_name", max_chars=120)
        kind = choice_field(
            "campaigns.offers.kind", OFFER_KINDS, key="offer_kind", prefix="campaigns.offer_kind"
        )
        value = number_field("campaigns.offers.value", key="offer_value", low=0.0)
    with two:
        code = text_field("campaigns.offers.code", key="offer_code", max_chars=60)
        cost = number_field(
            "campaigns.offers.cost",
            key="offer_cost",
            low=0.0,
            help_key="campaigns.offers.cost_about",
        )
        cap = number_field("campaigns.offers.cap", key="offer_cap", low=1, step=1)
    with three:
        starts_on = day_field("campaigns.offers.starts_on", key="offer_from")
        ends_on = day_field("campaigns.offers.ends_on", key="offer_to")
        categories = text_field(
            "campaigns.offers.categories", key="offer_categories",
            help_key="campaigns.offers.categories_about",
        )  # fmt: skip
    if submit("campaigns.offers.save"):
        terms = OfferTerms(
            name=name,
            kind=kind or OFFER_KINDS[0],
            value=value or 0.0,
            code=code,
            cost=cost or 0.0,
            categories=tuple(part.strip() for part in categories.split(",") if part.strip()),
            starts_on=starts_on,
            ends_on=ends_on,
            cap=None if cap is None else int(cap),
        )
        session.records.add_offer(terms, owner=session.access.user, now=datetime.now(UTC))
        flash("campaigns.offers.added", name=name)
        st.rerun()
