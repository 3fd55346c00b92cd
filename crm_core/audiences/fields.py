"""What a rule may ask about: every feature and score, under stable names."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.features import FEATURES
from crm_core.rules import Field
from crm_core.store import Store

_SCORES = {
    "rfm": (Field("segment", "text", "feature.segment.label", "code"),),
    "lifetime_value": (
        Field("expected_orders", "number", "feature.expected_orders.label", "count"),
        Field("expected_revenue", "number", "feature.expected_revenue.label", "money"),
        Field("expected_contribution", "number", "feature.expected_contribution.label", "money"),
    ),
    "churn": (Field("p_no_order", "number", "feature.p_no_order.label", "rate"),),
}
_AT_STAKE = Field("value_at_stake", "number", "feature.value_at_stake.label", "money")

FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        *(Field(f.name, f.kind, f"feature.{f.name}.label", f.unit) for f in FEATURES.values()),
        *(field for fields in _SCORES.values() for field in fields),
        _AT_STAKE,
    )
}


def people(store: Store) -> ir.Table:
    """One row a customer of the current scores: `customer_key` and every field of FIELDS.

    A score that could not be made (too little data) is unknown for everybody.
    """
    joined = store.table("features")
    for name, fields in _SCORES.items():
        if store.has(name):
            scores = store.table(name).select("customer_key", *[field.name for field in fields])
            joined = joined.left_join(scores, "customer_key")
            if "customer_key_right" in joined.columns:
                joined = joined.drop("customer_key_right")
        else:
            types = {"number": "float64", "text": "string"}
            joined = joined.mutate(**{field.name: ibis.null(types[field.type]) for field in fields})
    return joined.mutate(**{_AT_STAKE.name: _at_stake(joined)})


def _at_stake(people: ir.Table) -> ir.Value:
    """What is lost on average where no order comes: the chance of that times the contribution
    expected in the next 365 days, or times the revenue where costs are unknown."""
    worth = people.expected_contribution.coalesce(people.expected_revenue)
    return people.p_no_order * worth
