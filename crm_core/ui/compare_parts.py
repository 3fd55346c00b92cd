"""Parts of the page of two segments: which two, and their figures in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from crm_core.ui.customer_parts import fact_words
from crm_core.ui.fields import button
from crm_core.ui.layout import columns, go
from crm_core.ui.segment_words import value_words
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption
from crm_core.views.code_words import segment_name
from crm_core.views.compare import SIDES, Compare

_NAMES = 260  # pixels: the longest names of facts in both languages
_ROW = 36  # pixels: every row is shown, two tables side by side do not scroll each for itself


def chosen_pair(codes: Sequence[str]) -> tuple[str, str]:
    """The two segments to compare; the address says them as codes."""
    session = current()
    found: list[str] = []
    for place, (area, side) in enumerate(zip(columns(1, 1), SIDES, strict=True)):
        asked = st.query_params.get(side, "")
        start = codes.index(asked) if asked in codes else min(place, len(codes) - 1)
        with area:
            chosen = st.selectbox(
                session.md(f"compare.{side}"),
                codes,
                index=start,
                format_func=lambda code: segment_name(code, session.language, full=True),
                key=f"compare_{side}",
            )
        found.append(chosen if chosen in codes else codes[start])
        if asked != found[-1]:
            st.query_params[side] = found[-1]
    return found[0], found[1]


def draw_sides(view: Compare, pair: tuple[str, str]) -> None:
    """How many customers each side holds, with the way to them."""
    session = current()
    for area, side, code in zip(columns(1, 1), SIDES, pair, strict=True):
        with area, st.container(border=True):
            name = segment_name(code, session.language, full=True)
            st.metric(name, session.write(view.customers[side], "count"))
            if button("segments.customers_link", key=f"compare_open_{side}", icon="group"):
                go("customers", segment=code)
    if view.both:
        caption("compare.both", customers=session.write(view.both, "count"))


def draw_metrics(view: Compare) -> None:
    """Every metric of the period."""
    session = current()
    rows = view.metrics.to_dict("records")
    named = [session.t(f"metric.{row['code']}.label") for row in rows]
    told = {side: [session.write(row[side], row["unit"]) for row in rows] for side in SIDES}
    _table("metrics", pd.DataFrame({"name": named, **told}))


def draw_facts(view: Compare) -> None:
    """Every fact that is a number, and the share of each yes."""
    session = current()
    rows = view.facts.to_dict("records")
    named = [session.t(f"feature.{row['code']}.label") for row in rows]
    told = {
        side: [
            session.write(row[side], "rate")
            if row["unit"] == "rate"
            else fact_words(row["code"], row[side] if row[side] == row[side] else None)
            for row in rows
        ]
        for side in SIDES
    }
    _table("facts", pd.DataFrame({"name": named, **told}))


def draw_shares(view: Compare) -> None:
    """Where the customers of both are found, by every fact that is a word."""
    session = current()
    rows = view.words.to_dict("records")
    named = [
        session.t(
            "compare.value",
            fact=session.t(f"feature.{row['code']}.label"),
            value=value_words(row["code"], row["value"]),
        )
        for row in rows
    ]
    told = {side: [session.write(row[side], "rate") for row in rows] for side in SIDES}
    _table("words", pd.DataFrame({"name": named, **told}))


def _table(name: str, rows: pd.DataFrame) -> None:
    data_table(
        rows,
        [
            Column("name", label_key=f"compare.column.{name}", pinned=True, width=_NAMES),
            *(Column(side, label_key=f"compare.{side}") for side in SIDES),
        ],
        key=f"compare_{name}",
        alt_key=f"compare.{name}",
        height=_ROW * (len(rows) + 1),
    )
