"""What is expected of the shop or one of its parts, how sure that is, and how it did on the past."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import METRICS, between, is_guarded, measure
from crm_core.pipeline.series_days import DISTINCT, SEGMENT, SPLITS, TOTAL
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.forecast_distinct import (
    NEAR,
    Key,
    drawn,
    mean_that_came,
    means_ahead,
    periods_ahead,
    series_of,
    whole_periods_that_came,
)
from crm_core.views.forecast_few import is_of_few, rows_of_parts, small_cells, small_parts
from crm_core.views.model_state import need_forecast

MEASURES: Final = tuple(SPLITS)
GRAINS: Final = ("day", "week", "month")
SHOWN_DAYS: Final = {"day": 120, "week": 30 * 7, "month": 25 * 31}
_NAMED: Final = ("actual", "median", "low_80", "high_80", "low_95", "high_95")


@dataclass(frozen=True)
class Forecast:
    """One series. `days`: day (of a week or month, its first), actual, median, low_80, high_80,
    low_95, high_95. `ahead`: by 30 and 90 days value, low_80, high_80; `last_30`: what came in the
    last 30 days; of buyers a day's mean, by week or month (`is_distinct`) the mean of so many
    periods. `tried`: method and the means of its past trials, the best first. `chosen`: the row of
    `forecast_series`. `events`: event, starts_on, ends_on, extra, times_seen, ahead. `trend`: what
    Prophet adds up (day, trend, week, year, events), of the shop's net revenue alone.
    `members` are the parts there are, `left_out` why there is no series: a reason, "" where there is.
    """

    as_of: date
    measure: str
    dimension: str
    member: str
    grain: str
    unit: str
    members: tuple[str, ...]
    left_out: str = ""
    history_days: int = 0
    days: pd.DataFrame = field(default_factory=pd.DataFrame)
    ahead: dict[int, dict[str, float | None]] | None = None
    last_30: float | None = None
    chosen: dict[str, Any] | None = None
    trials: int = 0
    tried: pd.DataFrame = field(default_factory=pd.DataFrame)
    events: pd.DataFrame = field(default_factory=pd.DataFrame)
    trend: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def is_distinct(self) -> bool:
        """Whether periods are a series of their own, as their days do not add up."""
        return self.measure in DISTINCT and self.grain != GRAINS[0]

    @property
    def is_mean(self) -> bool:
        """Whether sums of days would count somebody twice: means are told."""
        return self.measure in DISTINCT and self.grain == GRAINS[0]


def forecast(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    of: str = MEASURES[0],
    by: str = TOTAL,
    member: str = "",
    grain: str = GRAINS[0],
) -> Forecast:
    """Reads what the last refresh forecast; nothing is fitted here. A member that there is none of is
    the first; buyers of segments are told by day alone. Parts and past days of few people are not
    told to who sees no single people.

    Raises: CrmError of the model when the shop has too little data, ("no_scores"),
    ("unknown_choice").
    """
    del selection
    _check(of, by, grain)
    need_forecast(store)
    as_of = store.scores_as_of
    if as_of is None:
        raise CrmError("no_scores")
    grain = grain if series_of(of, by, grain) else GRAINS[0]
    code = series_of(of, by, grain)
    series = store.table("forecast_series")
    rows = store.fetch(series.filter((series.measure == code) & (series.dimension == by)))
    if rows.empty and code != of:
        raise CrmError("no_scores")  # made by an earlier version, which had no such series
    told = rows[rows["method"] != ""]
    parts = tuple(told["member"]) if by != TOTAL else ()
    few = small_parts(store, access, by, parts, as_of)
    members = tuple(name for name in parts if name not in few)
    unit = METRICS[of].unit
    if told.empty:
        why, days = _why_not(rows)
        return Forecast(as_of, of, by, "", grain, unit, members, left_out=why, history_days=days)
    if few and not members:
        return Forecast(as_of, of, by, "", grain, unit, members, left_out="few")
    if by == TOTAL:
        member = ""
    elif member not in members:
        member = members[0]
    key = (code, by, member)
    came = pd.Series(dtype=float)
    if code == of:
        days, last_30, ahead = _of_days(store, key, grain, parts, as_of)
    else:
        came = whole_periods_that_came(store, of, key, parts, grain, as_of)
        periods = periods_ahead(store, key, grain)
        days, last_30 = drawn(came, periods), mean_that_came(came, grain)
        ahead = means_ahead(periods, grain)
    if is_guarded(access) and by not in (TOTAL, SEGMENT):
        days, last_30 = _without_few(store, key, parts, days, last_30, grain, as_of)
        if code != of and days["actual"].iloc[: len(came)].tail(NEAR[grain]).isna().any():
            last_30 = None
    chosen = told[told["member"] == member].iloc[0]
    tried = _series(store, "forecast_backtest", key)
    return Forecast(
        as_of=as_of,
        measure=of,
        dimension=by,
        member=member,
        grain=grain,
        unit=unit,
        members=members,
        history_days=int(chosen["history_days"]),
        days=days,
        ahead=ahead,
        last_30=last_30,
        chosen=dict(chosen),
        trials=int(tried["origin"].nunique()),
        tried=_means(tried),
        events=_events(store),
        trend=store.fetch(store.table("forecast_components").order_by("day"))
        if key == (MEASURES[0], TOTAL, "")
        else pd.DataFrame(),
    )


def _of_days(
    store: Store, key: Key, grain: str, parts: tuple[str, ...], as_of: date
) -> tuple[pd.DataFrame, float | None, dict[int, dict[str, float | None]]]:
    """A series whose days add up, or are shown: its days or periods, the last 30 days, the next 30
    and 90."""
    ahead = _series(store, "forecast", key).sort_values("day", ignore_index=True)
    past = _actual(store, key, parts, as_of, SHOWN_DAYS[grain])
    sums = {days: _sum(store, key, ahead, days, as_of) for days in (30, 90)}
    return _by_grain(store, key, grain, past, ahead, as_of), _lately(past, key[0]), sums


def _check(of: str, by: str, grain: str) -> None:
    for name, value, known in (
        ("measure", of, MEASURES),
        ("dimension", by, (TOTAL, *SPLITS.get(of, ()))),
        ("grain", grain, GRAINS),
    ):
        if value not in known:
            match = close_match(value, known)
            raise CrmError("unknown_choice", name=name, value=value, match=match)


def _why_not(rows: pd.DataFrame) -> tuple[str, int]:
    """Why a series was left out: its own reason, or that there is nothing to be a part of."""
    if rows.empty:
        return "no_total", 0
    return str(rows["reason"].iloc[0]), int(rows["history_days"].iloc[0])


def _series(store: Store, name: str, key: Key) -> pd.DataFrame:
    table = store.table(name)
    of, by, member = key
    chosen = (table.measure == of) & (table.dimension == by) & (table.member == member)
    return store.fetch(table.filter(chosen).drop("measure", "dimension", "member"))


def _actual(store: Store, key: Key, members: tuple[str, ...], as_of: date, days: int) -> pd.Series:
    """What came day by day; of a segment nothing, for its customers stood elsewhere then."""
    of, by, member = key
    if by == SEGMENT:
        return pd.Series(dtype=float)
    first = max(store.meta.first_day, as_of - timedelta(days - 1))
    rows = between(store.table("ledger"), Period(first, as_of))
    if by != TOTAL:
        rows = rows_of_parts(store, by, members, Period(first, as_of))
        rows = rows.filter(rows[by] == member)
    found = measure(store, (of,), rows=rows, by=("day",), totals=False).rows
    every = pd.date_range(first, as_of, freq="D", name="day")
    return found.set_index("day")[of].reindex(every, fill_value=0.0).astype(float)


def _without_few(
    store: Store,
    key: Key,
    members: tuple[str, ...],
    days: pd.DataFrame,
    last_30: float | None,
    grain: str,
    as_of: date,
) -> tuple[pd.DataFrame, float | None]:
    """What came without the periods in which few people bought."""
    _, by, member = key
    lately = Period(as_of - timedelta(29), as_of)
    mine = rows_of_parts(store, by, members, lately)
    first = pd.Timestamp(pd.to_datetime(days["day"]).min()).date()
    rows = rows_of_parts(store, by, members, Period(min(first, as_of), as_of))
    away = {day for day, name in small_cells(store, rows, by, grain) if name == member}
    shown = days.assign(actual=days["actual"].mask(pd.to_datetime(days["day"]).isin(list(away))))
    return shown, None if is_of_few(store, mine.filter(mine[by] == member)) else last_30


def _lately(past: pd.Series, of: str) -> float | None:
    if len(past) < 30:
        return None
    lately = past.tail(30)
    return float(lately.mean() if of in DISTINCT else lately.sum())


def _sum(
    store: Store, key: Key, ahead: pd.DataFrame, days: int, as_of: date
) -> dict[str, float | None]:
    """What is expected of the next days together with its interval; of buyers a day's mean."""
    values = ahead["value"].head(days)
    if key[0] in DISTINCT:
        return {"value": float(values.mean()), "low_80": None, "high_80": None}
    table = store.table("forecast_periods")
    of, by, member = key
    chosen = (table.measure == of) & (table.dimension == by) & (table.member == member)
    found = store.fetch(table.filter(chosen & (table.grain == "to_date")).order_by("ends_on"))
    found = found[found["ends_on"] == pd.Timestamp(as_of + timedelta(days))]
    return {name: float(found[name].iloc[0]) for name in ("value", "low_80", "high_80")}


