"""Measures metrics over the ledger: parts in the engine, ratios from parts at every level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.metrics.catalog import METRICS
from crm_core.metrics.day_sums import NAME, adds_up, serving
from crm_core.metrics.definition import Metric
from crm_core.metrics.dimensions import joined, key_of
from crm_core.metrics.parts import Number, parts_of, record, records, rows_of
from crm_core.selection import SEGMENTATIONS, Period, Selection, by_segmentation
from crm_core.store import Store


@dataclass(frozen=True)
class Measured:
    """Rows (one a group, columns: the dimensions, then the metrics) and the totals re-measured."""

    rows: pd.DataFrame
    totals: dict[str, Number]


@dataclass(frozen=True)
class Compared:
    """A number now and in the compared period; `change` is relative, points for rates."""

    name: str
    value: Number
    previous: Number
    change: Number


def scope(
    store: Store,
    selection: Selection,
    period: Period | None = None,
    *,
    of: Sequence[str] = (),
    by: Sequence[str] = (),
) -> ir.Table:
    """The ledger rows a selection means; without a period, of all days.

    Named the metrics that are meant (`of`) and their dimensions (`by`), the ledger's sums by day
    come instead where they measure exactly the same.
    """
    rows = serving(store.table(NAME), of, selection, by) if of and store.has(NAME) else None
    if rows is None:
        # The same rows twice: by person for one history, by day for a period of everybody's.
        rows = store.table("ledger_by_day" if store.has("ledger_by_day") else "ledger")
    for column in ("shop", "sales_channel", "category", "region"):
        chosen = getattr(selection, column)
        if chosen:
            rows = rows.filter(rows[column].isin(chosen))
    for name, values in by_segmentation(selection.segment).items():
        kind = SEGMENTATIONS[name]
        if store.has(kind.table):
            people = store.table(kind.table)
            members = people.filter(people[kind.column].isin(values)).select("customer_key")
            rows = rows.semi_join(members, "customer_key")
    return rows if period is None else between(rows, period)


def between(ledger: ir.Table, period: Period) -> ir.Table:
    """The rows of the period's days."""
    return ledger.filter(
        (ledger.day >= ibis.literal(period.start)) & (ledger.day <= ibis.literal(period.end))
    )


def measure(
    store: Store,
    names: Sequence[str],
    *,
    rows: ir.Table,
    by: Sequence[str] = (),
    totals: bool = True,
    where: Callable[[ir.Table], ir.BooleanValue] | None = None,
) -> Measured:
    """The metrics over `rows` (see `scope`), by dimensions and in total.

    Ratios and distinct counts are measured anew for the total, never added up; without `totals`
    groups are measured alone, in half the time.
    Raises: CrmError("unknown_metric"), ("unknown_dimension").
    """
    if where is not None:
        rows = rows.filter(where(rows))
    rows = joined(store, rows, by)
    aggregates = {part.name: rows_of(part, rows) for part in parts_of(names)}
    total: dict[str, Number] = {}
    if totals or not by:
        total = record(store.fetch(rows.agg(**aggregates)).iloc[0], names)
    if not by:
        return Measured(pd.DataFrame([total]), total)
    keys = {name: key_of(rows, name) for name in by}
    grouped = rows.group_by(**keys).agg(**aggregates)
    frame = store.fetch(grouped.order_by([ibis.asc(name, nulls_first=False) for name in by]))
    for name in by:  # an unknown group is None, whatever the column's type
        if not pd.api.types.is_datetime64_any_dtype(frame[name]):
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return Measured(pd.concat([frame[list(by)], records(frame, names)], axis=1), total)


def compare(
    store: Store, names: Sequence[str], selection: Selection, *, as_of: date
) -> dict[str, Compared]:
    """Each metric in the selected period and in the compared one."""
    first = store.meta.first_day
    period, other = selection.resolve(first, as_of), selection.compared(first, as_of)
    now = measure(store, names, rows=scope(store, selection, period, of=names))
    then: dict[str, Number] = {}
    if other is not None:
        then = measure(store, names, rows=scope(store, selection, other, of=names)).totals
    return {
        name: Compared(name, value, then.get(name), change(METRICS[name], value, then.get(name)))
        for name, value in now.totals.items()
    }


def change(kind: Metric, value: Number, previous: Number) -> Number:
    """How much more than before: relative to its size, or in points for rates.

    >>> change(METRICS["revenue"], 110.0, 100.0), change(METRICS["repeat_share"], 0.6, 0.5)
    (0.1, 0.1)
    """
    return relative_change(kind.unit, value, previous)


def relative_change(unit: str, value: Number, previous: Number) -> Number:
    """How much more a figure of a unit is than before: relative to its size, or in points for rates."""
    if value is None or previous is None:
        return None
    if unit == "rate":
        return round(value - previous, 9)
    return None if previous == 0 else round((value - previous) / abs(previous), 9)


def daily(
    store: Store, names: Sequence[str], selection: Selection, *, since: date | None = None
) -> pd.DataFrame:
    """The parts of the metrics for every day of the log (or from `since` on), as columns; days
    without rows are zero.

    Only parts that add up over days come (sums, orders, new buyers): `combine` makes any
    period's figures from them.
    """
    first, last = max(since or store.meta.first_day, store.meta.first_day), store.meta.last_day
    parts = list(filter(adds_up, parts_of(names)))
    of = [part.name for part in parts]
    rows = scope(store, selection, Period(first, last), of=of, by=("day",))
    aggregates = {part.name: rows_of(part, rows) for part in parts}
    frame = store.fetch(rows.group_by("day").agg(**aggregates)).set_index("day").sort_index()
    days = pd.date_range(first, last, freq="D", name="day")
    return frame.reindex(days, fill_value=0).fillna(0.0)


def combine(parts: pd.DataFrame | pd.Series[Any], names: Sequence[str]) -> dict[str, Number]:
    """Metrics of a stretch of `daily`: its rows' sum, ratios from the summed parts."""
    row = parts.sum() if isinstance(parts, pd.DataFrame) else parts
    return record(row, names)
