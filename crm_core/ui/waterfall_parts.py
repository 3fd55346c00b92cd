"""A waterfall on screen: marked bars, and the orders, contacts or customers behind one of them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crm_core.charts import waterfall as chart
from crm_core.text import formats
from crm_core.ui.layout import draw, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table
from crm_core.ui.words import caption
from crm_core.views.waterfall import (
    Behind,
    MoneyPart,
    behind_customer,
    behind_group,
    waterfall,
)


def draw_customer_money(key: int, bars: Sequence[MoneyPart], *, place: str) -> None:
    """One customer's bars; a click opens the orders or contacts that make the bar."""
    session = current()
    bar = draw_bars(bars, place=place, on_click=True)
    if bars[-1].amount is None:
        caption("waterfall.unknown")
    if bar is None:
        caption("waterfall.click_orders")
        return
    found = show(behind_customer, session.selection, key=key, bar=bar)
    caption("waterfall.behind", bar=session.t(f"waterfall.bar.{bar}"), count=found.total)
    if found.total > len(found.rows):
        caption("waterfall.newest", count=len(found.rows))
    if bar == "marketing_cost":
        caption("waterfall.allocated")
    _behind(found, place=place)


def draw_group_money() -> None:
    """The chosen customers' bars in the chosen period; a click opens who holds most of a bar."""
    session = current()
    view = show(waterfall, session.selection)
    start, end = (formats.day(day, session.language) for day in (view.start, view.end))
    with panel("waterfall.group", help_key="waterfall.group_about"):
        count = formats.number(view.customers, session.language)
        caption("waterfall.group_of", customers=count, start=start, end=end)
        bar = draw_bars(view.bars, place="group_money", on_click=True)
        if view.bars[-1].amount is None:
            caption("waterfall.unknown")
        if view.elsewhere:
            caption("waterfall.elsewhere", amount=session.write(view.elsewhere, "money"))
        if bar is None:
            caption("waterfall.click_customers")
            return
        caption("waterfall.most", bar=session.t(f"waterfall.bar.{bar}"))
        rows = show(behind_group, session.selection, bar=bar)
        customer_table(
            rows,
            [
                Column("amount", "cents", "customer.column.amount"),
                Column("orders", "count", "metric.orders.label"),
            ],
            key="group_money",
            alt_key="waterfall.group",
        )


def draw_bars(bars: Sequence[MoneyPart], *, place: str, on_click: bool = False) -> str | None:
    """The chart; the bar just clicked, unless it is the result."""
    session = current()
    known = [bar for bar in bars if bar.amount is not None]
    frame = pd.DataFrame(
        {
            "label": [_label(bar) for bar in known],
            "value": [bar.amount for bar in known],
            "code": ["" if bar.basis == "total" else bar.part for bar in known],
            "shared": [bar.basis == "allocated" for bar in known],
        }
    )
    if frame.empty or known[-1].basis != "total":
        total = sum(frame["value"]) if len(frame) else 0.0
        words = session.t("waterfall.bar.known")
        frame.loc[len(frame)] = [words, total, "", False]
    return draw(
        chart(frame, session.numbers("money")),
        key=place,
        on_click=on_click,
        title=session.t("waterfall.title"),
    )


def _label(bar: MoneyPart) -> str:
    session = current()
    words = session.t(f"waterfall.bar.{bar.part}")
    if bar.basis == "total":
        return words
    return f"{words} · {session.t(f'waterfall.basis.{bar.basis}')}"


def _behind(found: Behind, *, place: str) -> None:
    kind = "contact" if found.bar == "service_cost" else "order"
    data_table(
        found.rows,
        [
            Column("at", "date", "customer.column.at"),
            Column("reference", label_key=f"waterfall.column.{kind}"),
            Column("about", label_key=f"waterfall.column.{kind}_about"),
            Column("amount", "cents", "customer.column.amount"),
        ],
        key=f"{place}_behind",
        alt_key="waterfall.title",
    )
