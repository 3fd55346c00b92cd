"""The shop as of one past day: its segments, and its customers with what was known of them."""

from __future__ import annotations

from datetime import date

import streamlit as st

from crm_core.charts import bars
from crm_core.text import formats
from crm_core.ui.fields import choice_field, day_field
from crm_core.ui.kpi import figures
from crm_core.ui.layout import card, panel
from crm_core.ui.movement_parts import Asked, code_words, computing
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, pager
from crm_core.ui.words import caption, note
from crm_core.views.movement import NAMES, days
from crm_core.views.past_shop import SORTS, past_customers, past_shop

_PARAM = "as_of"
_FIELD = "segments_as_of"


def asked_past_day(name: str) -> date | None:
    """The past day asked for; None is the day of the scores. The address keeps it as `as_of`.

    Only segments that follow from rules are known of a past day; for others nothing is asked.
    """
    if name not in NAMES:
        st.query_params.pop(_PARAM, None)
        return None
    there = show(days, current().selection)
    told = st.query_params.get(_PARAM, "")
    if _FIELD not in st.session_state:
        try:
            st.session_state[_FIELD] = there.inside(date.fromisoformat(told))
        except ValueError:
            st.session_state[_FIELD] = there.last
    day = day_field("segments.as_of", key=_FIELD, low=there.first, high=there.last)
    if day is None or day == there.last:
        st.query_params.pop(_PARAM, None)
        return None
    if told != str(day):
        st.query_params[_PARAM] = str(day)
    return day


def draw_page_as_of(day: date, name: str) -> None:
    """A page as of a past day: that it is, the way back, and the shop of that day."""
    session = current()
    last = show(days, session.selection).last
    note("segments.past", day=formats.day(day, session.language))
    st.button(
        session.md("segments.past_back", day=formats.day(last, session.language)),
        key="segments_past_back",
        icon=":material/undo:",
        on_click=_go_back,
        args=(last,),
    )
    with computing(Asked("day", name, day, day)):
        draw_past_day(day, name)


def _go_back(last: date) -> None:
    st.session_state[_FIELD] = last


def draw_past_day(day: date, name: str) -> None:
    """How many customers each segment had on a day, and a page of them as of it."""
    session = current()
    view = show(past_shop, session.selection, day=day, name=name)
    caption("movement.as_of", day=formats.day(day, session.language))
    figures(
        [
            ("movement.customers_then", view.customers, "count"),
            ("movement.net", view.net_revenue_365d, "money"),
        ]
    )
    named = view.sizes.assign(label=code_words(name, view.sizes["code"].tolist()))
    code = card(
        "movement.sizes",
        bars(named.assign(value=named["customers"]), session.numbers("count")),
        key=f"movement_sizes_{name}_{day}",
        on_click=True,
        note_key="movement.sizes_note",
    )
    chosen = named if code is None else named[named["code"] == code]
    with panel("movement.people"):
        sort = choice_field("movement.sort_by", SORTS, key="past_sort", prefix="movement.sort")
        if code is not None:
            caption("movement.only", name=str(chosen["label"].iloc[0]))
        total = int(chosen["customers"].sum())
        page, size = pager(total, key="past_people") if total else (1, 50)
        rows = show(
            past_customers,
            session.selection,
            day=day,
            name=name,
            code=code,
            sort=sort,
            page=page,
            size=size,
        )
        customer_table(
            rows.assign(segment=code_words(name, rows["code"].tolist())),
            [
                Column("segment", label_key=f"filters.segmentation.{name}"),
                Column("last_order_day", "date", "feature.last_order_day.label"),
                Column("orders", "count", "feature.orders.label"),
                Column("revenue", "money", "feature.revenue.label"),
                Column("refunds", "money", "feature.refunds.label"),
                Column("revenue_365d", "money", "feature.revenue_365d.label"),
                Column("average_gap_days", "days", "feature.average_gap_days.label"),
                Column("favourite_category", "text", "feature.favourite_category.label"),
            ],
            key="past_people",
            alt_key="movement.people",
        )
        caption("movement.today_note")
