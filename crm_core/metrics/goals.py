"""Which metrics may have goals, how they did in past months, and a first proposal of targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import floor
from typing import Final

import pandas as pd

from crm_core.metrics.catalog import METRICS
from crm_core.metrics.dimensions import joined, key_of
from crm_core.metrics.evaluate import combine, measure, scope
from crm_core.metrics.parts import parts_of, rows_of
from crm_core.metrics.small_groups import hidden
from crm_core.selection import Period, Selection
from crm_core.store import Store

#: Goals that add up: of the channels to the shop's, of days to the month's.
ADDED: Final = (
    "net_revenue",
    "revenue",
    "orders",
    "units",
    "new_buyers",
    "contribution",
    "margin",
)
#: Goals of shares and averages: measured anew at every level, never added up.
RATIOS: Final = (
    "average_order_value",
    "repeat_share",
    "margin_rate",
    "contribution_rate",
    "refund_rate",
)
GOAL_METRICS: Final = ADDED + RATIOS
WHOLE: Final = ""
NO_CHANNEL: Final = "_none"
_ALSO: Final = ("orders",)  # which channels sell at all


def month_figures(store: Store, names: Sequence[str], period: Period) -> pd.DataFrame:
    """The metrics of each month of a period: columns month, sales_channel, then the metrics.

    `WHOLE` is the shop, re-measured; `NO_CHANNEL` is what belongs to none (such as spend). A
    month or channel in which nothing happened has no row.
    """
    names = tuple(dict.fromkeys((*names, *_ALSO)))
    by = ("month", "sales_channel")
    rows = joined(store, scope(store, Selection(), period, of=names, by=by), by)
    parts = {part.name: rows_of(part, rows) for part in parts_of(names)}
    sums = store.fetch(rows.group_by(**{name: key_of(rows, name) for name in by}).agg(**parts))
    sums["month"] = pd.to_datetime(sums["month"]).dt.date
    sums["sales_channel"] = sums["sales_channel"].astype(object).fillna(NO_CHANNEL)
    whole = sums.groupby("month", as_index=False)[list(parts)].sum().assign(sales_channel=WHOLE)
    told = pd.concat([whole, sums], ignore_index=True).sort_values(
        ["month", "sales_channel"], ignore_index=True
    )
    cells = [combine(row, names) for _, row in told[list(parts)].iterrows()]
    figures = pd.DataFrame(cells, columns=list(names)).astype("float64")
    return pd.concat([told[list(by)], figures], axis=1)


def of_few(store: Store, period: Period) -> set[tuple[date, str]]:
    """The months and sales channels of a period with few buyers, and where one alone would follow
    from the shop's month, a second."""
    names, by = ("buyers",), ("month", "sales_channel")
    rows = scope(store, Selection(), period, of=names, by=by)
    counted = measure(store, names, rows=rows, by=by, totals=False).rows
    found: set[tuple[date, str]] = set()
    for month, cells in counted.fillna({"sales_channel": NO_CHANNEL}).groupby("month"):
        away = hidden(cells[["buyers"]].to_numpy(float)).ravel()
        found |= {(pd.Timestamp(month).date(), code) for code in cells["sales_channel"][away]}  # pyright: ignore[reportArgumentType]
    return found


def proposal(figures: Mapping[str, float], name: str, *, more: float) -> dict[str, float]:
    """Targets from figures by sales channel: so much more than they were, in round numbers.

    Figures that add up stay a sum: the channels' targets (with `NO_CHANNEL`) are the shop's, to
    the unit. What is not above zero is no target and left out.

    >>> proposal({"": 1000.0, "web": 600.4, "app": 399.6}, "net_revenue", more=0.05)
    {'': 1050.0, 'web': 630.0, 'app': 420.0}
    """
    raised = {code: value * (1 + more) for code, value in figures.items()}
    if name in ADDED:
        told: Mapping[str, float] = _in_units(raised)
    else:
        places = 3 if METRICS[name].unit == "rate" else 2
        told = {code: round(value, places) for code, value in raised.items()}
    return {code: float(v) for code, v in told.items() if v > 0 and code != NO_CHANNEL}


def _in_units(figures: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers whose parts add up to the whole: the largest remainders are rounded up."""
    parts = {code: value for code, value in figures.items() if code != WHOLE}
    if WHOLE not in figures:
        return {code: round(value) for code, value in parts.items()}
    whole = round(figures[WHOLE])
    if abs(sum(parts.values()) - figures[WHOLE]) > 0.01:  # parts that are no parts of this whole
        return {WHOLE: whole, **{code: round(value) for code, value in parts.items()}}
    down = {code: floor(value) for code, value in parts.items()}
    left = whole - sum(down.values())
    most = sorted(parts, key=lambda code: (down[code] - parts[code], code))
    for code in most[:left]:
        down[code] += 1
    return {WHOLE: whole, **down}


def year_before(month: date) -> date:
    """The same month a year earlier.

    >>> year_before(date(2026, 2, 1))
    datetime.date(2025, 2, 1)
    """
    return month.replace(year=month.year - 1)
