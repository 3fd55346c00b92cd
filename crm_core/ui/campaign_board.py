"""The board of campaigns, their calendar, and ways to begin one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pandas as pd
import streamlit as st

from crm_core.audiences import rule_of
from crm_core.audiences.playbooks import Playbook
from crm_core.charts.calendar import calendar_bars
from crm_core.records import CONTACT_CHANNELS, STATUSES, Campaign, CampaignPlan
from crm_core.rules import to_document
from crm_core.text import formats
from crm_core.ui.audience_builder import in_words
from crm_core.ui.campaign_draft import REMOVED
from crm_core.ui.campaign_words import draw_window, go_campaign, window_words
from crm_core.ui.fields import button, form, submit, text_field
from crm_core.ui.layout import columns, draw, grid, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, flash, plain
from crm_core.views.audiences import choices
from crm_core.views.campaign import lift_to_begin_with
from crm_core.views.campaigns import Board, campaigns
from crm_core.views.code_words import segment_name
from crm_core.views.playbooks import Play

_SHOWN = 8
_SEGMENT = "segment:"


def board_of(kept: Sequence[Campaign]) -> Board:
    """What is known of these campaigns' people and days."""
    spans = tuple((each.id, each.plan.starts_on, each.plan.ends_on) for each in kept)
    return show(campaigns, current().selection, spans=spans)


def draw_board(kept: Sequence[Campaign], view: Board) -> None:
    """Three columns: drafts, what runs, what is over; the latest first."""
    for place, status in zip(columns(1, 1, 1), STATUSES, strict=True):
        mine = [each for each in kept if each.status(view.today) == status]
        with place, panel(f"campaigns.status.{status}"):
            if not mine:
                caption(f"campaigns.none.{status}")
            for each in mine[:_SHOWN]:
                _ticket(each, view)
            if len(mine) > _SHOWN:
                caption("campaigns.more", more=len(mine) - _SHOWN)


def _ticket(kept: Campaign, view: Board) -> None:
    session = current()
    with st.container(border=True, key=f"ticket_{kept.id}"):
        if st.button(
            session.md("campaigns.open", name=kept.plan.name),
            key=f"open_campaign_{kept.id}",
            type="tertiary",
            icon=":material/chevron_right:",
        ):
            go_campaign(kept.id)
        draw_window(kept)
        people = formats.number(view.size(kept.id), session.language)
        if kept.sealed_at is not None:
            caption("campaigns.people", people=people)


def draw_calendar(kept: Sequence[Campaign], view: Board) -> None:
    """Which window runs when, beside the shop's own events."""
    session = current()
    rows = sorted(kept, key=lambda each: (each.plan.starts_on, each.id))
    frame = pd.DataFrame(
        {
            "label": [each.plan.name for each in rows],
            "start": [each.plan.starts_on for each in rows],
            "end": [each.plan.ends_on for each in rows],
            "note": [window_words(each) for each in rows],
            "strong": [each.status(view.today) == "sealed" for each in rows],
        }
    )
    events = pd.DataFrame(
        {
            "label": view.events[f"name_{session.language}"].fillna(""),
            "start": view.events["starts_on"],
            "end": view.events["ends_on"],
        }
    )
    with panel("campaigns.calendar", help_key="campaigns.calendar_about"):
        chart = calendar_bars(frame, session.numbers("count"), events=events)
        draw(chart, key="campaigns_calendar", title=session.t("campaigns.calendar"))


def draw_new(first_day: date) -> None:
    """A draft for a saved audience or a segment."""
    session = current()
    saved = [audience.name for audience in session.records.audiences()]
    codes = [f"{_SEGMENT}{code}" for code in show(choices, session.selection)]
    with form("campaign_new"):
        name = text_field("campaigns.new.name", key="campaign_new_name", max_chars=120)
        chosen = st.selectbox(
            session.md("campaigns.new.audience"),
            [*saved, *codes],
            format_func=lambda choice: _called(choice, session.language),
            key="campaign_new_audience",
        )
        pressed = submit("campaigns.new.button")
    if pressed and chosen:
        contact = CONTACT_CHANNELS[0]
        rule = to_document(rule_of(chosen, session.records))
        is_saved = not chosen.startswith(_SEGMENT)
        plan = CampaignPlan(
            name,
            rule,
            contact,
            first_day,
            audience=_called(chosen, session.language)[:120],
            audience_version=session.records.audience(chosen).version if is_saved else None,
            strata="value_tier",
            expected_lift=_lift_on(contact),
        )
        _keep(plan)


def _called(choice: str, language: str) -> str:
    if not choice.startswith(_SEGMENT):
        return choice
    return segment_name(choice.removeprefix(_SEGMENT), language, full=True)


def draw_plays(plays: Sequence[Play]) -> None:
    """A card for each playbook."""
    session = current()
    with grid(3, min_width=300):
        for play in plays:
            code = play.playbook.code
            with panel(f"playbooks.play.{code}.title"):
                caption(f"playbooks.play.{code}.about")
                plain(in_words(play.playbook.rule))
                caption(
                    "playbooks.numbers" if play.playbook.holdout_share else "playbooks.numbers_all",
                    customers=formats.number(play.customers, session.language),
                    reachable=formats.number(play.reachable, session.language),
                    expected=session.write(play.expected, "money"),
                    window=play.playbook.window_days,
                )
                reason = None if play.treated else "playbooks.nobody"
                if button(
                    "playbooks.make", key=f"play_{code}", main=True, icon="add",
                    disabled_reason_key=reason,
                ):  # fmt: skip
                    begin(play.playbook)


def draw_assumption(plays: Sequence[Play]) -> None:
    """Which lift the expected money of the cards stands on."""
    caption("playbooks.assumed", lift=formats.percent(plays[0].lift, current().language))


def begin(playbook: Playbook) -> None:
    """Makes a draft of a playbook and opens it."""
    session = current()
    title = session.t(f"playbooks.play.{playbook.code}.title")
    first_day = board_of([]).first_day
    taken = {each.plan.name.casefold() for each in session.records.campaigns()}
    name = f"{title} {first_day.isoformat()}"
    number = 2
    while name.casefold() in taken:
        name, number = f"{title} {first_day.isoformat()} ({number})", number + 1
    _keep(
        CampaignPlan(
            name,
            to_document(playbook.rule),
            playbook.contact_channel,
            first_day,
            window_days=playbook.window_days,
            holdout_share=playbook.holdout_share,
            audience=title,
            strata=playbook.strata,
            playbook=playbook.code,
            expected_lift=_lift_on(playbook.contact_channel),
        )
    )


def _lift_on(contact_channel: str) -> float:
    return show(lift_to_begin_with, current().selection, contact_channel=contact_channel)


def _keep(plan: CampaignPlan) -> None:
    session = current()
    made = session.records.add_campaign(plan, owner=session.access.user, now=datetime.now(UTC))
    flash("campaign.made", name=made.plan.name)
    go_campaign(made.id)


def offer_undo() -> None:
    """Brings back the draft that was deleted last."""
    removed = st.session_state.get(REMOVED)
    if not isinstance(removed, Campaign):
        return
    session = current()
    words = session.md("campaigns.undo", name=removed.plan.name)
    if st.button(words, key="campaign_undo", icon=":material/undo:"):
        session.records.add_campaign(removed.plan, owner=removed.owner, now=removed.created_at)
        st.session_state.pop(REMOVED)
        flash("campaigns.restored", name=removed.plan.name)
        st.rerun()
