"""The named, explainable way to carry a daily figure forward: Prophet, with events."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.models.forecast_effects import Effects
from crm_core.models.forecast_events import EventDay
from crm_core.models.forecast_methods import (
    History,
    Series,
    days_after,
    learned_days,
    open_ahead,
)

CHANGEPOINT_PRIOR_SCALE = 0.01
COMPONENTS: Final = ("day", "trend", "week", "year", "events")
_LOOK_BACK = 365


def prophet(history: History, horizon: int, *, effects: Effects, yearly: bool, seed: int) -> Series:
    """Trend, week, year and events by Prophet; never below zero, closed days at zero.

    Multiplicative where the mean is above zero, slow trend changes. Events of `effects` are
    forecast with what Prophet learns of them, typed ones with what was typed. The same input gives
    the same output.
    Source: Taylor & Letham (2018), "Forecasting at Scale"; settings by back-test on 12 series.
    """
    ahead = days_after(history, horizon)
    told, _ = _fitted(history, ahead, effects=effects, yearly=yearly, seed=seed)
    values = told["yhat"].to_numpy(dtype=float) * effects.stated(ahead)
    return np.maximum(values, 0.0) * open_ahead(history, horizon)


def components(
    history: History, horizon: int, *, effects: Effects, yearly: bool, seed: int
) -> pd.DataFrame:
    """What Prophet adds up, in the unit of the history, for the past year and the days ahead: day and
    trend, week, year and events (COMPONENTS)."""
    count = len(history.values)
    days = [history.day(place) for place in range(max(0, count - _LOOK_BACK), count + horizon)]
    told, multiplicative = _fitted(history, days, effects=effects, yearly=yearly, seed=seed)
    trend = told["trend"].to_numpy(dtype=float)
    frame = pd.DataFrame({"day": told["ds"].astype("datetime64[us]"), "trend": trend})
    for name, column in (("week", "weekly"), ("year", "yearly"), ("events", "holidays")):
        share = told[column].to_numpy(dtype=float) if column in told else np.zeros_like(trend)
        frame[name] = share * trend if multiplicative else share
    return frame[list(COMPONENTS)].round(dict.fromkeys(COMPONENTS[1:], 2))


def _fitted(
    history: History, days: Sequence[date], *, effects: Effects, yearly: bool, seed: int
) -> tuple[pd.DataFrame, bool]:
    """Prophet's table of these days, and whether its effects are shares of the trend."""
    count = len(history.values)
    learned = learned_days(history, {day.day for day in effects.days})
    for day in {*effects.typed, *effects.shut}:
        if 0 <= (index := (day - history.first).days) < count:
            learned[index] = False
    if learned.sum() < 2:  # years without an order: every day looks closed
        learned = np.ones(count, dtype=bool)
    past = [history.day(index) for index in range(count)]
    frame = pd.DataFrame({"ds": pd.to_datetime(past), "y": history.values})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        multiplicative = bool(np.mean(history.values) > 0)
        model = model_of(effects.days, yearly=yearly, multiplicative=multiplicative)
        model.fit(frame[learned], seed=seed)
        told: pd.DataFrame = model.predict(pd.DataFrame({"ds": pd.to_datetime(list(days))}))
    return told, multiplicative


def model_of(events: Sequence[EventDay], *, yearly: bool, multiplicative: bool) -> Any:
    """Prophet as it is set here, not fitted yet."""
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
