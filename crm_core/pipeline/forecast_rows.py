"""The rows of the forecast tables, out of what is said of each series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.models.demand import COLUMNS as DEMAND
from crm_core.models.forecast import EVENTS
from crm_core.models.forecast_methods import COMPONENTS
from crm_core.models.forecast_trials import Row
from crm_core.models.part_series import Told
from crm_core.models.period_sums import Past, period_rows
from crm_core.models.what_if import COLUMNS as EFFECTS
from crm_core.pipeline.forecast_series import AllSeries, Key

_KEY: Final = ("measure", "dimension", "member")
_RANGE: Final = ("value", "low_80", "high_80", "low_95", "high_95")
_SCORES: Final = ("mase", "wape", "total_error", "coverage_80", "coverage_95")
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "forecast": (*_KEY, "day", *_RANGE),
    "forecast_periods": (*_KEY, "grain", "starts_on", "ends_on", *_RANGE),
    "forecast_series": (
        *_KEY, "method", "reason", "history_days", "mase", "mase_naive", "skill", "wape",
        "total_error", "coverage_80", "coverage_95", "warnings",
    ),
    "forecast_backtest": (*_KEY, "method", "origin", "horizon_days", *_SCORES),
    "forecast_trials": (*_KEY, "origin", "day", "actual", "said"),
    "forecast_events": EVENTS,
    "forecast_components": COMPONENTS,
    "forecast_demand": DEMAND,
    "forecast_effects": EFFECTS,
}  # fmt: skip
#: Days' figures of these add up to those of weeks and months; a buyer of two days is one buyer.
ADDS_UP: Final = ("net_revenue", "orders", "new_buyers", "units")
NAIVE: Final = "naive_seasonal"


def of_series(series: AllSeries, as_of: date) -> dict[str, pd.DataFrame]:
    """The tables about series, each with its columns in COLUMNS."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in list(COLUMNS)[:5]}
    first = as_of + timedelta(1)
    for key, told in series.told.items():
        named = dict(zip(_KEY, key, strict=True))
        rows["forecast"] += [named | row for row in _days(first, told)]
        if key[0] in ADDS_UP:
            trials = list(told.trials.values())
            halves = dict(told.halves)
            rows["forecast_periods"] += [
                named | row for row in period_rows(first, told.values, halves, trials)
            ]
        rows["forecast_series"].append(named | _series(told))
        rows["forecast_backtest"] += [
            named | _scored(row, _total_error(told, row)) for row in told.rows
        ]
        rows["forecast_trials"] += [
            named | row for origin, past in told.trials.items() for row in _trial(origin, past)
        ]
    rows["forecast_series"] += _left_out(series.left_out)
    return {name: pd.DataFrame(found, columns=list(COLUMNS[name])) for name, found in rows.items()}


def _days(first: date, told: Told) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for place, value in enumerate(told.values):
        row: dict[str, Any] = {"day": first + timedelta(place), "value": round(float(value), 2)}
        for level, half in told.halves.items():
            row[f"low_{level}"] = round(max(float(value - half[place]), 0.0), 2)
            row[f"high_{level}"] = round(float(value + half[place]), 2)
        found.append(row)
    return found


def _series(told: Told) -> dict[str, Any]:
    """What was chosen, and the means of its measures over the past trials."""
    own = [row for row in told.rows if row.method == told.method]
    plain = [row for row in told.rows if row.method == NAIVE]
    mase, naive = _mean([row.mase for row in own]), _mean([row.mase for row in plain])
    return {
        "method": told.method,
        "reason": told.reason,
        "history_days": told.days,
        "mase": mase,
        "mase_naive": naive,
        "skill": None if mase is None or not naive else round(1.0 - mase / naive, 6),
        "wape": _mean([row.wape for row in own]),
        "total_error": _mean([_total_error(told, row) for row in own]),
        "coverage_80": _mean([row.coverage_80 for row in own]),
        "coverage_95": _mean([row.coverage_95 for row in own]),
        "warnings": ",".join(told.warnings),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None and value == value]
    return round(float(np.mean(known)), 6) if known else None


def _total_error(told: Told, row: Row) -> float | None:
    """How far the sum of a trial's days was off, as a share of it; known of the method shown."""
    past = told.trials.get(row.origin)
    if past is None or row.method != told.method:
        return None
    came = float(past.actual.sum())
    return round(abs(float(past.said.sum()) - came) / came, 6) if came > 0 else None


def _scored(row: Row, total_error: float | None) -> dict[str, Any]:
    return {
        "method": row.method,
        "origin": row.origin,
        "horizon_days": row.horizon_days,
        "mase": row.mase,
        "wape": row.wape,
        "total_error": total_error,
        "coverage_80": row.coverage_80,
        "coverage_95": row.coverage_95,
    }


def _trial(origin: date, past: Past) -> list[dict[str, Any]]:
    return [
        {
            "origin": origin,
            "day": origin + timedelta(lead + 1),
            "actual": round(float(actual), 2),
            "said": round(float(said), 2),
        }
        for lead, (actual, said) in enumerate(zip(past.actual, past.said, strict=True))
    ]


def _left_out(left_out: dict[Key, tuple[str, int]]) -> list[dict[str, Any]]:
    """A line of what nothing is said of: no method, and the reason."""
    return [
        {
            **dict(zip(_KEY, key, strict=True)),
            "method": "",
            "reason": reason,
            "history_days": days,
            "warnings": "",
        }
        for key, (reason, days) in left_out.items()
    ]
