"""The page of audiences: the choice, and beside it live what it comes to. Only this is drawn anew
while somebody edits."""

from __future__ import annotations

from datetime import date

import streamlit as st

from crm_core.charts import bars
from crm_core.rules import Rule
from crm_core.text import formats
from crm_core.ui.audience_builder import Choice, choose_by, chosen_audience, draw_nobody
from crm_core.ui.audience_export import draw_export
from crm_core.ui.audience_saved import CHOSEN_BY, save_audience
from crm_core.ui.id_list_panel import draw_id_lists
from crm_core.ui.kpi import figures
from crm_core.ui.layout import card, columns, panel, part, row
from crm_core.ui.piece import piece
from crm_core.ui.rule_words import in_words
from crm_core.ui.segment_words import default_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table
from crm_core.ui.words import caption, plain
from crm_core.views.audiences import Audience, audiences


@piece
def draw_audience() -> None:
    """Who, how many, what they are worth, how they are reached, and what may be done with it."""
    with part():
        session = current()
        with panel("audiences.choose"):
            with row():
                by = choose_by()
                day = _day()
            choice = chosen_audience(by)
            if choice:
                plain(in_words(choice.rule))
            with part():
                draw_id_lists()
        if choice is None:
            return
        view = show(audiences, session.selection, rule=choice.document, day=day)
        if view is None:
            return
        if view.size.customers == 0:
            draw_nobody(view, choice.rule)
            _save(choice.rule)
        else:
            _measured(view, choice, day)


def _day() -> date | None:
    """The day asked about; none is that of the scores."""
    session = current()
    last = session.store.scores_as_of
    chosen = st.date_input(
        session.md("builder.as_of"),
        value=None,
        min_value=session.store.meta.first_day,
        max_value=last,
        format="YYYY-MM-DD",
        key="audience_day",
        help=session.t("builder.as_of_help"),
        persist_state="session",
        width=160,
    )
    return chosen if isinstance(chosen, date) and chosen != last else None


def _measured(view: Audience, choice: Choice, day: date | None) -> None:
    session = current()
    figures(
        [
            ("audiences.customers", view.size.customers, "count"),
            ("audiences.share", view.share, "rate"),
            ("audiences.revenue", view.size.revenue_365d, "money"),
            ("audiences.expected", view.size.expected_contribution, "money"),
        ]
    )
    said = formats.day(view.as_of, session.language)
    caption("audiences.scores_of" if day is None else "builder.past_note", day=said)
    left, right = columns(1, 2)
    with left:
        channels = [session.word("privacy.contact_channel", code) for code in view.reach["code"]]
        card(
            "audiences.reach",
            bars(view.reach.assign(label=channels), session.numbers("count")),
            key="audiences_reach",
            note_key="audiences.reach_note",
        )
    with right, panel("audiences.preview"):
        customer_table(
            view.preview.assign(segment=default_words(view.preview)),
            [
                Column("segment", label_key="feature.default_segment.label"),
                Column("last_order_day", "date", "feature.last_order_day.label"),
                Column("orders", "count", "feature.orders.label"),
                Column("revenue", "money", "feature.revenue.label"),
            ],
            key="audiences_preview",
            alt_key="audiences.preview",
        )
    left, right = columns(3, 2)
    with left, panel("audiences.export"), part():
        draw_export(view, choice.rule, choice.name, day)
    with right:
        _save(choice.rule)


def _save(rule: Rule) -> None:
    with panel("audiences.save"), part():
        save_audience(rule, by_rule=st.session_state.get(CHOSEN_BY) == "rule")
