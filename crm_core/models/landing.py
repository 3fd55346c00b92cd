"""Where a month's figure lands, how likely it reaches a target, and whether it is on its way there.

Pure arithmetic: what is known of a month, what a forecast says of the rest, what past months were
like. Figures of one unit go in and come out; nothing here reads a store.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import erf, sqrt
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Pace = Literal["ahead", "on_pace", "behind"]
Good = Literal["up", "down", "neutral"]
Numbers = npt.NDArray[np.floating[Any]]

# How many spreads of a normal error lie between the middle and the ends of 80 and 95 %.
_ENDS_80: Final = 1.2815515655446004
_ENDS_95: Final = 1.959963984540054
_MONTHS: Final = 12
_LEAST_MONTHS: Final = 3
_LEAST_DAYS: Final = 28
_WEEKDAY_DAYS: Final = 364
_NO_NEWS: Final = 0.02

#: Chances in words: a code, and the least chance it stands for.
CHANCES: Final[Mapping[str, float]] = {
    "very_likely": 0.9,
    "likely": 0.65,
    "even": 0.35,
    "unlikely": 0.1,
    "very_unlikely": 0.0,
}


@dataclass(frozen=True)
class Expected:
    """A figure as it is expected, between the ends that 80 and 95 of 100 such figures keep to."""

    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float

    def shifted(self, by: float) -> Expected:
        """The same with an amount that is certain: nobody is surer or less sure for it.

        >>> Expected(10, 8, 13, 6, 16).shifted(5).high_80
        18
        """
        return Expected(
            self.value + by,
            self.low_80 + by,
            self.high_80 + by,
            self.low_95 + by,
            self.high_95 + by,
        )


def landing(actual: float, ahead: Expected) -> Expected:
    """Where a figure that adds up over days lands: what there is, and what is expected to come.

    `actual` runs to the day before the first of `ahead`, so all doubt is that of the days ahead.
    """
    return ahead.shifted(actual)


def between(whole: Expected, before: Expected, alike: Expected) -> Expected:
    """What is expected of the days after the first ones, of running sums from one day on.

    `whole` runs to the last day, `before` to the day before the first of them; `alike` is the
    running sum of as many days as are left, which tells how unsure a sum of so many days is.
    """
    return alike.shifted(whole.value - before.value - alike.value)


def chance(expected: Expected, target: float, *, good: Good = "up") -> float:
    """The chance that the figure reaches the target (or stays at or below it, for `good="down"`).

    Errors are taken to be normal piece by piece, through the stated ends: at the upper end of
    80 % the chance to reach is one in ten, at the expected value a half.

    >>> round(chance(Expected(100, 90, 120, 85, 130), 120), 3)
    0.1
    """
    over = _chance_over(expected, target)
    return 1 - over if good == "down" else over


def _chance_over(expected: Expected, target: float) -> float:
    spread = target - expected.value
    up = spread >= 0
    near = abs((expected.high_80 if up else expected.low_80) - expected.value)
    far = abs((expected.high_95 if up else expected.low_95) - expected.value)
    if near <= 0:  # no doubt is stated on this side
        return 1.0 if spread <= 0 else 0.0
    z = _steps(abs(spread), near, max(far, near))
    below = 0.5 * (1 + erf(z / sqrt(2)))
    return 1 - below if up else below


def _steps(distance: float, near: float, far: float) -> float:
    """How many spreads away a distance is, given where the ends of 80 and 95 % lie."""
    if distance <= near or far <= near:
        return distance / near * _ENDS_80
    return _ENDS_80 + (distance - near) / (far - near) * (_ENDS_95 - _ENDS_80)


def chance_word(value: float) -> str:
    """The chance as a code in words.

    >>> chance_word(0.5), chance_word(0.95)
    ('even', 'very_likely')
    """
    return next(code for code, least in CHANCES.items() if value >= least)


@dataclass(frozen=True)
class Usual:
    """Which share of a month's sum is usually there by a day; between `low` and `high` in half of
    the past months. `months` are those it stands on: at 0 it is the share of days alone."""

    share: float
    low: float
    high: float
    months: int


def usual_share(daily: pd.Series[float], as_of: date) -> Usual:
    """Which share of its month's sum this shop usually has by the end of `as_of`.

    `daily` is a figure that adds up over days, a row for every day. Days of the week weigh as they did in
    the past year, so that a month with five Saturdays has another clock than one with four; on
    that clock the shares of up to 12 past months are read, and their middle is taken. With fewer
    than three whole months, days of the week alone; with fewer than 28 days, days alone.

    >>> even = pd.Series(1.0, pd.date_range("2026-01-01", "2026-06-15", freq="D"))
    >>> round(usual_share(even, date(2026, 6, 15)).share, 3)
    0.5
    """
    past = daily[daily.index < pd.Timestamp(as_of.replace(day=1))].clip(lower=0.0)
    weights = _weekday_weights(past)
    now = _clock(as_of, weights)[as_of.day - 1]
    found = [
        float(np.interp(now, np.append(0.0, clock), np.append(0.0, shares)))
        for clock, shares in _months(past, weights)
    ]
    if len(found) < _LEAST_MONTHS:
        share = float(now)
        return Usual(share, share, share, 0)
    low, middle, high = (float(value) for value in np.quantile(found, [0.25, 0.5, 0.75]))
    return Usual(middle, low, high, len(found))


def _weekday_weights(past: pd.Series[float]) -> Numbers:
    """The usual figure of each day of the week, from Monday; all alike where nothing tells."""
    year = past.tail(_WEEKDAY_DAYS)
    if len(year) < _LEAST_DAYS or float(year.sum()) <= 0:
        return np.ones(7)
    weekdays = pd.DatetimeIndex(year.index).day_of_week
    return year.groupby(weekdays).mean().reindex(range(7), fill_value=0.0).to_numpy(np.float64)


def _clock(day: date, weights: Numbers) -> Numbers:
    """Which share of a month is over by the end of each of its days, as its weekdays weigh."""
    first = day.replace(day=1).weekday()
    days = np.arange(monthrange(day.year, day.month)[1])
    over = np.cumsum(weights[(first + days) % 7])
    return over / over[-1]


def _months(past: pd.Series[float], weights: Numbers) -> list[tuple[Numbers, ...]]:
    """The clock and the shares of each of the latest whole months that sold anything."""
    found: list[tuple[Numbers, ...]] = []
    end = len(past)
    while end and len(found) < _MONTHS:
        last = past.index[end - 1].date()
        values = past.to_numpy(np.float64)[max(end - last.day, 0) : end]
        total = float(values.sum())
        if len(values) == last.day == monthrange(last.year, last.month)[1] and total > 0:
            found.append((_clock(last, weights), np.cumsum(values) / total))
        end -= last.day if end > last.day else end
    return found


def pace(reached: float, usual: Usual) -> Pace:
    """Whether a share of the target is what is usually there by now, within what half of the past
    months differ by; a fiftieth of it is never news.

    >>> pace(0.44, Usual(0.5, 0.45, 0.56, 12)), pace(0.495, Usual(0.5, 0.5, 0.5, 0))
    ('behind', 'on_pace')
    """
    if reached < min(usual.low, usual.share * (1 - _NO_NEWS)):
        return "behind"
    return "ahead" if reached > max(usual.high, usual.share * (1 + _NO_NEWS)) else "on_pace"


def is_hit(value: float, target: float, *, good: Good = "up") -> bool:
    """Whether a figure reached its target; for `good="down"`, whether it stayed at or below it.

    To the cent, as the page shows it: half a cent short is not short.

    >>> is_hit(99.996, 100.0), is_hit(0.041, 0.05, good="down")
    (True, True)
    """
    short = 0.005 if abs(target) > 1 else 5e-7
    return value <= target + short if good == "down" else value >= target - short
