"""How well daily and weekly figures of published logs are foreseen, on periods that chose nothing.

Eleven daily series (Complete Journey: revenue, orders, buyers, four departments, two stores; rented
bikes: all, casual), 28 days ahead, 8 origins 14 days apart. Each series' method is chosen on
origins 1 to 4 and told on 5 to 8; "ended" chooses by the origins alone whose days were over.
Intervals are of the three trials that had ended. `python -m bench.forecast BIKES.csv`, or the
path in BIKE_DAYS; without it nine series are measured.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import mean, median

import numpy as np
import pandas as pd

from bench._clock import cpu, row
from bench._series import bikes, journey
from crm_core.models.backtest import mase, pinball
from crm_core.models.forecast import forecast, history_of, quick
from crm_core.models.forecast_bands import HORIZON, LEVELS, band, band_of_sums
from crm_core.models.forecast_events import all_days
from crm_core.models.forecast_members import BLENDS, MEMBERS, NAIVE
from crm_core.models.forecast_periods import spans_of
from crm_core.models.forecast_trials import Trial, Tried, choice, tried

CHOOSING, TOLD = slice(0, 4), slice(4, 8)
NONE = pd.DataFrame(columns=["name", "starts_on", "ends_on"])


@dataclass(frozen=True)
class Told:
    """One trial that is told: its series, the method chosen, and what it is measured by."""

    series: str
    method: str
    mase: float
    naive: float
    total: float


def told(name: str, found: Tried, *, ended: bool) -> list[Told]:
    rows: list[Told] = []
    for trial in found.trials[TOLD]:
        choosing = [
            past
            for past in found.trials[CHOOSING]
            if not ended or past.start + HORIZON <= trial.start
        ]
        method, _ = choice(choosing, found.members)
        said = trial.said[method]
        rows.append(
            Told(
                name,
                method,
                error(trial, method),
                error(trial, "naive_seasonal"),
                abs(float(said.sum() / trial.actual.sum()) - 1.0),
            )
        )
    return rows


def error(trial: Trial, method: str) -> float:
    found = mase(trial.actual, trial.said[method], trial.known.values)
    assert found is not None
    return found


@dataclass
class Held:
    """Intervals of days and of sums, beside what came."""

    days: dict[float, list[bool]]
    weeks: dict[float, list[bool]]
    sums: dict[float, list[bool]]
    loss: list[float]
    loss_native: list[float]

    @classmethod
    def none(cls) -> Held:
        return cls({0.8: [], 0.95: []}, {0.8: [], 0.95: []}, {0.8: [], 0.95: []}, [], [])

    def add(self, found: Tried, method: str) -> None:
        for trial in found.trials[TOLD]:
            folds = [
                past.fold(method) for past in found.trials if past.start + HORIZON <= trial.start
            ]
            said, came = trial.said[method], trial.actual
            scale = float(np.mean(np.abs(came)))
            grains, spans = spans_of([trial.known.day(trial.start + n) for n in range(HORIZON)])
            for level in LEVELS:
                low, high = band(said, trial.known, folds, level)
                self.days[level] += ((came >= low) & (came <= high)).tolist()
                bottom, top = band_of_sums(said, trial.known, folds, level, spans)
                sums = np.array([came[a:b].sum() for a, b in spans])
                inside = (sums >= bottom) & (sums <= top)
                for grain, held in zip(grains, inside.tolist(), strict=True):
                    {"week": self.weeks, "to_date": self.sums}.get(grain, {level: []})[
                        level
                    ].append(held)
                self.loss += _losses(came / scale, low / scale, high / scale, level)
                low, high = _native(trial, method, level)
                self.loss_native += _losses(came / scale, low / scale, high / scale, level)


def _losses(came: np.ndarray, low: np.ndarray, high: np.ndarray, level: float) -> list[float]:
    tail = (1 - level) / 2
    return [pinball(came, low, tail), pinball(came, high, 1 - tail)]


def _native(trial: Trial, method: str, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The normal interval of repeated smoothing: one-day-back weekly differences of the past."""
    said = trial.said[method]
    past = trial.known.values
    spread = float(np.std(past[7:] - past[:-7])) / np.sqrt(2)
    reach = {0.8: 1.2816, 0.95: 1.96}[level] * spread
    growth = np.sqrt(1 + 0.05 * np.arange(HORIZON))
    return np.maximum(said - reach * growth, 0.0), said + reach * growth


def ratio(rows: Sequence[Told]) -> float:
    return mean(one.mase for one in rows) / mean(one.naive for one in rows)
