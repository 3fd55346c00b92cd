"""A draft on screen: its numbers, the form that changes it, the button that seals it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from crm_core.audiences.eligible import strata_fields
from crm_core.pipeline.campaigns import first_day_of, rule_in, seal, terms_of
from crm_core.privacy.policy import allowed
from crm_core.records import (
    CONTACT_CHANNELS,
    MOST_HOLDOUT,
    MOST_WINDOW,
    Campaign,
    CampaignPlan,
    OfferTerms,
)
from crm_core.text import formats
from crm_core.ui.audience_builder import in_words
from crm_core.ui.campaign_offers import draw_budget, draw_loyalty
from crm_core.ui.campaign_words import draw_sight
from crm_core.ui.fields import (
    button,
    choice_field,
    day_field,
    form,
    number_field,
    submit,
    text_field,
)
from crm_core.ui.kpi import figures
from crm_core.ui.layout import busy, columns, details_box, go, panel, part
from crm_core.ui.segment_words import value_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash, note, paragraph, plain, warning
from crm_core.views.campaign import Preview, campaign

NO_OFFER = "none"
REMOVED = "_shop_campaign_removed"


def draw_draft(kept: Campaign) -> None:
    """Everything of a draft: whom, the form, what it can show and costs, and sealing."""
    session = current()
    with panel("campaign.who"), part():
        plain(in_words(rule_in(kept.plan)))
        _form(kept)
    with part():
        terms = terms_of(session.records, kept.plan, kept.id)
        offer = _offer_of(kept.plan)
        view = show(campaign, session.selection, plan=kept.plan, terms=terms, offer=offer)
        draw_people(view.arms, view.fitting)
        left, right = columns(1, 1)
        with left, panel("campaign.sight.title"):
            draw_sight(view.sight, view.arms["treatment"] + view.arms["holdout"])
        with right, panel("campaign.money.title"):
            draw_money(view)
            draw_measured(view, kept)
        left, right = columns(1, 1)
        with left, panel("campaign.strata.title", help_key="campaign.strata.about"):
            draw_strata(view.strata, kept.plan)
        with right, panel("campaign.left_out.title", help_key="campaign.left_out.about"):
            draw_left_out(view.left_out)
        left, right = columns(3, 2)
        with left, panel("campaign.budget.title"), part():
            draw_budget(kept, terms)
        with right, panel("campaign.loyalty.title"), part():
            draw_loyalty(kept, terms)
        with panel("campaign.seal.title"):
            _seal(kept, view)


def _offer_of(plan: CampaignPlan) -> OfferTerms | None:
    return None if plan.offer_id is None else current().records.offer(plan.offer_id).terms


def draw_people(arms: dict[str, int], fitting: int | None = None) -> None:
    """How many fit and how many are in each arm."""
    shown = [("campaign.fitting", fitting, "count")] if fitting is not None else []
    figures(
        [
            *shown,
            ("campaign.arm.treatment", arms["treatment"], "count"),
            ("campaign.arm.holdout", arms["holdout"], "count"),
            ("campaign.arm.global_control", arms["global_control"], "count"),
        ],
        columns=len(shown) + 3,
    )


def draw_money(view: Preview) -> None:
    """What it costs and may bring, and what holding people out forgoes."""
    session, money = current(), view.money
    paragraph("campaign.money.cost", cost=session.write(money.cost, "money"))
    if money.given:
        paragraph("campaign.money.given", given=session.write(money.given, "money"))
    if money.expected is None or money.forgone is None:
        note("campaign.money.no_lift")
        return
    paragraph(
        "campaign.money.expected",
        expected=session.write(money.expected, "money"),
        profit=session.write(money.profit, "money"),
    )
    key = "forgone" if money.forgone >= 0 else "saved"
    paragraph(f"campaign.money.{key}", forgone=session.write(abs(money.forgone), "money"))
    caption("campaign.money.about")


def draw_measured(view: Preview, kept: Campaign) -> None:
    """What the shop's own campaigns on this channel have shown, and the same money by that."""
    session, found, money = current(), view.measured, view.at_measured
    if found is None or money is None or money.expected is None or money.forgone is None:
        return
    paragraph(
        "campaign.money.measured" if money.forgone >= 0 else "campaign.money.measured_saved",
        names=", ".join(found.campaigns),
        channel=session.word("privacy.contact_channel", kept.plan.contact_channel),
        **{name: _of_lift(getattr(found, name)) for name in ("lift", "low", "high")},
        expected=session.write(money.expected - money.given, "money"),
        forgone=session.write(abs(money.forgone), "money"),
    )
    caption("campaign.money.sure" if found.is_sure else "campaign.money.unsure")
    lift = round(found.lift, 3)
    reason = "campaign.money.taken" if lift == kept.plan.expected_lift else None
    if button("campaign.money.take", key="campaign_take", disabled_reason_key=reason):
        plan = replace(kept.plan, expected_lift=lift)
        session.records.change_campaign(kept.id, plan, version=kept.version)
        flash("campaign.form.saved", name=plan.name)
        st.rerun()


def _of_lift(share: float) -> str:
    return formats.percent(share, current().language)


