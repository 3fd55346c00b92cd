"""One event: what it was the last times, day by day around it, and what is expected of the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import hidden, is_guarded, is_small, measure, scope
from crm_core.models.event_effect import NEAR_DAYS, Span, Stretch, stretches
from crm_core.models.forecast_effects import standing_out
from crm_core.models.forecast_events import OWN, EventDay
from crm_core.models.forecast_methods import History
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.event_calendar import (
    KnownEvent,
    Occurrence,
    TypedEvent,
    days_of_events,
    known_events,
    own_frame,
)

MEASURES: Final = ("net_revenue", "orders", "buyers", "new_buyers")
#: Days before and after an event's day that are drawn.
AROUND_DAYS: Final = 28
MOST_TIMES: Final = 3
SEEN: Final = ("never", "once", "often")
_WEEKS, _YEAR = 56, 364


@dataclass(frozen=True)
class Time:
    """One past time of an event: its days beside what is usual, and the days before and after.

    `parts` are stretches by what they are: before, presale, day, after, net. What cannot be told (the
    log begins or ends too near) is missing.
    """

    occurrence: Occurrence
    parts: dict[str, Stretch]

    @property
    def multiplier(self) -> float | None:
        """How many times the usual was sold on its days, its pre-sale included."""
        mine = [self.parts[name] for name in ("presale", "day") if name in self.parts]
        usual = sum(part.usual for part in mine)
        return (
            sum(part.actual for part in mine) / usual if usual > 0 and "day" in self.parts else None
        )


@dataclass(frozen=True)
class EventView:
    """`times`, the latest first; `lines`: series ("2025", … or "expected"), offset (days from the
    event's day), day, value, low, high; `expected`: what the forecast says of the coming days,
    None where it does not reach them; `unusual`: days on which events moved net revenue; `growth`: how many times the revenue of the last time is to be
    expected, by `growth_basis` (forecast, year or none)."""

    as_of: date
    event: KnownEvent
    measure: str
    seen: str
    times: tuple[Time, ...]
    lines: pd.DataFrame
    expected: float | None
    forecast_until: date | None
    growth: float
    growth_basis: str
    unusual: tuple[date, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether the days around the coming time have begun."""
        coming = self.event.coming
        return coming is not None and self.as_of >= coming.day - timedelta(AROUND_DAYS)


def list_events(
    selection: Selection, *, store: Store, access: Access, planned: tuple[TypedEvent, ...] = ()
) -> list[KnownEvent]:
    """The events there are, the next one first."""
    del selection, access
    return known_events(store, planned)


def events(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    code: str,
    measure_name: str,
    planned: tuple[TypedEvent, ...] = (),
) -> EventView:
    """What is known of one event, by one measure.

    Raises: CrmError("unknown_choice") for an event or measure that is none.
    """
    if measure_name not in MEASURES:
        match = close_match(measure_name, MEASURES)
        raise CrmError("unknown_choice", name="measure", value=measure_name, match=match)
    known = {each.code: each for each in known_events(store, planned)}
    if code not in known:
        raise CrmError("unknown_choice", name="event", value=code, match=close_match(code, known))
    event = known[code]
    days = by_day(store, selection, measure_name)
    all_days = days_of_events(store, own_frame(store, planned))
    felt = felt_days(days[measure_name], all_days)
    revenue = days[MEASURES[0]]
    unusual = felt if measure_name == MEASURES[0] else felt_days(revenue, all_days)
    times = [_time(each, days[measure_name], felt) for each in event.past[:MOST_TIMES]]
    ahead = forecast_of(store, measure_name)
    expected = _expected(event.coming, days[measure_name], ahead)
    shown, known_past = days[measure_name].copy(), event
    if is_guarded(access):
        people = days["new_buyers" if measure_name == "new_buyers" else "buyers"]
        shown[hidden(people.to_numpy(dtype=float)[:, None]).ravel()] = np.nan
        times = [_without_few(time, people) for time in times]
        if times and not times[0].parts:  # how many times it is would tell what it was
            known_past = replace(event, past=())
    growth, basis = _growth(known_past, store, revenue)
    return EventView(
        as_of=store.meta.as_of,
        event=event,
        measure=measure_name,
        seen=SEEN[min(len(event.past), 2)],
        times=tuple(times),
        lines=_lines(event, shown, ahead),
        expected=expected,
        forecast_until=None if ahead.empty else pd.Timestamp(ahead["day"].max()).date(),
        growth=growth,
        growth_basis=basis,
        unusual=tuple(sorted({day.day for day in unusual})),
    )


def by_day(store: Store, selection: Selection, name: str) -> pd.DataFrame:
    """A measure, net revenue and the buyers of every day of the log, days without sales included."""
    days = Period(store.meta.first_day, store.meta.as_of)
    names = list(dict.fromkeys([name, MEASURES[0], "buyers"]))
    rows = scope(store, selection, days, of=names, by=("day",))
    found = measure(store, names, rows=rows, by=("day",), totals=False).rows
    index = pd.date_range(days.start, days.end, freq="D", name="day")
    return found.set_index("day").reindex(index).astype("float64").fillna(0.0)


def felt_days(daily: pd.Series[Any], known: Sequence[EventDay]) -> list[EventDay]:
    """The days of events that are no measure of an ordinary day: those that stood out, and the
    shop's own."""
    first = pd.Timestamp(daily.index[0]).date()
    ends = first + timedelta(len(daily) - 1)
    inside = [day for day in known if first <= day.day <= ends]
    if not inside or len(inside) >= len(daily):
        return [day for day in inside if day.event.startswith(OWN)]
    return standing_out(History(first, daily.to_numpy(dtype=float)), inside)


def spans_of(times: Occurrence) -> list[Span]:
    """The stretches of a time of an event, from two weeks before it to two weeks after."""
    near, one = timedelta(NEAR_DAYS), timedelta(1)
    spans: list[Span] = [("before", times.first - near, times.first - one)]
    start = times.first
    if times.presale_until is not None:
        spans.append(("presale", times.first, times.presale_until))
        start = times.presale_until + one
    return [*spans, ("day", start, times.last), ("after", times.last + one, times.last + near)]


def forecast_of(store: Store, name: str) -> pd.DataFrame:
    """The forecast of a measure of the whole shop: day, value, low, high; empty where there is none."""
    nothing = pd.DataFrame(columns=["day", "value", "low", "high"])
    if not store.has("forecast"):
        return nothing
    table = store.table("forecast")
    table = table.filter((table.measure == name) & (table.dimension == "total"))
    return store.fetch(table.select("day", "value", low="low_80", high="high_80").order_by("day"))


def _time(times: Occurrence, daily: pd.Series[Any], felt: Sequence[EventDay]) -> Time:
    others = [day.day for day in felt if (day.event, day.core) != (times.event, times.day)]
    found = stretches(daily, spans_of(times), marked=others)
    return Time(times, {each.part: each for each in found})


def _without_few(time: Time, people: pd.Series[Any]) -> Time:
    """The time without its parts where one is of few people: the others and the net would tell it."""
    found = time.parts.values()
    counts = [people.loc[str(part.starts_on) : str(part.ends_on)].sum() for part in found]
    return replace(time, parts={}) if any(map(is_small, counts)) else time


def _expected(
    coming: Occurrence | None, daily: pd.Series[Any], ahead: pd.DataFrame
) -> float | None:
    """What came and what is expected on the days of the coming time; None where any is unknown."""
    if coming is None:
        return None
    said = pd.concat([daily, ahead.set_index("day")["value"].astype("float64")])
    days = pd.date_range(coming.first, coming.last, freq="D")
    known = said[~said.index.duplicated()].reindex(days)
    return None if known.isna().any() else float(known.sum())


def _growth(event: KnownEvent, store: Store, daily: pd.Series[Any]) -> tuple[float, str]:
    """How many times the revenue of the last time is to be expected: by the forecast, else as the
    last eight weeks are to the same weeks a year before."""
    if event.past:
        last = event.past[0]
        sold = float(daily.loc[pd.Timestamp(last.first) : pd.Timestamp(last.last)].sum())
        expected = _expected(event.coming, daily, forecast_of(store, "net_revenue"))
        if expected is not None and sold > 0:
            return expected / sold, "forecast"
    if len(daily) >= _WEEKS + _YEAR:
        then = float(daily.iloc[-_WEEKS - _YEAR : -_YEAR].sum())
        if then > 0:
            return float(daily.iloc[-_WEEKS:].sum()) / then, "year"
    return 1.0, "none"


def _lines(event: KnownEvent, daily: pd.Series[Any], ahead: pd.DataFrame) -> pd.DataFrame:
    shown = [*reversed(event.past[:MOST_TIMES]), *([event.coming] if event.coming else [])]
    frames: list[pd.DataFrame] = []
    for each in shown:
        days = _drawn(each)
        found = daily.reindex(days).rename("value").rename_axis("day").reset_index()
        frames.append(_placed(found.dropna(), each, str(each.day.year)))
    if event.coming is not None and len(ahead):
        days = _drawn(event.coming)
        rows = ahead[ahead["day"].isin(days)]
        frames.append(_placed(rows, event.coming, "expected"))
    frames = [frame for frame in frames if len(frame)]
    columns = ["series", "offset", "day", "value", "low", "high"]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames, ignore_index=True).reindex(columns=columns)


def _drawn(each: Occurrence) -> pd.DatetimeIndex:
    around = timedelta(AROUND_DAYS)
    return pd.date_range(min(each.first, each.day - around), max(each.last, each.day + around))


def _placed(rows: pd.DataFrame, each: Occurrence, series: str) -> pd.DataFrame:
    offset = (pd.to_datetime(rows["day"]) - pd.Timestamp(each.day)).dt.days
    return rows.assign(series=series, offset=offset)
