"""What a rule may ask about: every feature and score, under stable names."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import ibis
import ibis.expr.types as ir

from crm_core.features import FEATURES
from crm_core.rules import Field
from crm_core.selection import SEGMENTATIONS, by_segmentation
from crm_core.store import Store

_SCORES = {
    "lifecycle": (Field("stage", "text", "feature.stage.label", "code"),),
    "value_tiers": (Field("value_tier", "text", "feature.value_tier.label", "code"),),
    "rfm": (Field("segment", "text", "feature.segment.label", "code"),),
    "loyalty": (
        Field("loyalty_tier", "text", "feature.loyalty_tier.label", "code"),
        Field("to_next_tier", "number", "feature.to_next_tier.label", "money"),
    ),
    "clusters": (Field("cluster", "text", "feature.cluster.label", "code"),),
    "lifetime_value": (
        Field("expected_orders", "number", "feature.expected_orders.label", "count"),
        Field("expected_revenue", "number", "feature.expected_revenue.label", "money"),
        Field("expected_contribution", "number", "feature.expected_contribution.label", "money"),
    ),
    "churn": (Field("p_no_order", "number", "feature.p_no_order.label", "rate"),),
}
_TYPES = {"number": "float64", "text": "string", "date": "date", "bool": "boolean"}
_AT_STAKE = Field("value_at_stake", "number", "feature.value_at_stake.label", "money")
_STAKED = ("expected_contribution", "expected_revenue", "p_no_order")

FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        *(Field(f.name, f.kind, f"feature.{f.name}.label", f.unit) for f in FEATURES.values()),
        *(field for fields in _SCORES.values() for field in fields),
        _AT_STAKE,
    )
}

#: The fields that hold a segment's code, by segmentation.
SEGMENT_FIELDS = {name: kind.column for name, kind in SEGMENTATIONS.items()}


def people(
    store: Store,
    *,
    prospects: bool = False,
    names: Collection[str] = FIELDS.keys(),
    with_restricted: bool = False,
) -> ir.Table:
    """One row a customer of the current scores: `customer_key` and the fields of these names, all
    of FIELDS unless said otherwise. Fewer are found sooner: only their tables are joined.

    With `prospects` those come too who are known and have not bought; all but their stage is
    unknown. A score that could not be made (too little data) is unknown for everybody. Who is
    restricted is not among them, but `with_restricted`, for who asks for one person by name.
    """
    wanted = set(names)
    needed = wanted | ({*_STAKED} if _AT_STAKE.name in wanted else set[str]())
    joined = store.table("features")
    joined = joined.select("customer_key", *[name for name in joined.columns if name in needed])
    # Scores made before a feature was known do not hold it: unknown until the next refresh.
    older = [name for name in FEATURES if name in needed and name not in joined.columns]
    joined = joined.mutate(**{name: ibis.null(_TYPES[FEATURES[name].kind]) for name in older})
    if prospects and store.has("lifecycle"):
        known = store.table("lifecycle").select("customer_key")
        joined = known.left_join(joined, "customer_key").drop("customer_key_right")
    if store.has("restrictions") and not with_restricted:
        joined = joined.anti_join(store.table("restrictions"), "customer_key")
    for table, fields in _SCORES.items():
        asked = [field for field in fields if field.name in needed]
        if asked and store.has(table):
            scores = store.table(table).select("customer_key", *[field.name for field in asked])
            joined = joined.left_join(scores, "customer_key")
            if "customer_key_right" in joined.columns:
                joined = joined.drop("customer_key_right")
        elif asked:
            joined = joined.mutate(**{field.name: ibis.null(_TYPES[field.type]) for field in asked})
    if _AT_STAKE.name in wanted:
        joined = joined.mutate(**{_AT_STAKE.name: _at_stake(joined)})
    return joined.select("customer_key", *[name for name in FIELDS if name in wanted])


def _at_stake(people: ir.Table) -> ir.Value:
    """Whom to turn to first: the chance of no order times the contribution expected in the next
    365 days, or times the revenue where costs are unknown. High where much is expected of
    somebody and an order is doubtful; not a forecast of a loss."""
    worth = people.expected_contribution.coalesce(people.expected_revenue)
    return people.p_no_order * worth


def in_segments(people: ir.Table, codes: Sequence[str]) -> ir.Table:
    """Those of `people` in the segments that the filter names (see `by_segmentation`)."""
    for name, values in by_segmentation(codes).items():
        people = people.filter(people[SEGMENT_FIELDS[name]].isin(values))
    return people


def field_of(store: Store, name: str) -> ir.Table | None:
    """A field's own table, customer_key and the field: one field is asked for sooner there than
    of `people`. None where the score could not be made."""
    if name == _AT_STAKE.name:
        return people(store).select("customer_key", name)
    source = next(
        (table for table, fields in _SCORES.items() if name in _names(fields)), "features"
    )
    if not store.has(source) or name not in store.table(source).columns:
        return None
    return store.table(source).select("customer_key", name)


def _names(fields: tuple[Field, ...]) -> set[str]:
    return {field.name for field in fields}