def draw_strata(strata: Any, plan: CampaignPlan) -> None:
    """People by stratum and arm."""
    if strata.empty:
        caption("campaign.strata.nobody")
        return
    session = current()
    names = [
        value_words(plan.strata, name) if plan.strata else session.t("campaign.strata.all")
        for name in strata["stratum"]
    ]
    data_table(
        strata.assign(stratum=names),
        [
            Column("stratum", label_key="campaign.strata.label", pinned=True),
            Column("treatment", "count", "campaign.arm.treatment"),
            Column("holdout", "count", "campaign.arm.holdout"),
            Column("global_control", "count", "campaign.arm.global_control"),
        ],
        key="campaign_strata",
        alt_key="campaign.strata.title",
    )


def draw_left_out(left_out: Any) -> None:
    """Who fits and is in no arm, and why."""
    if left_out.empty:
        caption("campaign.left_out.nobody")
        return
    data_table(
        left_out,
        [
            Column("reason", "code", "campaign.left_out.reason", prefix="campaign.reason"),
            Column("people", "count", "campaign.left_out.people"),
        ],
        key="campaign_left_out",
        alt_key="campaign.left_out.title",
    )


def _seal(kept: Campaign, view: Preview) -> None:
    """The button that draws the arms for good, after a yes."""
    session = current()
    if not allowed(session.access, "export"):
        caption("audiences.denied_present" if session.access.present else "audiences.denied")
        return
    if kept.plan.starts_on < first_day_of(session.store):
        warning("campaign.seal.begun", first=formats.day(kept.plan.starts_on, session.language))
        return
    treatment, holdout = view.arms["treatment"], view.arms["holdout"]
    if not treatment:
        warning("campaign.seal.nobody")
        return
    if not holdout:
        warning("campaign.seal.no_holdout")
    caption("campaign.seal.about")
    sure = st.checkbox(session.md("campaign.seal.sure"), key=f"campaign_sure_{kept.id}")
    reason = None if sure else "campaign.seal.first"
    if button(
        "campaign.seal.button", key="campaign_seal", main=True, icon="lock",
        disabled_reason_key=reason,
    ):  # fmt: skip
        with busy("campaign.seal.busy"):
            seal(session.store, session.records, kept, access=session.access, now=datetime.now(UTC))
        flash("campaign.seal.done", name=kept.plan.name)
        st.rerun()


def _form(kept: Campaign) -> None:
    """Everything that may still be decided."""
    session, plan = current(), kept.plan
    offers = {str(offer.id): offer.terms.name for offer in session.records.offers()}
    with details_box("campaign.form.title"), form(f"campaign_form_{kept.id}"):
        place = f"{kept.id}_{kept.version}"
        name = text_field(
            "campaign.form.name", key=f"c_name_{place}", value=plan.name, max_chars=120
        )
        one, two, three = columns(1, 1, 1)
        with one:
            channel = choice_field(
                "campaign.form.channel", CONTACT_CHANNELS, key=f"c_channel_{place}",
                prefix="privacy.contact_channel", value=plan.contact_channel,
            )  # fmt: skip
            starts_on = day_field(
                "campaign.form.starts_on", key=f"c_day_{place}", value=plan.starts_on
            )
            window = _number("window", place, plan.window_days, 1, MOST_WINDOW, 1)
        with two:
            holdout = _number("holdout", place, plan.holdout_share * 100, 0, MOST_HOLDOUT * 100, 1)
            strata = choice_field(
                "campaign.form.strata", (NO_OFFER, *strata_fields()), key=f"c_strata_{place}",
                prefix="campaign.field", value=plan.strata or NO_OFFER,
            )  # fmt: skip
            lift = _number("lift", place, _percent(plan.expected_lift), -100, 1000, 1)
        with three:
            offer = st.selectbox(
                session.md("campaign.form.offer"), [NO_OFFER, *offers],
                index=[NO_OFFER, *offers].index(str(plan.offer_id or NO_OFFER)),
                format_func=lambda key: offers.get(key) or session.t("campaign.form.no_offer"),
                key=f"c_offer_{place}",
            )  # fmt: skip
            each = _number("cost", place, plan.cost_per_contact, 0, 1e6, 0.01)
            fixed = _number("fixed", place, plan.fixed_cost, 0, 1e9, 1)
        if submit("campaign.form.save"):
            told = replace(
                plan,
                name=name,
                contact_channel=channel or plan.contact_channel,
                starts_on=starts_on or plan.starts_on,
                window_days=int(window or 0),
                holdout_share=(holdout or 0.0) / 100,
                strata="" if strata in (None, NO_OFFER) else strata,
                expected_lift=None if lift is None else lift / 100,
                offer_id=None if offer == NO_OFFER else int(offer),
                cost_per_contact=each or 0.0,
                fixed_cost=fixed or 0.0,
            )
            session.records.change_campaign(kept.id, told, version=kept.version)
            flash("campaign.form.saved", name=told.name)
            st.rerun()
    if button("campaign.form.delete", key="campaign_delete", icon="delete"):
        st.session_state[REMOVED] = session.records.remove_campaign(kept.id)
        flash("campaign.form.deleted", name=plan.name)
        go("campaigns")


def _number(
    name: str, place: str, value: float | None, low: float, high: float, step: float
) -> float | None:
    kind = int if isinstance(step, int) and (value is None or value == int(value)) else float
    return number_field(
        f"campaign.form.{name}",
        key=f"c_{name}_{place}",
        value=None if value is None else kind(round(value, 4)),
        low=kind(low),
        high=kind(high),
        step=kind(step),
        help_key=f"campaign.form.{name}_about",
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100
