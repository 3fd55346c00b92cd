"""Products whose shelf is empty now, since when, and what they sold before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.metrics.stock import goods, sold
from crm_core.selection import Period
from crm_core.store import Tables

USUAL_DAYS: Final = 56
_BACK_DAYS = 120
_MOST = 200
_FRESH_DAYS = 7  # stock told of longer ago says nothing of today
_LEAST_MISSED = 4.0  # pieces at the usual pace: of fewer, none may be sold by chance


@dataclass(frozen=True)
class SoldOut:
    """A product without stock from `since` to `until`; `units` a day and `money` in all are what
    it would have sold at the pace of the eight weeks before."""

    product_key: int
    since: date
    until: date
    units: float
    money: float


def sold_out(store: Tables, as_of: date) -> tuple[SoldOut, ...]:
    """Products without stock on the last day that tells of it, the most money first.

    Left out is what sells although nothing is counted on hand, and what hardly sold before.
    """
    if not store.has("stock"):
        return ()
    missed = _missed(store, _gone(store, as_of), as_of)
    most = missed.order_by(ibis.desc("money"), "product_key").limit(_MOST)
    rows: list[Any] = list(store.fetch(most).itertuples(index=False))
    return tuple(
        SoldOut(
            int(row.product_key),
            (row.filled + pd.Timedelta(days=1)).date(),
            row.last_day.date(),
            units=float(row.units) / USUAL_DAYS,
            money=round(float(row.money), 2),
        )
        for row in rows
    )


def _gone(store: Tables, as_of: date) -> ir.Table:
    """product_key, last_day, filled (the last day with stock) of what has none now."""
    stock = store.table("stock")
    since = ibis.literal(as_of - timedelta(_BACK_DAYS))
    recent = stock.filter((stock.day > since) & (stock.day <= ibis.literal(as_of)))
    ends = recent.group_by("product_id").agg(
        last_day=recent.day.max(), filled=recent.day.max(where=recent.on_hand > 0)
    )
    fresh = ends.last_day > ibis.literal(as_of - timedelta(_FRESH_DAYS))
    gone = ends.filter(fresh & ends.filled.notnull() & (ends.filled < ends.last_day))
    keys = goods(store).select("product_id", "product_key")
    return gone.join(keys, "product_id").select("product_key", "last_day", "filled")


def _missed(store: Tables, gone: ir.Table, as_of: date) -> ir.Table:
    """The same with units (of the eight weeks before) and money (that was not taken since)."""
    days = sold(store, Period(as_of - timedelta(_BACK_DAYS + USUAL_DAYS), as_of))
    told = gone.join(days.select("product_key", "day", "units", "revenue"), "product_key")
    before = told.filled.delta(told.day, unit="day").cast("int64")
    is_usual = (before >= 0) & (before < USUAL_DAYS)
    sums = told.group_by("product_key", "last_day", "filled").agg(
        units=told.units.sum(where=is_usual),
        revenue=told.revenue.sum(where=is_usual),
        later=told.count(where=before < 0),
    )
    out = sums.last_day.delta(sums.filled, unit="day").cast("float64") / float(USUAL_DAYS)
    sums = sums.mutate(missed=sums.units.cast("float64") * out, money=sums.revenue * out)
    return sums.filter((sums.later == 0) & (sums.missed >= _LEAST_MISSED) & (sums.money > 0.0))