def _by_grain(
    store: Store,
    key: Key,
    grain: str,
    past: pd.Series,
    ahead: pd.DataFrame,
    as_of: date,
) -> pd.DataFrame:
    if grain == "day":
        came = past.rename("actual").rename_axis("day").reset_index()
        return pd.concat([came, ahead.rename(columns={"value": "median"})], ignore_index=True)
    table = store.table("forecast_periods")
    of, by, member = key
    chosen = (table.measure == of) & (table.dimension == by) & (table.member == member)
    periods = store.fetch(table.filter(chosen & (table.grain == grain)).order_by("starts_on"))
    return whole_periods(past, periods, grain, as_of)


def whole_periods(past: pd.Series, periods: pd.DataFrame, grain: str, as_of: date) -> pd.DataFrame:
    """Whole weeks or months that came and that are expected, by their first days. The running one is
    what came of it so far and what is expected of the rest; one cut off by the horizon is left out."""
    code = {"week": "W-SUN", "month": "M"}[grain]
    ahead = periods.assign(
        period=pd.PeriodIndex(periods["starts_on"], freq=code),
        ends_on=pd.to_datetime(periods["ends_on"]),
    )
    whole = ahead[ahead["ends_on"] >= ahead["period"].dt.end_time.dt.normalize()]
    whole = whole.rename(columns={"value": "median"}).set_index("period")[list(_NAMED[1:])]
    came = pd.Series(dtype=float)
    if len(past):
        sums = past.groupby(pd.PeriodIndex(past.index, freq=code)).sum()
        spans = pd.PeriodIndex(sums.index)
        ended = spans.end_time.normalize() <= past.index[-1]
        came = sums[(spans.start_time >= past.index[0]) & ended]
        running = pd.Timestamp(as_of).to_period(code)
        if running in whole.index and running not in came.index:
            so_far = float(past[past.index >= running.start_time].sum())
            whole = whole.astype(float)
            whole.loc[running] += so_far
    frame = pd.concat([came.rename("actual").to_frame(), whole])
    return frame.assign(day=[one.start_time for one in frame.index]).reset_index(drop=True)


def _means(tried: pd.DataFrame) -> pd.DataFrame:
    """One row a method, best first: the means over the past trials."""
    names = ["mase", "wape", "total_error", "coverage_80", "coverage_95"]
    grouped = tried.groupby("method", sort=False)[names].mean().reset_index()
    return grouped.sort_values("mase", ignore_index=True)


def _events(store: Store) -> pd.DataFrame:
    events = store.table("forecast_events")
    return store.fetch(events.order_by("starts_on", "event").limit(60))
