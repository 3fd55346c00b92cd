"""What the shop will sell on each of the next days, how sure that is, and what events add."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.metrics import measure
from crm_core.models.backtest import coverage, mase, origins, wape
from crm_core.models.base import Fitted, need
from crm_core.models.forecast_bands import HORIZON, Fold, band
from crm_core.models.forecast_document import (
    BACKTEST,
    ELIGIBLE,
    FRAME,
    NAME,
    TRIALS,
    Forecast,
    table_of,
)
from crm_core.models.forecast_effects import Effects, Multipliers, learned_effects
from crm_core.models.forecast_events import all_days
from crm_core.models.forecast_members import MEMBERS, NAIVE, PROPHET, QUICK, STEADY, Known, blended
from crm_core.models.forecast_methods import History, Series
from crm_core.models.forecast_oddities import oddities
from crm_core.models.forecast_periods import event_rows, period_rows
from crm_core.models.forecast_trials import STEP, Tried, tried
from crm_core.models.forecast_trials import TRIALS as TRIES
from crm_core.store import Store

HORIZON_DAYS: Final = 90
LEAST_DAYS: Final = 60
LEAST_DAYS_OF_PART: Final = 14
MEASURE: Final = "net_revenue"

_NARROW = 0.7
_OF_EVENT = ["name", "starts_on", "ends_on", "kind"]


def forecast(
    daily: pd.DataFrame,
    *,
    events: pd.DataFrame,
    as_of: date,
    horizon_days: int = HORIZON_DAYS,
    seed: int = 0,
    tell: Callable[[float], None] = lambda share: None,
) -> Forecast:
    """The next `horizon_days` days of a daily figure, from its own past up to `as_of`.

    `daily` has columns day and value; days it does not name are days without sales (long stretches
    of them in a shop that sells daily are taken as closed or missing, and told). `events` has name,
    starts_on, ends_on of the shop's own events, past and planned, and may have uplift and kind
    (`forecast_events.all_days`); the calendar of shopping events is known already. Negative days
    (refunds) are learned from, but never forecast. `tell` hears which share of the work is done.
    Raises: CrmError("not_enough_data") under 60 days since the first sale.
    """
    history = history_of(daily, as_of)
    need(NAME, days=(len(history.values), LEAST_DAYS))
    made = _Making(history, events, horizon_days, seed, tell=tell)
    return made.forecast(MEMBERS, fingerprint(daily, as_of))


def quick(
    daily: pd.DataFrame,
    *,
    events: pd.DataFrame,
    as_of: date,
    horizon_days: int = HORIZON_DAYS,
    elsewhere: Mapping[date, Multipliers] | None = None,
) -> Forecast:
    """The same of a part of the shop, without Prophet: a tenth of a second instead of seconds.

    For dozens of series (a category, a region): same members otherwise, same trials (their origins
    are the same days for all series with one `as_of`), same intervals and periods. Under 56 days
    nothing could be tried: the mean of the weekdays (of all days, under 28) is carried on, and the
    interval is a guess (warning interval_not_tested). Give `event_multipliers` of the total as
    `elsewhere`, so that a part too small to show an event of its own has the shop's.
    Raises: CrmError("not_enough_data") under 14 days since the part's first sale.
    """
    history = history_of(daily, as_of)
    need(NAME, days=(len(history.values), LEAST_DAYS_OF_PART))
    made = _Making(history, events, horizon_days, 0, elsewhere or {})
    return made.forecast(QUICK, fingerprint(daily, as_of))


def event_multipliers(
    daily: pd.DataFrame, *, events: pd.DataFrame, as_of: date
) -> dict[date, Multipliers]:
    """What each event multiplies a day of the whole shop by, as known on each day a trial starts
    from and on `as_of`."""
    history = history_of(daily, as_of)
    count = len(history.values)
    if count == 0:
        return {}
    known = all_days(events, history.first, as_of)
    marked = oddities(history, known).history
    ends = {*origins(count, horizon=HORIZON, step=STEP, count=TRIES, least=HORIZON), count}
    return {
        marked.day(end - 1): learned_effects(marked.until(end), known).multipliers
        for end in sorted(ends)
    }


class _Making:
    """A forecast in the making."""

    def __init__(
        self,
        history: History,
        events: pd.DataFrame,
        horizon: int,
        seed: int,
        elsewhere: Mapping[date, Multipliers] | None = None,
        *,
        tell: Callable[[float], None] = lambda share: None,
    ) -> None:
        self.tell = tell
        self.horizon, self.seed, self.elsewhere = horizon, seed, elsewhere or {}
        self.events = all_days(
            events, history.first, history.day(len(history.values) + horizon - 1)
        )
        self.odd = oddities(history, self.events)
        self.history = self.odd.history
        self.as_of = history.day(len(history.values) - 1)
        self.known = Known.by(self.history, self.events, self.elsewhere.get(self.as_of))

    def forecast(self, members: Sequence[str], mark: str) -> Forecast:
        found = self.tried(members)
        said = self.said(found)
        folds = found.folds(found.method) or [_guessed(self.history)]
        rows = table_of([asdict(row) for row in found.rows()], BACKTEST)
        measures = _measures(rows, found.method)
        events = event_rows(self.known, self.events, said)
        return Forecast(
            as_of=self.as_of,
            method=found.method,
            reason=found.reason,
            members=found.members,
            yearly=PROPHET in found.yearly,
            frame=_banded(said, self.history, folds),
            periods=period_rows(said, self.history, folds),
            backtest=rows,
            trials=_days_tried(found),
            eligible=table_of([asdict(row) for row in found.eligible], ELIGIBLE),
            events=events,
            measures=measures,
            days=len(self.history.values),
            log_likelihood=_log_likelihood(folds),
            fingerprint=mark,
            warnings=(*self.odd.codes, *self.warnings(found, measures, events)),
        )

    def tried(self, members: Sequence[str]) -> Tried:
        rare, launch = self.odd.has("sells_rarely"), self.odd.has("launch_decay")
        out = dict.fromkeys(members, "rare_sales") if rare else {}
        if launch and PROPHET in members:
            out = {PROPHET: "launch"}
        found = tried(
            self.history,
            events=self.events,
            seed=self.seed,
            members=[STEADY, *members] if rare else members,
            kept_out=out,
            elsewhere=self.elsewhere,
            tell=self.tell,
        )
        if rare:
            return replace(found, method=STEADY, reason="rare_sales")
        few = len(self.history.values) < HORIZON
        return replace(found, method=STEADY) if few else found

    def said(self, found: Tried) -> Series:
        """What the method to show says of the days ahead."""
        shown = found.members if found.method.startswith("blend_") else (found.method,)
        told = {
            member: self.known.carry(
                member, self.horizon, yearly=member in found.yearly, seed=self.seed
            )
            for member in shown
        }
        return {**told, **blended(told, shown)}[found.method]

    def warnings(
        self, found: Tried, measures: dict[str, float | None], events: pd.DataFrame
    ) -> list[str]:
        ahead = events[~events["is_past"].astype(bool)]
        typed = {day.event for day in self.events if day.day in self.known.effects.typed}
        learned = ahead[~ahead["event"].isin(typed)]
        held = measures["coverage_80"]
        told = {
            "not_better_than_naive": found.method in NAIVE,
            "interval_not_tested": held is None,
            "interval_too_narrow": held is not None and held < _NARROW,
            "event_seen_once": bool((learned["times_seen"] == 1).any()),
            "event_never_seen": bool((learned["times_seen"] == 0).any()),
            "event_typed": bool(ahead["event"].isin(typed).any()),
        }
        return [code for code, holds in told.items() if holds]


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


def _guessed(history: History) -> Fold:
    """Where no trial could be: the last days against their own mean."""
    recent = np.resize(history.values[-HORIZON:], HORIZON)
    return recent, np.full(HORIZON, float(np.mean(recent))), np.ones(HORIZON, dtype=bool)


def _banded(said: Series, history: History, folds: Sequence[Fold]) -> pd.DataFrame:
    first = history.day(len(history.values))
    days = pd.date_range(first, periods=len(said), freq="D").astype("datetime64[us]")
    frame = pd.DataFrame({"day": days, "value": said})
    for level, name in ((0.8, "80"), (0.95, "95")):
        frame[f"low_{name}"], frame[f"high_{name}"] = band(said, history, folds, level)
    return frame[list(FRAME)].round(dict.fromkeys(FRAME[1:], 2))


def _days_tried(found: Tried) -> pd.DataFrame:
    """What the shown method had said in its past trials, beside what came."""
    rows: list[dict[str, Any]] = []
    for trial in found.trials:
        said = trial.said.get(found.method)
        if said is None:
            continue
        origin = trial.known.day(trial.start - 1)
        for place in np.flatnonzero(trial.counted):
            day = origin + timedelta(int(place) + 1)
            values = round(float(trial.actual[place]), 2), round(float(said[place]), 2)
            rows.append(dict(zip(TRIALS, (origin, day, *values), strict=True)))
    return table_of(rows, TRIALS)


def _measures(rows: pd.DataFrame, method: str) -> dict[str, float | None]:
    means: dict[str, float | None] = {}
    for name in BACKTEST[3:]:
        means[name] = _mean(rows[rows["method"] == method][name])
    for other in (PROPHET, *NAIVE):
        means[f"mase_{other}"] = _mean(rows[rows["method"] == other]["mase"])
    ours, plain = means["mase"], means["mase_naive_seasonal"]
    means["skill"] = None if ours is None or not plain else round(1.0 - ours / plain, 6)
    return means


def _mean(values: pd.Series[Any]) -> float | None:
    known = values.dropna()
    return None if known.empty else round(float(known.astype(float).mean()), 6)


def _log_likelihood(folds: Sequence[Fold]) -> float:
    """Of the trials' errors of the shown method, as normal with their own spread."""
    errors = np.concatenate([(actual - said)[counted] for actual, said, counted in folds])
    spread = max(float(np.mean(errors**2)), 1e-12)
    return round(-0.5 * len(errors) * (float(np.log(2 * np.pi * spread)) + 1.0), 4)


