"""How far a budget should go in a draft, and whether loyal buyers get what others get."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from crm_core.audiences.playbooks import ASSUMED_LIFT
from crm_core.charts.profit import profit_line
from crm_core.pipeline.campaign_budget import Budgeted, Choosable
from crm_core.pipeline.campaigns import Terms
from crm_core.records import Campaign, OfferTerms
from crm_core.text import formats
from crm_core.ui.fields import button, form, number_field, submit
from crm_core.ui.layout import draw
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash, note, paragraph, success, warning
from crm_core.views.campaign_offers import SPREAD, budget, loyalty

_ALONE = "none"


def draw_budget(kept: Campaign, terms: Terms) -> None:
    """A form for money and lifts; then the best choice, and the whole curve."""
    session, plan = current(), kept.plan
    catalogue = {str(offer.id): offer.terms for offer in session.records.offers()}
    own = str(plan.offer_id) if plan.offer_id is not None else _ALONE
    caption("campaign.budget.about")
    asked = st.multiselect(
        session.md("campaign.budget.offers"),
        [_ALONE, *catalogue],
        default=[own],
        format_func=lambda code: _called(catalogue.get(code), session),
        key=f"b_offers_{kept.id}",
    )
    lift = (plan.expected_lift if plan.expected_lift is not None else ASSUMED_LIFT) * 100
    with form(f"campaign_budget_{kept.id}"):
        money = number_field("campaign.budget.money", key=f"b_money_{kept.id}", low=0.0)
        lifts = {
            code: number_field(
                "campaign.budget.lift_of",
                key=f"b_lift_{kept.id}_{code}",
                value=round(lift, 2),
                low=-100.0,
                high=1000.0,
                name=_called(catalogue.get(code), session),
            )
            for code in asked
        }
        pressed = submit("campaign.budget.button")
    key = f"_budget_{kept.id}_{kept.version}"
    if pressed and asked:
        offers = tuple(
            Choosable(catalogue.get(code), (lifts.get(code) or 0.0) / 100) for code in asked
        )
        st.session_state[key] = (offers, float("inf") if money is None else float(money))
    told = st.session_state.get(key)
    if told:
        offers, most = told
        found = show(budget, session.selection, plan=plan, terms=terms, offers=offers, money=most)
        _draw_choice(kept, found, offers)


def _called(terms: OfferTerms | None, session: Session) -> str:
    return terms.name if terms else session.t("campaign.form.no_offer")


def _draw_choice(kept: Campaign, found: Budgeted, offers: tuple[Choosable, ...]) -> None:
    session, best = current(), found.plan
    chosen = sum(found.by_offer)
    facts = {
        "people": formats.number(chosen, session.language),
        "all": formats.number(found.people, session.language),
        "spent": session.write(found.spent, "money"),
        "net": session.write(found.net, "money"),
    }
    if best.verdict == "none":
        warning("campaign.budget.none", **facts)
    elif best.verdict == "all":
        success("campaign.budget.all", **facts)
    else:
        note("campaign.budget.some", **facts)
    if len(offers) > 1:
        names = [_called(offer.terms, session) for offer in offers]
        data_table(
            pd.DataFrame({"offer": names, "people": found.by_offer}),
            [
                Column("offer", label_key="campaign.form.offer"),
                Column("people", "count", "campaign.left_out.people"),
            ],
            key=f"budget_{kept.id}",
            alt_key="campaign.budget.title",
        )
    _draw_curve(found)
    caption("campaign.budget.by_lifts", spread=formats.percent(SPREAD, session.language, 0))
    if best.verdict == "some" and found.least is not None and found.least > 0:
        _keep_to(kept, found.least)


def _draw_curve(found: Budgeted) -> None:
    session = current()
    frame = pd.DataFrame([vars(step) for step in found.curve])
    notes = [
        session.t(
            "campaign.budget.step",
            people=formats.number(step.customers, session.language),
            spent=session.write(step.spent, "money"),
            net=session.write(step.net, "money"),
            low=session.write(step.low, "money"),
            high=session.write(step.high, "money"),
        )
        for step in found.curve
    ]
    if frame["spent"].max() <= 0:
        caption("campaign.budget.free")
        return
    chart = profit_line(
        frame.assign(note=notes),
        session.numbers("money"),
        x_title=session.t("campaign.budget.spent"),
        chosen=found.spent,
    )
    draw(chart, key="campaign_curve", title=session.t("campaign.budget.curve"))


def _keep_to(kept: Campaign, least: float) -> None:
    """Lets the draft mean only those who were chosen, as a rule anybody can read."""
    session = current()
    paragraph("campaign.budget.keep_about", least=session.write(least, "cents"))
    if button("campaign.budget.keep", key="campaign_keep", icon="filter_alt"):
        more = {"field": "expected_contribution", "operator": ">=", "value": least}
        plan = replace(kept.plan, rule={"all": [dict(kept.plan.rule), more]})
        session.records.change_campaign(kept.id, plan, version=kept.version)
        flash("campaign.form.saved", name=plan.name)
        st.rerun()


def draw_loyalty(kept: Campaign, terms: Terms) -> None:
    """Who is in the campaign by loyalty tier, beside all customers."""
    session = current()
    rows = show(loyalty, session.selection, plan=kept.plan, terms=terms)
    if rows.empty:
        caption("campaign.loyalty.unknown")
        return
    names = [session.t(f"loyalty.{tier}.name") for tier in rows["tier"]]
    data_table(
        rows.assign(tier=names),
        [
            Column("tier", label_key="campaign.field.loyalty_tier"),
            Column("of_tier", "rate", "campaign.loyalty.of_tier"),
            Column("of_people", "rate", "campaign.loyalty.of_people"),
            Column("of_all", "rate", "campaign.loyalty.of_all"),
        ],
        key="campaign_loyalty",
        alt_key="campaign.loyalty.title",
    )
    if kept.plan.offer_id is not None and rows["of_tier"].iloc[-1] < rows["of_tier"].iloc[0]:
        warning("campaign.loyalty.worse")
    caption("campaign.loyalty.about")
