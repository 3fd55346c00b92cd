"""The named, explainable way to carry a daily figure forward: Prophet, with events."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from crm_core.models.forecast_events import EventDay
from crm_core.models.forecast_methods import (
    Carried,
    History,
    Series,
    closed_weekdays,
    learned_days,
    open_ahead,
)

CHANGEPOINT_PRIOR_SCALE = 0.01
_LOOK_BACK = 365


def prophet(
    history: History,
    horizon: int,
    *,
    events: Sequence[EventDay],
    yearly: bool,
    seed: int,
) -> Carried:
    """Trend, week, year and events by Prophet; never below zero, closed days at zero.

    Multiplicative where the mean is above zero, slow trend changes. `events` may reach into the
    future: those days are forecast with the effect learned. The same input gives the same output.
    Source: Taylor & Letham (2018), "Forecasting at Scale"; settings by back-test on 12 series.
    """
    closed = closed_weekdays(history)
    count = len(history.values)
    learned = learned_days(history, closed, {day.day for day in events})
    if learned.sum() < 2:  # years without an order: every day looks closed
        learned = np.ones(count, dtype=bool)
    days = [history.day(index) for index in range(count + horizon)]
    since = max(0, count - _LOOK_BACK)
    frame = pd.DataFrame({"ds": pd.to_datetime(days[:count]), "y": history.values})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _model(events, yearly=yearly, multiplicative=bool(np.mean(history.values) > 0))
        model.fit(frame[learned], seed=seed)
        told: pd.DataFrame = model.predict(pd.DataFrame({"ds": pd.to_datetime(days[since:])}))
    ahead = told["yhat"].to_numpy(dtype=float)[count - since :]
    values = np.maximum(ahead, 0.0) * open_ahead(history, horizon, closed)
    return Carried(values, _extras(told, events, model.seasonality_mode), days[since])


def _model(events: Sequence[EventDay], *, yearly: bool, multiplicative: bool) -> Any:
    # Its import takes seconds and its logger writes a line a fit: only jobs that fit pay for it.
    from prophet import Prophet

    logger = logging.getLogger("cmdstanpy")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False
    logging.getLogger("prophet").setLevel(logging.ERROR)
    rows = [{"holiday": f"{day.event}|{day.phase}", "ds": pd.Timestamp(day.day)} for day in events]
    return Prophet(
        holidays=pd.DataFrame(rows) if rows else None,
        yearly_seasonality=yearly,
        weekly_seasonality=True,
        daily_seasonality=False,
        seasonality_mode="multiplicative" if multiplicative else "additive",
        changepoint_prior_scale=CHANGEPOINT_PRIOR_SCALE,
        uncertainty_samples=0,
    )


def _extras(told: pd.DataFrame, events: Sequence[EventDay], mode: str) -> dict[str, Series]:
    base = told["trend"].to_numpy(dtype=float) if mode == "multiplicative" else 1.0
    extras: dict[str, Series] = {}
    for event in sorted({day.event for day in events}):
        columns = [name for name in told.columns if str(name).startswith(f"{event}|")]
        effects = [name for name in columns if not str(name).endswith(("_lower", "_upper"))]
        if effects:
            extras[event] = told[effects].sum(axis=1).to_numpy(dtype=float) * base
    return extras
