"""Purchase histories as lifetime models need them: distinct (frequency, recency, age) with counts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from crm_core.store import StoreAt, Tables

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LONGEST_GAP_DAYS, _SHORTEST_GAP_DAYS = 365, 14


@dataclass(frozen=True)
class Triples:
    """How many customers share each purchase history; a purchase is one customer-day.

    `frequency`: purchase days after the first; `recency_days`: from the first to the last;
    `age_days`: from the first to `as_of`, the last day included. Rows are distinct and sorted,
    so equal shops give equal bytes.
    """

    frequency: Ints
    recency_days: Ints
    age_days: Ints
    count: Ints

    @classmethod
    def of(
        cls,
        frequency: npt.ArrayLike,
        recency_days: npt.ArrayLike,
        age_days: npt.ArrayLike,
        count: npt.ArrayLike | None = None,
    ) -> Triples:
        """Distinct triples from rows in any order, one a customer or already counted.

        >>> Triples.of([1, 0, 1], [7, 0, 7], [9, 9, 9]).count.tolist()
        [1, 2]
        """
        x, recency, age = (
            np.asarray(column, dtype=np.int64) for column in (frequency, recency_days, age_days)
        )
        weight = np.ones_like(x) if count is None else np.asarray(count, dtype=np.int64)
        reach = int(max(age.max(initial=0), recency.max(initial=0))) + 1
        key = (x * reach + recency) * reach + age
        order = np.argsort(key, kind="stable")
        fresh = np.flatnonzero(np.diff(key[order], prepend=-1))
        rows = order[fresh]
        summed = np.add.reduceat(weight[order], fresh) if len(fresh) else weight[:0]
        return cls(x[rows], recency[rows], age[rows], summed)

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def customers(self) -> int:
        """How many customers the rows stand for."""
        return int(self.count.sum())

    def having(self, frequency: int) -> int:
        """How many customers have at least that many repeat purchase days."""
        return int(self.count[self.frequency >= frequency].sum())

    @property
    def history_days(self) -> int:
        """Days since the first customer came."""
        return int(self.age_days.max(initial=0))

    def places(self, frequency: Ints, recency_days: Ints, age_days: Ints) -> Ints:
        """Which row each customer's history is: `values[rows.places(...)]` gives to customers
        what was worked out for distinct histories. Every history must be among the rows.

        >>> Triples.of([0, 2], [0, 5], [9, 9]).places(np.array([2, 0]), np.array([5, 0]), np.array([9, 9]))
        array([1, 0])
        """
        reach = self.history_days + 1
        known = (self.frequency * reach + self.recency_days) * reach + self.age_days
        asked = (frequency * reach + recency_days) * reach + age_days
        return np.searchsorted(known, asked)

    @property
    def fingerprint(self) -> str:
        """Names these very rows."""
        columns = (self.frequency, self.recency_days, self.age_days, self.count)
        return fingerprint_of(*columns)


def fingerprint_of(*columns: Ints) -> str:
    """A short name for integer columns: another value anywhere, another name."""
    digest = hashlib.sha256()
    for column in columns:
        digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    return digest.hexdigest()[:16]


def purchase_history(store: Tables, as_of: date) -> ir.Table:
    """Each customer's frequency, recency_days and age_days as of the end of a day."""
    days = StoreAt(store, as_of).table("customer_days")
    seen = days.group_by("customer_key").agg(
        purchases=days.count(), first=days.day.min(), last=days.day.max()
    )
    return seen.select(
        "customer_key",
        frequency=(seen.purchases - 1).cast("int64"),
        recency_days=seen["last"].delta(seen["first"], unit="day").cast("int64"),
        age_days=ibis.literal(as_of).delta(seen["first"], unit="day").cast("int64"),
    )


def spend_history(store: Tables, as_of: date) -> ir.Table:
    """Purchase history with `repeat_cents`: revenue of the days after the first, in cents."""
    days = StoreAt(store, as_of).table("customer_days")
    cents = (days.revenue * 100).cast("int64")
    days = days.mutate(cents=cents)
    seen = days.group_by("customer_key").agg(
        purchases=days.count(),
        first=days.day.min(),
        last=days.day.max(),
        repeat_cents=days.cents.sum() - days.cents.argmin(days.day),
    )
    return seen.select(
        "customer_key",
        frequency=(seen.purchases - 1).cast("int64"),
        recency_days=seen["last"].delta(seen["first"], unit="day").cast("int64"),
        age_days=ibis.literal(as_of).delta(seen["first"], unit="day").cast("int64"),
        repeat_cents=seen.repeat_cents.cast("int64"),
    )


def read_triples(store: Tables, as_of: date) -> Triples:
    """The shop's distinct histories as of a day, counted in the engine."""
    history = purchase_history(store, as_of)
    keys = ["frequency", "recency_days", "age_days"]
    counted = history.group_by(keys).agg(count=history.count().cast("int64"))
    return Triples.of(*read_columns(store, counted))


def read_columns(store: Tables, expr: ir.Table) -> tuple[Ints, ...]:
    """The integer columns of an expression as arrays, however many rows they have."""
    batches = list(store.stream(expr, purpose="fit"))
    return tuple(
        np.concatenate([np.asarray(batch.column(name), dtype=np.int64) for batch in batches])
        if batches
        else np.empty(0, dtype=np.int64)
        for name in expr.columns
    )


def usual_gap_days(store: Tables, as_of: date) -> int:
    """Days in which nine of ten repeat purchases had followed the one before, 14 to 365.

    Silence for longer is unusual in this shop; 365 where nobody came twice.
    """
    days = StoreAt(store, as_of).table("customer_days")
    window = ibis.window(group_by="customer_key", order_by="day")
    gaps = days.mutate(before=days.day.lag().over(window))
    gaps = gaps.filter(gaps.before.notnull())
    gaps = gaps.mutate(gap=gaps.day.delta(gaps.before, unit="day"))
    found = store.fetch(gaps.agg(p90=gaps.gap.quantile(0.9)))["p90"].iloc[0]
    if not np.isfinite(found):
        return _LONGEST_GAP_DAYS
    return int(np.clip(round(found), _SHORTEST_GAP_DAYS, _LONGEST_GAP_DAYS))
