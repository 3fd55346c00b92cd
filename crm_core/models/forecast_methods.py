"""Ways to carry a shop's daily figure forward: two plain ones, and Prophet with events."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_core.models.forecast_events import EventDay

Series = NDArray[np.floating[Any]]

CHANGEPOINT_PRIOR_SCALE = 0.01
COMPONENTS: Final = ("day", "trend", "week", "year", "events")
_RARE = 0.02
_LOOK_BACK = 365
_CLOSED_YEARLY = ((12, 25), (1, 1))


@dataclass(frozen=True)
class History:
    """A shop's daily figure from its first day with sales, one value a day, no gaps."""

    first: date
    values: Series

    def until(self, days: int) -> History:
        """The first `days` days."""
        return History(self.first, self.values[:days])

    def day(self, index: int) -> date:
        """The calendar day at an index; after the end it lies in the future."""
        return self.first + timedelta(index)

    @property
    def weekdays(self) -> NDArray[np.int64]:
        """Monday is 0, for each value."""
        return (np.arange(len(self.values)) + self.first.weekday()) % 7


def naive_seasonal(history: History, horizon: int) -> Series:
    """Last week, again and again.

    >>> naive_seasonal(History(date(2026, 6, 1), np.arange(14.0)), 3).tolist()
    [7.0, 8.0, 9.0]
    """
    return np.maximum(np.resize(history.values[-7:], horizon), 0.0)


def naive_weekday_mean(history: History, horizon: int) -> Series:
    """For each weekday, its mean over the last four weeks.

    >>> naive_weekday_mean(History(date(2026, 6, 1), np.arange(28.0)), 2).tolist()
    [10.5, 11.5]
    """
    weeks = history.values[-(len(history.values) // 7 * 7) :].reshape(-1, 7)[-4:]
    return np.maximum(np.resize(weeks.mean(axis=0), horizon), 0.0)


def closed_weekdays(history: History) -> set[int]:
    """Weekdays without any sale in the last eight weeks: the shop does not sell then."""
    recent, weekdays = history.values[-56:], history.weekdays[-56:]
    return {day for day in range(7) if not np.any(recent[weekdays == day])}


def _closed_dates(history: History, closed: set[int]) -> set[tuple[int, int]]:
    """Dates of the year (month, day) without sales in every year seen, at least twice.

    Christmas and New Year's Day need to be seen closed only once.
    """
    zeros: dict[tuple[int, int], list[bool]] = {}
    for index, value in enumerate(history.values):
        day = history.day(index)
        if day.weekday() not in closed:
            zeros.setdefault((day.month, day.day), []).append(value == 0)
    return {
        key for key, seen in zeros.items() if all(seen) and (len(seen) > 1 or key in _CLOSED_YEARLY)
    }


def _learned(history: History, closed: set[int], events: set[date]) -> NDArray[np.bool_]:
    """Days to learn from: without closed weekdays and without rare single days of no sales.

    Where days without sales are common they are the shop's nature, and stay.
    """
    open_days = ~np.isin(history.weekdays, list(closed))
    empty = open_days & (history.values == 0)
    empty[[index for index in np.flatnonzero(empty) if history.day(int(index)) in events]] = False
    rare = empty.sum() <= _RARE * max(int(open_days.sum()), 1)
    return open_days & ~empty if rare else open_days


@dataclass(frozen=True)
class Carried:
    """Values from the day after the history; what each event adds on each day from `since` on, and
    what the method adds up on those days (COMPONENTS), where it does."""

    values: Series
    extras: dict[str, Series]
    since: date
    components: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COMPONENTS)))


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
    learned = _learned(history, closed, {day.day for day in events})
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
    values = np.maximum(ahead, 0.0) * _open(history, days[count:], closed)
    base = _base(told, model.seasonality_mode)
    extras = _extras(told, events, base)
    return Carried(values, extras, days[since], _components(told, base))


def _open(history: History, days: Sequence[date], closed: set[int]) -> NDArray[np.bool_]:
    shut = _closed_dates(history, closed)
    return np.array(
        [day.weekday() not in closed and (day.month, day.day) not in shut for day in days]
    )


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


def _base(told: pd.DataFrame, mode: str) -> Series:
    """What effects are shares of: the trend, or of nothing where they are amounts."""
    trend = told["trend"].to_numpy(dtype=float)
    return trend if mode == "multiplicative" else np.ones_like(trend)


def _components(told: pd.DataFrame, base: Series) -> pd.DataFrame:
    frame = pd.DataFrame({"day": told["ds"].astype("datetime64[us]"), "trend": told["trend"]})
    for name, column in (("week", "weekly"), ("year", "yearly"), ("events", "holidays")):
        frame[name] = told[column].to_numpy(dtype=float) * base if column in told else 0.0
    return frame[list(COMPONENTS)].round(dict.fromkeys(COMPONENTS[1:], 2))


def _extras(told: pd.DataFrame, events: Sequence[EventDay], base: Series) -> dict[str, Series]:
    extras: dict[str, Series] = {}
    for event in sorted({day.event for day in events}):
        columns = [name for name in told.columns if str(name).startswith(f"{event}|")]
        effects = [name for name in columns if not str(name).endswith(("_lower", "_upper"))]
        if effects:
            extras[event] = told[effects].sum(axis=1).to_numpy(dtype=float) * base
    return extras
