"""Parts of the coupons page: the figures, the months, the codes, the orders behind one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.charts import lines, stacked_columns
from crm_core.privacy.policy import allowed
from crm_core.text import formats
from crm_core.ui.audience_builder import edit
from crm_core.ui.explore_words import value_name
from crm_core.ui.fields import button
from crm_core.ui.kpi import kpis
from crm_core.ui.layout import columns, draw, go, panel
from crm_core.ui.order_table import order_table
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table, pager
from crm_core.ui.words import caption, note
from crm_core.views.coupons import Coupons, code_orders

_OPENED = "_coupon_opened"
_SIZE = 25
_CODES = (
    Column("discounts", "money", "metric.discounts.label", help_key="metric.discounts.about"),
    Column("orders", "count", "metric.orders.label", help_key="metric.orders.about"),
    Column("new_buyers", "count", "metric.new_buyers.label", help_key="metric.new_buyers.about"),
    Column("revenue", "money", "metric.revenue.label", help_key="metric.revenue.about"),
    Column("discount_rate", "rate", "metric.discount_rate.label",
           help_key="metric.discount_rate.about"),
    Column("margin", "money", "metric.margin.label", help_key="coupons.margin_about"),
    Column("margin_rate", "rate", "metric.margin_rate.label", help_key="metric.margin_rate.about"),
    Column("given_share", "rate", "coupons.column.given_share",
           help_key="coupons.given_share_about"),
    Column("below_rate", "rate", "coupons.column.below_rate", help_key="coupons.below_about"),
    Column("pushed_rate", "rate", "coupons.column.pushed_rate", help_key="coupons.pushed_about"),
    Column("terms_words", label_key="coupons.column.terms", help_key="coupons.terms_about"),
    Column("ends_on", "date", "coupons.column.ends_on"),
)  # fmt: skip
_ORDERS = (
    Column("channel", label_key="dimension.sales_channel.label"),
    Column("paid", "cents", "coupons.column.paid", help_key="coupons.paid_about"),
    Column("off", "cents", "coupons.column.off"),
    Column("off_rate", "rate", "metric.discount_rate.label"),
    Column("left", "cents", "coupons.column.left", help_key="coupons.left_about"),
)


def draw_numbers(view: Coupons) -> None:
    """The figures of the period, and whose costs are unknown."""
    kpis(view.cards, columns=3)
    told = view.rows[view.rows["orders"].notna()]  # the others are hidden from who looks
    if len(told) and told["margin"].isna().all():
        note("coupons.no_costs")


def draw_trend(view: Coupons) -> None:
    """What was given away over the period, and how usual a discount is."""
    session = current()
    rows = view.trend[view.trend["off"].notna()]
    left, right = columns(1, 1)
    with left, panel("coupons.trend", help_key="coupons.trend_about"):
        if rows.empty:
            caption("coupons.none_in_period")
        else:
            frame = pd.DataFrame(
                {
                    "day": rows["day"],
                    "value": rows["off"],
                    "series": _names(rows["kind"], rows["code"]),
                    "is_rest": rows["kind"] == "other_codes",
                }
            ).sort_values(["is_rest", "series", "day"], ignore_index=True)
            draw(
                stacked_columns(frame, session.numbers("money")),
                key="coupons_trend",
                title=session.t("coupons.trend"),
            )
    with right, panel("coupons.usual", help_key="coupons.usual_about"):
        once = view.trend.drop_duplicates("day")
        parts = [
            once.assign(value=once[name], series=session.t(f"coupons.series.{name}"))
            for name in ("rate", "share")
        ]
        frame = pd.concat(parts, ignore_index=True).dropna(subset=["value"])
        if frame.empty:
            caption("coupons.none_in_period")
        else:
            chart = lines(frame[["day", "value", "series"]], session.numbers("rate"))
            draw(chart, key="coupons_usual", title=session.t("coupons.usual"))


def draw_codes(view: Coupons) -> None:
    """Each code with what it gave away, the other codes, discounts without one, and full price."""
    session = current()
    rows = view.rows.assign(
        name=_names(view.rows["kind"], view.rows["code"], view.rows["codes"]),
        terms_words=[_terms(row) for row in view.rows.to_dict("records")],
    )
    with panel("coupons.codes", help_key="coupons.codes_about"):
        opened = data_table(
            rows,
            [Column("name", label_key="coupons.column.name", width=190), *_CODES],
            key="coupons_codes",
            alt_key="coupons.codes",
            on_click=True,
        )
        start, end = (
            formats.day(day, session.language) for day in (view.period.start, view.period.end)
        )
        caption("coupons.days", start=start, end=end)
        if rows["orders"].isna().any():
            caption("coupons.hidden")
    if opened:
        st.session_state[_OPENED] = (str(opened["kind"]), str(opened["code"]))


def draw_orders() -> None:
    """The orders behind the code that was opened, a page at a time, and the way to Audiences."""
    session = current()
    kind, code = st.session_state.get(_OPENED, ("", ""))
    if kind not in ("code", "discount"):
        caption("coupons.open_hint")
        return
    first = show(code_orders, session.selection, kind=kind, code=code, size=_SIZE)
    with panel("coupons.orders", name=_names([kind], [code])[0]):
        if first.is_hidden:
            note("explore.too_few")
            return
        caption("coupons.orders_about", total=session.write(first.total, "count"))
        place = st.container()
        page, size = pager(first.total, key="coupons_orders", size=_SIZE)
        found = show(code_orders, session.selection, kind=kind, code=code, page=page, size=size)
        with place:
            codes = found.rows["sales_channel"].fillna("").astype(str)
            named = [value_name("sales_channel", code, {}) for code in codes]
            order_table(
                found.rows.assign(channel=named),
                _ORDERS,
                key="coupons_orders",
                alt_key="coupons.orders_alt",
            )
        if found.rule is None or not allowed(session.access, "export"):
            return
        if button("coupons.to_audience", key="coupons_audience", icon="campaign"):
            edit(found.rule)
            go("audiences")


def _names(
    kinds: Iterable[str], codes: Iterable[str], counts: Iterable[float] | None = None
) -> list[str]:
    """A code as it stands, the others by what they are."""
    session = current()
    numbers = repeat(float("nan")) if counts is None else counts
    words: list[str] = []
    for kind, code, count in zip(kinds, codes, numbers, strict=False):
        if kind == "code":
            words.append(str(code))
        elif kind == "other_codes" and count == count:
            words.append(session.t("coupons.other_codes", count=session.write(count, "count")))
        else:
            words.append(session.t(f"coupons.kind.{kind}"))
    return words


def _terms(row: Mapping[Any, Any]) -> str:
    """What a code takes off, as far as it is known."""
    session = current()
    value = row.get("value")
    if not isinstance(value, float) or pd.isna(value):
        return ""
    if row.get("terms") == "percent":
        return session.write(value / 100, "rate")
    return session.write(value, "money") if row.get("terms") == "amount" else str(row["terms"])
