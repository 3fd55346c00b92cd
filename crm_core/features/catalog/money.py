"""What a customer spent, kept and left."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from crm_core.features.definition import Feature
from crm_core.store.marts import money

_COSTS = ("goods_cost", "shipping_cost", "fees", "service_cost", "marketing_cost")


def _sum(value: ir.Value, where: ir.BooleanValue | None = None) -> ir.Value:
    return value.sum(where=where).cast("decimal(18,2)")


def _revenue(ledger: ir.Table, as_of: date) -> ir.Value:
    del as_of
    return _sum(ledger.gross - ledger.discount)


def _revenue_365d(ledger: ir.Table, as_of: date) -> ir.Value:
    recent = ledger.day > ibis.literal(as_of - timedelta(365))
    return _sum(ledger.gross - ledger.discount, recent)


def _contribution(ledger: ir.Table, as_of: date) -> ir.Value:
    """Unknown when the goods cost of any of the customer's lines is unknown."""
    del as_of
    value = ledger.gross - ledger.discount - ledger.refund + ledger.shipping_income
    for column in _COSTS:
        value = value - ledger[column]
    unknown = ledger.goods_cost.isnull().max()
    return ibis.ifelse(unknown, ibis.null("decimal(18,2)"), _sum(value))


def _average_order_value(ledger: ir.Table, as_of: date) -> ir.Value:
    orders = ledger.order_key.nunique(where=ledger.entry == "sale").cast("float64")
    return money(_revenue(ledger, as_of).cast("float64") / orders.nullif(0.0))


def _refund_rate(ledger: ir.Table, as_of: date) -> ir.Value:
    revenue = _revenue(ledger, as_of).cast("float64")
    return ledger.refund.sum().cast("float64") / revenue.nullif(0.0)


def _discount_rate(ledger: ir.Table, as_of: date) -> ir.Value:
    del as_of
    gross = ledger.gross.sum().cast("float64")
    return ledger.discount.sum().cast("float64") / gross.nullif(0.0)


FEATURES = (
    Feature("revenue", "number", "money", "ledger", _revenue, 0),
    Feature("revenue_365d", "number", "money", "ledger", _revenue_365d, 0),
    Feature("refunds", "number", "money", "ledger", lambda ledger, _: _sum(ledger.refund), 0),
    Feature(
        "net_revenue",
        "number",
        "money",
        "ledger",
        lambda ledger, _: _sum(ledger.gross - ledger.discount - ledger.refund),
        0,
    ),
    Feature("contribution", "number", "money", "ledger", _contribution),
    Feature("average_order_value", "number", "money", "ledger", _average_order_value),
    Feature("refund_rate", "number", "rate", "ledger", _refund_rate),
    Feature("discount_rate", "number", "rate", "ledger", _discount_rate),
    Feature("units", "number", "count", "ledger", lambda ledger, _: ledger.units.sum(), 0),
)
