"""What metrics are worked out from: sums and distinct counts over rows, ratios of those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.metrics.catalog import METRICS, metric
from crm_core.metrics.definition import CountDistinct, Metric, Ratio, Sum

KNOWN_COST_SHARE = 0.99
_COVERED, _COSTED = "revenue", "costed_revenue"
_MONEY = "decimal(18,2)"

Number = float | None
Part = Sum | CountDistinct


def parts_of(names: Iterable[str]) -> list[Part]:
    """The sums and counts these metrics are worked out from, each once."""
    found: dict[str, Part] = {}
    for name in names:
        kind = metric(name)
        if isinstance(kind, Ratio):
            for part in parts_of((kind.numerator, kind.denominator)):
                found[part.name] = part
        else:
            found[name] = kind
            if isinstance(kind, Sum) and kind.needs_cost:
                found |= {part.name: part for part in parts_of((_COVERED, _COSTED))}
    return list(found.values())


def of_ledger(part: Part, ledger: ir.Table, among: ir.BooleanValue | None = None) -> ir.Value:
    """A part measured over ledger rows, or those `among` them: money or pieces added up, or
    different keys counted."""
    chosen = is_of(ledger, part.rows)
    if among is not None:
        chosen = among if chosen is None else chosen & among
    if isinstance(part, CountDistinct):
        return ledger[part.key].nunique(where=chosen)
    value: ir.Value = ibis.literal(0).cast(_MONEY)
    for column in part.plus:
        value = value + ledger[column].fill_null(0)
    for column in part.minus:
        value = value - ledger[column].fill_null(0)
    return value.sum(where=chosen).fill_null(0).cast(_MONEY)


def counted_rows(names: Iterable[str], ledger: ir.Table) -> ir.BooleanValue:
    """Which rows these metrics are measured over: all of them where any is of all."""
    kinds = dict.fromkeys(part.rows for part in parts_of(names))
    chosen = [is_of(ledger, kind) for kind in kinds]
    known = [rows for rows in chosen if rows is not None]
    return reduce(or_, known) if len(known) == len(chosen) else ibis.literal(True)


def rows_of(part: Part, rows: ir.Table) -> ir.Value:
    """A part over rows of the ledger, or of the day sums, which name no entry."""
    value = of_ledger(part, rows) if "entry" in rows.columns else rows[part.name].sum()
    return value.fill_null(0).cast("float64" if isinstance(part, Sum) else "int64")


def put_together(
    parts: Sequence[Part], amounts: Mapping[str, Sequence[Number]]
) -> dict[str, list[float]]:
    """The parts of many groups made of their amounts (no amount is none), money to the cent."""
    known = {name: np.nan_to_num(np.array(each, dtype="float64")) for name, each in amounts.items()}
    found: dict[str, list[float]] = {}
    for part in parts:
        if isinstance(part, CountDistinct) or part.name in known:
            found[part.name] = known[part.name].tolist()
            continue
        plus, minus = (
            sum((known[amount_name(part, column)] for column in columns), np.float64(0))
            for columns in (part.plus, part.minus)
        )
        found[part.name] = np.round(plus - minus, 2).tolist()
    return found


def put_together_in_engine(part: Part, amounts: ir.Table) -> ir.Value:
    """The same of one part, over groups with their amounts as columns."""
    if isinstance(part, CountDistinct) or part.name in amounts.columns:
        return amounts[part.name].fill_null(0).cast("int64" if part.unit == "count" else _MONEY)
    value: ir.Value = ibis.literal(0).cast(_MONEY)
    for column in part.plus:
        value = value + amounts[amount_name(part, column)].fill_null(0.0).cast(_MONEY)
    for column in part.minus:
        value = value - amounts[amount_name(part, column)].fill_null(0.0).cast(_MONEY)
    return value.cast(_MONEY)


def amount_name(part: Sum, column: str) -> str:
    """What a column added up over a part's rows is called."""
    return f"{part.rows}_{column}"


def is_of(rows: ir.Table, kind: str) -> ir.BooleanValue | None:
    """Whether rows are of a kind; None for all."""
    match kind:
        case "sales":
            return rows.entry == "sale"
        case "keyed":
            return rows.customer_key.notnull()
        case "keyed_sales":
            return (rows.entry == "sale") & rows.customer_key.notnull()
        case "new_sales":
            return (rows.entry == "sale") & rows.is_new
        case "costed":
            return rows.goods_cost.notnull()
        case "repeat_sales":
            return (rows.entry == "sale") & (rows.order_no > 1)
        case _:
            return None


def record(row: Any, names: Iterable[str]) -> dict[str, Number]:
    """The metrics worked out of one row of measured parts."""
    return {name: _value(metric(name), row) for name in names}


def records(parts: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The metrics worked out of each row of measured parts."""
    cells = [record(row, names) for row in parts.to_dict("records")]
    return pd.DataFrame(cells, columns=list(names))


def _value(kind: Metric, row: Any) -> Number:
    if isinstance(kind, Ratio):
        top, bottom = _value(metric(kind.numerator), row), _value(metric(kind.denominator), row)
        return None if top is None or not bottom else top / bottom
    if isinstance(kind, Sum) and kind.needs_cost:
        covered, costed = float(row[_COVERED]), float(row[_COSTED])
        if covered and costed / covered < KNOWN_COST_SHARE:
            return None
    return float(row[kind.name])


def is_costed(sums: ir.Table) -> ir.BooleanValue:
    """Whether enough of the revenue of each row of measured parts has a known goods cost."""
    covered, costed = sums[_COVERED].cast("float64"), sums[_COSTED].cast("float64")
    return (costed / covered.nullif(0.0) >= KNOWN_COST_SHARE).fill_null(True)


def every_day(ledger: ir.Table) -> ir.Table:
    """Every metric of the catalogue as the engine works it out: one row a day of the ledger.

    Columns: day, then METRICS in their order: money as decimals, counts as whole numbers, rates
    and figures per order as floats. A figure is empty where `record` gives None.
    """
    measured = ledger.group_by("day").agg(
        **{part.name: of_ledger(part, ledger) for part in parts_of(METRICS)}
    )
    return measured.select("day", **{name: worked_out(metric(name), measured) for name in METRICS})


def worked_out(kind: Metric, row: ir.Table) -> ir.Value:
    """What `_value` gives, as an expression over the measured parts."""
    if isinstance(kind, Ratio):
        top, bottom = (
            worked_out(metric(name), row).cast("float64")
            for name in (kind.numerator, kind.denominator)
        )
        return top / bottom.nullif(0.0)
    value = row[kind.name].cast("int64" if kind.unit == "count" else _MONEY)
    if isinstance(kind, Sum) and kind.needs_cost:
        return ibis.ifelse(is_costed(row), value, ibis.null(_MONEY))
    return value
