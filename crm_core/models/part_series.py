"""A series beside the one that all methods are tried on: carried forward quickly, judged alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np

from crm_core.models.backtest import origins
from crm_core.models.event_lift import day_lifts, lifts_of
from crm_core.models.forecast_events import EventDay
from crm_core.models.forecast_methods import (
    History,
    Series,
    naive_seasonal,
    naive_weekday_mean,
)
from crm_core.models.forecast_trials import FOLDS, HORIZON, STEP, TRIALS, Row, Trial, Tried, band
from crm_core.models.period_sums import Past

SHARE: Final = "share_of_total"
SHARE_OF_YEAR: Final = "share_as_last_year"
IN_STEP: Final = "in_step_with_revenue"
_PLAIN: Final = ("naive_seasonal", "naive_weekday_mean")
_LATELY = 56
_LEAST = 28
_YEAR = 364
_MOST_MOVED = 3.0
_UNTESTED = {"80": 1.0, "95": 2.0}

Lifts = Mapping[date, float]


@dataclass(frozen=True)
class Whole:
    """What a series goes with: its history, what is said ahead, what each past trial said and what
    events multiplied days by, as was known on a day: that of the trial, or the last. `method` is what
    going with it is called."""

    history: History
    values: Series
    trials: Mapping[date, Series]
    lifts: Mapping[date, Lifts]
    method: str = SHARE

    @classmethod
    def of(
        cls,
        history: History,
        values: Series,
        trials: Mapping[date, Series],
        events: Sequence[EventDay],
    ) -> Whole:
        """What parts are parts of, with its own events, learned anew for each day."""
        return cls(history, values, trials, _lifts_by_day(history, trials, events))

    def beside(self, other: History, events: Sequence[EventDay]) -> Whole:
        """The same for a series that is no part of it but goes in step with it; its events are the
        other's own."""
        lifts = _lifts_by_day(other, self.trials, events)
        return replace(self, lifts=lifts, method=IN_STEP)


def _lifts_by_day(
    history: History, days: Iterable[date], events: Sequence[EventDay]
) -> dict[date, Lifts]:
    last = history.day(len(history.values) - 1)
    return {
        day: day_lifts(history.until((day - history.first).days + 1), events)
        for day in (*days, last)
        if day >= history.first
    }


@dataclass(frozen=True)
class Told:
    """What is said of a series: a value a day, half the width of its intervals ("80", "95"), and how
    the method did on its past. `reason`: least_error, or too_new where nothing could be tried.
    """

    method: str
    reason: str
    days: int
    values: Series
    halves: Mapping[str, Series]
    trials: Mapping[date, Past] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def variance(self) -> float:
        """Of a day's error in the past trials; of what is said itself where there were none."""
        if not self.trials:
            return float(np.mean(self.values**2))
        missed = [trial.actual - trial.said for trial in self.trials.values()]
        return float(np.mean(np.concatenate(missed) ** 2))


def quick(
    history: History,
    events: Sequence[EventDay],
    horizon: int,
    *,
    whole: Whole | None = None,
) -> Told:
    """A series carried forward by the quick method that erred least in up to eight past trials.

    The methods: last week again, the weekday's mean over four weeks (both on days cleared of events,
    which are put back ahead), and, with a `whole`, its size beside it in the last eight weeks times what
    the whole is said to become: so it has the whole's season and trend; the same with the share moving
    as it moved a year ago. Every trial knows only the days before it.
    """
    places = _places(history, whole)
    trials = tuple(_trial(history, place, events, whole) for place in places)
    said = _said(history, events, horizon, whole, whole.values if whole else None)
    if not trials:
        method = whole.method if whole else _PLAIN[1]
        values = said.get(method, np.zeros(horizon))
        halves = {name: values * wide for name, wide in _UNTESTED.items()}
        return Told(
            method, "too_new", len(history.values), values, halves,
            warnings=_warnings(history, (), None),
        )  # fmt: skip
    found = Tried(trials, False, "")
    method = min((name for name in said), key=found.deciding_error)
    values = said[method]
    halves = {
        name: band(values, history, method, trials, level)[1] - values
        for name, level in (("80", 0.8), ("95", 0.95))
    }
    rows = tuple(found.rows())
    held = [row.coverage_80 for row in rows if row.method == method and row.coverage_80 is not None]
    return Told(
        method,
        "least_error",
        len(history.values),
        values,
        halves,
        {trial.known.day(trial.start - 1): Past(trial.actual, trial.said[method]) for trial in trials},
        rows,
        _warnings(history, trials, float(np.mean(held)) if held else None),
    )  # fmt: skip


