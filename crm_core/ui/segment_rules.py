"""The form in which a shop says what its loyalty tiers ask for and how RFM scores are cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import streamlit as st

from crm_core.privacy.policy import allowed
from crm_core.records import CUT_SCORES, PAID_TIERS, RFM_BY, ShopSettings
from crm_core.ui.layout import details_box, go
from crm_core.ui.runner import run_job
from crm_core.ui.session import current
from crm_core.ui.words import caption, flash, note

_HIGHEST = 1e11


def draw_rules() -> None:
    """The rules, for who may change settings; saving makes the scores anew."""
    session = current()
    place = session.workspace
    if not allowed(session.access, "settings"):
        return
    is_shared = place.private and place.is_demo
    with details_box("segments.rules"):
        if is_shared:
            note("costs.read_only")
        saved = session.records.shop_settings()
        with st.form("segment_rules", border=False):
            told = _loyalty(saved)
            told = _rfm(told)
            pressed = st.form_submit_button(
                session.t("segments.rules_save"), type="primary", disabled=is_shared
            )
        if pressed and not is_shared:
            session.records.save_shop_settings(told, session.access.user, datetime.now(UTC))
            run_job(["refresh"], store=place.store_url, title_key="costs.applying")
            flash("costs.saved")
            go("segments")


def _loyalty(saved: ShopSettings) -> ShopSettings:
    session = current()
    caption("segments.loyalty_about")
    labels = {tier: session.t(f"loyalty.{tier}.name") for tier in PAID_TIERS}
    tiers = _numbers("loyalty", PAID_TIERS, saved.loyalty_tiers, labels)
    return replace(saved, loyalty_tiers=tiers)


def _rfm(saved: ShopSettings) -> ShopSettings:
    session = current()
    by = st.segmented_control(
        session.t("segments.rfm_by.label"),
        RFM_BY,
        default=saved.rfm_by,
        required=True,
        format_func=lambda code: session.t(f"segments.rfm_by.{code}"),
        help=session.t("segments.rfm_by.about"),
    )
    cuts: dict[str, Mapping[str, Decimal]] = {}
    for name, scores in CUT_SCORES.items():
        caption(f"segments.cuts.{name}")
        labels = {score: session.t("segments.cut_score", score=score) for score in scores}
        told = _numbers(name, scores, saved.rfm_cuts.get(name, {}), labels)
        if told:
            cuts[name] = told
    return replace(saved, rfm_by=by or saved.rfm_by, rfm_cuts=cuts)


def _numbers(
    key: str, names: Sequence[str], known: Mapping[str, Decimal], labels: Mapping[str, str]
) -> dict[str, Decimal]:
    """A row of numbers, those left empty not among them."""
    told: dict[str, Decimal] = {}
    for place, name in zip(st.columns(len(names)), names, strict=True):
        value = place.number_input(
            labels[name],
            value=float(known[name]) if name in known else None,
            min_value=0.0,
            max_value=_HIGHEST,
            key=f"rule_{key}_{name}",
        )
        if value is not None:
            told[name] = Decimal(str(value)).quantize(Decimal("0.01")).normalize()
    return told
