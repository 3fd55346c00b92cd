"""What other tools may read of a store in PostgreSQL, as the views of schema `clientele_v1`.

Their columns are a promise: they keep their names, types and meaning, new ones come at the end.
Nothing in them could tell who somebody is. docs/guide/other-tools.md describes each column.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from crm_core.metrics import METRICS, every_day
from crm_core.metrics.definition import CountDistinct, Sum
from crm_core.store import Tables

_MONEY = "decimal(18,2)"
_SEGMENT = {
    "recency_days": "int64",
    "frequency": "int64",
    "monetary": _MONEY,
    "r": "int64",
    "f": "int64",
    "m": "int64",
    "segment": "string",
}
_VALUE = dict.fromkeys(
    (
        "expected_orders",
        "expected_revenue",
        "expected_margin",
        "expected_contribution",
    ),
    "float64",
)
_CHURN = {"p_no_order": "float64"}
_SCORES = {"customer_key": "int64", **_SEGMENT, **_VALUE, **_CHURN, "as_of": "date"}
_SUMMED = ("expected_orders", "expected_revenue", "expected_margin", "expected_contribution")


def shared_views(tables: Tables) -> Mapping[str, ir.Table]:
    """The views by name, over the snapshots that are about to be current.

    What a store has not got (no order yet, no scores, too little data for a model) leaves a view
    without rows or a column without values, never without the view or the column.
    """
    scores = _scores(tables)
    return {"daily_metrics": _daily(tables), "scores": scores, "segments": _segments(scores)}


def _daily(tables: Tables) -> ir.Table:
    if tables.has("ledger_by_day"):
        return every_day(tables.table("ledger_by_day"))
    kinds = {
        name: "int64" if kind.unit == "count" else _MONEY
        for name, kind in METRICS.items()
        if isinstance(kind, Sum | CountDistinct)
    }
    return _without_rows(tables, {"day": "date", **dict.fromkeys(METRICS, "float64"), **kinds})


def _scores(tables: Tables) -> ir.Table:
    """One row a customer of the current scores."""
    if not tables.has("features"):
        return _without_rows(tables, _SCORES)
    joined = tables.table("features").select("customer_key")
    for name, kinds in (("rfm", _SEGMENT), ("lifetime_value", _VALUE), ("churn", _CHURN)):
        if tables.has(name):
            told = tables.table(name).select("customer_key", *kinds)
            joined = joined.left_join(told, "customer_key").drop("customer_key_right")
        else:
            joined = joined.mutate(**{column: ibis.null(kind) for column, kind in kinds.items()})
    meta = tables.table("meta")  # the scores', which stand before the facts' where there are any
    as_of = meta.filter(meta.key == "as_of").agg(as_of=meta.value.max()).as_of.as_scalar()
    told = joined.mutate(as_of=as_of)
    return told.select(**{name: told[name].cast(kind) for name, kind in _SCORES.items()})


def _segments(scores: ir.Table) -> ir.Table:
    """One row a segment that anybody is in."""
    named = scores.filter(scores.segment.notnull())
    return named.group_by("segment").agg(
        customers=named.count(),
        monetary=named.monetary.sum().cast(_MONEY),
        **{name: named[name].sum() for name in _SUMMED},
        p_no_order=named.p_no_order.mean(),
        as_of=named.as_of.max(),
    )


def _without_rows(tables: Tables, columns: Mapping[str, str]) -> ir.Table:
    meta = tables.table("meta")
    nothing = meta.filter(ibis.literal(False))
    return nothing.select(**{name: ibis.null(kind) for name, kind in columns.items()})
