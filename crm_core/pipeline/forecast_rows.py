"""The rows of the forecast tables, out of what is said of each series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.models.demand import COLUMNS as DEMAND
from crm_core.models.forecast_bands import Fold
from crm_core.models.forecast_document import EVENTS
from crm_core.models.forecast_prophet import COMPONENTS
from crm_core.models.part_series import Told
from crm_core.models.what_if import COLUMNS as EFFECTS
from crm_core.pipeline.distinct_series import DistinctSeries
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


def of_series(series: AllSeries, distinct: DistinctSeries) -> dict[str, pd.DataFrame]:
    """The tables about series, each with its columns in COLUMNS; the `distinct` ones have periods and
    no days."""
    found: dict[str, list[tuple[Key, pd.DataFrame]]] = {name: [] for name in list(COLUMNS)[:5]}
    for key, told in series.told.items():
        found["forecast"].append((key, told.frame()))
        if key[0] in ADDS_UP:
            found["forecast_periods"].append((key, told.periods()))
        found["forecast_backtest"].append((key, told.rows))
        found["forecast_trials"] += [(key, _trial(day, fold)) for day, fold in told.trials.items()]
    for key, regular in distinct.told.items():
        found["forecast_periods"].append((key, regular.periods()))
        found["forecast_backtest"].append((key, regular.backtest()))
    rows = {name: _together(frames, COLUMNS[name]) for name, frames in found.items()}
    lines = [_chosen(key, told) for key, told in series.told.items()]
    lines += [
        dict(zip(_KEY, key, strict=True)) | regular.chosen()
        for key, regular in distinct.told.items()
    ]
    lines += _left_out({**series.left_out, **distinct.left_out})
    return rows | {"forecast_series": pd.DataFrame(lines, columns=list(COLUMNS["forecast_series"]))}


def _together(found: Sequence[tuple[Key, pd.DataFrame]], columns: tuple[str, ...]) -> pd.DataFrame:
    """The rows of all series, each with its key."""
    known = [(key, frame) for key, frame in found if len(frame)]
    if not known:
        return pd.DataFrame(columns=list(columns))
    rows = pd.concat([frame for _, frame in known], ignore_index=True)
    for place, name in enumerate(_KEY):
        rows[name] = [key[place] for key, frame in known for _ in range(len(frame))]
    return rows[list(columns)]


def _chosen(key: Key, told: Told) -> dict[str, Any]:
    """What was chosen, and the means of its measures over the past trials."""
    own = told.rows[told.rows["method"] == told.method]
    plain = told.rows[told.rows["method"] == NAIVE]
    mase, naive = _mean(own["mase"]), _mean(plain["mase"])
    return {
        **dict(zip(_KEY, key, strict=True)),
        "method": told.method,
        "reason": told.reason,
        "history_days": told.days,
        "mase_naive": naive,
        "skill": None if mase is None or not naive else round(1.0 - mase / naive, 6),
        "warnings": ",".join(told.warnings),
        **{name: _mean(own[name]) for name in _SCORES},
    }


def _mean(values: pd.Series) -> float | None:
    known = values.dropna()
    return round(float(known.astype(float).mean()), 6) if len(known) else None


def _trial(origin: date, fold: Fold) -> pd.DataFrame:
    """A past trial's days that count."""
    came, said, counted = fold
    places = np.flatnonzero(counted)
    return pd.DataFrame(
        {
            "origin": origin,
            "day": [origin + timedelta(int(place) + 1) for place in places],
            "actual": np.round(came[places], 2),
            "said": np.round(said[places], 2),
        }
    )


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
