"""A series beside the total that all methods are tried on: a part of it, or another figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.errors import CrmError
from crm_core.models.backtest import mase
from crm_core.models.forecast import Forecast, event_multipliers, history_of, quick
from crm_core.models.forecast_bands import HORIZON, LEVELS, Fold, band
from crm_core.models.forecast_document import BACKTEST, FRAME, PERIODS, table_of
from crm_core.models.forecast_effects import Multipliers
from crm_core.models.forecast_events import all_days
from crm_core.models.forecast_members import NAIVE
from crm_core.models.forecast_methods import History, Series, days_after, naive_seasonal
from crm_core.models.forecast_oddities import oddities
from crm_core.models.forecast_periods import period_rows, spans_of
from crm_core.models.forecast_trials import Trial, Tried

SHARE: Final = "share_of_total"
SHARE_OF_YEAR: Final = "share_as_last_year"
IN_STEP: Final = "in_step_with_revenue"
TOO_NEW: Final = "too_new"
_LATELY = 56
#: A part's first sale makes its first days look better than they are: its share is of two weeks at least.
_YOUNG = 14
_LEAST = 28
_YEAR = 364
_MOST_MOVED = 3.0
_NAMES = ("80", "95")


@dataclass(frozen=True)
class Told:
    """What is said of a series: a value a day, and how the method did on its past.

    `trials`: by the last day known, what came, what had been said and which days count. `reason`: why
    this method (those of `forecast`, and least_error, too_new, past_shares). Without trials `rough`
    has half the width of the two intervals as a share of the value.
    """

    method: str
    reason: str
    history: History
    values: Series
    trials: Mapping[date, Fold] = field(default_factory=dict)
    rows: pd.DataFrame = field(default_factory=lambda: table_of([], BACKTEST))
    warnings: tuple[str, ...] = ()
    rough: tuple[Series | float, Series | float] = (1.0, 2.0)

    @property
    def days(self) -> int:
        """How many days it learns from."""
        return len(self.history.values)

    @property
    def variance(self) -> float:
        """Of a day's error in the past trials; of what is said itself where there were none."""
        missed = [(came - said)[counted] for came, said, counted in self.trials.values()]
        return float(np.mean(np.concatenate(missed) ** 2 if missed else self.values**2))

    def frame(self) -> pd.DataFrame:
        """FRAME: the days ahead with both intervals."""
        days = [pd.Timestamp(day) for day in days_after(self.history, len(self.values))]
        frame = pd.DataFrame({"day": days, "value": self.values})
        folds = list(self.trials.values())
        for place, (level, name) in enumerate(zip(LEVELS, _NAMES, strict=True)):
            if folds:
                ends = band(self.values, self.history, folds, level)
            else:
                half = self.values * self.rough[place]
                ends = np.maximum(self.values - half, 0.0), self.values + half
            frame[f"low_{name}"], frame[f"high_{name}"] = ends
        return frame[list(FRAME)].round(dict.fromkeys(FRAME[1:], 2))

    def periods(self) -> pd.DataFrame:
        """PERIODS: weeks, months and running sums with both intervals."""
        if self.trials:
            return period_rows(self.values, self.history, list(self.trials.values()))
        days = days_after(self.history, len(self.values))
        grains, spans = spans_of(days)
        rows: list[dict[str, Any]] = []
        for grain, (first, end) in zip(grains, spans.tolist(), strict=True):
            value = float(np.sum(self.values[first:end]))
            row = {
                "grain": grain,
                "starts_on": days[first],
                "ends_on": days[end - 1],
                "value": value,
            }
            for rough, name in zip(self.rough, _NAMES, strict=True):
                half = value * float(np.mean(np.broadcast_to(rough, len(days))[first:end]))
                row |= {f"low_{name}": max(value - half, 0.0), f"high_{name}": value + half}
            rows.append(row)
        return pd.DataFrame(rows, columns=list(PERIODS)).round(dict.fromkeys(PERIODS[3:], 2))


@dataclass(frozen=True)
class Whole:
    """What a series goes with: its history, what is said ahead, what each past trial had said by the
    last day it knew, and what its events multiply days by, as known then. `method` is what going with
    it is called."""

    history: History
    values: Series
    trials: Mapping[date, Series]
    events: Mapping[date, Multipliers]
    method: str = SHARE

    @classmethod
    def of(cls, told: Told, daily: pd.DataFrame, events: pd.DataFrame, as_of: date) -> Whole:
        """The total that parts are parts of."""
        said = {origin: fold[1] for origin, fold in told.trials.items()}
        known = event_multipliers(daily, events=events, as_of=as_of)
        return cls(told.history, told.values, said, known)

    @property
    def brings_nothing(self) -> bool:
        """Whether refunds of the last weeks are as much as sales: then nothing can go with it."""
        return float(np.sum(self.history.values[-_LATELY:])) <= 0

    def beside(self) -> Whole:
        """The same for a figure that is no part of it but goes in step with it."""
        return replace(self, events={}, method=IN_STEP)


def of_forecast(made: Forecast, history: History) -> Told:
    """A forecast as series are told."""
    return Told(
        made.method,
        made.reason,
        history,
        made.frame["value"].to_numpy(dtype=float),
        {day: _fold(made.trials, day) for day in sorted(set(made.trials["origin"]))},
        made.backtest,
        made.warnings,
    )


def _fold(trials: pd.DataFrame, origin: date) -> Fold:
    """A trial's days that count, at their places."""
    rows = trials[trials["origin"] == origin]
    places = (pd.to_datetime(rows["day"]) - pd.Timestamp(origin)).dt.days.to_numpy() - 1
    came, said = np.zeros(HORIZON), np.zeros(HORIZON)
    counted = np.zeros(HORIZON, dtype=bool)
    came[places], said[places], counted[places] = rows["actual"], rows["said"], True
    return came, said, counted


