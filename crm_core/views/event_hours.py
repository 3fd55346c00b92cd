"""How the orders of an event's day come in, hour by hour, on past times and today."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

from crm_core.metrics import is_guarded
from crm_core.metrics.event_days import order_quarters
from crm_core.metrics.small_groups import FEWEST
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.event_calendar import Occurrence, TypedEvent, known_events

MOST_DAYS: Final = 12
_LEAST_ORDERS = 5
_LEAST_SHARE = 0.1
_DAY_HOURS = 24


@dataclass(frozen=True)
class Hours:
    """`shares`: day, hour (1 to 24: by the end of it), share of the day's orders, orders so far; of the
    days of the last time, of today, and (without a day) the mean of all `days` past ones. Today's line ends with the last order; `today` is that day while it is not over, `so_far` its
    orders, `by_now` the share that past days had by then, `landing` what today comes to at that
    pace. `has_times` is false where orders have a day and no hour."""

    shares: pd.DataFrame
    has_times: bool
    days: int
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
    times = [_days_of(each) for each in event.past] if event else []
    past = [day for days in times for day in days]
    coming = event.coming if event else None
    last = store.meta.last_day
    is_on = coming is not None and coming.first <= last <= coming.last
    days = [*past[:MOST_DAYS], *([last] if is_on else [])]
    if not days:
        return Hours(_nothing(), True, 0, None, 0, None, None)
    rows = _local(store.fetch(order_quarters(store, days)), store.meta.timezone)
    few = rows.groupby("day")["people"].sum() < (FEWEST if is_guarded(access) else 0)
    rows = rows[~rows["day"].map(few).astype(bool)] if len(rows) else rows
    if not _has_times(rows):
        return Hours(_nothing(), False, 0, None, 0, None, None)
    today = last if is_on and last > store.meta.as_of else None
    return _paced(rows, times[0] if times else (), today)


def _days_of(each: Occurrence) -> list[date]:
    """The days of a time of an event, without its pre-sale."""
    first = each.first if each.presale_until is None else each.presale_until + timedelta(1)
    return [first + timedelta(n) for n in range((each.last - first).days + 1)]


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


def _paced(rows: pd.DataFrame, shown: Collection[date], today: date | None) -> Hours:
    found = _cumulative(rows)
    past = found[found["day"] != today]
    mean = past.groupby("hour")[["share", "orders"]].mean().reset_index().assign(day=None)
    days = int(past["day"].nunique())
    lines = [past[past["day"].isin(list(shown))], *([mean] if days > 1 else [])]
    mine = rows[rows["day"] == today]
    if mine.empty:
        return Hours(_together(lines), True, days, None, 0, None, None)
    hour, so_far = int(mine["hour"].max()) + 1, int(mine["orders"].sum())
    by_now = float(mean.loc[mean["hour"] == hour, "share"].iloc[0]) if days else None
    landing = so_far / by_now if by_now is not None and by_now >= _LEAST_SHARE else None
    now = found[(found["day"] == today) & (found["hour"] <= hour)]
    # The day is not over: its line is a share of where it lands, or cannot be drawn.
    lines.append(now.assign(share=now["orders"] / (landing or float("nan"))))
    return Hours(_together(lines), True, days, today, so_far, by_now, landing)


def _cumulative(rows: pd.DataFrame) -> pd.DataFrame:
    """Orders by the end of each hour, and their share of the day's."""
    frames: list[pd.DataFrame] = []
    for day, mine in rows.groupby("day"):
        counted = mine.groupby("hour")["orders"].sum().reindex(range(_DAY_HOURS), fill_value=0)
        so_far = counted.cumsum()
        share = so_far / so_far.iloc[-1]
        frames.append(
            pd.DataFrame(
                {"day": day, "hour": so_far.index + 1, "orders": so_far.to_numpy(), "share": share}
            )
        )
    return _together(frames)


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    known = [frame for frame in frames if len(frame)]
    return pd.concat(known, ignore_index=True) if known else _nothing()


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=["day", "hour", "orders", "share"])
