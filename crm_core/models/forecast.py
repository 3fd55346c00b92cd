"""What the shop will sell on each of the next days, how sure that is, and what events add."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import measure
from crm_core.models.backtest import coverage, mase, wape
from crm_core.models.base import Fitted, need
from crm_core.models.forecast_events import OWN, EventDay, all_days
from crm_core.models.forecast_methods import COMPONENTS, Carried, History
from crm_core.models.forecast_trials import (
    HORIZON,
    NAIVE,
    PROPHET,
    Tried,
    band,
    carry,
    seen,
    tried,
)
from crm_core.store import Store

NAME: Final = "forecast"
HORIZON_DAYS: Final = 90
LEAST_DAYS: Final = 60
MEASURE: Final = "net_revenue"

FRAME: Final = ("day", "value", "low_80", "high_80", "low_95", "high_95")
BACKTEST: Final = (
    "method",
    "origin",
    "horizon_days",
    "mase",
    "wape",
    "coverage_80",
    "coverage_95",
)
EVENTS: Final = ("event", "starts_on", "ends_on", "extra", "times_seen", "is_past")
SAID: Final = ("origin", "day", "actual", "said")
_FORMAT = 2
_NARROW = 0.7


@dataclass(frozen=True)
class Forecast:
    """A forecast with everything a page says about it.

    `frame`: day, value and interval ends, in the unit of the input. `backtest`: one row a method
    and past trial; baselines start with `naive_`. `events`: each event of the past year and of
    the horizon with Prophet's estimate of what it adds to its days (`extra`, empty where it was
    never seen). `trials`: what the method shown had said for each day of the past trials, by the last
    day it knew. `components`: what Prophet adds up, in the unit of the input, for the past year and
    ahead. `method` is the one shown: the best on the shop's own past. `measures` are its
    means over the trials. `warnings` are codes (words: `forecast.warning.<code>`):
    not_better_than_naive (a plain method did as well as Prophet, and is shown),
    interval_not_tested (too few trials to check the interval), interval_too_narrow (it held
    under 70 % for a stated 80 %), event_seen_once, event_never_seen (ahead, own event).
    """

    as_of: date
    method: str
    yearly: bool
    frame: pd.DataFrame
    backtest: pd.DataFrame
    events: pd.DataFrame
    trials: pd.DataFrame
    components: pd.DataFrame
    measures: dict[str, float | None]
    days: int
    log_likelihood: float
    fingerprint: str
    warnings: tuple[str, ...]

    @property
    def fitted(self) -> Fitted:
        """The fit as every model keeps it: settings and measures as parameters."""
        parameters = {name: value for name, value in self.measures.items() if value is not None}
        settings = {"yearly": float(self.yearly), "is_prophet": float(self.method == PROPHET)}
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters=settings | parameters,
            standard_errors={},
            log_likelihood=self.log_likelihood,
            customers=0,
            distinct=self.days,
            fingerprint=self.fingerprint,
            warnings=self.warnings,
        )

    def to_json(self) -> str:
        """The whole forecast as one line of JSON; the same forecast gives the same line."""
        document = {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: _rows(getattr(self, name)) for name in _FRAMES},
            "as_of": self.as_of.isoformat(),
            "format": _FORMAT,
        }
        return json.dumps(document, sort_keys=True, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Forecast:
        """The forecast a document holds.

        Raises: CrmError("fitted_unreadable") for anything but a document of `to_json`.
        """
        try:
            document = json.loads(text)
            if document["format"] != _FORMAT:
                raise CrmError("fitted_unreadable")
            parts = {name: document[name] for name in _PLAIN}
            parts |= {name: _frame(document[name], columns) for name, columns in _FRAMES.items()}
            parts["warnings"] = tuple(parts["warnings"])
            return cls(as_of=date.fromisoformat(document["as_of"]), **parts)
        except (ValueError, TypeError, KeyError):
            raise CrmError("fitted_unreadable") from None


_FRAMES: Final = {
    "frame": FRAME,
    "backtest": BACKTEST,
    "events": EVENTS,
    "trials": SAID,
    "components": COMPONENTS,
}
_PLAIN: Final = (
    "method",
    "yearly",
    "measures",
    "days",
    "log_likelihood",
    "fingerprint",
    "warnings",
)


def forecast(
    daily: pd.DataFrame,
    *,
    events: pd.DataFrame,
    as_of: date,
    horizon_days: int = HORIZON_DAYS,
    seed: int = 0,
) -> Forecast:
    """The next `horizon_days` days of a daily figure, from its own past up to `as_of`.

    `daily` has columns day and value; days it does not name are days without sales. `events` has
    name, starts_on, ends_on of the shop's own events, past and planned; the calendar of shopping
    events is known already. Negative days (refunds) are learned from, but never forecast.
    Raises: CrmError("not_enough_data") under 60 days since the first sale.
    """
    history = history_of(daily, as_of)
    need(NAME, days=(len(history.values), LEAST_DAYS))
    known = all_days(events, history.first, history.day(len(history.values) + horizon_days - 1))
    found = tried(history, events=known, seed=seed)
    told = {
        method: carry(method, history, horizon_days, events=known, yearly=found.yearly, seed=seed)
        for method in {PROPHET, found.method}
    }
    said = told[found.method].values
    rows = _frame([asdict(row) for row in found.rows()], BACKTEST)
    frame = _banded(said, history, found)
    effects = _effects(told[PROPHET], history, known, horizon_days)
    measures = _measures(rows, found.method)
    return Forecast(
        as_of=as_of,
        method=found.method,
        yearly=found.yearly,
        frame=frame,
        backtest=rows,
        events=effects,
        trials=_frame(found.said_rows(), SAID),
        components=told[PROPHET].components,
        measures=measures,
        days=len(history.values),
        log_likelihood=_log_likelihood(found),
        fingerprint=fingerprint(daily, as_of),
        warnings=_warnings(found, measures, effects),
    )


def history_of(daily: pd.DataFrame, as_of: date) -> History:
    """The figure day by day from the first day with sales to `as_of`; missing days are zero."""
    series = pd.Series(daily["value"].to_numpy(dtype=float), index=pd.to_datetime(daily["day"]))
    series = series[series.index <= pd.Timestamp(as_of)].fillna(0.0)
    sold = series[series != 0]
    if sold.empty:
        return History(as_of, np.zeros(0))
    first = sold.index.min()
    every = pd.date_range(first, pd.Timestamp(as_of), freq="D")
    return History(
        first.date(), series.groupby(level=0).sum().reindex(every, fill_value=0.0).to_numpy()
    )


def fingerprint(daily: pd.DataFrame, as_of: date) -> str:
    """Changes when any day up to `as_of` changes."""
    history = history_of(daily, as_of)
    made = hashlib.sha256(f"{history.first}|{as_of}".encode())
    made.update(np.round(history.values, 2).tobytes())
    return made.hexdigest()[:16]


def _banded(said: np.ndarray[Any, Any], history: History, found: Tried) -> pd.DataFrame:
    first = history.day(len(history.values))
    days = pd.date_range(first, periods=len(said), freq="D").astype("datetime64[us]")
    frame = pd.DataFrame({"day": days, "value": said})
    for level, name in ((0.8, "80"), (0.95, "95")):
        low, high = band(said, history, found.method, found.trials, level)
        frame[f"low_{name}"], frame[f"high_{name}"] = low, high
    return frame[list(FRAME)].round(dict.fromkeys(FRAME[1:], 2))


def _effects(
    told: Carried, history: History, known: Sequence[EventDay], horizon: int
) -> pd.DataFrame:
    """One row an occurrence: those used in the past year, and all own or learned ones ahead."""
    end = history.day(len(history.values) - 1)
    used = {(day.event, day.phase) for day in seen(history, known)}
    learned = {event for event, _ in used}
    rows: list[dict[str, Any]] = []
    frame = pd.DataFrame(
        [asdict(day) for day in known], columns=["event", "phase", "day", "start", "core"]
    )
    for key, days in frame.groupby(["event", "start"], sort=True):
        event = str(key[0])  # pyright: ignore[reportIndexIssue]
        first, last = min(days["day"]), max(days["day"])
        if last < told.since or (event not in learned and not event.startswith(OWN)):
            continue
        past = frame[(frame["event"] == event) & (frame["day"] <= end)]
        offsets = [(day - told.since).days for day in days["day"] if day >= told.since]
        values = told.extras.get(event)
        extra = None if values is None else round(float(np.sum(values[offsets])), 2)
        seen_times = int(past["start"].nunique())
        rows.append(
            dict(zip(EVENTS, (event, first, last, extra, seen_times, last <= end), strict=True))
        )
    rows.sort(key=lambda row: (row["starts_on"], row["event"]))
    return _frame(rows, EVENTS)


def _measures(rows: pd.DataFrame, method: str) -> dict[str, float | None]:
    means: dict[str, float | None] = {}
    for name in BACKTEST[3:]:
        means[name] = _mean(rows[rows["method"] == method][name])
    for other in (PROPHET, *NAIVE):
        means[f"mase_{other}"] = _mean(rows[rows["method"] == other]["mase"])
    return means


def _mean(values: pd.Series[Any]) -> float | None:
    known = values.dropna()
    return None if known.empty else round(float(known.astype(float).mean()), 6)


def _log_likelihood(found: Tried) -> float:
    """Of the trials' errors of the shown method, as normal with their own spread."""
    errors = np.concatenate([trial.actual - trial.said[found.method] for trial in found.trials])
    spread = max(float(np.mean(errors**2)), 1e-12)
    return round(-0.5 * len(errors) * (float(np.log(2 * np.pi * spread)) + 1.0), 4)


