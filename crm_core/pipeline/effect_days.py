"""What the shop did and sold a day, measured in the engine, for learning what it changes."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.metrics import measure
from crm_core.models.forecast_events import all_days
from crm_core.models.what_if import INPUTS, effects, refusal
from crm_core.store import Store

_MOST_DAYS = 3 * 365
_SOLD = ("units", "net_revenue", "gross_sales", "discounts")


def effect_rows(
    store: Store, totals: pd.DataFrame, events: pd.DataFrame, as_of: date
) -> pd.DataFrame:
    """The effects of `models.what_if`, learned from the last three years up to `as_of`. What more
    there is to know of the days is only measured if their sales (`totals`) may tell anything."""
    days = _days(store, as_of)
    sold = totals.set_index("day")[["units", "net_revenue"]].reindex(days, fill_value=0.0)
    if refusal(sold):
        return effects(sold.reset_index(), [])
    daily = effect_days(store, as_of)
    first = days[0].date()
    return effects(daily, all_days(events, first, as_of))


def effect_days(store: Store, as_of: date) -> pd.DataFrame:
    """INPUTS of `models.what_if` for every day; days of no orders sold nothing."""
    days = _days(store, as_of)
    ledger = store.at(as_of).table("ledger")
    rows = ledger.filter(ledger.day >= ibis.literal(days[0].date()))
    sold = measure(store, _SOLD, rows=rows, by=["day"], totals=False).rows
    sold = sold.set_index("day").reindex(days, fill_value=0.0)
    gross = sold["gross_sales"].where(sold["gross_sales"] > 0)
    sold["discount"] = sold["discounts"] / gross
    sold["price"] = _by_day(store, _prices(rows), "price").reindex(days)
    sold["spend"] = _spend(store, as_of).reindex(days)
    spent = sold["spend"].notna()
    if spent.any():  # between the first and the last day of a known spend, none is nothing
        sold["spend"] = sold["spend"].where(spent | ~(spent.cummax() & spent[::-1].cummax()), 0.0)
    return sold.reset_index()[list(INPUTS)]


def _days(store: Store, as_of: date) -> pd.DatetimeIndex:
    first = max(store.meta.first_day, as_of - timedelta(_MOST_DAYS - 1))
    return pd.date_range(first, as_of, freq="D", name="day")


def _prices(rows: ir.Table) -> ir.Table:
    """What was sold each day, over what the same pieces cost on average of all days: an index that
    does not move with what is bought."""
    sold = rows.filter((rows.entry == "sale") & rows.product_key.notnull() & (rows.units > 0))
    amount, pieces = sold.gross.cast("float64"), sold.units.cast("float64")
    usual = sold.group_by("product_key").agg(
        usual=amount.sum() / pieces.sum().nullif(0.0),
    )
    priced = sold.join(usual, "product_key")
    pieces = priced.units.cast("float64")
    expected = (pieces * priced.usual).sum()
    return priced.group_by("day").agg(
        price=priced.gross.cast("float64").sum() / expected.nullif(0.0)
    )


def _spend(store: Store, as_of: date) -> pd.Series:
    """Marketing spend a day, as far as files say; of a shop that says none, none."""
    costs = store.table("costs")
    spent = costs.filter((costs.kind == "marketing") & (costs.day <= ibis.literal(as_of)))
    return _by_day(
        store, spent.group_by("day").agg(spend=spent.amount.cast("float64").sum()), "spend"
    )


def _by_day(store: Store, rows: ir.Table, name: str) -> pd.Series:
    found = store.fetch(rows).set_index("day")[name]
    found.index = pd.to_datetime(found.index)
    return found.astype(float)
