"""Measures of a daily forecast on days it had not seen, and the past days to measure it on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.floating[Any]]


def origins(days: int, *, horizon: int, step: int, count: int, least: int) -> tuple[int, ...]:
    """How many days to learn from in each past trial, oldest trial first.

    The newest trial ends with the last day; each earlier one lies `step` days back, as long as
    at least `least` days remain to learn from.

    >>> origins(900, horizon=28, step=14, count=3, least=60)
    (844, 858, 872)
    >>> origins(95, horizon=28, step=14, count=8, least=60)
    (67,)
    """
    found = (days - horizon - step * back for back in range(count))
    return tuple(sorted(start for start in found if start >= least))


def mase(actual: Series, predicted: Series, history: Series, season: int = 7) -> float | None:
    """Mean error over the mean error of repeating last week in the history: below 1 is better.

    None where the history repeats itself exactly. Source: Hyndman & Koehler (2006).

    >>> history = np.array([10.0, 20, 10, 20, 10, 20, 10, 12, 22, 12, 22, 12, 22, 12])
    >>> mase(np.array([12.0, 22]), np.array([11.0, 23]), history)
    0.5
    """
    if len(history) <= season:
        return None
    usual = float(np.mean(np.abs(history[season:] - history[:-season])))
    return float(np.mean(np.abs(actual - predicted))) / usual if usual > 0 else None


def wape(actual: Series, predicted: Series) -> float | None:
    """Sum of the daily errors as a share of all that was sold; None where nothing was.

    >>> wape(np.array([100.0, 300]), np.array([120.0, 280]))
    0.1
    """
    sold = float(np.sum(np.abs(actual)))
    return float(np.sum(np.abs(actual - predicted))) / sold if sold > 0 else None


def coverage(actual: Series, low: Series, high: Series) -> float:
    """Share of the days that fell inside the interval, ends included.

    >>> coverage(np.array([5.0, 9]), np.array([4.0, 4]), np.array([6.0, 8]))
    0.5
    """
    return float(np.mean((actual >= low) & (actual <= high)))


def pinball(actual: Series, predicted: Series, level: float) -> float:
    """Mean loss of a predicted quantile of that level: smaller is sharper and better placed.

    >>> pinball(np.array([10.0]), np.array([8.0]), 0.9), pinball(np.array([8.0]), np.array([10.0]), 0.9)
    (1.8, 0.2)
    """
    error = actual - predicted
    return round(float(np.mean(np.maximum(level * error, (level - 1) * error))), 12)


def worst_fold(errors: Sequence[Series], level: float) -> float:
    """The half-width that held `level` of the days in every one of the past trials given.

    Errors of one trial move together, so its days are nearly one observation: pooling them gives
    intervals that are too narrow. The level this rule reaches depends on the number of trials,
    so callers keep that number fixed and state the coverage they measured.

    >>> worst_fold([np.array([1.0, -2, 3, 4, 5]), np.array([2.0, 2, 2, 2, 2])], 0.8)
    4.2
    """
    return max(round(_quantile(np.sort(np.abs(error)), level), 12) for error in errors)


def _quantile(ordered: Series, level: float) -> float:
    """As `numpy.quantile`, without its checks: a refresh asks for thousands of a few days each."""
    place = level * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))
