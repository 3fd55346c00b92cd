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
import warnings
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
from crm_core.models.forecast_bands import HORIZON, LEVELS, Fold, band, band_of_sums
from crm_core.models.forecast_effects import learned_effects
from crm_core.models.forecast_events import EventDay, all_days
from crm_core.models.forecast_members import BLENDS, MEMBERS, NAIVE, PROPHET, YEARLY
from crm_core.models.forecast_methods import History, Series, learned_days
from crm_core.models.forecast_periods import spans_of
from crm_core.models.forecast_prophet import model_of
from crm_core.models.forecast_trials import STEP, Trial, Tried, choice, tried

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
            folds = ended_folds(found, trial, method)
            said, came = trial.said[method], trial.actual
            days = [trial.known.day(trial.start + place) for place in range(HORIZON)]
            grains, spans = spans_of(days)
            sums = np.array([came[first:after].sum() for first, after in spans])
            for level in LEVELS:
                low, high = band(said, trial.known, folds, level)
                self.days[level] += ((came >= low) & (came <= high)).tolist()
                low, high = band_of_sums(said, trial.known, folds, level, spans)
                inside = ((sums >= low) & (sums <= high)).tolist()
                for grain, held in zip(grains, inside, strict=True):
                    if grain != "month":
                        (self.weeks if grain == "week" else self.sums)[level].append(held)

    def compare(self, found: Tried, events: list[EventDay]) -> None:
        """Prophet's own interval beside ours, around Prophet's own forecast."""
        for trial in found.trials[TOLD]:
            folds = ended_folds(found, trial, PROPHET)
            yearly = PROPHET in found.yearly and trial.start >= YEARLY[PROPHET]
            for level in LEVELS:
                ours = band(trial.said[PROPHET], trial.known, folds, level)
                theirs = native(trial.known, events, yearly=yearly, level=level)
                self.loss.append(loss(trial.actual, *ours, level))
                self.loss_native.append(loss(trial.actual, *theirs, level))


def ended_folds(found: Tried, trial: Trial, method: str) -> list[Fold]:
    return [past.fold(method) for past in found.trials if past.start + HORIZON <= trial.start]


def loss(came: Series, low: Series, high: Series, level: float) -> float:
    """Mean pinball loss of both ends, in parts of the mean day."""
    tail, scale = (1 - level) / 2, float(np.mean(came))
    ends = pinball(came / scale, low / scale, tail), pinball(came / scale, high / scale, 1 - tail)
    return mean(ends)


def native(
    known: History, events: list[EventDay], *, yearly: bool, level: float
) -> tuple[Series, Series]:
    effects = learned_effects(known, events)
    model = model_of(effects.days, yearly=yearly, multiplicative=True)
    model.uncertainty_samples, model.interval_width = 300, level
    days = [known.day(place) for place in range(len(known.values) + HORIZON)]
    frame = pd.DataFrame({"ds": pd.to_datetime(days[: len(known.values)]), "y": known.values})
    np.random.seed(1)  # Prophet draws from the global generator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(frame[learned_days(known, {day.day for day in effects.days})], seed=1)
        said = model.predict(pd.DataFrame({"ds": pd.to_datetime(days[-HORIZON:])}))
    return tuple(np.maximum(said[f"yhat_{end}"].to_numpy(), 0.0) for end in ("lower", "upper"))


def ratio(rows: Sequence[Told]) -> float:
    return mean(one.mase for one in rows) / mean(one.naive for one in rows)


def tell(title: str, rows: Sequence[Told]) -> None:
    row(title, f"MASE {mean(one.mase for one in rows):.4f}", f"{ratio(rows):.4f} of naive",
        f"28-day total off {median(one.total for one in rows):.1%}")  # fmt: skip


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BIKE_DAYS")
    series = journey() | (bikes(Path(path)) if path else {})
    every: list[Told] = []
    strict: list[Told] = []
    plain: dict[str, list[Told]] = {}
    held = Held.none()
    for name, daily in series.items():
        as_of = max(daily["day"])
        as_of = pd.Timestamp(as_of).date()
        history = history_of(daily, as_of)
        events = all_days(NONE, history.first, as_of + timedelta(90))
        # whether there is a yearly wave is chosen without the trials that are told
        first = tried(history.until(len(history.values) - 4 * STEP), events=events, seed=0)
        found = tried(history, events=events, seed=0, yearly=first.yearly)
        rows = told(name, found, ended=False)
        every += rows
        strict += told(name, found, ended=True)
        for method in (*NAIVE, *MEMBERS, *BLENDS):
            plain.setdefault(method, []).extend(fixed(name, found, method))
        held.add(found, rows[0].method)
        held.compare(found, events)
        seconds = cpu(lambda d=daily, a=as_of: forecast(d, events=NONE, as_of=a))
        fast = cpu(lambda d=daily, a=as_of: quick(d, events=NONE, as_of=a))
        row(name, rows[0].method, f"{ratio(rows):.4f} of naive",
            f"off {median(one.total for one in rows):.1%}", f"{seconds:.1f} s CPU",
            f"quick {fast:.2f} s")  # fmt: skip
    print()
    tell("chosen on 1 to 4", every)
    tell("chosen on ended ones", strict)
    for method, rows in plain.items():
        tell(method, rows)
    print(dict(Counter(one.method for one in every)))
    for title, hits in (("days", held.days), ("weeks", held.weeks), ("sums", held.sums)):
        row(f"held, {title}", *(f"{mean(hits[level]):.1%} at {level:.0%}" for level in LEVELS))
    row("pinball, Prophet", f"ours {mean(held.loss):.4f}", f"its own {mean(held.loss_native):.4f}")


def fixed(name: str, found: Tried, method: str) -> list[Told]:
    return [
        Told(
            name,
            method,
            error(trial, method),
            error(trial, "naive_seasonal"),
            abs(float(trial.said[method].sum() / trial.actual.sum()) - 1.0),
        )
        for trial in found.trials[TOLD]
    ]


if __name__ == "__main__":
    main()