def _warnings(
    found: Tried, measures: dict[str, float | None], effects: pd.DataFrame
) -> tuple[str, ...]:
    ahead = effects[~effects["is_past"].astype(bool)]
    held = measures["coverage_80"]
    told = {
        "not_better_than_naive": found.method != PROPHET,
        "interval_not_tested": held is None,
        "interval_too_narrow": held is not None and held < _NARROW,
        "event_seen_once": bool((ahead["times_seen"] == 1).any()),
        "event_never_seen": bool((ahead["times_seen"] == 0).any()),
    }
    return tuple(code for code, holds in told.items() if holds)


def daily_revenue(store: Store, as_of: date) -> pd.DataFrame:
    """The shop's net revenue a day up to `as_of`, as `forecast` takes it."""
    rows = store.at(as_of).table("ledger")
    measured = measure(store, [MEASURE], rows=rows, by=["day"]).rows
    return measured.rename(columns={MEASURE: "value"})[["day", "value"]]


def own_events(store: Store) -> pd.DataFrame:
    """The shop's own events, past and planned, as `forecast` takes them."""
    if not store.has("events"):
        return pd.DataFrame(columns=["name", "starts_on", "ends_on"])
    table = store.table("events")
    name = table.name_en.fill_null(table.name_zh).fill_null(table.event_id).name("name")
    chosen = table.select(name, "starts_on", "ends_on").order_by(["starts_on", "name", "ends_on"])
    return store.fetch(chosen)


