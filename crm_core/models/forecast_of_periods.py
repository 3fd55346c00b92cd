"""What each of the next weeks or months will bring, for figures whose days do not add up: its buyers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from crm_core.models.backtest import coverage, mase, origins, wape
from crm_core.models.base import need
from crm_core.models.forecast_bands import LEVELS, few_band, plain_band
from crm_core.models.forecast_methods import Series
from crm_core.models.forecast_smoothing import smoothed, theta, weekday_mean, year_wave
from crm_core.models.forecast_trials import CLEARLY

TRIALS: Final = 8
BLEND: Final = "blend_mean"
_TRIED = 4
_Band = Callable[[Series, Sequence[Series], float], tuple[Series, Series]]


@dataclass(frozen=True)
class Rhythm:
    """How periods of one length are foretold: how many `ahead`, how many of them each trial has
    (`tested`), how far trials lie apart (`step`), from how many known periods on (`least`), how
    many there must be (`needed`), periods a `year`, from how many on a yearly wave is tried, what
    the mean of the last four is called, and how wide intervals are made."""

    grain: str
    ahead: int
    tested: int
    step: int
    least: int
    needed: int
    year: float
    yearly_from: int
    naive: str
    band: _Band


#: A yearly wave takes a year and a half of weeks; of months, two years.
WEEKS: Final = Rhythm("week", 13, 8, 4, 12, 20, 365.25 / 7, 78, "naive_last_weeks", plain_band)
MONTHS: Final = Rhythm("month", 3, 3, 1, 6, 12, 12.0, 24, "naive_last_months", few_band)
RHYTHMS: Final = {rhythm.grain: rhythm for rhythm in (WEEKS, MONTHS)}

Sizes = Callable[[int], Series]
_Method = Callable[[Series, int, Rhythm], Series]


def _last(values: Series, horizon: int, _: Rhythm) -> Series:
    return weekday_mean(values, horizon, 1)


def _smoothed(values: Series, horizon: int, _: Rhythm) -> Series:
    return smoothed(values, horizon)


def _theta(values: Series, horizon: int, _: Rhythm) -> Series:
    return theta(values, horizon, 1)


def _yearly(values: Series, horizon: int, rhythm: Rhythm) -> Series:
    wave = year_wave(values, horizon, rhythm.year)
    return smoothed(values / wave[: len(values)], horizon) * wave[len(values) :]


def _methods(rhythm: Rhythm) -> dict[str, tuple[int, _Method]]:
    return {
        rhythm.naive: (4, _last),
        "smoothed": (rhythm.least, _smoothed),
        "theta": (rhythm.least, _theta),
        "smoothed_yearly": (rhythm.yearly_from, _yearly),
    }


@dataclass(frozen=True)
class TrialRow:
    """How a method did in one trial that knew the first `start` periods. Coverage is of an interval
    made of the trials that had ended by then, empty where there was none."""

    method: str
    start: int
    mase: float | None
    wape: float | None
    coverage_80: float | None
    coverage_95: float | None


@dataclass(frozen=True)
class Periods:
    """Periods ahead with intervals, the method and what it is worth.

    `low` and `high` are by level (.8, .95). `reason` is as in `forecast_trials`: blend or
    single_better. `rows` are all methods in all trials; `mase` is the mean error of the shown one in
    parts of that of repeating the last period, `mase_naive` the same of the last four periods' mean;
    `held` is the share of later periods inside the interval, empty where nothing could be tested.
    """

    values: Series
    low: dict[float, Series]
    high: dict[float, Series]
    method: str
    reason: str
    mase: float | None
    mase_naive: float | None
    held: dict[float, float]
    rows: tuple[TrialRow, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class _Trial:
    start: int
    actual: Series
    said: dict[str, Series]

    def errors(self, method: str) -> Series:
        return self.actual - self.said[method]


def of_periods(values: Series, *, rhythm: Rhythm = WEEKS, sizes: Sizes | None = None) -> Periods:
    """The next periods of a figure: whole ones, the newest last, those without sales as zero.

    Mean of the last four, exponential smoothing and theta, from a year and a half on (of months two
    years) with a yearly wave as well; their mean, or one that erred clearly less over up to eight
    trials. The intervals are of the errors of all trials together, as one has too few to be taken by
    itself: split-conformal, of months by their root mean square. `sizes` tells, by how many periods are known, how large
    each of those and of the next ones is: a short month brings less, a week with an event more.
    Raises: CrmError("not_enough_data") under 20 weeks or 12 months.

    >>> of_periods(np.full(24, 300.0)).values.round().tolist()[:2]
    [300.0, 300.0]
    """
    given = {f"{rhythm.grain}s": (len(values), rhythm.needed)}
    need("forecast", **given)
    horizon = rhythm.ahead
    told = sizes or (lambda known: np.ones(known + horizon))
    starts = origins(
        len(values), horizon=rhythm.tested, step=rhythm.step, count=TRIALS, least=rhythm.least
    )
    trials = [
        _Trial(
            start,
            values[start : start + rhythm.tested],
            _said(values[:start], told(start)[: start + rhythm.tested], rhythm),
        )
        for start in starts
    ]
    method, reason = _choice(trials[:-1] or trials)
    said = _said(values, told(len(values)), rhythm)[method]
    known = [trial for trial in trials if method in trial.said]
    errors = [trial.errors(method) for trial in known]
    bands = {level: rhythm.band(said, errors, level) for level in LEVELS}
    rows = tuple(
        _row(trials, (trial, name), values, rhythm.band) for trial in trials for name in trial.said
    )
    return Periods(
        said,
        {level: low for level, (low, _) in bands.items()},
        {level: high for level, (_, high) in bands.items()},
        method,
        reason,
        _mean(rows, method, "mase"),
        _mean(rows, rhythm.naive, "mase"),
        {
            level: held
            for level, name in zip(LEVELS, ("coverage_80", "coverage_95"), strict=True)
            if (held := _mean(rows, method, name)) is not None
        },
        rows,
    )


def _said(values: Series, sizes: Series, rhythm: Rhythm) -> dict[str, Series]:
    """What each method says of the periods after the values; `sizes` are of both."""
    ahead = sizes[len(values) :]
    even = values / sizes[: len(values)]
    told = {
        name: np.maximum(method(even, len(ahead), rhythm), 0.0) * ahead
        for name, (needed, method) in _methods(rhythm).items()
        if len(values) >= needed
    }
    return {**told, BLEND: np.mean(list(told.values()), axis=0)}


def _choice(trials: Sequence[_Trial]) -> tuple[str, str]:
    """The blend, or what erred at least 2 % less, over the trials that could try all methods; those
    tried too seldom take no part."""
    tried = Counter(name for trial in trials for name in trial.said)
    every = [name for name, times in tried.items() if times >= min(_TRIED, len(trials))]
    fair = [trial for trial in trials if all(name in trial.said for name in every)]
    errors = {
        name: float(np.mean([np.mean(np.abs(trial.errors(name))) for trial in fair]))
        for name in every
    }
    single = min((name for name in errors if name != BLEND), key=lambda name: errors[name])
    clearly = errors[single] <= (1 - CLEARLY) * errors[BLEND]
    return (single, "single_better") if clearly else (BLEND, "blend")


def _row(
    trials: Sequence[_Trial], what: tuple[_Trial, str], values: Series, band: _Band
) -> TrialRow:
    trial, method = what
    said = trial.said[method]
    ended = [
        past.errors(method)
        for past in trials
        if past.start + len(past.actual) <= trial.start and method in past.said
    ]
    bands = [band(said, ended, level) for level in LEVELS] if ended else []
    held = [coverage(trial.actual, low, high) for low, high in bands]
    return TrialRow(
        method,
        trial.start,
        mase(trial.actual, said, values[: trial.start], season=1),
        wape(trial.actual, said),
        *(held or [None, None]),
    )


def _mean(rows: Sequence[TrialRow], method: str, name: str) -> float | None:
    known = [getattr(row, name) for row in rows if row.method == method]
    known = [value for value in known if value is not None]
    return float(np.mean(known)) if known else None
