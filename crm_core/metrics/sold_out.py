"""What empty shelves cost, of a period and of those that are empty still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.metrics import stock
from crm_core.selection import Period
from crm_core.store import Tables
from crm_core.store.marts import without

_BACK_DAYS: Final = 120
_MOST = 200
_FRESH_DAYS = 7  # stock told of longer ago says nothing of today
_LEAST_MISSED = 4.0  # pieces at the usual pace: of fewer, none may be sold by chance
_LEAST_TOLD = 14


@dataclass(frozen=True)
class StockDays:
    """The first and the last day on which stock is told of, and how many such days there are."""

    first: date
    last: date
    days: int

    @property
    def is_daily(self) -> bool:
        """Whether it is told often enough to know when a shelf was empty."""
        return self.days >= _LEAST_TOLD and self.days * 2 >= (self.last - self.first).days + 1


@dataclass(frozen=True)
class SoldOut:
    """A product without stock from `since` to `until`; `units` a day and `money` in all are what
    it would have sold, as `empty_shelves` has it."""

    product_key: int
    since: date
    until: date
    units: float
    money: float


def stock_days(store: Tables, as_of: date) -> StockDays | None:
    """When stock is told of; None where it never is."""
    if not store.has("stock"):
        return None
    row = store.fetch(stock.told_days(store, as_of)).iloc[0]
    if not int(row["days"] or 0):
        return None
    first, last = (pd.Timestamp(row[name]).date() for name in ("first", "last"))
    return StockDays(first, last, int(row["days"]))


def empty_shelves(store: Tables, period: Period, as_of: date) -> tuple[ir.Table, bool] | None:
    """The one account of sales lost to empty shelves (`stock.losses`, of which something was to be
    expected, with `money`), and whether the shop sells although nothing is counted on hand; None
    where stock is not told day by day."""
    told = stock_days(store, as_of)
    if told is None or not told.is_daily:
        return None
    row = store.fetch(stock.sold_while_empty(store, period, as_of)).iloc[0]
    sells_anyway = bool(row["units"] >= stock.SELLS_ANYWAY * row["expected"] > 0)
    rows = stock.losses(store, period, as_of, sells_anyway=sells_anyway)
    rows = rows.filter(rows.expected > 0)
    return rows.mutate(money=rows.expected * rows.price), sells_anyway


def sold_out(store: Tables, as_of: date) -> tuple[SoldOut, ...]:
    """Products whose shelf is empty on the last day that tells of it, the most money first: those of
    `empty_shelves` that have not ended.

    Left out is what hardly sold before.
    """
    period = Period(as_of - timedelta(_BACK_DAYS - 1), as_of)
    found = empty_shelves(store, period, as_of)
    if found is None:
        return ()
    rows, _ = found
    now = without(rows.join(_last_told(store, as_of), "product_key"), "product_key_right")
    still = (now["last"] == now.last_day) & (now["first"] > ibis.literal(period.start))
    gone = now.filter(still & (now.expected >= _LEAST_MISSED) & (now.money > 0.0))
    most = gone.order_by(ibis.desc("money"), "product_key").limit(_MOST)
    lines: list[Any] = list(store.fetch(most).itertuples(index=False))
    return tuple(
        SoldOut(
            int(row.product_key),
            pd.Timestamp(row.first).date(),
            pd.Timestamp(row.last).date(),
            units=round(float(row.expected) / float(row.days), 6),
            money=round(float(row.money), 2),
        )
        for row in lines
    )


def _last_told(store: Tables, as_of: date) -> ir.Table:
    """product_key and last_day of the products that stock was told of lately."""
    rows = store.table("stock")
    since = ibis.literal(as_of - timedelta(_FRESH_DAYS))
    rows = rows.filter((rows.day > since) & (rows.day <= ibis.literal(as_of)))
    ends = rows.group_by("product_id").agg(last_day=rows.day.max())
    keys = stock.goods(store).select("product_id", "product_key")
    return ends.join(keys, "product_id").select("product_key", "last_day")
