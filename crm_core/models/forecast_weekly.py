"""What each of the next weeks will bring, for figures whose days do not add up: buyers of a week."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from crm_core.models.backtest import coverage, mase, origins
from crm_core.models.base import need
from crm_core.models.forecast_bands import LEVELS, plain_band
from crm_core.models.forecast_methods import Series
from crm_core.models.forecast_smoothing import smoothed, theta, weekday_mean, year_wave
from crm_core.models.forecast_trials import CLEARLY

HORIZON_WEEKS: Final = 8
STEP_WEEKS: Final = 4
TRIALS: Final = 8
LEAST_WEEKS: Final = 20
#: A yearly wave takes a year and a half.
YEARLY_WEEKS: Final = 78
NAIVE: Final = "naive_last_weeks"
BLEND: Final = "blend_mean"
_WEEKS_A_YEAR: Final = 365.25 / 7
_LEAST: Final = 12


def _last_weeks(values: Series, horizon: int) -> Series:
    return weekday_mean(values, horizon, 1)


def _theta(values: Series, horizon: int) -> Series:
    return theta(values, horizon, 1)


def _yearly(values: Series, horizon: int) -> Series:
    wave = year_wave(values, horizon, _WEEKS_A_YEAR)
    return smoothed(values / wave[: len(values)], horizon) * wave[len(values) :]


_METHODS: Final[dict[str, tuple[int, Callable[[Series, int], Series]]]] = {
    NAIVE: (4, _last_weeks),
    "smoothed": (_LEAST, smoothed),
    "theta": (_LEAST, _theta),
    "smoothed_yearly": (YEARLY_WEEKS, _yearly),
}


@dataclass(frozen=True)
class Weeks:
    """Weeks ahead with intervals, the method and what it is worth.

    `low` and `high` are by level (.8, .95). `mase` is the mean error over the trials in parts of
    that of repeating the last week, `mase_naive` the same of the last four weeks' mean; `held` is the share of later weeks inside the interval made of
    the trials that had ended by then, empty where there was none.
    """

    values: Series
    low: dict[float, Series]
    high: dict[float, Series]
    method: str
    mase: float | None
    mase_naive: float | None
    held: dict[float, float]


@dataclass(frozen=True)
class _Trial:
    start: int
    actual: Series
    said: dict[str, Series]

    def errors(self, method: str) -> Series:
        return self.actual - self.said[method]


def weekly(values: Series, *, horizon_weeks: int = 13) -> Weeks:
    """The next weeks of a weekly figure: whole weeks, the newest last, weeks without sales as zero.

    Mean of the last four weeks, exponential smoothing and theta, from 78 weeks on with a yearly
    wave as well; their mean, or one that erred clearly less over up to eight trials of 8 weeks. The
    intervals are split-conformal over the errors of the last trials (plain, as a trial of eight
    weeks has too few errors to be taken by itself).
    Raises: CrmError("not_enough_data") under 20 weeks.
    """
    need("forecast", weeks=(len(values), LEAST_WEEKS))
    starts = origins(
        len(values), horizon=HORIZON_WEEKS, step=STEP_WEEKS, count=TRIALS, least=_LEAST
    )
    trials = [
        _Trial(start, values[start : start + HORIZON_WEEKS], _said(values[:start], HORIZON_WEEKS))
        for start in starts
    ]
    method = _choice(trials[:-1] or trials)
    said = _said(values, horizon_weeks)[method]
    known = [trial for trial in trials if method in trial.said]
    errors = [trial.errors(method) for trial in known]
    bands = {level: plain_band(said, errors, level) for level in LEVELS}
    return Weeks(
        said,
        {level: low for level, (low, _) in bands.items()},
        {level: high for level, (_, high) in bands.items()},
        method,
        _mean_error(known, method, values),
        _mean_error(known, NAIVE, values),
        {level: held for level in LEVELS if (held := _held(known, method, level)) is not None},
    )


def _said(values: Series, horizon: int) -> dict[str, Series]:
    told = {
        name: np.maximum(method(values, horizon), 0.0)
        for name, (needed, method) in _METHODS.items()
        if len(values) >= needed
    }
    return {**told, BLEND: np.mean(list(told.values()), axis=0)}


def _choice(trials: list[_Trial]) -> str:
    """The blend, or what erred at least 2 % less, over the trials that could try all methods."""
    every = trials[-1].said
    fair = [trial for trial in trials if trial.said.keys() == every.keys()]
    errors = {
        name: float(np.mean([np.mean(np.abs(trial.errors(name))) for trial in fair]))
        for name in every
    }
    single = min((name for name in errors if name != BLEND), key=lambda name: errors[name])
    return single if errors[single] <= (1 - CLEARLY) * errors[BLEND] else BLEND


def _mean_error(trials: list[_Trial], method: str, values: Series) -> float | None:
    found = [
        mase(trial.actual, trial.said[method], values[: trial.start], season=1) for trial in trials
    ]
    known = [error for error in found if error is not None]
    return float(np.mean(known)) if known else None


def _held(trials: list[_Trial], method: str, level: float) -> float | None:
    shares: list[float] = []
    for trial in trials:
        ended = [past for past in trials if past.start + HORIZON_WEEKS <= trial.start]
        if ended:
            errors = [past.errors(method) for past in ended]
            low, high = plain_band(trial.said[method], errors, level)
            shares.append(coverage(trial.actual, low, high))
    return float(np.mean(shares)) if shares else None
