"""The people of a day with what was known of them then."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

import ibis.expr.types as ir

from crm_core.audiences.fields import FIELDS, SEGMENT_FIELDS, people
from crm_core.errors import CrmError
from crm_core.features import FEATURES, build_features
from crm_core.models.standing import SEGMENTATIONS, standing
from crm_core.store import Store

#: What is known of any day without learning anew: facts, and segments that follow from them.
PAST_FIELDS: Final = (*FEATURES, *(SEGMENT_FIELDS[name] for name in SEGMENTATIONS))


def people_at(
    store: Store, day: date, names: Collection[str], *, prospects: bool = False
) -> ir.Table:
    """One row a customer as of `day`: `customer_key` and the fields of these names. With
    `prospects` those come too who were known and had not bought, of whom nothing but the stage is.

    Raises: CrmError("no_scores") before the first refresh, ("scores_other_day") for a field that
    would have to be learned anew as of that day.
    """
    if store.scores_as_of is None or not store.has("features"):
        raise CrmError("no_scores")
    if day == store.scores_as_of:
        return people(store, prospects=prospects, names=names)
    if not set(names) <= set(PAST_FIELDS):
        raise CrmError("scores_other_day", asked=day, have=store.scores_as_of)
    table = build_features(store.at(day), [name for name in FEATURES if name in names])
    for name in SEGMENTATIONS:
        column = SEGMENT_FIELDS[name]
        if column not in names:
            continue
        codes = standing(store, day, name).select("customer_key", **{column: "code"})
        is_base = prospects and column == "stage"
        table = _left(codes, table) if is_base else _left(table, codes)
    return table.select("customer_key", *[name for name in FIELDS if name in names])


def _left(left: ir.Table, right: ir.Table) -> ir.Table:
    return left.left_join(right, "customer_key").drop("customer_key_right")
