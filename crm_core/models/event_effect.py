"""What an event added to its days, and what was only moved there from the days before and after.

A day around an event is held against the same weekday further away on both sides, where the event
is not felt any more, with a straight line between the two sides; days of other events are no
measure of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any, Final

import numpy as np
import pandas as pd

#: How many days before and after an event are looked at for sales that it only moved.
NEAR_DAYS: Final = 14
_WEEKS = 3
_FARTHEST_WEEKS = 8
_NEAR_WEEKS = 6
_LEAST = 2
#: How much more a median of few days strays than their mean, as a share of variance.
_MEDIAN = 1.57
_80: Final = 1.2816

Span = tuple[str, date, date]


@dataclass(frozen=True)
class Stretch:
    """Some days of an event: what was sold, what the same weekdays further away sell (`usual`), the
    difference (`extra`) and the range that chance leaves it in 80 of 100 cases."""

    part: str
    starts_on: date
    ends_on: date
    actual: float
    usual: float
    low: float
    high: float

    @property
    def extra(self) -> float:
        """What was sold beyond what is usual."""
        return self.actual - self.usual

    @property
    def is_clear(self) -> bool:
        """Whether the difference is more than chance."""
        return self.low > 0 or self.high < 0


def stretches(
    daily: pd.Series[Any], spans: Iterable[Span], *, marked: Iterable[date]
) -> list[Stretch]:
    """Each of the spans (part, first, last) beside what is usual, and the `net` of all of them.

    `daily` is by day without gaps; `marked` are days of other events. A span of which some day has
    nothing to be held against, or is not over, is left out, and with it the net.

    >>> days = pd.date_range("2026-01-01", periods=120)
    >>> sales = pd.Series(10.0, days)
    >>> sales["2026-03-01"] = 50.0
    >>> found = stretches(sales, [("event", date(2026, 3, 1), date(2026, 3, 1))], marked=[])
    >>> [(each.part, each.extra) for each in found]
    [('event', 40.0), ('net', 40.0)]
    """
    told = list(spans)
    if not told:
        return []
    first, last = min(span[1] for span in told), max(span[2] for span in told)
    outside = _ordinary(daily, marked, first, last)
    usual = {day: _usual(outside, day, first, last) for day in _days(first, last)}
    noise = _noise(outside)
    found: list[Stretch] = []
    for part, start, end in [*told, ("net", first, last)]:
        days = _days(start, end)
        known = [usual[day] for day in days]
        stamps = [pd.Timestamp(day) for day in days]
        if any(value is None for value in known) or not all(s in daily.index for s in stamps):
            continue
        actual = float(daily.loc[stamps].sum())
        level = float(sum(value for value in known if value is not None))
        error = _80 * noise * sqrt(len(days) + _MEDIAN * len(days) ** 2 / 7 / (2 * _WEEKS))
        found.append(
            Stretch(part, start, end, actual, level, actual - level - error, actual - level + error)
        )
    return found


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def _ordinary(
    daily: pd.Series[Any], marked: Iterable[date], first: date, last: date
) -> pd.Series[Any]:
    """The days that tell what is usual: near in the year, not of this or another event."""
    reach = timedelta(weeks=_FARTHEST_WEEKS)
    near = daily.loc[pd.Timestamp(first - reach) : pd.Timestamp(last + reach)]
    away = {pd.Timestamp(day) for day in marked} | {pd.Timestamp(day) for day in _days(first, last)}
    return near[[stamp not in away for stamp in near.index]]


def _usual(outside: pd.Series[Any], day: date, first: date, last: date) -> float | None:
    """What a day would have sold: the same weekday before and after, weighed by how far they are."""
    sides: list[tuple[float, float]] = []
    for sign in (-1, 1):
        found: list[tuple[int, float]] = []
        for week in range(1, _FARTHEST_WEEKS + _NEAR_WEEKS):
            stamp = pd.Timestamp(day + timedelta(weeks=sign * week))
            if stamp in outside.index and (stamp < pd.Timestamp(first)) == (sign < 0):
                found.append((week, float(outside[stamp])))
            if len(found) == _WEEKS:
                break
        if len(found) >= _LEAST:
            away = float(np.mean([week for week, _ in found]))
            sides.append((away, float(np.median([value for _, value in found]))))
    if not sides:
        return None
    if len(sides) == 1:
        return sides[0][1]
    (before, one), (after, other) = sides
    return (one * after + other * before) / (before + after)


def _noise(outside: pd.Series[Any]) -> float:
    """How far an ordinary day is from its weekday's level, a week's days together included."""
    if len(outside) < 3 * _LEAST:
        return 0.0
    weekdays = pd.DatetimeIndex(outside.index).day_of_week
    left = outside - outside.groupby(weekdays).transform("median")
    spread = 1.4826 * float(np.median(np.abs(left - np.median(left))))
    weeks = left.rolling(7, min_periods=7).sum().dropna()
    together = float(weeks.std()) / sqrt(7) if len(weeks) > 7 else 0.0
    return max(spread, together)
