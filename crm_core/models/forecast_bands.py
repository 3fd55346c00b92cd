"""How wide a forecast's interval must be, from the errors of exactly three past trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from crm_core.models.backtest import worst_fold
from crm_core.models.forecast_methods import History, Mask, Series, closed_weekdays

HORIZON: Final = 28
FOLDS: Final = 3
LEVELS: Final = (0.8, 0.95)

_WIDER_A_DAY = 0.01
_FLOOR = 0.1

Fold = tuple[Series, Series, Mask]
"""Of a past trial the actual days, what had been said, and which days count."""
Spans = NDArray[np.int64]
"""Rows of two: a sum's first day ahead, counted from 0, and the day after its last."""


def band(
    said: Series, known: History, folds: Sequence[Fold], level: float
) -> tuple[Series, Series]:
    """Low and high around what was said, from the worst of the last three trials that had ended.

    Errors grow as the square root of the level, and the band by 1 % of its width a day beyond the
    28 tested. Never below zero; on closed weekdays it is the value itself. Measured on 17 daily
    series (held-out 28-day windows, four a series): 80 % bands held .80, 95 % bands .93 of the
    days; between days 43 and 70 it was .78 and .90.
    """
    # the quantile of n errors that a further one stays below with this chance
    exact = min(1.0, level * (HORIZON + 1) / HORIZON)
    errors = [
        ((actual - told) / np.sqrt(_spread(told, known)))[counted]
        for actual, told, counted in folds[-FOLDS:]
    ]
    lead = np.arange(1, len(said) + 1)
    half = worst_fold(errors, exact) * np.sqrt(_spread(said, known)) * _wider(lead)
    first = known.first.weekday() + len(known.values)
    half[np.isin((first + lead - 1) % 7, list(closed_weekdays(known)))] = 0.0
    return np.maximum(said - half, 0.0), said + half


def band_of_sums(
    said: Series, known: History, folds: Sequence[Fold], level: float, spans: Spans
) -> tuple[Series, Series]:
    """Low and high around the sums of what was said over stretches of days.

    Days of one trial err together, so a sum's interval is no function of the days' intervals. Its
    size is the worst of the last three trials' mean square errors of sums as long (28 days at
    most), with Student's t of as many degrees of freedom as such sums fit into three trials; beyond
    the 28 days tested it grows as the root of the last day's lead. `spans` are rows (first day
    ahead from 0, day after the last). Coverage measured: docs/adr/0042.

    >>> spans = np.array([[0, 7], [0, 90]])  # the first week, all ninety days
    """
    width = sums_over(np.sqrt(_spread(said, known)), spans)
    lengths = np.minimum(spans[:, 1] - spans[:, 0], HORIZON)
    half = np.zeros(len(spans))
    for length in np.unique(lengths):
        freedom = FOLDS * HORIZON / int(length)
        worst = max(_usual_error(fold, known, int(length)) for fold in folds[-FOLDS:])
        chosen = lengths == length
        half[chosen] = worst * stdtrit(freedom, 0.5 + level / 2) * width[chosen]
    half *= np.sqrt(np.maximum(spans[:, 1] / HORIZON, 1.0))
    sums = sums_over(said, spans)
    return np.maximum(sums - half, 0.0), sums + half


def plain_band(said: Series, errors: Sequence[Series], level: float) -> tuple[Series, Series]:
    """Split-conformal: the quantile of all past errors, pooled. For weekly series.

    A trial of eight weeks has too few errors for a quantile of its own.
    """
    pooled = np.sort(np.abs(np.concatenate(list(errors))))
    place = min(int(np.ceil(level * (len(pooled) + 1))), len(pooled)) - 1
    return np.maximum(said - pooled[place], 0.0), said + pooled[place]


def few_band(said: Series, errors: Sequence[Series], level: float) -> tuple[Series, Series]:
    """For monthly series, whose trials have three errors each: the root mean square of all past
    errors, with Student's t of as many degrees of freedom as there were trials."""
    usual = float(np.sqrt(np.mean(np.concatenate(list(errors)) ** 2)))
    half = usual * float(stdtrit(len(errors), 0.5 + level / 2))
    return np.maximum(said - half, 0.0), said + half


def _usual_error(fold: Fold, known: History, length: int) -> float:
    """Root mean square error of a trial's sums of `length` days, against their usual width."""
    actual, told, counted = fold
    starts = np.arange(HORIZON - length + 1)
    spans = np.stack([starts, starts + length], axis=1)
    errors = sums_over(np.where(counted, actual - told, 0.0), spans)
    return float(np.sqrt(np.mean((errors / sums_over(np.sqrt(_spread(told, known)), spans)) ** 2)))


def sums_over(values: Series, spans: Spans) -> Series:
    """The sums of the values over stretches of days."""
    return np.diff(np.r_[0.0, np.cumsum(values)][spans], axis=1)[:, 0]


def _wider(lead: NDArray[Any]) -> Series:
    return 1.0 + _WIDER_A_DAY * np.maximum(lead - HORIZON, 0)


def _spread(said: Series, known: History) -> Series:
    usual = max(float(np.mean(known.values[-56:])), 1e-9)
    return np.maximum(said, _FLOOR * usual)
