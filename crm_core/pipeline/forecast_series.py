"""Every series that is forecast: totals, and parts that add up to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from crm_core.models.demand import METHOD as STAGES
from crm_core.models.demand import SEGMENTS, Seen, Shares, shares, split, split_halves
from crm_core.models.forecast import HORIZON_DAYS, Forecast, history_of
from crm_core.models.forecast_events import EventDay, all_days
from crm_core.models.forecast_methods import History, Series
from crm_core.models.forecast_trials import Row
from crm_core.models.part_series import Told, Whole, quick
from crm_core.models.period_sums import Past
from crm_core.models.reconcile import in_cents, reconciled
from crm_core.pipeline.series_days import (
    SEGMENT,
    SPLITS,
    TOTAL,
    UNKNOWN,
    daily_parts,
    largest,
)
from crm_core.pipeline.stage_days import past_days, seen_after
from crm_core.store import Store

Key = tuple[str, str, str]
FIRST: Final = "net_revenue"
_LEAST_DAYS = 60
_LEVELS = ("80", "95")


@dataclass
class AllSeries:
    """What is said of each (measure, dimension, member); `left_out`: of which nothing is said, and
    why; `seen` and `regions`: what demand is worked out from."""

    told: dict[Key, Told] = field(default_factory=dict)
    left_out: dict[Key, tuple[str, int]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)

    def members(self, measure: str, dimension: str) -> list[str]:
        """The members that a measure is split into."""
        return [key[2] for key in self.told if key[:2] == (measure, dimension)]


def every_series(
    store: Store, totals: pd.DataFrame, made: Forecast, events: pd.DataFrame, as_of: date
) -> AllSeries:
    """The totals of all measures, then their parts, dimension by dimension."""
    found = AllSeries()
    wholes: dict[str, Whole] = {}
    for measure in SPLITS:
        daily = totals.rename(columns={measure: "value"})[["day", "value"]]
        history = history_of(daily, as_of)
        days = len(history.values)
        if days < _LEAST_DAYS:
            found.left_out[measure, TOTAL, ""] = ("not_enough_days", days)
            continue
        known = all_days(events, history.first, history.day(days + HORIZON_DAYS - 1))
        if measure == FIRST:
            told = of_forecast(made)
        else:
            beside = wholes[FIRST].beside(history, known)
            told = quick(history, known, HORIZON_DAYS, whole=beside)
        told = replace(told, values=np.round(told.values, 2))
        found.told[measure, TOTAL, ""] = told
        said = {origin: past.said for origin, past in told.trials.items()}
        wholes[measure] = Whole.of(history, told.values, said, known)
    for dimension in dict.fromkeys(name for names in SPLITS.values() for name in names):
        if dimension == SEGMENT:
            continue
        rows = daily_parts(store, as_of, dimension)
        for measure, whole in wholes.items():
            if dimension in SPLITS[measure]:
                _split(found, (measure, dimension), rows, whole, events, as_of)
    found.regions = largest(store, as_of, "region")
    found.seen = [seen_after(store, day, as_of, found.regions) for day in past_days(store, as_of)]
    for measure in wholes:
        if SEGMENT in SPLITS[measure]:
            _split_by_stage(found, measure)
    return found


def of_forecast(made: Forecast) -> Told:
    """The forecast that all methods were tried for, as the other series are told."""
    frame, trials = made.frame, made.trials
    values = frame["value"].to_numpy(dtype=float)
    halves = {name: frame[f"high_{name}"].to_numpy(dtype=float) - values for name in _LEVELS}
    past = {
        origin: Past(rows["actual"].to_numpy(dtype=float), rows["said"].to_numpy(dtype=float))
        for origin, rows in trials.groupby("origin", sort=True)
    }
    columns = ["method", "origin", "horizon_days", "mase", "wape", "coverage_80", "coverage_95"]
    rows = tuple(
        Row(*(None if value != value else value for value in row))
        for row in made.backtest[columns].itertuples(index=False)
    )
    return Told(made.method, "least_error", made.days, values, halves, past, rows, made.warnings)


def _split(
    found: AllSeries,
    key: tuple[str, str],
    rows: pd.DataFrame,
    whole: Whole,
    events: pd.DataFrame,
    as_of: date,
) -> None:
    """Tells the parts of one measure by one dimension; nothing where nobody is told apart."""
    measure, dimension = key
    histories: dict[str, History] = {}
    for member, days in rows.groupby("member", sort=True):
        history = history_of(days.rename(columns={measure: "value"})[["day", "value"]], as_of)
        if len(history.values):
            histories[str(member)] = history
    if not set(histories) - {UNKNOWN}:
        found.left_out[measure, dimension, ""] = ("nothing_told_apart", 0)
        return
    known = _days_of(events, whole)
    told = {name: quick(past, known, HORIZON_DAYS, whole=whole) for name, past in histories.items()}
    _add(found, key, whole.values, told)


def _days_of(events: pd.DataFrame, whole: Whole) -> Sequence[EventDay]:
    last = whole.history.day(len(whole.history.values) + HORIZON_DAYS - 1)
    return all_days(events, whole.history.first, last)


def _add(found: AllSeries, key: tuple[str, str], whole: Series, told: Mapping[str, Told]) -> None:
    """Keeps parts after they were made to add up; each interval moves with its value."""
    names = sorted(told, key=lambda name: (name.startswith("_"), -float(told[name].values.sum())))
    parts = np.array([told[name].values for name in names])
    variances = np.array([told[name].variance for name in names])
    values = in_cents(whole, reconciled(whole, parts, variances))
    for name, row in zip(names, values, strict=True):
        found.told[(*key, name)] = replace(told[name], values=row)


def _split_by_stage(found: AllSeries, measure: str) -> None:
    """Tells a measure by where customers stand today, from what followed past days."""
    whole = found.told[measure, TOTAL, ""]
    if not found.seen:
        found.left_out[measure, SEGMENT, ""] = ("no_past_stages", whole.days)
        return
    known = shares(found.seen, measure)
    values = split(whole.values, known)
    halves = split_halves(values, whole.values, whole.halves, known)
    told = {
        name: Told(
            STAGES, "past_shares", whole.days, row, half,
            rows=_stage_rows(found.seen, known, place),
            warnings=("interval_from_shares",),
        )
        for place, (name, row, half) in enumerate(zip(SEGMENTS, values, halves, strict=True))
        if row.any()
    }  # fmt: skip
    _add(found, (measure, SEGMENT), whole.values, told)


def _stage_rows(seen: Sequence[Seen], known: Shares, place: int) -> tuple[Row, ...]:
    """How far each past day's share was from the mean of the others, as an error of its method."""
    whole = known.by_origin.mean(axis=2)[:, place]
    if len(whole) < 2:
        return ()
    others = (whole.sum() - whole) / (len(whole) - 1)
    return tuple(
        Row(STAGES, past.origin, 90, None, float(abs(own - other) / own) if own > 0 else None, None, None)
        for past, own, other in zip(seen, whole, others, strict=True)
    )  # fmt: skip
