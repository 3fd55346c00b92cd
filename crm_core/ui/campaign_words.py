"""Which campaign a page is about, and what is said of one in words."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from crm_core.audiences.power import rounded_up
from crm_core.records import Campaign
from crm_core.text import formats
from crm_core.ui.layout import go
from crm_core.ui.session import current
from crm_core.ui.words import caption, paragraph, warning
from crm_core.views.campaign import Sight

_CHOSEN = "campaign_chosen"
_OPENED = "_campaign_opened"
_ASKED = "campaign"


def go_campaign(number: int) -> NoReturn:
    """Opens the page of one campaign."""
    st.session_state[_OPENED] = number
    go("campaign")


def chosen_campaign(kept: list[Campaign]) -> Campaign:
    """The campaign that was opened, else the latest; another may be chosen at the top."""
    session = current()
    names = {campaign.id: campaign.plan.name for campaign in kept}
    asked = st.query_params.get(_ASKED, "")
    if asked.isdecimal():
        del st.query_params[_ASKED]
        st.session_state[_CHOSEN] = int(asked)
    if _OPENED in st.session_state:
        st.session_state[_CHOSEN] = st.session_state.pop(_OPENED)
    if st.session_state.get(_CHOSEN) not in names:
        st.session_state[_CHOSEN] = kept[0].id
    chosen = st.selectbox(
        session.md("campaign.choose"),
        list(names),
        format_func=lambda number: names[number],
        key=_CHOSEN,
        persist_state="session",
    )
    return next(campaign for campaign in kept if campaign.id == chosen)


def window_words(campaign: Campaign) -> str:
    """From when to when, and on which channel."""
    return current().t("campaign.window_words", **_window(campaign))


def draw_window(campaign: Campaign) -> None:
    """The same as small words."""
    caption("campaign.window_words", **_window(campaign))


def _window(campaign: Campaign) -> dict[str, object]:
    session, plan = current(), campaign.plan
    return {
        "channel": session.word("privacy.contact_channel", plan.contact_channel),
        "first": formats.day(plan.starts_on, session.language),
        "last": formats.day(plan.ends_on, session.language),
        "days": plan.window_days,
    }


def draw_sight(sight: Sight, people: int) -> None:
    """What a list of this size can show, before it is sent."""
    session = current()
    if sight.rise is None or sight.spend is None:
        base = formats.percent(sight.base, session.language)
        key = "campaign.sight.too_few" if sight.spend is not None else "campaign.sight.none"
        warning(key, people=formats.number(people, session.language), base=base)
        return
    facts = {
        "people": formats.number(people, session.language),
        "points": points(sight.rise),
        "base": formats.percent(sight.base, session.language),
        "spend": _round_money(sight.spend),
    }
    paragraph("campaign.sight.rise", **facts)
    paragraph("campaign.sight.spend", **facts)
    if sight.needed is not None:
        needed = formats.number(sight.needed, session.language)
        key = "campaign.sight.needed" if sight.needed > people else "campaign.sight.enough"
        paragraph(key, needed=needed, people=facts["people"])
    caption("campaign.sight.about")


def _round_money(value: float) -> str:
    """An amount of two figures, without cents that it does not have."""
    session = current()
    return formats.money(value, session.currency, session.language, 0 if value >= 10 else 2)


def points(share: float) -> str:
    """A rise of a share in points, two figures at most.

    >>> points(0.0554), points(0.12)
    ('5.6', '12')
    """
    return f"{rounded_up(share * 100):.10g}"
