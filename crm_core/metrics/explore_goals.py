"""How numbers stand to their goals: the share that is reached, or what is missing.

A goal is of a month, and of the shop or one sales channel. Of days that are only part of a month
the same part of its goal counts.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from crm_core.errors import CrmError
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore_lines import WHOLE, Cells, Line
from crm_core.metrics.goals import ADDED
from crm_core.metrics.goals import WHOLE as SHOP
from crm_core.metrics.parts import Number
from crm_core.selection import Period, Selection

Target = tuple[str, date, str, float]
"""Metric, first day of the month, sales channel ("" for the shop), target."""
#: What goals can be split by: stretches of days with their months, and sales channels.
TIMES: Final[Mapping[str, int]] = {"day": 0, "week": 0, "month": 1, "quarter": 3, "year": 12}
CHANNEL: Final = "sales_channel"
_WEEK: Final = 7


def check_goals(asked: Exploration, selection: Selection) -> None:
    """Whether what is asked about can have goals.

    Raises: CrmError("explore_no_goal") with the dimension that has none.
    """
    bar = [name for name in ("shop", "category", "region") if getattr(selection, name)]
    bar += ["stage"] if selection.segment else []
    across = [asked.across] if asked.across else []
    for name in (*asked.by, *across, *dict(asked.where), *bar):
        if name not in TIMES and name != CHANNEL:
            raise CrmError("explore_no_goal", dimension=name)


def against_goals(
    asked: Exploration,
    lines: Sequence[Line],
    targets: Iterable[Target],
    *,
    period: Period,
    channels: Sequence[str] = (),
) -> list[Line]:
    """The lines telling what share of its goal each number reached, or how far it is from it;
    nothing where a month has no goal. `channels` are those that the filter bar keeps."""
    known = {(metric, month, channel): value for metric, month, channel, value in targets}
    kept: dict[str, list[str]] = {}
    for name, code in asked.where:
        kept.setdefault(name, []).append(code)
    pieces = [period]
    for name in kept.keys() & TIMES.keys():
        pieces = list(_common(pieces, _spans(name, kept[name])))
    shown = kept.get(CHANNEL, list(channels))
    shown = [code for code in shown if not channels or code in channels] or [SHOP]

    def told(line: Line) -> Cells:
        return {cell: _held(asked, value, goal(line, *cell)) for cell, value in line.values.items()}

    def goal(line: Line, metric: str, column: str) -> Number:
        if line.kind == "others":
            return None
        said = list(zip(asked.by, line.keys, strict=False))
        said += [(asked.across, column)] if column != WHOLE else []
        mine, of = pieces, shown
        for name, code in said:
            if name in TIMES:
                mine = list(_common(mine, _spans(name, [code])))
            else:
                of = [code]
        return _goal(known, metric, mine, of)

    return [replace(line, told=told(line)) for line in lines]


def span_of(name: str, code: str) -> Period:
    """The days that a value of a dimension of time stands for.

    >>> span_of("quarter", "2026-04-01").end
    datetime.date(2026, 6, 30)
    """
    start = date.fromisoformat(code)
    if months := TIMES[name]:
        last = start.year * 12 + start.month - 1 + months
        return Period(start, date(last // 12, last % 12 + 1, 1) - timedelta(1))
    return Period(start, start + timedelta(_WEEK - 1 if name == "week" else 0))


def _spans(name: str, codes: Iterable[str]) -> list[Period]:
    """The days of those codes that are of a day: the others stand for none."""
    found: list[Period] = []
    for code in codes:
        with suppress(ValueError):
            found.append(span_of(name, code))
    return found


def _common(one: Iterable[Period], other: Sequence[Period]) -> Iterator[Period]:
    """The days of the one that are of the other."""
    for left in one:
        for right in other:
            start, end = max(left.start, right.start), min(left.end, right.end)
            if start <= end:
                yield Period(start, end)


def _goal(
    known: Mapping[tuple[str, date, str], float],
    metric: str,
    pieces: Sequence[Period],
    channels: Sequence[str],
) -> Number:
    """The goal of some days and channels; None where one of them has none, and for shares and
    averages of more than one month or channel, which do not add up."""
    months = [month for piece in pieces for month in _months(piece)]
    goals = [(known.get((metric, day, of)), part) for day, part in months for of in channels]
    if not goals or any(goal is None for goal, _ in goals):
        return None
    if metric not in ADDED:
        return goals[0][0] if len(goals) == 1 else None
    return sum((goal or 0.0) * part for goal, part in goals)


def _months(days: Period) -> Iterator[tuple[date, float]]:
    """The months of some days, and which part of each they are."""
    month = days.start.replace(day=1)
    while month <= days.end:
        length = monthrange(month.year, month.month)[1]
        last = month + timedelta(length - 1)
        inside = (min(last, days.end) - max(month, days.start)).days + 1
        yield month, inside / length
        month = last + timedelta(1)


def _held(asked: Exploration, value: Number, goal: Number) -> Number:
    if value is None or not goal:
        return None
    return value / goal if asked.show == "goal" else round(value - goal, 9)
