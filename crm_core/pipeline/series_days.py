"""What a forecast is made of, measured in the engine: figures a day, of everything and of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.metrics import measure, metric, of_ledger
from crm_core.metrics.definition import Sum
from crm_core.metrics.part_codes import OTHERS, UNKNOWN, codes_of
from crm_core.store import Store

#: What is forecast, and what each can be split by so that parts add up. Orders and buyers of several
#: categories are the same ones, and so is a first order; somebody new has no segment yet. Who bought
#: by two channels on a day is a buyer of both, and new by one.
SPLITS: Final[Mapping[str, tuple[str, ...]]] = {
    "net_revenue": ("category", "region", "sales_channel", "segment"),
    "orders": ("region", "sales_channel", "segment"),
    "buyers": ("region", "segment"),
    "new_buyers": ("region", "sales_channel"),
    "units": ("category",),
}
#: Figures whose days do not add up to those of weeks and months, as somebody may come twice: by grain
#: the series of their own that they have, and what these can be split by.
DISTINCT: Final[Mapping[str, Mapping[str, str]]] = {
    "buyers": {"week": "weekly_buyers", "month": "monthly_buyers"}
}
DISTINCT_SPLITS: Final = ("region",)
TOTAL: Final = "total"
SEGMENT: Final = "segment"
MEMBERS: Final = 8
_LATELY_DAYS = 365
_MOST_DAYS = 5 * 365


def daily_totals(store: Store, as_of: date, names: Sequence[str]) -> pd.DataFrame:
    """Figures a day of everything up to `as_of`: day, and a column a metric."""
    rows = store.at(as_of).table("ledger")
    return measure(store, names, rows=rows, by=["day"], totals=False).rows


def split_measures(dimension: str) -> tuple[str, ...]:
    """The measures that are split by a dimension.

    >>> split_measures("category")
    ('net_revenue', 'units')
    """
    return tuple(name for name, splits in SPLITS.items() if dimension in splits)


def daily_parts(store: Store, as_of: date, dimension: str) -> pd.DataFrame:
    """Figures a day of each of the largest members of a dimension, of the others and of those that
    are not told: day, member, a column a measure. Of the last five years.

    The largest by the net revenue of the last 365 days.
    """
    ledger = store.at(as_of).table("ledger")
    since = ibis.literal(as_of - timedelta(_MOST_DAYS))
    rows = ledger.filter(ledger.day > since)
    named = rows.mutate(**{dimension: member_of(rows[dimension], largest(store, as_of, dimension))})
    names = split_measures(dimension)
    found = measure(store, names, rows=named, by=["day", dimension], totals=False).rows
    return found.rename(columns={dimension: "member"})


def periods_of(
    store: Store, as_of: date, name: str, grain: str, dimension: str, known: Sequence[str]
) -> pd.DataFrame:
    """A figure by weeks or months up to `as_of` (day, the first; member; value), each period measured
    by itself; of everything, or of the `known` members of a dimension and of the rest."""
    rows = store.at(as_of).table("ledger")
    by = [grain] if dimension == TOTAL else [grain, dimension]
    if dimension != TOTAL:
        rows = rows.mutate(**{dimension: member_of(rows[dimension], known)})
    found = measure(store, (name,), rows=rows, by=by, totals=False).rows
    found = found.rename(columns={grain: "day", dimension: "member", name: "value"})
    return found if dimension != TOTAL else found.assign(member="")


def largest(store: Store, as_of: date, dimension: str) -> list[str]:
    """The members of a dimension that brought most in the last 365 days; all where they are few."""
    ledger = store.at(as_of).table("ledger")
    told = ledger.select(dimension).distinct().limit(MEMBERS + 3)
    few = [name for name in store.fetch(told)[dimension] if isinstance(name, str) and name]
    if len(few) <= MEMBERS:  # all are kept, and counting what each brought would be for nothing
        return sorted(few)
    key = ledger[dimension].nullif("")
    lately = ledger.filter(
        (ledger.day > ibis.literal(as_of - timedelta(_LATELY_DAYS))) & key.notnull()
    )
    kind = metric("net_revenue")
    assert isinstance(kind, Sum)
    sums = lately.group_by(dimension).agg(revenue=of_ledger(kind, lately))
    most = sums.order_by(ibis.desc("revenue"), dimension).limit(MEMBERS)
    return [str(name) for name in store.fetch(most)[dimension]]


def member_of(column: ir.StringValue, known: Sequence[str]) -> ir.Value:
    """The code of the member that a value counts to: its own if it is among the largest (by name)."""
    told = column.nullif("")
    among = told.isin(list(known)) if known else ibis.literal(False)
    named = ibis.ifelse(among, codes_of(told), ibis.literal(OTHERS))
    return ibis.ifelse(told.isnull(), ibis.literal(UNKNOWN), named)
