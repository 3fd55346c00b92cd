"""Parts of the pages about segments: how to divide customers, the grid, what to do with each."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from crm_core.text import formats
from crm_core.ui.fields import button
from crm_core.ui.layout import go, grid, link, row
from crm_core.ui.segment_words import about_key, segment_words
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, paragraph
from crm_core.views.people import PROSPECTS
from crm_core.views.segments import WAYS, Segments

_WAY = "by"


def way_switch() -> str:
    """How customers are divided here; the address says it as a code, the default by nothing."""
    session = current()
    asked = st.query_params.get(_WAY, WAYS[0])
    chosen = st.segmented_control(
        session.md("segments.by.label"),
        WAYS,
        default=asked if asked in WAYS else WAYS[0],
        required=True,
        format_func=lambda code: session.t(f"segments.by.{code}"),
        key="segments_by",
        label_visibility="collapsed",
    )
    way = chosen if chosen in WAYS else WAYS[0]
    if way == WAYS[0]:
        st.query_params.pop(_WAY, None)
    elif asked != way:
        st.query_params[_WAY] = way
    return way


def about_way(view: Segments, by: str) -> None:
    """What this way to divide customers rests on."""
    session = current()
    days = {name: formats.number(value, session.language) for name, value in view.rhythm.items()}
    rules = loyalty_words(view.rules) if by == "loyalty" else ""
    caption(f"segments.by_about.{by}", **days, rules=rules)


def loyalty_words(rules: pd.DataFrame) -> str:
    """What the tiers ask for, as a sentence."""
    session = current()
    if rules.empty:
        return session.t("segments.loyalty_rule.none")
    tiers = [
        session.t(
            "segments.loyalty_rule.one",
            tier=session.t(f"loyalty.{tier}.name"),
            least=session.write(least, "money"),
        )
        for tier, least in zip(rules["loyalty_tier"], rules["least"], strict=True)
    ]
    kind = "own" if bool(rules["is_own"].iloc[0]) else "found"
    return session.t(f"segments.loyalty_rule.{kind}", tiers=session.t("rules.comma").join(tiers))


def grid_words(view: Segments, by: str) -> pd.DataFrame:
    """The grid with finished words, ready to draw."""
    session = current()
    if by == "rfm":
        named = view.grid.assign(
            row=[session.t("segments.recency_score", score=score) for score in view.grid["row"]],
            column=[session.t("segments.frequency_score", score=n) for n in view.grid["column"]],
        )
    else:
        none = session.t("segments.no_tier")
        across = [name or none for name in segment_words(view.grid["column"])]
        named = view.grid.assign(row=segment_words(view.grid["row"]), column=across)
    return named.assign(value=named["customers"])


def open_cell(code: str, by: str) -> None:
    """Opens the customers of a cell of the grid."""
    go("customers", **{"within" if by == "rfm" else "segment": code.split(",")})


def segment_table(view: Segments, by: str) -> dict[str, Any] | None:
    """What each segment brings, and all together; returns the row just opened."""
    rows = view.with_total()
    names = [*segment_words(view.rows["segment"]), current().t("segments.total")]
    return data_table(
        rows.assign(name=names),
        [
            Column("name", label_key="segments.column.segment", pinned=True),
            Column("customers", "count", "segments.column.customers"),
            Column("share", "rate", "segments.column.share"),
            Column("revenue", "money", "segments.column.revenue"),
            Column("net_revenue", "money", "segments.column.net_revenue"),
            Column("average_order_value", "money", "segments.column.average_order_value"),
            Column("recency_days", "days", "segments.column.recency_days"),
            Column("expected_contribution", "money", "segments.column.expected_contribution"),
            Column("p_no_order", "rate", "segments.column.p_no_order"),
        ],
        key=f"segments_table_{by}",
        on_click=True,
        alt_key="segments.table",
    )


def draw_trials(trials: pd.DataFrame) -> None:
    """How well each number of groups held."""
    data_table(
        trials,
        [
            Column("k", "count", "clusters.column.k"),
            Column("ari_mean", "per", "clusters.column.ari_mean"),
            Column("ari_min", "per", "clusters.column.ari_min"),
            Column("bootstraps", "count", "clusters.column.bootstraps"),
            Column("smallest_share", "rate", "clusters.column.smallest_share"),
            Column("separation", "rate", "clusters.column.separation"),
            Column("qualifies", "switch", "clusters.column.qualifies"),
            Column("is_chosen", "switch", "clusters.column.is_chosen"),
        ],
        key="segments_trials",
        alt_key="clusters.trials",
    )
    caption("clusters.trials_about")


def segment_cards(rows: pd.DataFrame) -> None:
    """What each segment is and asks for, with the ways on: its customers, an audience of it."""
    session = current()
    st.header(session.md("segments.cards"), anchor=False)
    with grid(2, min_width=320):
        for told, name in zip(rows.to_dict("records"), segment_words(rows["segment"]), strict=True):
            with st.container(border=True, height="stretch"):
                _segment_card(told, name)


def _segment_card(told: dict[Any, Any], name: str) -> None:
    session, code = current(), str(told["segment"])
    st.subheader(name, anchor=False)
    count = formats.number(told["customers"], session.language)
    if code == PROSPECTS:
        caption("segments.count_prospects", customers=count)
    else:
        caption("segments.count", customers=count, share=session.write(told["share"], "rate"))
    definition, action = about_key(code, "definition"), about_key(code, "action")
    if definition:
        paragraph(definition)
    elif told["customers"]:
        paragraph("clusters.definition", **_middle(told))
    if action:
        paragraph(action)
    with row(align="center"):
        if button("segments.customers_link", key=f"segment_{code}", icon="group"):
            go("customers", segment=code)
        link("audiences", "segments.audience_link", from_segment=code)
        link("compare", "segments.compare_link", left=code)


def _middle(told: dict[Any, Any]) -> dict[str, str]:
    session = current()
    return {
        "orders": formats.number(told["orders"], session.language),
        "days": formats.number(told["recency_days"], session.language),
        "money": session.write(told["spent"], "money"),
    }
