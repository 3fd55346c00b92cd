"""Where a customer came from, buys, and what."""

from __future__ import annotations

import ibis.expr.types as ir

from crm_core.features.definition import Feature


def _column(name: str) -> Feature:
    return Feature(name, "text", "code", "person", lambda person, _: person[name])


def _distinct_categories(ledger: ir.Table, _: object) -> ir.Value:
    return ledger.category.nunique(where=ledger.entry == "sale")


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
)
