"""Where a customer came from, buys, and what."""

from __future__ import annotations

import ibis.expr.types as ir

from crm_core.features.definition import Feature
from crm_core.metrics.coupons import is_discounted
from crm_core.store.marts import as_number


def _column(name: str) -> Feature:
    return Feature(name, "text", "code", "person", lambda person, _: person[name])


def _distinct_categories(ledger: ir.Table, _: object) -> ir.Value:
    return ledger.category.nunique(where=ledger.entry == "sale")


def _discounted_share(orders: ir.Table, _: object) -> ir.Value:
    """1 exactly where every order had one: a rule may ask for that."""
    discounted = as_number(is_discounted(orders)).sum().cast("float64")
    return discounted / orders.count().cast("float64").nullif(0.0)


FEATURES = (
    _column("acquisition_source"),
    _column("region"),
    _column("country"),
    _column("language"),
    _column("first_sales_channel"),
    _column("favourite_category"),
    _column("favourite_sales_channel"),
    Feature(
        "is_already_customer",
        "bool",
        "code",
        "person",
        lambda person, _: person.is_already_customer,
    ),
    Feature("categories", "number", "count", "ledger", _distinct_categories, 0),
    Feature(
        "coupon_orders",
        "number",
        "count",
        "orders",
        lambda orders, _: orders.coupon_code.count(),
        0,
    ),
    Feature("discounted_share", "number", "rate", "orders", _discounted_share),
)