def daily_revenue(store: Store, as_of: date) -> pd.DataFrame:
    """The shop's net revenue a day up to `as_of`, as `forecast` takes it."""
    rows = store.at(as_of).table("ledger")
    measured = measure(store, [MEASURE], rows=rows, by=["day"]).rows
    return measured.rename(columns={MEASURE: "value"})[["day", "value"]]


def own_events(store: Store, planned: pd.DataFrame | None = None) -> pd.DataFrame:
    """The shop's own events, past and planned, as `forecast` takes them: those of its files and, if
    given, those that people typed (`planned`, with uplifts)."""
    typed = pd.DataFrame(columns=_OF_EVENT) if planned is None else planned
    told = _imported_events(store)
    frames = [frame for frame in (told, typed) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else typed


def _imported_events(store: Store) -> pd.DataFrame:
    if not store.has("events"):
        return pd.DataFrame(columns=_OF_EVENT)
    table = store.table("events")
    name = table.name_en.fill_null(table.name_zh).fill_null(table.event_id).name("name")
    chosen = table.select(name, "starts_on", "ends_on", "kind").order_by(
        ["starts_on", "name", "ends_on"]
    )
    return store.fetch(chosen)


def fit(store: Store, *, as_of: date, planned: pd.DataFrame | None = None, seed: int = 0) -> Fitted:
    """What the forecast learned from the store up to `as_of`, and of typed events (`planned`)."""
    return predict(store, as_of=as_of, planned=planned, seed=seed).fitted


def predict(
    store: Store,
    *,
    as_of: date,
    horizon_days: int = HORIZON_DAYS,
    planned: pd.DataFrame | None = None,
    seed: int = 0,
) -> Forecast:
    """The forecast of the shop's daily net revenue after `as_of`."""
    return forecast(
        daily_revenue(store, as_of),
        events=own_events(store, planned),
        as_of=as_of,
        horizon_days=horizon_days,
        seed=seed,
    )


def validate(
    store: Store,
    *,
    origins: Sequence[date],
    horizon_days: int = HORIZON,
    planned: pd.DataFrame | None = None,
    seed: int = 0,
) -> list[dict[str, object]]:
    """How the forecast shown at each past day did on the days after it, beside plain methods.

    Each forecast, its choice of method and its interval know only the days up to their origin; what
    people typed of events (`planned`) is taken as if it had been known by then.
    Raises: CrmError("not_enough_data") where the log ends before the horizon does.
    """
    rows: list[dict[str, object]] = []
    for origin in origins:
        logged = (store.meta.as_of - origin).days
        need("validate", days_after_origin=(logged, horizon_days))
        end = origin + timedelta(horizon_days)
        known = history_of(daily_revenue(store, origin), origin)
        made = predict(store, as_of=origin, horizon_days=horizon_days, planned=planned, seed=seed)
        later = history_of(daily_revenue(store, end), end)
        actual = later.values[-horizon_days:]
        said = {NAME: made.frame["value"].to_numpy(dtype=float)}
        for method in NAIVE:
            said[method] = Known(known, Effects()).carry(method, horizon_days)
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
