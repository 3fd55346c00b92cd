"""What is expected of people in a campaign's window if nobody writes to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import sqrt

import ibis
import ibis.expr.types as ir

from crm_core.audiences.members import members
from crm_core.rules import Rule
from crm_core.store import Store

_YEAR = 365.0


@dataclass(frozen=True)
class Outlook:
    """Of so many people: the share who will order in the window, the contribution (revenue where
    costs are unknown) and the spread of spend of one of them. Orders come at each customer's
    expected rate, or where nothing is expected at last year's."""

    people: int
    order_share: float
    margin: float
    spend_deviation: float


def expected_in(people: ir.Table, window_days: int) -> ir.Table:
    """One row a customer: customer_key, orders and margin expected in a window, and p_buy, the
    chance of at least one order."""
    share = window_days / _YEAR
    yearly = people.expected_orders.coalesce(people.orders_365d.cast("float64")).fill_null(0.0)
    worth = people.expected_contribution.coalesce(people.expected_revenue)
    worth = worth.coalesce(people.revenue_365d.cast("float64")).fill_null(0.0)
    orders = yearly.cast("float64") * share
    return people.select(
        "customer_key",
        orders=orders,
        margin=worth.cast("float64") * share,
        p_buy=1.0 - (-orders).exp(),
    )


def outlook(store: Store, rule: Rule, chosen: ir.Table, window_days: int) -> Outlook:
    """The outlook of those the rule picks who are in `chosen` (customer_key)."""
    meant = members(store, rule).semi_join(chosen, "customer_key")
    table = expected_in(meant, window_days)
    row = store.fetch(
        table.agg(
            people=table.count(),
            share=table.p_buy.mean(),
            margin=table.margin.sum(),
            orders=table.orders.mean(),
            spread=table.orders.var(how="pop"),
        )
    ).iloc[0]
    people = int(row["people"])
    if not people:
        return Outlook(0, 0.0, 0.0, 0.0)
    mean, spread = _order_value(store)
    between = float(row["spread"] or 0.0) * mean**2
    deviation = sqrt(float(row["orders"]) * (mean**2 + spread) + between)
    return Outlook(people, float(row["share"]), float(row["margin"]), deviation)


def _order_value(store: Store) -> tuple[float, float]:
    """Mean and variance of an order's revenue over the last year of the data."""
    orders = store.table("order_facts")
    last = store.meta.as_of
    year = orders.filter(orders.day > ibis.literal(last - timedelta(days=int(_YEAR))))
    worth = year.revenue.cast("float64")
    row = store.fetch(year.agg(mean=worth.mean(), spread=worth.var(how="pop"))).iloc[0]
    mean, spread = float(row["mean"]), float(row["spread"])
    return (mean if mean == mean else 0.0, spread if spread == spread else 0.0)
