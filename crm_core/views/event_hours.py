"""How the orders of an event's day come in, hour by hour, on past times and today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from crm_core.metrics import is_guarded
from crm_core.metrics.event_days import order_quarters
from crm_core.metrics.small_groups import FEWEST
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.event_calendar import TypedEvent, known_events

MOST_DAYS: Final = 12
_LEAST_ORDERS = 5
_LEAST_SHARE = 0.1
_DAY_HOURS = 24


@dataclass(frozen=True)
class Hours:
    """`shares`: day, hour (0 to 24: by the end of it), share of the day's orders, orders so far.
    Today's line ends with the last order; `today` is that day while it is not over, `so_far` its
    orders, `by_now` the share that past days had by then, `landing` what today comes to at that
    pace. `has_times` is false where orders have a day and no hour."""

    shares: pd.DataFrame
    has_times: bool
    today: date | None
    so_far: int
    by_now: float | None
    landing: float | None


def event_hours(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    code: str,
    planned: tuple[TypedEvent, ...] = (),
) -> Hours:
    """The pace of the event's past days (the latest twelve), and of today if it is on."""
    del selection
    event = next((each for each in known_events(store, planned) if each.code == code), None)
    past: list[date] = []
    for each in event.past if event else ():
        first = each.first if each.presale_until is None else each.presale_until + timedelta(1)
        past += [first + timedelta(n) for n in range((each.last - first).days + 1)]
    coming = event.coming if event else None
    last = store.meta.last_day
    is_on = coming is not None and coming.first <= last <= coming.last
    days = [*past[:MOST_DAYS], *([last] if is_on else [])]
    if not days:
        return Hours(_nothing(), True, None, 0, None, None)
    rows = _local(store.fetch(order_quarters(store, days)), store.meta.timezone)
    few = rows.groupby("day")["people"].sum() < (FEWEST if is_guarded(access) else 0)
    rows = rows[~rows["day"].map(few).astype(bool)] if len(rows) else rows
    if not _has_times(rows):
        return Hours(_nothing(), False, None, 0, None, None)
    today = last if is_on and last > store.meta.as_of else None
    return _paced(rows, today)


def _local(rows: pd.DataFrame, timezone: str) -> pd.DataFrame:
    at = pd.to_datetime(rows["second"], unit="s", utc=True).dt.tz_convert(ZoneInfo(timezone))
    day = pd.to_datetime(rows["day"])
    return rows.assign(day=day.dt.date, hour=at.dt.hour)


def _has_times(rows: pd.DataFrame) -> bool:
    """Whether orders come at different hours; a log of days alone puts all at one."""
    if rows.empty:
        return True
    by_day = rows.groupby("day").agg(orders=("orders", "sum"), hours=("hour", "nunique"))
    large = by_day[by_day["orders"] >= _LEAST_ORDERS]
    return large.empty or bool((large["hours"] > 1).any())


def _paced(rows: pd.DataFrame, today: date | None) -> Hours:
    frames: list[pd.DataFrame] = []
    for day, mine in rows.groupby("day"):
        counted = mine.groupby("hour")["orders"].sum().reindex(range(_DAY_HOURS), fill_value=0)
        so_far = counted.cumsum()
        frames.append(
            pd.DataFrame({"day": day, "hour": so_far.index + 1, "orders": so_far.to_numpy()})
        )
    found = pd.concat(frames, ignore_index=True) if frames else _nothing()
    totals: Any = found.groupby("day")["orders"].transform("max")
    found["share"] = found["orders"] / totals.where(totals > 0)
    is_today = found["day"] == today
    past = found[~is_today]
    if today is None or not is_today.any():
        return Hours(found, True, None, 0, None, None)
    mine = rows[rows["day"] == today]
    hour, so_far = int(mine["hour"].max()) + 1, int(mine["orders"].sum())
    by_now = float(past.loc[past["hour"] == hour, "share"].mean()) if len(past) else None
    landing = so_far / by_now if by_now is not None and by_now >= _LEAST_SHARE else None
    shown = found[~is_today | (found["hour"] <= hour)].copy()
    is_today = shown["day"] == today
    # The day is not over: its line is a share of where it lands, or cannot be drawn.
    shown.loc[is_today, "share"] = shown.loc[is_today, "orders"] / (landing or float("nan"))
    return Hours(shown, True, today, so_far, by_now, landing)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=["day", "hour", "orders", "share"])
