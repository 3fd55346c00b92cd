"""When and how often a customer bought."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from crm_core.features.definition import Feature


def _days_since(day: ir.DateValue, as_of: date) -> ir.IntegerValue:
    return ibis.literal(as_of).delta(day, unit="day")


def _recent(orders: ir.Table, as_of: date, days: int) -> ir.BooleanValue:
    return orders.day > ibis.literal(as_of - timedelta(days))


def _average_gap(orders: ir.Table, as_of: date) -> ir.Value:
    del as_of
    span = orders.day.max().delta(orders.day.min(), unit="day").cast("float64")
    return span / (orders.day.nunique() - 1).cast("float64").nullif(0.0)


FEATURES = (
    Feature(
        "recency_days",
        "number",
        "days",
        "orders",
        lambda orders, as_of: _days_since(orders.day.max(), as_of),
    ),
    Feature(
        "tenure_days",
        "number",
        "days",
        "orders",
        lambda orders, as_of: _days_since(orders.day.min(), as_of),
    ),
    Feature("orders", "number", "count", "orders", lambda orders, _: orders.count(), 0),
    Feature(
        "purchase_days", "number", "count", "orders", lambda orders, _: orders.day.nunique(), 0
    ),
    Feature(
        "orders_90d",
        "number",
        "count",
        "orders",
        lambda orders, as_of: orders.count(where=_recent(orders, as_of, 90)),
        0,
    ),
    Feature(
        "orders_365d",
        "number",
        "count",
        "orders",
        lambda orders, as_of: orders.count(where=_recent(orders, as_of, 365)),
        0,
    ),
    Feature("average_gap_days", "number", "days", "orders", _average_gap),
    Feature("first_order_day", "date", "date", "orders", lambda orders, _: orders.day.min()),
    Feature("last_order_day", "date", "date", "orders", lambda orders, _: orders.day.max()),
)
