"""Parts of the page of recommendations: two lists of products, who should hear of one, what each
segment is offered, and how the lists did on the shop's own past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.audiences import LISTS
from crm_core.errors import CrmError
from crm_core.metrics import is_guarded
from crm_core.text import error_text, formats
from crm_core.ui.audience_builder import edit
from crm_core.ui.fields import button, choice_field, number_field, switch_choice
from crm_core.ui.kpi import figures
from crm_core.ui.layout import columns, go, panel, part, row
from crm_core.ui.navigation import spec_of
from crm_core.ui.segment_words import default_words, segment_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table
from crm_core.ui.trust_parts import draw_verdict
from crm_core.ui.words import caption, empty_state, note, paragraph, plain
from crm_core.views.customers import BOUGHT
from crm_core.views.recommend import (
    CHANNELS,
    SHELVES,
    TOP,
    Recommend,
    hearers,
    kept_to_segments,
    offer_rule,
    offered_products,
    recommend,
    segment_offers,
)

_OPENED = "_recommend_opened"
_PRODUCTS = (
    Column("product", label_key="recommend.column.product", width=230),
    Column("people", "count", "recommend.column.people", help_key="recommend.people_about"),
    Column("margin_rate", "rate", "recommend.column.margin", help_key="recommend.margin_about"),
    Column("stock", label_key="recommend.column.stock", help_key="recommend.stock_about"),
    Column("buyers", "count", "recommend.column.buyers", help_key="recommend.buyers_about"),
)
_TRIALS = (
    Column("method", label_key="recommend.column.method", width=200),
    Column("recall_10", "rate", "recommend.column.recall", help_key="recommend.recall_about"),
    Column("hit_10", "rate", "recommend.column.hit", help_key="recommend.hit_about"),
    Column("ndcg_10", "score", "recommend.column.ndcg", help_key="recommend.ndcg_about"),
)


@dataclass(frozen=True)
class Filters:
    """What narrows the lists: people by `channel` and `bought`, products by margin and shelf."""

    channel: str
    bought: str
    least_margin: float | None
    shelf: str

    @property
    def of_people(self) -> dict[str, str]:
        """Those that a rule can say."""
        return {"channel": self.channel, "bought": self.bought}


def known_lists() -> Recommend | None:
    """What the last refresh says; None where it says nothing, and why is told in place."""
    session = current()
    try:
        return show(recommend, session.selection)
    except CrmError as error:
        empty_state("recommend", page="imports", action_key="recommend.to_imports")
        plain(error_text(error, session.language))
        return None


def draw_numbers(view: Recommend) -> None:
    """How many customers have which list."""
    figures(
        [
            ("recommend.customers", view.customers, "count"),
            *((f"recommend.listed.{name}", view.listed[name], "count") for name in LISTS),
        ]
    )


def ask_filters() -> Filters:
    """The filters, in one row."""
    with row():
        channel = choice_field(
            "recommend.channel", CHANNELS, key="recommend_channel", prefix="recommend.reach"
        )
        bought = choice_field(
            "customers.bought_label", BOUGHT, key="recommend_bought", prefix="customers.bought"
        )
        margin = number_field(
            "recommend.least_margin", key="recommend_margin", low=0.0, high=100.0, step=5.0
        )
        shelf = switch_choice(
            "recommend.shelf", SHELVES, key="recommend_shelf", prefix="recommend.shelves"
        )
    least = None if margin is None else margin / 100.0
    return Filters(channel or CHANNELS[0], bought or BOUGHT[0], least, shelf)


def draw_products(filters: Filters) -> None:
    """The two lists side by side, never mixed; a product opens below."""
    session = current()
    for name, place in zip(LISTS, columns(1, 1), strict=True):
        with (
            place,
            panel(f"recommend.list.{name}", help_key=f"recommend.list_about.{name}"),
            part(),
        ):
            rows = show(
                offered_products,
                session.selection,
                name=name,
                least_margin=filters.least_margin,
                shelf=filters.shelf,
                **filters.of_people,
            )
            if rows.empty:
                caption("recommend.no_products")
                continue
            opened = data_table(
                rows.assign(stock=[_stock(known) for known in rows["in_stock"]]),
                _PRODUCTS,
                key=f"recommend_{name}",
                alt_key=f"recommend.list.{name}",
                on_click=True,
                height=36 * 11,
            )
            if opened:
                st.session_state[_OPENED] = (name, str(opened["product_id"]))


def _stock(known: Any) -> str:
    code = "unknown" if pd.isna(known) else "yes" if known else "no"
    return current().t(f"recommend.stock.{code}")


def draw_people(filters: Filters) -> None:
    """Who should hear about the product that was opened, and the way to an audience of them."""
    session = current()
    opened = st.session_state.get(_OPENED)
    if opened is None:
        caption("recommend.open_hint")
        return
    name, product_id = opened
    asked: dict[str, Any] = {"name": name, "product_id": product_id, **filters.of_people}
    found = show(hearers, session.selection, **asked)
    if not found.product:
        caption("recommend.open_hint")
        return
    with panel(f"recommend.hear.{name}", product=found.product):
        caption("recommend.hear_about")
        if is_guarded(session.access):
            count = formats.number(found.customers, session.language)
            note("recommend.people_hidden", customers=count)
            return
        _to_audience(offer_rule(**asked))
        shown = min(TOP, len(found.rows))
        customers = formats.number(found.customers, session.language)
        caption("recommend.shown", shown=shown, customers=customers)
        customer_table(
            found.rows.assign(segment=default_words(found.rows)),
            [
                Column("why", label_key="recommend.column.why", width="large"),
                Column("segment", label_key="feature.default_segment.label"),
                Column("last_order_day", "date", "feature.last_order_day.label"),
                Column("revenue_365d", "money", "feature.revenue_365d.label"),
                Column(
                    "place", "count", "recommend.column.place", help_key="recommend.place_about"
                ),
            ],
            key="recommend_people",
            alt_key="recommend.hear_table",
        )


def _to_audience(rule: Any) -> None:
    session = current()
    spec = spec_of("audiences")
    if spec is None or session.access.role not in spec.roles:
        return
    if button("recommend.to_audience", key="recommend_audience", main=True, icon="campaign"):
        edit(kept_to_segments(rule, session.selection))
        go("audiences")


def draw_segments() -> None:
    """For each segment what most of it has on its lists."""
    session = current()
    rows = show(segment_offers, session.selection)
    with panel("recommend.segments", help_key="recommend.segments_about"):
        if rows.empty:
            caption("recommend.no_products")
            return
        name = switch_choice(
            "recommend.which", LISTS, key="recommend_segment_list", prefix="recommend.list"
        )
        mine = rows[rows["list"] == name]
        told = [
            f"{product} ({session.write(share, 'rate')})"
            for product, share in zip(mine["product"], mine["share"], strict=True)
        ]
        wide = mine.assign(told=told).pivot(
            index=["customers", "code"], columns="place", values="told"
        )
        wide = wide.sort_index(level=[0, 1], ascending=[False, True]).reset_index()
        names = {place: f"product_{place}" for place in wide.columns if isinstance(place, int)}
        wide = wide.rename(columns=names)
        data_table(
            wide.assign(segment=segment_words(wide["code"])),
            [
                Column("segment", label_key="recommend.column.segment", pinned=True),
                Column("customers", "count", "recommend.customers"),
                *(
                    Column(column, label_key=f"recommend.column.{column}", width=230)
                    for column in names.values()
                ),
            ],
            key="recommend_segments",
            alt_key="recommend.segments",
        )


def draw_trials(view: Recommend) -> None:
    """How each list did on the shop's own past, beside plain lists."""
    session = current()
    with panel("recommend.trials", help_key="recommend.trials_about"):
        if not view.tried:
            note("recommend.no_trial")
            return
        days = [formats.day(day, session.language) for day in view.tried]
        caption("recommend.trials_words", days=session.t("rules.comma").join(days))
        for name, place in zip(LISTS, columns(1, 1), strict=True):
            with place:
                customers = formats.number(view.tried_customers[name], session.language)
                paragraph(f"recommend.tried.{name}", customers=customers)
                draw_verdict("next_offer", view.verdicts[name])
                rows = view.trials[view.trials["list"] == name]
                words = [session.word("recommend.method", code) for code in rows["method"]]
                data_table(
                    rows.assign(method=words),
                    _TRIALS,
                    key=f"recommend_trials_{name}",
                    alt_key=f"recommend.list.{name}",
                )
