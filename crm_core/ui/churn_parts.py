"""Parts about churn: one person's risk, reasons in words, the way to an audience, the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.audiences import AT_RISK, BANDS, band_rule, segments_rule
from crm_core.audiences.playbooks import PLAYBOOKS
from crm_core.privacy.policy import allowed
from crm_core.records import CHURN_DAYS
from crm_core.rules import All
from crm_core.text import formats
from crm_core.ui.audience_builder import edit
from crm_core.ui.campaign_board import begin
from crm_core.ui.customer_parts import fact_words
from crm_core.ui.fields import button
from crm_core.ui.layout import details_box, go
from crm_core.ui.navigation import spec_of
from crm_core.ui.runner import run_job
from crm_core.ui.segment_words import default_words
from crm_core.ui.session import Session, current
from crm_core.ui.trust_parts import model_badge
from crm_core.ui.words import caption, flash, paragraph, warning
from crm_core.views.churn import Churn, WinBack
from crm_core.views.churn_risk import Risk

_BAND = "churn_band"
_CLICKED = "_churn_clicked"
_CHOICES = ("at_risk", *(code for code in BANDS if code not in AT_RISK), *AT_RISK)


def draw_risk(risk: Risk | None) -> None:
    """A person's band, reasons and window; the number itself on demand."""
    session = current()
    if risk is None:
        caption("churn.no_risk")
        return
    model_badge("churn")
    until = formats.day(risk.until, session.language)
    paragraph(f"churn.risk.{risk.band}", until=until)
    for code in risk.reasons:
        paragraph("churn.reason_line", reason=reason_words(code, risk, session))
    caption("churn.window_about", window=window_words(risk, session), until=until)
    with details_box("churn.show_number"):
        paragraph("churn.number", chance=fact_words("p_no_order", risk.p_no_order), until=until)


def reason_words(code: str, risk: Risk, session: Session) -> str:
    """A reason with the facts that a shopkeeper can check."""
    facts = {name: formats.number(value, session.language, 0) for name, value in risk.facts.items()}
    return session.t(f"churn.reason.{code}", **facts)


def window_words(risk: Risk, session: Session) -> str:
    """The days between which the next order is to be expected, if one comes."""
    if risk.window is None:
        return session.t("churn.no_window")
    first, last = (formats.day(day, session.language) for day in risk.window)
    return session.t("churn.window", first=first, last=last)


def in_words(found: WinBack) -> pd.DataFrame:
    """The win-back list with its segments, reasons and windows in words."""
    session = current()
    return found.rows.assign(
        segment=default_words(found.rows),
        reasons=[
            session.t("churn.and").join(reason_words(code, risk, session) for code in risk.reasons)
            for risk in found.risks
        ],
        window=[window_words(risk, session) for risk in found.risks],
    )


def band_choice(clicked: str | None) -> str:
    """Which band is listed; a click on its bar chooses it as well."""
    session = current()
    if clicked in BANDS and clicked != st.session_state.get(_CLICKED):
        st.session_state[_BAND] = clicked
    st.session_state[_CLICKED] = clicked
    st.session_state.setdefault(_BAND, _CHOICES[0])
    chosen = st.selectbox(
        session.md("churn.band_label"),
        _CHOICES,
        format_func=lambda code: session.t(f"churn.band.{code}"),
        key=_BAND,
        persist_state="session",
    )
    return chosen if chosen in _CHOICES else _CHOICES[0]


def to_audience(band: str, least: float | None, segments: Sequence[str]) -> None:
    """Buttons that take the rule of this list to Audiences, or make a win-back campaign of it."""
    spec = spec_of("audiences")
    if spec is None or current().access.role not in spec.roles:
        return
    rule = band_rule(band, least)
    if segments:
        rule = All((*rule.parts, segments_rule(segments)))
    if button("churn.to_campaign", key="churn_campaign", main=True, icon="outgoing_mail"):
        begin(replace(PLAYBOOKS["win_back"], rule=rule))
    if button("churn.to_audience", key="churn_audience", icon="campaign"):
        edit(rule)
        go("audiences")


def draw_horizon(view: Churn) -> None:
    """For how long somebody must stay away, how that was found, and a form to change it."""
    session = current()
    found = "own" if view.is_own else "usual"
    paragraph(f"churn.horizon.{found}", days=view.horizon_days, usual=view.usual_days)
    place = session.workspace
    if not allowed(session.access, "settings") or (place.private and place.is_demo):
        caption("churn.horizon_fixed")
        return
    with st.form("churn_horizon", border=False):
        wanted = st.number_input(
            session.t("churn.horizon_days"),
            value=view.horizon_days if view.is_own else None,
            min_value=CHURN_DAYS[0],
            max_value=CHURN_DAYS[1],
            step=1,
            placeholder=session.t("churn.horizon_usual", usual=view.usual_days),
            help=session.t("churn.horizon_about"),
        )
        pressed = st.form_submit_button(session.t("churn.horizon_save"))
    if pressed:
        days = None if wanted is None else int(wanted)
        told = replace(session.records.shop_settings(), churn_horizon_days=days)
        session.records.save_shop_settings(told, session.access.user, datetime.now(UTC))
        run_job(["refresh"], store=place.store_url, title_key="churn.applying")
        flash("churn.horizon_saved")
        go("churn")


def warn_missing(view: Churn) -> None:
    """What a young shop lacks before anything can be tried on its past."""
    session = current()
    if view.missing:
        needed = [
            session.t(f"error.needed.{name}", have=have, needed=takes)
            for name, (have, takes) in view.missing.items()
        ]
        warning("churn.untried", needed=" ".join(needed))
