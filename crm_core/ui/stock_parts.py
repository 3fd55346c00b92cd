"""Parts of the stock page: what to order, what lies still, what empty shelves cost, one product."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from crm_core.charts import bars, columns_chart, line_compare
from crm_core.metrics import is_guarded
from crm_core.metrics.stock import DEAD_DAYS, PLENTY_WEEKS, SHORT_WEEKS, WINDOW_DAYS
from crm_core.text import formats
from crm_core.ui.fields import switch_choice
from crm_core.ui.kpi import kpis
from crm_core.ui.layout import columns, draw, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table, pager
from crm_core.ui.words import caption, note, warning
from crm_core.views.stock import (
    COVERS,
    DRILL_DAYS,
    Stock,
    dead_products,
    lost_sales,
    product_stock,
    short_products,
)

_OPENED = "_stock_product"
_NAME = Column("name", label_key="stock.column.name", width=210)
_SIZE = 25
_LONGEST_KEY = 19  # digits of a 64-bit key
_SHELF = (
    Column("on_hand", "count", "stock.column.on_hand", help_key="stock.on_hand_about"),
    Column("incoming", "count", "stock.column.incoming", help_key="stock.incoming_about"),
)
_SHORT = (
    Column("state", "code", "stock.column.state", prefix="stock.state", width=90),
    Column("weeks", "number", "stock.column.weeks", help_key="stock.weeks_about"),
    *_SHELF,
    Column("weeks_all", "number", "stock.column.weeks_all", help_key="stock.weeks_all_about"),
    Column("order", "count", "stock.column.order", help_key="stock.order_about"),
    Column("weekly", "number", "stock.column.weekly", help_key="stock.weekly_about"),
    Column("category", label_key="stock.column.category", width=120),
    Column("empty_days", "count", "stock.column.empty_days", help_key="stock.empty_days_about"),
)
_DEAD = (
    Column("on_hand", "count", "stock.column.on_hand", help_key="stock.on_hand_about"),
    Column("value", "money", "stock.column.value", help_key="stock.value_about"),
    Column("last_sold", "date", "stock.column.last_sold"),
    Column("category", label_key="stock.column.category"),
)
_LOST = (
    Column("first", "date", "stock.column.first"),
    Column("last", "date", "stock.column.last"),
    Column("days", "count", "stock.column.days", help_key="stock.days_about"),
    Column("expected", "number", "stock.column.expected", help_key="stock.expected_about"),
    Column("range", label_key="stock.column.range", help_key="stock.range_about"),
    Column("money", "money", "stock.column.money", help_key="stock.money_about"),
)


def cover_choice() -> int:
    """For how many weeks the shelf should last."""
    return int(
        switch_choice("stock.cover", COVERS, key="stock_cover", prefix="stock.covers", value="6")
    )


def draw_numbers(view: Stock) -> None:
    """The figures, how old the count is, and how many products are in which state."""
    session = current()
    kpis(view.cards)
    if view.late_days is not None and view.told_on is not None:
        told = formats.day(view.told_on, session.language)
        warning("stock.late", day=told, days=view.late_days)
    shown = view.states[view.states["products"] > 0]
    labels = [session.word("stock.state", state) for state in shown["state"]]
    with panel("stock.states", help_key="stock.states_about"):
        frame = shown.assign(label=labels, value=shown["products"])
        draw(
            bars(frame, session.numbers("count")),
            key="stock_states",
            title=session.t("stock.states"),
        )
        caption(
            "stock.states_rules",
            short=formats.number(SHORT_WEEKS, session.language),
            plenty=formats.number(PLENTY_WEEKS, session.language),
            dead=DEAD_DAYS,
            days=WINDOW_DAYS,
        )


def draw_short(weeks: int) -> None:
    """What to order again, the shortest first."""
    session = current()
    with panel("stock.reorder", help_key="stock.reorder_about"):
        place = st.container()
        first = show(short_products, session.selection, weeks=weeks, page=1, size=_SIZE)
        if not first.total:
            note("stock.nothing_short", weeks=weeks)
            return
        page, size = _paged(first.total, "stock_short")
        found = show(short_products, session.selection, weeks=weeks, page=page, size=size)
        with place:
            caption("stock.reorder_sum", count=first.total, weeks=weeks)
            _open(data_table(
                found.rows, [_NAME, *_SHORT], key="stock_short", alt_key="stock.reorder",
                on_click=True,
            ))  # fmt: skip


def draw_lost() -> None:
    """What was not sold because the shelf was empty."""
    session = current()
    view = show(lost_sales, session.selection)
    with panel("stock.lost", help_key="stock.lost_about"):
        if view is None:
            note("stock.lost_unknown")
            return
        days = {
            "start": formats.day(view.period.start, session.language),
            "end": formats.day(view.period.end, session.language),
        }
        if not view.spells:
            caption("stock.lost_none", **days)
        else:
            caption(
                "stock.lost_sum",
                count=view.spells,
                money=session.write(view.money, "money"),
                low=session.write(view.low, "money"),
                high=session.write(view.high, "money"),
                **days,
            )
            page, size = _paged(len(view.rows), "stock_lost")
            rows = view.rows.iloc[(page - 1) * size : page * size]
            _open(
                data_table(
                    rows.assign(range=_ranges(rows)),
                    [_NAME, *_LOST],
                    key="stock_lost",
                    alt_key="stock.lost",
                    on_click=True,
                )
            )
        caption("stock.lost_caveat")
        if view.sells_anyway:
            caption("stock.sells_anyway")


def _paged(total: int, key: str) -> tuple[int, int]:
    """Which page of how many rows; a pager only where there is more than one."""
    return pager(total, key=key, size=_SIZE) if total > _SIZE else (1, _SIZE)


def _ranges(rows: pd.DataFrame) -> list[str]:
    language = current().language
    return [
        f"{formats.number(low, language, 1)} – {formats.number(high, language, 1)}"
        for low, high in zip(rows["low"], rows["high"], strict=True)
    ]


def draw_dead(weeks: int) -> None:
    """What lies on the shelf and does not sell."""
    session = current()
    with panel("stock.dead", help_key="stock.dead_about"):
        first = show(dead_products, session.selection, weeks=weeks, page=1, size=_SIZE)
        if not first.total:
            caption("stock.dead_none", days=DEAD_DAYS)
            return
        place = st.container()
        page, size = _paged(first.total, "stock_dead")
        found = show(dead_products, session.selection, weeks=weeks, page=page, size=size)
        with place:
            _open(data_table(
                found.rows, [_NAME, *_DEAD], key="stock_dead", alt_key="stock.dead", on_click=True
            ))  # fmt: skip


def _open(row: dict[str, object] | None) -> None:
    if row:
        st.session_state[_OPENED] = int(str(row["product_key"]))


def draw_product() -> None:
    """The days of the product that was opened, here or by the address."""
    session = current()
    asked = st.query_params.pop("product", "")
    if asked.isdecimal() and len(asked) < _LONGEST_KEY:
        st.session_state[_OPENED] = int(asked)
    key = st.session_state.get(_OPENED)
    days = None if key is None else show(product_stock, session.selection, product_key=key)
    if days is None or days.empty:
        caption("stock.open_hint")
        return
    with panel("stock.product", name=str(days["name"].iloc[0]), days=DRILL_DAYS):
        empty = int(days["is_empty"].sum())
        caption("stock.product_sum", days=len(days), empty=empty)
        left, right = columns(1, 1)
        with left:
            caption("stock.column.on_hand")
            shelf = days.assign(value=days["on_hand"])
            title = session.t("stock.column.on_hand")
            draw(line_compare(shelf, session.numbers("count")), key="stock_shelf", title=title)
        with right:
            caption("stock.column.units")
            if is_guarded(session.access):
                note("stock.units_hidden")
                return
            sold = days.assign(value=days["units"])
            title = session.t("stock.column.units")
            draw(columns_chart(sold, session.numbers("count")), key="stock_units", title=title)
