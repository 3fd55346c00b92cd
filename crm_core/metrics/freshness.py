"""How far the data reaches: each source's last day, its usual silence, and how late refunds come."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.selection import Period
from crm_core.store import Store

#: What a shop's files tell by day, in the order in which pages list them.
SOURCES = ("orders", "refunds", "costs", "contacts", "web_events", "stock", "reviews")
_LOOK_BACK_DAYS = 400
_USUAL = 0.95  # of a source's silences; twice as long and a day is longer than usual
_RIPE_SHARE = 0.95  # of the money that is given back in the end
_RIPE_DAYS = 90  # after which an order's refunds are taken to be all there
_LEAST_REFUNDS = 20
_LEAST_SILENCES = 10


@dataclass(frozen=True)
class SourceDays:
    """The last day a source tells of, and the days of silence usual and so far.

    `usual_days`: silences up to twice as long as 19 of 20 of those of the past 400 days, and a day,
    are usual; None where there were too few of them to say. Campaign messages are no source here: they come when they are sent.
    """

    source: str
    last: date
    usual_days: int | None
    silent_days: int

    @property
    def is_late(self) -> bool:
        """Whether it is silent for longer than usual, so that days may be missing."""
        usual = _LOOK_BACK_DAYS if self.usual_days is None else self.usual_days
        return self.silent_days > usual


def source_days(store: Store, as_of: date) -> tuple[SourceDays, ...]:
    """Every source that tells anything, in the order of SOURCES; silence is counted to `as_of`."""
    tables = [(name, store.table(name)) for name in SOURCES if store.has(name)]
    ends = [table.agg(last=table.day.max()).mutate(source=ibis.literal(n)) for n, table in tables]
    since = ibis.literal(as_of - timedelta(_LOOK_BACK_DAYS))
    days = [
        table.filter((table.day > since) & (table.day <= ibis.literal(as_of)))
        .select("day")
        .distinct()
        .mutate(source=ibis.literal(name))
        for name, table in tables
    ]
    lasts = store.fetch(_together(ends)).dropna().set_index("source")["last"]
    recent = store.fetch(_together(days))
    found: list[SourceDays] = []
    for name in SOURCES:
        if name in lasts.index:
            last = min(pd.Timestamp(lasts[name]).date(), as_of)
            told = recent.loc[recent["source"] == name, "day"]
            found.append(SourceDays(name, last, usual_silence(told), (as_of - last).days))
    return tuple(found)


def _together(tables: list[ir.Table]) -> ir.Table:
    return reduce(lambda one, other: one.union(other), tables)


def usual_silence(days: pd.Series[Any]) -> int | None:
    """The most days without news that are usual for a source, by the days it tells of.

    >>> usual_silence(pd.Series(pd.date_range("2026-01-01", periods=30, freq="3D")))
    5
    """
    gaps = pd.to_datetime(days).sort_values().diff().dt.days.dropna() - 1
    if len(gaps) < _LEAST_SILENCES:
        return None
    return 2 * int(gaps.quantile(_USUAL, interpolation="lower")) + 1


def spells_without_orders(store: Store, period: Period, usual_days: int) -> tuple[Period, ...]:
    """The stretches of a period without any sale that are longer than usual for the shop."""
    ledger = store.table("ledger_by_day" if store.has("ledger_by_day") else "ledger")
    start, end = ibis.literal(period.start), ibis.literal(period.end)
    sold = ledger.filter((ledger.entry == "sale") & (ledger.day >= start) & (ledger.day <= end))
    days = [
        stamp.date() for stamp in pd.to_datetime(store.fetch(sold.select("day").distinct())["day"])
    ]
    marks = sorted({*days, period.start - timedelta(1), period.end + timedelta(1)})
    return tuple(
        Period(one + timedelta(1), other - timedelta(1))
        for one, other in itertools.pairwise(marks)
        if (other - one).days - 1 > usual_days
    )


def ripe_after(store: Store, as_of: date) -> int | None:
    """The days after an order by which 95 % of the refunded money was given back; None where too
    few refunds are known to say.

    Of orders that are at least 90 days old, so that their own late refunds are in it, and at most
    400 days older than that.
    """
    if not store.has("refunds"):
        return None
    until = as_of - timedelta(_RIPE_DAYS)
    orders = store.table("orders").select("order_id", sold_on="day")
    joined = store.table("refunds").select("order_id", "day", "amount").join(orders, "order_id")
    joined = joined.filter(
        (joined.sold_on <= ibis.literal(until))
        & (joined.sold_on > ibis.literal(until - timedelta(_LOOK_BACK_DAYS)))
        & (joined.day <= ibis.literal(as_of))
    )
    joined = joined.mutate(delay=joined.day.delta(joined.sold_on, unit="day").cast("int64"))
    told = joined.group_by("delay").agg(
        n=joined.count(), amount=joined.amount.sum().cast("float64")
    )
    delays = store.fetch(told.order_by("delay"))
    total = float(delays["amount"].sum())
    if int(delays["n"].sum()) < _LEAST_REFUNDS or total <= 0:
        return None
    reached = delays["amount"].cumsum() >= _RIPE_SHARE * total
    return max(0, int(delays.loc[reached, "delay"].iloc[0]))
