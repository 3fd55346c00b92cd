"""The ledger summed up by day: the same numbers from far fewer rows, where they add up.

Every part of a metric that adds up over days is summed for each day, shop, sales channel and
region, once in all (`of_category` false) and once for each category. An order has one day, shop,
channel and region, so counts of orders, and of first orders, add up over those; over categories they do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from crm_core.metrics.catalog import METRICS, dimension
from crm_core.metrics.definition import CountDistinct, Sum
from crm_core.metrics.parts import Part, of_ledger, parts_of
from crm_core.selection import Selection

NAME = "day_sums"
_PLACES = ("day", "shop", "sales_channel", "region")


def adds_up(part: Part) -> bool:
    """Whether days' figures of a part may be added."""
    return isinstance(part, Sum) or part.by_day


def day_sums(ledger: ir.Table) -> ir.Table:
    """The mart: one row a day, shop, channel and region, and one more for each category."""
    parts = [part for part in METRICS.values() if isinstance(part, Sum | CountDistinct)]
    sums = {part.name: of_ledger(part, ledger) for part in parts if adds_up(part)}
    whole = ledger.group_by(*_PLACES).agg(**sums)
    whole = whole.mutate(category=ibis.null("string"), of_category=ibis.literal(False))
    split = ledger.group_by(*_PLACES, "category").agg(**sums)
    split = split.mutate(of_category=ibis.literal(True)).select(*whole.columns)
    # One category's days lie together, as a filter asks for them.
    return whole.union(split).order_by(
        "of_category", *(ibis.asc(name, nulls_first=True) for name in ("category", *_PLACES))
    )


def serving(
    sums: ir.Table, names: Sequence[str], selection: Selection, by: Sequence[str]
) -> ir.Table | None:
    """The rows of the mart that measure these metrics exactly for a selection, or None."""
    parts = parts_of(names)
    columns = [found.via or found.column for found in map(dimension, by)]
    if selection.segment or not all(map(adds_up, parts)) or not set(columns) <= set(sums.columns):
        return None
    split = "category" in columns or bool(selection.category)
    counted = any(isinstance(part, CountDistinct) for part in parts)
    if split and counted and len(selection.category) != 1:
        return None
    return sums.filter(sums.of_category if split else ~sums.of_category)
