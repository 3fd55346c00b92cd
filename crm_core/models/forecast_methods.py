"""A shop's daily figure, its closed days, and two plain ways to carry it forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

_RARE = 0.02
_SELLS = 0.5
_CLOSED_YEARLY = ((12, 25), (1, 1))


def _no_days() -> Mask:
    return np.zeros(0, dtype=bool)


@dataclass(frozen=True)
class History:
    """A shop's daily figure from its first day with sales, one value a day.

    `silent` marks days of which nothing is known or learned: a gap in the log, a stretch the shop
    was shut. Their values are zero and no measure; where it is shorter than `values`, the rest of
    the days count.
    """

    first: date
    values: Series
    silent: Mask = field(default_factory=_no_days)

    def until(self, days: int) -> History:
        """The first `days` days."""
        return History(self.first, self.values[:days], self.silent[:days])

    def day(self, index: int) -> date:
        """The calendar day at an index; after the end it lies in the future."""
        return self.first + timedelta(index)

    @property
    def weekdays(self) -> NDArray[np.int64]:
        """Monday is 0, for each value."""
        return (np.arange(len(self.values)) + self.first.weekday()) % 7

    @property
    def counted(self) -> Mask:
        """Days that are not silent, for each value."""
        found = np.ones(len(self.values), dtype=bool)
        found[: len(self.silent)] = ~self.silent
        return found

    @cached_property
    def closed(self) -> frozenset[int]:
        """See `closed_weekdays`."""
        counted = np.flatnonzero(self.counted)[-56:]
        sold, weekdays = self.values[counted] != 0, self.weekdays[counted]
        closed = {day for day in range(7) if not np.any(sold[weekdays == day])}
        others = sold[~np.isin(weekdays, list(closed))]
        usual = len(others) > 0 and float(np.mean(others)) >= _SELLS
        return frozenset(closed if usual else ())

    @cached_property
    def shut_dates(self) -> frozenset[tuple[int, int]]:
        """Dates of the year (month, day) without sales in every year seen, at least twice.

        Christmas and New Year's Day need to be seen closed only once.
        """
        counted = self.counted & ~np.isin(self.weekdays, list(self.closed))
        zeros: dict[tuple[int, int], int] = {}
        for index in np.flatnonzero(counted & (self.values == 0)):
            day = self.day(int(index))
            zeros[day.month, day.day] = zeros.get((day.month, day.day), 0) + 1
        often = {key for key, times in zeros.items() if times > 1 or key in _CLOSED_YEARLY}
        return frozenset(key for key in often if zeros[key] == _times_seen(self, key, counted))


def naive_seasonal(history: History, horizon: int) -> Series:
    """Last week, again and again.

    >>> naive_seasonal(History(date(2026, 6, 1), np.arange(14.0)), 3).tolist()
    [7.0, 8.0, 9.0]
    """
    return np.maximum(np.resize(history.values[-7:], horizon), 0.0)


def naive_weekday_mean(history: History, horizon: int) -> Series:
    """For each weekday, its mean over the last four weeks.

    >>> naive_weekday_mean(History(date(2026, 6, 1), np.arange(28.0)), 2).tolist()
    [10.5, 11.5]
    """
    weeks = history.values[-(len(history.values) // 7 * 7) :].reshape(-1, 7)[-4:]
    return np.maximum(np.resize(weeks.mean(axis=0), horizon), 0.0)


def closed_weekdays(history: History) -> frozenset[int]:
    """Weekdays without any sale in the last eight weeks: the shop does not sell then.

    Silent days tell nothing: the eight weeks are of days that count. Where the other weekdays
    mostly pass without a sale as well, sales are rare, and no weekday is closed.
    """
    return history.closed


def learned_days(history: History, events: set[date]) -> Mask:
    """Days to learn from: counted ones, without closed weekdays and rare single empty days.

    Where days without sales are common they are the shop's nature, and stay.
    """
    open_days = ~np.isin(history.weekdays, list(history.closed)) & history.counted
    empty = open_days & (history.values == 0)
    empty[[index for index in np.flatnonzero(empty) if history.day(int(index)) in events]] = False
    rare = empty.sum() <= _RARE * max(int(open_days.sum()), 1)
    return open_days & ~empty if rare else open_days


def open_ahead(history: History, horizon: int) -> Mask:
    """Which of the days after the history the shop sells on."""
    days = days_after(history, horizon)
    closed, shut = history.closed, history.shut_dates
    return np.array(
        [day.weekday() not in closed and (day.month, day.day) not in shut for day in days],
        dtype=bool,
    )


def _times_seen(history: History, key: tuple[int, int], counted: Mask) -> int:
    times = 0
    last = history.day(len(history.values) - 1)
    for year in range(history.first.year, last.year + 1):
        try:
            index = (date(year, *key) - history.first).days
        except ValueError:  # 29 February
            continue
        times += 0 <= index < len(counted) and bool(counted[index])
    return times


def days_after(history: History, horizon: int) -> Sequence[date]:
    """The calendar days after the history."""
    count = len(history.values)
    return [history.day(index) for index in range(count, count + horizon)]
