"""From revenue to what is left of it: the bars, each made of metrics, and their sum, a metric too."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import ibis.expr.types as ir

from crm_core.metrics.definition import Sum
from crm_core.metrics.parts import of_ledger, parts_of

TOTAL = "contribution"

# Each bar's metrics and whether they are added or taken off; together they are the contribution.
BARS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "revenue": (("gross_sales", 1), ("discounts", -1)),
    "refunds": (("refunds", -1),),
    "goods_cost": (("goods_cost", -1),),
    "shipping": (("shipping_income", 1), ("shipping_cost", -1)),
    "fees": (("fees", -1),),
    "service_cost": (("service_cost", -1),),
    "marketing_cost": (("marketing_cost", -1),),
}


def bar_amount(bar: str, rows: ir.Table) -> ir.Value:
    """The bar measured over ledger rows, signed as it counts: an aggregate."""
    signed = [
        of_ledger(part, rows) * sign
        for name, sign in BARS[bar]
        for part in parts_of((name,))
        if isinstance(part, Sum) and part.name == name
    ]
    return reduce(lambda one, other: one + other, signed).cast("decimal(18,2)")
