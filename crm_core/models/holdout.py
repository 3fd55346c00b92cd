"""A period the models did not see: what was known before it, what came, and simple rules to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

import ibis
import numpy as np

from crm_core.models import measures
from crm_core.models.base import need
from crm_core.models.triples import Floats, Ints, Triples, read_columns, spend_history
from crm_core.store import Tables

Predicted = tuple[Floats, Floats]


@dataclass(frozen=True)
class Holdout:
    """Customers known at `origin` with their histories, the last `horizon_days` before it
    (`past_`) and the next after it (`orders`: purchase days, `cents`: their revenue)."""

    origin: date
    horizon_days: int
    frequency: Ints
    recency_days: Ints
    age_days: Ints
    cents: Ints
    repeat_cents: Ints
    past_orders: Ints
    past_cents: Ints
    next_orders: Ints
    next_cents: Ints

    @cached_property
    def triples(self) -> Triples:
        """Their distinct histories."""
        return Triples.of(self.frequency, self.recency_days, self.age_days)

    def spread(self, values: Floats) -> Floats:
        """Values of the distinct histories, given to each customer."""
        places = self.triples.places(self.frequency, self.recency_days, self.age_days)
        return values[places]

    def baselines(self) -> dict[str, Predicted]:
        """Rules of thumb: the last period again, one's own rate and mean, everyone the mean."""
        rate = self.frequency / np.maximum(self.age_days, 1)
        own = rate * self.horizon_days
        mean_spend = self.cents / 100.0 / (self.frequency + 1)
        days = max(float(self.age_days.sum()), 1.0)
        everyone = np.full(len(own), float(self.frequency.sum()) / days * self.horizon_days)
        average = float(self.cents.sum()) / 100.0 / float((self.frequency + 1).sum())
        return {
            "naive_last_period": (self.past_orders.astype(float), self.past_cents / 100.0),
            "naive_own_rate": (own, own * mean_spend),
            "naive_mean": (everyone, everyone * average),
        }


def read_holdout(store: Tables, origin: date, horizon_days: int) -> Holdout:
    """What was known at the end of `origin`, and what the next `horizon_days` brought.

    Raises: CrmError("not_enough_data") where the log ends before the period does, or where
    nobody had bought by the origin.
    """
    days = store.table("customer_days")
    until = origin + timedelta(horizon_days)
    end = store.fetch(days.agg(last=days.day.max()))["last"].iloc[0]
    logged = (end.date() - origin).days if end is not None and end == end else 0
    need("validate", days_after_origin=(logged, horizon_days))
    days = days.filter(days.day <= ibis.literal(until))
    days = days.mutate(cents=(days.revenue * 100).cast("int64"))
    past = days.day > ibis.literal(origin - timedelta(horizon_days))
    new = days.day > ibis.literal(origin)
    sums = days.group_by("customer_key").agg(
        cents=days.cents.sum(where=~new),
        past_orders=days.count(where=past & ~new),
        past_cents=days.cents.sum(where=past & ~new),
        next_orders=days.count(where=new),
        next_cents=days.cents.sum(where=new),
    )
    history = spend_history(store, origin)
    joined = history.join(sums, "customer_key")
    names = (
        "frequency",
        "recency_days",
        "age_days",
        "cents",
        "repeat_cents",
        "past_orders",
        "past_cents",
        "next_orders",
        "next_cents",
    )
    whole = {name: joined[name].fill_null(0).cast("int64") for name in names}
    ordered = joined.order_by("customer_key").select(**whole)
    columns = dict(zip(names, read_columns(store, ordered), strict=True))
    need("validate", buyers=(len(columns["frequency"]), 1))
    return Holdout(origin=origin, horizon_days=horizon_days, **columns)


def compared(
    seen: Holdout, predicted: Mapping[str, Predicted], *, of: Literal["orders", "spend"]
) -> list[dict[str, object]]:
    """One row a method: errors of the totals, then distance and order of `of` per customer."""
    orders, spend = seen.next_orders.astype(float), seen.next_cents / 100.0
    rows: list[dict[str, object]] = []
    for method, (coming, worth) in predicted.items():
        actual, said = (orders, coming) if of == "orders" else (spend, worth)
        rows.append(
            {
                "method": method,
                "origin": seen.origin.isoformat(),
                "horizon_days": seen.horizon_days,
                "purchases_error": measures.purchases_error(orders, coming),
                "spend_error": measures.spend_error(spend, worth),
                "mae": measures.mae(actual, said),
                "rmse": measures.rmse(actual, said),
                "spearman": measures.spearman(actual, said),
                "gini": measures.gini(actual, said),
                "top_decile": measures.top_decile(actual, said),
            }
        )
    return rows
