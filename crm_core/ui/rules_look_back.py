"""A rule tried on the past: the day, whom it would have picked, and what they did next."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import streamlit as st

from crm_core.audiences.look_back import LookBack
from crm_core.records import OfferRule
from crm_core.text import formats
from crm_core.ui.fields import button, day_field, number_field
from crm_core.ui.kpi import figures
from crm_core.ui.layout import details_box, part, row
from crm_core.ui.segment_words import value_words
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, paragraph
from crm_core.views.rules import days_to_try, tried

_DAYS, _BACK, _FEW = 60, 90, 30
_TRIED = "_offer_tried"


def draw_look_back(offer: OfferRule, *, key: str) -> None:
    """The day and the days after it; what the past says once it is asked of just this rule."""
    session = current()
    with details_box("offer_rules.look"), part():
        caption("offer_rules.look_about")
        with row():
            days = number_field(
                "offer_rules.look_days", key=f"offer_look_days_{key}", value=_DAYS, low=1,
                high=365, step=1,
            )  # fmt: skip
            days = int(days or _DAYS)
            first, last = show(days_to_try, session.selection, days=days)
            start = max(first, min(last, last + timedelta(days=_DAYS - _BACK)))
            day = day_field(
                "offer_rules.look_day", key=f"offer_look_day_{key}", value=start, low=first,
                high=max(last, first),
            )  # fmt: skip
            pressed = button("offer_rules.look_button", key="offer_look", icon="history")
        if day is None:
            return
        stamp = sha256(repr((offer.rule, day, days)).encode()).hexdigest()
        if pressed:
            st.session_state[_TRIED] = stamp
        if st.session_state.get(_TRIED) == stamp:
            found = show(tried, session.selection, rule=offer.rule, day=day, days=days)  # pyright: ignore[reportArgumentType]
            _draw(found, days, session)


def _draw(found: LookBack, days: int, session: Session) -> None:
    day = formats.day(found.day, session.language)
    people = found.matched.people
    if not people:
        note("offer_rules.look_nobody", day=day)
        return
    until = formats.day(found.until, session.language)
    caption("offer_rules.look_said", day=day, days=days, until=until)
    figures(
        [
            ("offer_rules.look_matched", people, "count"),
            ("offer_rules.look_share", found.matched.share, "rate"),
            ("offer_rules.look_alike", found.alike.share, "rate"),
            ("offer_rules.look_shop", found.shop.share, "rate"),
        ]
    )
    if people < _FEW:
        note("offer_rules.look_few", people=people)
    _draw_gap(found, session)
    caption("offer_rules.look_observed")
    stages = found.stages.assign(
        stage=[value_words("stage", code) for code in found.stages["stage"]]
    )
    data_table(
        stages,
        [
            Column("stage", label_key="offer_rules.look_stage", pinned=True),
            Column("people", "count", "offer_rules.look_people"),
            Column("share", "rate", "offer_rules.look_share"),
            Column("others", "count", "offer_rules.look_others"),
            Column("other_share", "rate", "offer_rules.look_other_share"),
        ],
        key="offer_look_stages",
        alt_key="offer_rules.look_stages",
    )


def _draw_gap(found: LookBack, session: Session) -> None:
    share, revenue = found.share, found.revenue
    if share is None or revenue is None:
        caption("offer_rules.look_no_gap")
        return
    likeness = found.likeness or ("none",)
    points = [_points(value, session) for value in (share.difference, share.low, share.high)]
    money = [
        session.write(value, "money") for value in (revenue.difference, revenue.low, revenue.high)
    ]
    paragraph(
        "offer_rules.look_gap",
        likeness=session.t("rules.comma").join(
            session.t(f"offer_rules.likeness.{name}") for name in likeness
        ),
        **dict(zip(("more", "low", "high"), points, strict=True)),
        **dict(zip(("money", "money_low", "money_high"), money, strict=True)),
    )
    if not share.is_clear:
        caption("offer_rules.look_gap_unclear")
    if found.compared.people < found.matched.people:
        facts = {"compared": found.compared.people, "people": found.matched.people}
        caption(
            "offer_rules.look_compared",
            **{name: formats.number(value, session.language) for name, value in facts.items()},
        )


def _points(share: float, session: Session) -> str:
    return ("+" if share > 0 else "") + formats.number(share * 100, session.language, 1)
