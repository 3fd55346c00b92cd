"""Weeks, months and running sums of a daily forecast, and how sure a sum is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from crm_core.models.student import t_quantile

Series = NDArray[np.floating[Any]]

GRAINS: Final = ("week", "month", "to_date")
LEVELS: Final = ((0.8, "80"), (0.95, "95"))
_WIDER_A_DAY = 0.01
_LEAST_TRIALS = 3


@dataclass(frozen=True)
class Past:
    """A past trial: what came on each of its days, and what had been said."""

    actual: Series
    said: Series


@dataclass(frozen=True)
class Stretch:
    """Days of the forecast, by their places: from the first up to, not with, the end."""

    grain: str
    first: int
    end: int


def stretches(first_day: date, days: int) -> Iterator[Stretch]:
    """The weeks (from Monday) and months that the days ahead fall into, cut where the forecast
    begins and ends, and every running sum from the first day on."""
    for grain in ("week", "month"):
        begins = [place for place in range(days) if place == 0 or _begins(grain, first_day, place)]
        for first, end in zip(begins, [*begins[1:], days], strict=True):
            yield Stretch(grain, first, end)
    for end in range(1, days + 1):
        yield Stretch("to_date", 0, end)


def _begins(grain: str, first_day: date, place: int) -> bool:
    day = first_day + timedelta(place)
    return day.weekday() == 0 if grain == "week" else day.day == 1


def half_width(
    stretch: Stretch, value: float, daily: Series, trials: Sequence[Past], level: float
) -> float:
    """How far the sum of a stretch may lie from what is said for it.

    By what sums of as many days missed in past trials, for a length beyond the trials' as a share of
    what was said, one hundredth of itself wider for each day ahead beyond them. `daily` are the half
    widths of its days: a sum is never surer than if its days missed independently, and never less
    sure than if all missed in the same direction.
    """
    surest, least_sure = float(np.sqrt(np.sum(daily**2))), float(np.sum(daily))
    if len(trials) < _LEAST_TRIALS:
        return least_sure
    tested = min(len(trial.actual) for trial in trials)
    length = min(stretch.end - stretch.first, tested)
    missed = [float(np.sum((trial.actual - trial.said)[:length])) for trial in trials]
    said = float(np.mean([np.sum(trial.said[:length]) for trial in trials]))
    if said <= 0:
        return least_sure
    share = float(np.sqrt(np.mean(np.square(missed)))) / said
    quantile = t_quantile(0.5 + level / 2, max(len(trials) - 1, 1))
    wider = 1.0 + _WIDER_A_DAY * max(stretch.end - tested, 0)
    return float(np.clip(quantile * share * value * wider, surest, least_sure))


def period_rows(
    first_day: date, value: Series, halves: dict[str, Series], trials: Sequence[Past]
) -> list[dict[str, Any]]:
    """A row a stretch: grain, starts_on, ends_on, value and both intervals, never below zero.

    `halves` has the half width of each day by level ("80", "95")."""
    rows: list[dict[str, Any]] = []
    for stretch in stretches(first_day, len(value)):
        days = slice(stretch.first, stretch.end)
        said = round(float(np.sum(np.round(value[days], 2))), 2)
        row: dict[str, Any] = {
            "grain": stretch.grain,
            "starts_on": first_day + timedelta(stretch.first),
            "ends_on": first_day + timedelta(stretch.end - 1),
            "value": said,
        }
        widest = 0.0
        for level, name in LEVELS:
            half = half_width(stretch, said, halves[name][days], trials, level)
            widest = max(widest, half)
            row[f"low_{name}"] = round(max(said - widest, 0.0), 2)
            row[f"high_{name}"] = round(said + widest, 2)
        rows.append(row)
    return rows
