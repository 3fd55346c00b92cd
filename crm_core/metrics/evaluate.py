"""Measures metrics over the ledger: parts in the engine, ratios from parts at every level."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.metrics.catalog import METRICS, dimension, metric
from crm_core.metrics.definition import CountDistinct, Metric, Ratio, Sum
from crm_core.selection import Period, Selection
from crm_core.store import Store

_KNOWN_COST_SHARE = 0.99
_COVERED, _COSTED = "revenue", "costed_revenue"

Number = float | None


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


def scope(store: Store, selection: Selection, period: Period | None = None) -> ir.Table:
    """The ledger rows a selection means; without a period, of all days."""
    # The same rows twice: by person for one history, by day for a period of everybody's.
    ledger = store.table("ledger_by_day" if store.has("ledger_by_day") else "ledger")
    for column in ("sales_channel", "category", "region"):
        chosen = getattr(selection, column)
        if chosen:
            ledger = ledger.filter(ledger[column].isin(chosen))
    if selection.segment and store.has("rfm"):
        rfm = store.table("rfm")
        members = rfm.filter(rfm.segment.isin(selection.segment)).select("customer_key")
        ledger = ledger.semi_join(members, "customer_key")
    return ledger if period is None else between(ledger, period)


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
    rows = _with_columns(store, rows, by)
    parts = _parts(names)
    aggregates = {name: value for part in parts for name, value in _aggregate(part, rows).items()}
    total: dict[str, Number] = {}
    if totals or not by:
        total = _record(store.fetch(rows.agg(**aggregates)).iloc[0], names)
    if not by:
        return Measured(pd.DataFrame([total]), total)
    keys = {name: _key(rows, name) for name in by}
    grouped = rows.group_by(**keys).agg(**aggregates)
    frame = store.fetch(grouped.order_by([ibis.asc(name, nulls_first=False) for name in by]))
    for name in by:  # an unknown group is None, whatever the column's type
        if not pd.api.types.is_datetime64_any_dtype(frame[name]):
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    cells = [_record(row, names) for _, row in frame.iterrows()]
    measured = pd.DataFrame(cells, columns=list(names))
    return Measured(pd.concat([frame[list(by)], measured], axis=1), total)


def compare(
    store: Store, names: Sequence[str], selection: Selection, *, as_of: date
) -> dict[str, Compared]:
    """Each metric in the selected period and in the compared one."""
    first = store.meta.first_day
    now = measure(store, names, rows=scope(store, selection, selection.resolve(first, as_of)))
    other = selection.compared(first, as_of)
    then: dict[str, Number] = {}
    if other is not None:
        then = measure(store, names, rows=scope(store, selection, other)).totals
    return {
        name: Compared(name, value, then.get(name), change(METRICS[name], value, then.get(name)))
        for name, value in now.totals.items()
    }


def change(kind: Metric, value: Number, previous: Number) -> Number:
    """How much more than before: relative to its size, or in points for rates.

    >>> change(METRICS["revenue"], 110.0, 100.0), change(METRICS["repeat_share"], 0.6, 0.5)
    (0.1, 0.1)
    """
    if value is None or previous is None:
        return None
    if kind.unit == "rate":
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
    rows = scope(store, selection, Period(first, last))
    parts = [part for part in _parts(names) if isinstance(part, Sum) or part.by_day]
    aggregates = {name: value for part in parts for name, value in _aggregate(part, rows).items()}
    frame = store.fetch(rows.group_by("day").agg(**aggregates)).set_index("day").sort_index()
    days = pd.date_range(first, last, freq="D", name="day")
    return frame.reindex(days, fill_value=0).fillna(0.0)


def combine(parts: pd.DataFrame | pd.Series[Any], names: Sequence[str]) -> dict[str, Number]:
    """Metrics of a stretch of `daily`: its rows' sum, ratios from the summed parts."""
    row = parts.sum() if isinstance(parts, pd.DataFrame) else parts
    return _record(row, names)


def _parts(names: Iterable[str]) -> list[Sum | CountDistinct]:
    found: dict[str, Sum | CountDistinct] = {}
    for name in names:
        kind = metric(name)
        if isinstance(kind, Ratio):
            for part in _parts((kind.numerator, kind.denominator)):
                found[part.name] = part
        else:
            found[name] = kind
            if isinstance(kind, Sum) and kind.needs_cost:
                found |= {part: _sum(part) for part in (_COVERED, _COSTED)}
    return list(found.values())


def _aggregate(part: Sum | CountDistinct, rows: ir.Table) -> dict[str, ir.Value]:
    chosen = _rows(rows, part.rows)
    if isinstance(part, CountDistinct):
        return {part.name: rows[part.key].nunique(where=chosen)}
    zero = ibis.literal(0).cast("decimal(18,2)")
    value: ir.Value = zero
    for column in part.plus:
        value = value + rows[column].fill_null(0)
    for column in part.minus:
        value = value - rows[column].fill_null(0)
    return {part.name: value.sum(where=chosen).cast("float64").fill_null(0.0)}


def _sum(name: str) -> Sum:
    found = metric(name)
    assert isinstance(found, Sum)
    return found


def _rows(rows: ir.Table, kind: str) -> ir.BooleanValue | None:
    sale = rows.entry == "sale"
    return {
        "all": None,
        "sales": sale,
        "keyed_sales": sale & rows.customer_key.notnull(),
        "new_sales": sale & rows.is_new,
        "costed_sales": sale & rows.goods_cost.notnull(),
        "repeat_sales": sale & (rows.order_no > 1),
    }[kind]


def _with_columns(store: Store, rows: ir.Table, by: Sequence[str]) -> ir.Table:
    """The rows with the columns of other tables that they are split by."""
    for found in map(dimension, by):
        if found.via and found.column not in rows.columns:
            told = store.table(found.via).select("customer_key", found.column)
            rows = rows.left_join(told, "customer_key").drop("customer_key_right")
    return rows


def _key(rows: ir.Table, name: str) -> ir.Value:
    found = dimension(name)
    column = rows[found.column]
    return begin_of(column, found.step) if found.step in ("W", "M") else column


def begin_of(day: ir.Value, step: str) -> ir.Value:
    """The first day of the day's week ("W", from Monday) or month ("M").

    By way of a moment without a zone: PostgreSQL truncates a bare date to a moment of some zone.
    """
    return day.cast("timestamp").truncate(step).cast("date")


def _record(row: Any, names: Sequence[str]) -> dict[str, Number]:
    return {name: _value(metric(name), row) for name in names}


def _value(kind: Metric, row: Any) -> Number:
    if isinstance(kind, Ratio):
        top, bottom = _value(metric(kind.numerator), row), _value(metric(kind.denominator), row)
        return None if top is None or not bottom else top / bottom
    if isinstance(kind, Sum) and kind.needs_cost:
        covered, costed = float(row[_COVERED]), float(row[_COSTED])
        if covered and costed / covered < _KNOWN_COST_SHARE:
            return None
    return float(row[kind.name])
