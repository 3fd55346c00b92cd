"""Days of the shop: weekday, season and shopping events, and the shop's clock against UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.parameters import SEASON, TIMEZONE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_US = 86_400_000_000
FUTURE_DAYS = 366
_LUNAR_NEW_YEAR = {
    2020: (1, 25), 2021: (2, 12), 2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29),
    2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23),
}  # fmt: skip
# Share of a day's orders by hour, midnight first.
_HOURS = (8, 4, 2, 1, 1, 2, 6, 14, 24, 34, 42, 44, 46, 44, 42, 42, 44, 48, 54, 66, 76, 70, 46, 22)


@dataclass(frozen=True)
class Event:
    """A shopping event, holiday or own campaign of one year, both days included."""

    code: str
    name_en: str
    name_zh: str
    kind: str
    starts_on: date
    ends_on: date
    factor: float


@dataclass(frozen=True)
class Calendar:
    """The log's days and a year after them. Day 0 is `start`; arrays are by day."""

    start: date
    days: int
    factor: Floats
    cumulative: Floats
    month: Ints
    event_day: NDArray[np.bool_]
    utc_offset: Ints
    events: tuple[Event, ...]

    @property
    def end(self) -> date:
        """The last day of the log."""
        return self.start + timedelta(days=self.days - 1)

    def day(self, value: date) -> int:
        """The number of a date."""
        return (value - self.start).days

    def utc(self, day: Ints, second: Ints) -> Ints:
        """Microseconds since 1970 in UTC of a second of a shop day (clock changes included)."""
        at = np.clip(day, 0, len(self.utc_offset) - 1)
        before = self.utc_offset[np.maximum(at - 1, 0)]
        offset = np.where(second < 7200, before, self.utc_offset[at])
        epoch = (self.start - date(1970, 1, 1)).days
        return ((day + epoch) * 86_400 + second - offset) * 1_000_000


def make_calendar(months: int, end_day: date) -> Calendar:
    """The calendar of a log of whole months that ends on `end_day`."""
    total = end_day.year * 12 + end_day.month - months
    start = date(total // 12, total % 12 + 1, 1)
    days = (end_day - start).days + 1
    dates = [start + timedelta(days=i) for i in range(days + FUTURE_DAYS)]
    weekday, month = np.array(SEASON.weekday), np.array(SEASON.month)
    plain = np.array([_season(d, weekday / weekday.mean(), month / month.mean()) for d in dates])
    events = tuple(e for year in range(start.year, end_day.year + 2) for e in _events(year))
    last = end_day + timedelta(days=FUTURE_DAYS)
    events = tuple(e for e in events if e.ends_on >= start and e.ends_on <= last)
    factor, marked = plain, np.zeros(len(dates), dtype=bool)
    for event in events:
        first, end = max((event.starts_on - start).days, 0), (event.ends_on - start).days + 1
        factor[first:end] *= event.factor
        marked[first:end] |= event.factor > 1
    factor = factor / factor[:days].mean()
    return Calendar(
        start=start,
        days=days,
        factor=factor,
        cumulative=np.concatenate(([0.0], np.cumsum(factor))),
        month=np.array([d.month for d in dates]),
        event_day=marked,
        utc_offset=np.array([_offset(d) for d in dates]),
        events=events,
    )


def seconds_of_day(rng: np.random.Generator, size: int) -> Ints:
    """Times of day at which people order."""
    share = np.concatenate(([0.0], np.cumsum(_HOURS))) / sum(_HOURS)
    return (np.interp(rng.random(size), share, np.arange(25.0)) * 3600).astype(np.int64)


def _season(day: date, weekday: Floats, month: Floats) -> float:
    """Weekday factor times the month's, gliding from mid-month to mid-month."""
    place = day.month - 1 + (day.day - 15) / 30.4
    low = int(np.floor(place))
    share = place - low
    level = month[low % 12] * (1 - share) + month[(low + 1) % 12] * share
    return float(weekday[day.weekday()] * level)


def _offset(day: date) -> int:
    noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(TIMEZONE))
    return int((noon.replace(tzinfo=UTC) - noon.astimezone(UTC)).total_seconds())


def _events(year: int) -> tuple[Event, ...]:
    november = date(year, 11, 1)
    friday = november + timedelta(days=(3 - november.weekday()) % 7 + 22)
    made = [
        Event("tea_weeks", "Juniper & Jade Tea Weeks", "茶香周", "own",
              date(year, 4, 7), date(year, 4, 13), SEASON.tea_weeks),
        Event("midyear", "6.18 Mid-Year Festival", "618 年中大促", "shopping",
              date(year, 6, 16), date(year, 6, 18), SEASON.midyear),
        Event("singles_day", "11.11 Singles' Day", "双十一", "shopping",
              date(year, 11, 11), date(year, 11, 11), SEASON.singles_day),
        Event("black_friday", "Black Friday to Cyber Monday", "黑色星期五至网络星期一", "shopping",
              friday, friday + timedelta(days=3), SEASON.black_friday),
        Event("christmas", "Christmas", "圣诞节", "holiday",
              date(year, 12, 24), date(year, 12, 26), SEASON.christmas),
    ]  # fmt: skip
    if year in _LUNAR_NEW_YEAR:
        new_year = date(year, *_LUNAR_NEW_YEAR[year])
        week = timedelta(days=7)
        made.append(
            Event("lunar_new_year", "Lunar New Year", "春节", "holiday",
                  new_year - week, new_year + week, SEASON.lunar_new_year)
        )  # fmt: skip
    return tuple(sorted(made, key=lambda event: event.starts_on))