def _places(history: History, whole: Whole | None) -> list[int]:
    """How many days of the history each trial knows."""
    days = len(history.values)
    if whole is None:
        return list(origins(days, horizon=HORIZON, step=STEP, count=TRIALS, least=_LEAST))
    starts = [(origin - history.first).days + 1 for origin in sorted(whole.trials)]
    return [start for start in starts if start >= _LEAST and start + HORIZON <= days]


def _trial(history: History, start: int, events: Sequence[EventDay], whole: Whole | None) -> Trial:
    known = history.until(start)
    of_whole = None
    if whole is not None:
        of_whole = whole.trials[known.day(start - 1)]
    said = _said(known, events, HORIZON, whole, of_whole)
    return Trial(start, known, history.values[start : start + HORIZON], said)


def _said(
    known: History,
    events: Sequence[EventDay],
    horizon: int,
    whole: Whole | None,
    of_whole: Series | None,
) -> dict[str, Series]:
    """What each method says for the days after what is known."""
    count = len(known.values)
    today = known.day(count - 1)
    lifts = whole.lifts[today] if whole else day_lifts(known, events)
    said: dict[str, Series] = {}
    if count >= _LEAST:
        cleared = History(known.first, known.values / lifts_of(lifts, known, 0, count))
        ahead = lifts_of(lifts, known, count, count + horizon)
        for name, carry in zip(_PLAIN, (naive_seasonal, naive_weekday_mean), strict=True):
            said[name] = carry(cleared, horizon) * ahead
    if whole is not None and of_whole is not None:
        lately = max(float(np.sum(known.values[-_LATELY:])), 0.0)
        teacher = whole.history.until((today - whole.history.first).days + 1)
        total = float(np.sum(teacher.values[-_LATELY:]))
        said[whole.method] = of_whole[:horizon] * (lately / total if total > 0 else 0.0)
        moved = _moved_last_year(known, teacher, horizon) if whole.method == SHARE else None
        if moved is not None:
            said[SHARE_OF_YEAR] = said[whole.method] * moved
    return said


def _moved_last_year(known: History, teacher: History, horizon: int) -> Series | None:
    """By how much the part's share in the whole was another, four weeks at a time, in the days that
    followed a year ago than in the eight weeks before them; None where the log does not say."""
    today = len(known.values) - _YEAR
    behind = (known.first - teacher.first).days
    if today < _LATELY or behind < 0:
        return None

    def share(first: int, end: int) -> float:
        whole = float(np.sum(teacher.values[behind + first : behind + end]))
        return max(float(np.sum(known.values[first:end])), 0.0) / whole if whole > 0 else 0.0

    before = share(today - _LATELY, today)
    if before <= 0:
        return None
    blocks = [
        share(today + first, today + first + _LEAST) / before for first in range(0, horizon, _LEAST)
    ]
    return np.repeat(np.clip(blocks, 1 / _MOST_MOVED, _MOST_MOVED), _LEAST)[:horizon]


def _warnings(history: History, trials: Sequence[Trial], held: float | None) -> tuple[str, ...]:
    told = {
        "interval_not_tested": len(trials) <= FOLDS or held is None,
        "interval_too_narrow": held is not None and held < 0.7,
        "nothing_lately": not np.any(history.values[-_LATELY:]),
    }
    return tuple(code for code, holds in told.items() if holds)
