"""Products whose shelf is empty now, since when, and what they sold before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import ibis
import pandas as pd

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
    """Products without stock on the last day that tells of it, the most money first."""
    if not store.has("stock"):
        return ()
    gone = _gone(store, as_of)
    if gone.empty:
        return ()
    sales = _sales(store, gone, as_of)
    found = [_missed(row, sales) for row in gone.itertuples(index=False)]
    told = [each for each in found if each is not None and each.money > 0]
    return tuple(sorted(told, key=lambda each: (-each.money, each.product_key)))


def _gone(store: Tables, as_of: date) -> pd.DataFrame:
    """product_key, last_day, filled (the last day with stock) of what has none now."""
    stock = store.table("stock")
    since = ibis.literal(as_of - timedelta(_BACK_DAYS))
    recent = stock.filter((stock.day > since) & (stock.day <= ibis.literal(as_of)))
    ends = recent.group_by("product_id").agg(
        last_day=recent.day.max(), filled=recent.day.max(where=recent.on_hand > 0)
    )
    fresh = ends.last_day > ibis.literal(as_of - timedelta(_FRESH_DAYS))
    gone = ends.filter(fresh & ends.filled.notnull() & (ends.filled < ends.last_day))
    products = store.table("product_facts")
    goods = products.filter(products.product_kind.isnull()).select("product_id", "product_key")
    told = gone.join(goods, "product_id").select("product_key", "last_day", "filled")
    return store.fetch(told.order_by("product_key").limit(_MOST))


def _sales(store: Tables, gone: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Pieces and revenue a product and day, of as long as may be asked for."""
    ledger = store.table("ledger")
    keys = [int(key) for key in gone["product_key"]]
    period = Period(as_of - timedelta(_BACK_DAYS + USUAL_DAYS), as_of)
    days = ledger.day.between(ibis.literal(period.start), ibis.literal(period.end))
    rows = ledger.filter((ledger.entry == "sale") & ledger.product_key.isin(keys) & days)
    sums = rows.group_by("product_key", "day").agg(
        units=rows.units.sum().cast("int64"),
        revenue=(rows.gross - rows.discount).sum().cast("float64"),
    )
    return store.fetch(sums)


def _missed(row: Any, sales: pd.DataFrame) -> SoldOut | None:
    """None for what sells although nothing is counted on hand, or hardly sold before."""
    filled, until = pd.Timestamp(row.filled), pd.Timestamp(row.last_day)
    mine = sales[sales["product_key"] == row.product_key]
    day = pd.to_datetime(mine["day"])
    usual = mine[(day <= filled) & (day > filled - pd.Timedelta(days=USUAL_DAYS))]
    days = (until - filled).days
    units = float(usual["units"].sum()) / USUAL_DAYS
    if (day > filled).any() or units * days < _LEAST_MISSED:
        return None
    return SoldOut(
        int(row.product_key),
        (filled + pd.Timedelta(days=1)).date(),
        until.date(),
        units=units,
        money=round(float(usual["revenue"].sum()) / USUAL_DAYS * days, 2),
    )