def fit(store: Store, *, as_of: date, seed: int = 0) -> Fitted:
    """What the forecast learned from the store up to `as_of`."""
    return predict(store, as_of=as_of, seed=seed).fitted


def predict(
    store: Store, *, as_of: date, horizon_days: int = HORIZON_DAYS, seed: int = 0
) -> Forecast:
    """The forecast of the shop's daily net revenue after `as_of`."""
    return forecast(
        daily_revenue(store, as_of),
        events=own_events(store),
        as_of=as_of,
        horizon_days=horizon_days,
        seed=seed,
    )


def validate(
    store: Store, *, origins: Sequence[date], horizon_days: int = HORIZON, seed: int = 0
) -> list[dict[str, object]]:
    """How the forecast shown at each past day did on the days after it, beside plain methods.

    Each forecast, its choice of method and its interval know only the days up to their origin.
    Raises: CrmError("not_enough_data") where the log ends before the horizon does.
    """
    rows: list[dict[str, object]] = []
    for origin in origins:
        logged = (store.meta.as_of - origin).days
        need("validate", days_after_origin=(logged, horizon_days))
        end = origin + timedelta(horizon_days)
        known = history_of(daily_revenue(store, origin), origin)
        made = predict(store, as_of=origin, horizon_days=horizon_days, seed=seed)
        later = history_of(daily_revenue(store, end), end)
        actual = later.values[-horizon_days:]
        said = {NAME: made.frame["value"].to_numpy(dtype=float)}
        for method in NAIVE:
            said[method] = carry(method, known, horizon_days, events=[], seed=seed).values
        for method, values in said.items():
            scores: dict[str, object] = {
                "mase": mase(actual, values, known.values),
                "wape": wape(actual, values),
                "coverage_80": _held(made, actual, "80") if method == NAME else None,
                "coverage_95": _held(made, actual, "95") if method == NAME else None,
            }
            row = {"method": method, "origin": origin.isoformat(), "horizon_days": horizon_days}
            rows.append(row | scores)
    return rows


def _held(made: Forecast, actual: np.ndarray[Any, Any], level: str) -> float:
    low, high = (made.frame[f"{end}_{level}"].to_numpy(dtype=float) for end in ("low", "high"))
    return coverage(actual, low, high)


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {str(name): _json(value) for name, value in row.items()} for row in frame.to_dict("records")
    ]


def _json(value: Any) -> object:
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, float):
        return None if np.isnan(value) else float(value)
    return value.item() if isinstance(value, np.generic) else value


def _frame(rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in columns:
        if name == "day":
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
        elif name in _DATES:
            frame[name] = pd.Series([_as_date(value) for value in frame[name]], dtype=object)
        elif name not in _OTHERS:
            frame[name] = frame[name].astype(float)
    return frame


def _as_date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


_DATES: Final = ("origin", "starts_on", "ends_on")
_OTHERS: Final = ("method", "horizon_days", "event", "times_seen", "is_past")