def part(
    daily: pd.DataFrame,
    whole: Whole,
    *,
    events: pd.DataFrame,
    as_of: date,
    horizon: int,
    by_itself: bool = True,
) -> Told:
    """A series by the method that erred least in the past trials that choose.

    The methods: what `forecast.quick` chooses; the series' size beside the whole in the last eight
    weeks (a younger one's since it began) times what the whole is said to become, so that it has the whole's season and trend; and, of
    a part, the same with its share moving as it moved a year ago. Every trial knows only the days
    before it. Where nothing could be tried the share is carried on, and the interval is a guess.
    Not `by_itself`, in a shop that sells too little to tell a part's own life from chance, what
    `forecast.quick` says is not asked for.
    """
    history = _marked(history_of(daily, as_of), events, horizon)
    said = _beside(history, whole, whole.values, horizon)
    asked = by_itself or whole.brings_nothing
    alone = _alone(daily, whole, events, as_of, horizon) if asked else None
    if alone is not None and whole.brings_nothing:
        return replace(alone, warnings=(*alone.warnings, *_lately(history)))
    trials = _trials(history, whole)
    if not trials:
        told = Told(whole.method, TOO_NEW, history, said[whole.method])
        return replace(told, warnings=("interval_not_tested", *_lately(history)))
    tried = Tried(trials, "", "", (), ())
    choosing = trials[:-1] or trials
    rows = table_of([asdict(row) for row in tried.rows()], BACKTEST)
    errors = {
        name: float(np.mean([trial.error(name) for trial in choosing]))
        for name in said
        if all(name in trial.said for trial in choosing)
    }
    method = min(errors, key=errors.__getitem__)
    if alone is not None:
        others = alone.rows[~alone.rows["method"].isin(rows["method"])]
        rows = pd.concat([rows, others], ignore_index=True)
        if _mean_error(alone, choosing) <= errors[method]:
            return replace(alone, rows=rows, warnings=(*alone.warnings, *_lately(history)))
    folds = {
        trial.known.day(trial.start - 1): trial.fold(method)
        for trial in trials
        if method in trial.said
    }
    held = rows[rows["method"] == method]["coverage_80"].dropna()
    warnings = _held(held) + _lately(history)
    return Told(method, "least_error", history, said[method], folds, rows, warnings)


def _marked(history: History, events: pd.DataFrame, horizon: int) -> History:
    last = history.day(len(history.values) + horizon - 1)
    return oddities(history, all_days(events, history.first, last)).history


def _alone(
    daily: pd.DataFrame, whole: Whole, events: pd.DataFrame, as_of: date, horizon: int
) -> Told | None:
    try:
        made = quick(
            daily, events=events, as_of=as_of, horizon_days=horizon, elsewhere=whole.events
        )
    except CrmError:
        return None
    return of_forecast(made, _marked(history_of(daily, as_of), events, horizon))


def _mean_error(alone: Told, trials: Sequence[Trial]) -> float:
    """The mean scaled error of what was said alone; infinite where it could not be tried in all."""
    errors: list[float] = []
    for trial in trials:
        fold = alone.trials.get(trial.known.day(trial.start - 1))
        if fold is None:
            return float("inf")
        came, said, counted = fold
        scaled = mase(came[counted], said[counted], trial.known.values)
        errors.append(float(np.mean(np.abs(came - said)[counted])) if scaled is None else scaled)
    return float(np.mean(errors))


def _trials(history: History, whole: Whole) -> tuple[Trial, ...]:
    """What going with the whole had said on each past day of which the whole was tried."""
    found: list[Trial] = []
    for origin in sorted(whole.trials):
        start = (origin - history.first).days + 1
        if start < _LEAST or start + HORIZON > len(history.values):
            continue
        counted = history.counted[start : start + HORIZON]
        if counted.any():
            known = history.until(start)
            said = _beside(known, whole, whole.trials[origin], HORIZON)
            said[NAIVE[0]] = naive_seasonal(known, HORIZON)
            came = history.values[start : start + HORIZON]
            found.append(Trial(start, known, came, said, counted))
    return tuple(found)


def _beside(known: History, whole: Whole, of_whole: Series, horizon: int) -> dict[str, Series]:
    """What going with the whole says for the days after what is known."""
    today = known.day(len(known.values) - 1)
    teacher = whole.history.until((today - whole.history.first).days + 1)
    days = min(max(len(known.values), _YOUNG), _LATELY)
    lately = max(float(np.sum(known.values[-days:])), 0.0)
    total = float(np.sum(teacher.values[-days:]))
    said = {whole.method: of_whole[:horizon] * (lately / total if total > 0 else 0.0)}
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
        total = float(np.sum(teacher.values[behind + first : behind + end]))
        return max(float(np.sum(known.values[first:end])), 0.0) / total if total > 0 else 0.0

    before = share(today - _LATELY, today)
    if before <= 0:
        return None
    blocks = [
        share(today + first, today + first + _LEAST) / before for first in range(0, horizon, _LEAST)
    ]
    return np.repeat(np.clip(blocks, 1 / _MOST_MOVED, _MOST_MOVED), _LEAST)[:horizon]


def _held(coverage: Sequence[float] | pd.Series) -> tuple[str, ...]:
    if not len(coverage):
        return ("interval_not_tested",)
    return ("interval_too_narrow",) if float(np.mean(coverage)) < 0.7 else ()


def _lately(history: History) -> tuple[str, ...]:
    return () if np.any(history.values[-_LATELY:]) else ("nothing_lately",)
