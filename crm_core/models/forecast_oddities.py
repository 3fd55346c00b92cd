"""What in a shop's past makes it hard to forecast, and what can be forecast all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crm_core.models.forecast_effects import usual_days
from crm_core.models.forecast_events import EventDay
from crm_core.models.forecast_methods import History, Mask, closed_weekdays

#: Days in a row without a sale, in a shop that sells on most days: shut, or missing from the log.
SHUT_DAYS: Final = 5
GAP_DAYS: Final = 21
#: So many of them on weekdays that it sells on: a shop of Saturdays is not shut from Sunday on.
_LEAST_OPEN = 3
_RARE_EMPTY = 0.1
_SELLS_RARELY = 0.3
_HALF_YEAR = 182
_LAUNCH = 2.5
_YEARS_OF_LAUNCH = 730
_NEAR = 28
_LOOKED_BACK = 150
_LEAST_CHANGE = 0.22
_SURE = 5.0


@dataclass(frozen=True)
class Oddities:
    """The history with its silent days marked, and codes (words: `forecast.warning.<code>`).

    gap_in_log: three weeks or more without a sale, taken as missing, not as zero. shut_weeks: five
    days or more, taken as closed, not as weak demand. no_recent_sales: the last week or more has
    no sale. sells_rarely: sales on under 30 % of days: weeks and months can be told, single days
    cannot. launch_decay: the start was far above what sells now: methods that extend a trend are
    kept out. level_changed: a sudden lasting change (a price, a channel) within the last months.
    """

    history: History
    codes: tuple[str, ...]

    def has(self, code: str) -> bool:
        """Whether a code was found."""
        return code in self.codes


def oddities(history: History, events: Iterable[EventDay]) -> Oddities:
    """What is odd in the history."""
    values = history.values
    if not len(values):
        return Oddities(history, ())
    opened = ~np.isin(history.weekdays, list(closed_weekdays(history)))[-_HALF_YEAR:]
    if float(np.mean(values[-_HALF_YEAR:][opened] != 0)) < _SELLS_RARELY:
        return Oddities(history, ("sells_rarely",))
    silent, found = _silent(history, events)
    marked = replace(history, silent=silent) if silent.any() else history
    if len(values) >= 14 and not values[-7:].any():
        found.append("no_recent_sales")
    if _is_launch(marked):
        found.append("launch_decay")
    elif _level_changed(marked, events):
        found.append("level_changed")
    return Oddities(marked, tuple(found))


def _silent(history: History, events: Iterable[EventDay]) -> tuple[Mask, list[str]]:
    """Runs of days without sales that are no demand. Those of an event are left to the event."""
    empty = history.values == 0
    silent = np.zeros(len(empty), dtype=bool)
    known = np.zeros(len(empty), dtype=bool)
    for day in events:
        if 0 <= (index := (day.day - history.first).days) < len(known):
            known[index] = True
    codes: list[str] = []
    closed = np.isin(history.weekdays, list(closed_weekdays(history)))
    runs = [
        (low, high)
        for low, high in _runs(empty)
        if high - low >= SHUT_DAYS and (~closed[low:high]).sum() >= _LEAST_OPEN
    ]
    long = np.zeros(len(empty), dtype=bool)
    for low, high in runs:
        long[low:high] = True
    rest = empty[~long & ~closed]
    if not len(rest) or float(np.mean(rest)) > _RARE_EMPTY:
        return silent, codes
    for low, high in runs:
        if high == len(empty) or known[low:high].mean() > 0.5:
            continue
        silent[low:high] = True
        codes.append("gap_in_log" if high - low >= GAP_DAYS else "shut_weeks")
    return silent, sorted(set(codes))


def _runs(marked: Mask) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.r_[0, marked.astype(int), 0]))
    return [(int(low), int(high)) for low, high in edges.reshape(-1, 2)]


def _is_launch(history: History) -> bool:
    """Whether the shop began with a rush that has been falling off since."""
    counted = history.values[history.counted]
    weeks = counted[: len(counted) // 7 * 7].reshape(-1, 7).sum(axis=1)
    if len(weeks) < 10 or len(counted) >= _YEARS_OF_LAUNCH:
        return False
    first, last = float(np.median(weeks[:4])), float(np.median(weeks[-8:]))
    middle = float(np.median(weeks[4:-4]))
    return first > _LAUNCH * max(last, 1e-9) and first > 1.5 * middle


def _level_changed(history: History, events: Iterable[EventDay]) -> bool:
    """Whether four weeks differ from the four before by more than weeks do, at once."""
    plain = history.counted & (history.values > 0)
    for day in events:
        if 0 <= (index := (day.day - history.first).days) < len(plain):
            plain[index] = False
    usual = usual_days(history.values, plain)
    values = np.where(plain, history.values, usual)
    values = values[np.isfinite(values) & (values > 0)][-_LOOKED_BACK:]
    count = len(values)
    if count < 4 * _NEAR:
        return False
    sums = np.r_[0.0, np.cumsum(values)]
    places = np.arange(_NEAR, count - _NEAR + 1)
    far = _log_ratio(sums, places, _NEAR)
    near = _log_ratio(sums, places, 7)
    weeks = np.log(sums[7:] - sums[:-7])
    steps = weeks[7:] - weeks[:-7]
    spread = 1.4826 * float(np.median(np.abs(steps - np.median(steps))))
    best = int(np.argmax(np.abs(far)))
    size = abs(float(far[best]))
    at_once = np.sign(near[best]) == np.sign(far[best]) and abs(near[best]) > 0.7 * size
    return bool(size > _LEAST_CHANGE and size > _SURE * spread / 2 and at_once)


def _log_ratio(sums: NDArray[np.floating], places: NDArray[np.int64], width: int):
    after = sums[places + width] - sums[places]
    before = sums[places] - sums[places - width]
    return np.log(after / before)
