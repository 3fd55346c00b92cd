"""Customers as they looked on a day in the past, and what came after it: rows to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np

from crm_core.models.triples import Floats, Ints, Triples, read_columns
from crm_core.store import StoreAt, Tables

WINDOWS = (14, 30, 60, 90, 180, 270)
_ROWS = 50_000

_NAMES = (
    "customer_key",
    "frequency",
    "recency_days",
    "age_days",
    "cents",
    "repeat_cents",
    "last_cents",
    "last_gap_days",
    "longest_gap_days",
    "gap_squares",
    *(f"orders_{days}d" for days in WINDOWS),
    *(f"cents_{days}d" for days in WINDOWS),
)
_LATER = ("next_orders", "next_cents")


@dataclass(frozen=True)
class Snapshot:
    """Customers known at the end of `origin`: one array a column, one row a customer.

    `past` holds their history up to `origin` alone; `next_orders` and `next_cents` are what the
    `horizon_days` after it brought, and empty where that time is not asked for.
    """

    origin: date
    horizon_days: int
    past: dict[str, Ints]
    next_orders: Ints
    next_cents: Ints

    def __len__(self) -> int:
        return len(self.past["frequency"])

    def __getitem__(self, name: str) -> Ints:
        return self.past[name]

    @cached_property
    def triples(self) -> Triples:
        """The distinct histories of these rows."""
        return Triples.of(self["frequency"], self["recency_days"], self["age_days"])

    def spread(self, triples: Triples, values: Floats) -> Floats:
        """Values of distinct histories, given to each customer."""
        places = triples.places(self["frequency"], self["recency_days"], self["age_days"])
        return values[places]

    @property
    def silent_days(self) -> Ints:
        """Days since the last purchase day."""
        return self["age_days"] - self["recency_days"]

    @property
    def stayed_away(self) -> Floats:
        """1 where no order came in the horizon, else 0."""
        return (self.next_orders == 0).astype(np.float64)

    def plain(self) -> Floats:
        """What a learner sees of each customer, one column a feature, in logarithms of counts."""
        x, age = self["frequency"].astype(np.float64), self["age_days"].astype(np.float64)
        silent, recency = self.silent_days.astype(np.float64), self["recency_days"] / 1.0
        gap = np.where(x > 0, recency / np.maximum(x, 1.0), age + 1.0)
        spread = np.sqrt(
            np.maximum(self["gap_squares"] / np.maximum(x, 1.0) - np.where(x > 0, gap, 0.0) ** 2, 0)
        )
        logs = [x, silent, age, gap, spread, self["last_gap_days"], self["longest_gap_days"]]
        logs += [self[f"orders_{days}d"] for days in WINDOWS]
        money = ["cents", "repeat_cents", "last_cents", *(f"cents_{days}d" for days in WINDOWS)]
        logs += [np.maximum(self[name], 0) / 100.0 for name in money]
        logs += [np.maximum(self["cents"], 0) / 100.0 / (x + 1.0)]
        columns = [np.log1p(np.asarray(column, dtype=np.float64)) for column in logs]
        columns += [silent / (gap + 1.0), silent / (age + 1.0)]
        columns += [np.exp(-silent / days) for days in (30.0, 90.0)]
        return np.column_stack(columns)


def read_snapshot(store: Tables, origin: date, horizon_days: int = 0) -> Snapshot:
    """All customers at `origin`, with what came after it if there is a horizon. The same shop
    gives the same rows in the same order."""
    expr = _expr(store, origin, horizon_days)
    columns = read_columns(store, expr.order_by("customer_key"))
    return _snapshot(origin, horizon_days, dict(zip(expr.columns, columns, strict=True)))


def stream_snapshots(store: Tables, origin: date, batch_rows: int = _ROWS) -> Iterator[Snapshot]:
    """All customers at `origin` in pieces, for scoring."""
    expr = _expr(store, origin, 0).order_by("customer_key")
    for batch in store.stream(expr, batch_rows, purpose="score"):
        columns = {name: np.asarray(batch.column(name), np.int64) for name in expr.columns}
        yield _snapshot(origin, 0, columns)


def _snapshot(origin: date, horizon_days: int, columns: dict[str, Ints]) -> Snapshot:
    nothing = np.empty(0, dtype=np.int64)
    return Snapshot(
        origin=origin,
        horizon_days=horizon_days,
        past={name: columns[name] for name in _NAMES},
        next_orders=columns.get("next_orders", nothing),
        next_cents=columns.get("next_cents", nothing),
    )


def _expr(store: Tables, origin: date, horizon_days: int) -> ir.Table:
    """One row a customer known at `origin`, whole numbers only."""
    days = StoreAt(store, origin).table("customer_days")
    window = ibis.window(group_by="customer_key", order_by="day")
    days = days.mutate(cents=(days.revenue * 100).cast("int64"), before=days.day.lag().over(window))
    days = days.mutate(gap=days.day.delta(days.before, unit="day").cast("int64"))
    recent = {length: days.day > ibis.literal(origin - timedelta(length)) for length in WINDOWS}
    seen = days.group_by("customer_key").agg(
        purchases=days.count(),
        first=days.day.min(),
        latest=days.day.max(),
        cents=days.cents.sum(),
        repeat_cents=days.cents.sum() - days.cents.argmin(days.day),
        last_cents=days.cents.argmax(days.day),
        last_gap_days=days.gap.argmax(days.day),
        longest_gap_days=days.gap.max(),
        gap_squares=(days.gap * days.gap).sum(),
        **{f"orders_{length}d": days.count(where=kept) for length, kept in recent.items()},
        **{f"cents_{length}d": days.cents.sum(where=kept) for length, kept in recent.items()},
    )
    seen = seen.mutate(
        frequency=seen.purchases - 1,
        recency_days=seen.latest.delta(seen["first"], unit="day"),
        age_days=ibis.literal(origin).delta(seen["first"], unit="day"),
    )
    names = _NAMES
    if horizon_days:
        seen, names = _with_later(store, seen, origin, horizon_days), _NAMES + _LATER
    return seen.select(**{name: seen[name].fill_null(0).cast("int64") for name in names})


def _with_later(store: Tables, seen: ir.Table, origin: date, horizon_days: int) -> ir.Table:
    """The same rows with what the days after `origin` brought."""
    days = store.table("customer_days")
    until = ibis.literal(origin + timedelta(horizon_days))
    days = days.filter((days.day > ibis.literal(origin)) & (days.day <= until))
    later = days.group_by("customer_key").agg(
        next_orders=days.count(), next_cents=(days.revenue * 100).cast("int64").sum()
    )
    return seen.left_join(later, "customer_key")
