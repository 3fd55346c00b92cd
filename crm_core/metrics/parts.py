"""What metrics are worked out from: sums and distinct counts over rows, ratios of those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.metrics.catalog import METRICS, metric
from crm_core.metrics.definition import CountDistinct, Metric, Ratio, Sum

KNOWN_COST_SHARE = 0.99
_COVERED, _COSTED = "revenue", "costed_revenue"
_MONEY = "decimal(18,2)"

#: Columns that say which rows are of a kind, beside `entry`.
_NEEDED = {
    "keyed": {"customer_key"},
    "keyed_sales": {"customer_key"},
    "new_sales": {"is_new"},
    "repeat_sales": {"order_no"},
    "costed": {"goods_cost"},
}

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
    chosen = _rows(ledger, part.rows)
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
    chosen = [_rows(ledger, kind) for kind in kinds]
    known = [rows for rows in chosen if rows is not None]
    return reduce(or_, known) if len(known) == len(chosen) else ibis.literal(True)


def rows_of(part: Part, rows: ir.Table) -> ir.Value:
    """A part over rows of the ledger, or of the day sums, which name no entry."""
    value = of_ledger(part, rows) if "entry" in rows.columns else rows[part.name].sum()
    return value.fill_null(0).cast("float64" if isinstance(part, Sum) else "int64")


def amounts_of(parts: Sequence[Part], rows: ir.Table) -> dict[str, ir.Value]:
    """What `put_together` makes parts of, each column added up once however many parts it is in:
    far fewer words for the engine than the parts themselves."""
    found: dict[str, ir.Value] = {}
    for part in parts:
        if "entry" not in rows.columns:
            found[part.name] = rows[part.name].sum()
        elif isinstance(part, CountDistinct):
            found[part.name] = rows[part.key].nunique(where=_rows(rows, part.rows))
        else:
            for column in (*part.plus, *part.minus):
                name = _amount(part, column)
                if name not in found:
                    found[name] = rows[column].sum(where=_rows(rows, part.rows))
    return found


def put_together(parts: Sequence[Part], amounts: Mapping[str, float]) -> dict[str, float]:
    """The parts made of their amounts, money to the cent."""
    found: dict[str, float] = {}
    for part in parts:
        if isinstance(part, CountDistinct) or part.name in amounts:
            found[part.name] = amounts[part.name]
        else:
            plus = sum(amounts[_amount(part, column)] for column in part.plus)
            minus = sum(amounts[_amount(part, column)] for column in part.minus)
            found[part.name] = round(plus - minus, 2)
    return found


def _amount(part: Sum, column: str) -> str:
    return f"{part.rows}_{column}"


def columns_of(parts: Sequence[Part]) -> set[str]:
    """The ledger's columns that parts are measured from."""
    found: set[str] = {"entry"}
    for part in parts:
        found |= {part.key} if isinstance(part, CountDistinct) else {*part.plus, *part.minus}
        found |= _NEEDED.get(part.rows, set())
    return found


def _rows(rows: ir.Table, kind: str) -> ir.BooleanValue | None:
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
