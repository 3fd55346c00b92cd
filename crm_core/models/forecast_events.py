"""Shopping events a daily forecast must know: a hand-written calendar and the shop's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd

#: First day of the lunar year. Beyond 2035 the event is unknown and left out.
LUNAR_NEW_YEAR: Final = {
    2015: (2, 19),
    2016: (2, 8),
    2017: (1, 28),
    2018: (2, 16),
    2019: (2, 5),
    2020: (1, 25),
    2021: (2, 12),
    2022: (2, 1),
    2023: (1, 22),
    2024: (2, 10),
    2025: (1, 29),
    2026: (2, 17),
    2027: (2, 6),
    2028: (1, 26),
    2029: (2, 13),
    2030: (2, 3),
    2031: (1, 23),
    2032: (2, 11),
    2033: (1, 31),
    2034: (2, 19),
    2035: (2, 8),
}

OWN: Final = "own:"
CLOSED: Final = "closed"
_YEAR = re.compile(r"\s*\(?20\d\d\)?\s*")


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of days around an event that sells alike: offsets from its day, both included."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ShoppingEvent:
    """A recurring event: its day in a year (None where unknown) and how its days part."""

    code: str
    day: Callable[[int], date | None]
    phases: tuple[Phase, ...]


def _fixed(month: int, day: int) -> Callable[[int], date | None]:
    return lambda year: date(year, month, day)


def _black_friday(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta((3 - first.weekday()) % 7 + 22)


def _lunar_new_year(year: int) -> date | None:
    found = LUNAR_NEW_YEAR.get(year)
    return date(year, *found) if found else None


def _around(before: int, after: int) -> tuple[Phase, ...]:
    phases = (Phase("before", -before, -1), Phase("day", 0, 0), Phase("after", 1, after))
    return tuple(phase for phase in phases if phase.first <= phase.last)


#: Windows are wider where a pre-sale or slow couriers are usual. Names: `forecast.event.<code>`.
CALENDAR: Final = (
    ShoppingEvent("womens_day", _fixed(3, 8), _around(3, 0)),
    ShoppingEvent("mid_year", _fixed(6, 18), _around(2, 1)),
    ShoppingEvent("nine_nine", _fixed(9, 9), _around(1, 0)),
    ShoppingEvent("singles_day", _fixed(11, 11), _around(3, 1)),
    ShoppingEvent("double_twelve", _fixed(12, 12), _around(2, 0)),
    ShoppingEvent(
        "black_friday",
        _black_friday,
        (
            Phase("before", -1, -1),
            Phase("day", 0, 0),
            Phase("weekend", 1, 2),
            Phase("monday", 3, 3),
        ),
    ),
    ShoppingEvent("christmas", _fixed(12, 25), (Phase("before", -14, -2), Phase("day", -1, 1))),
    ShoppingEvent("lunar_new_year", _lunar_new_year, (Phase("before", -7, -1), Phase("day", 0, 7))),
)


@dataclass(frozen=True, slots=True)
class EventDay:
    """One day on which an event is on. `start` tells its occurrences apart; `core` is its day.

    `uplift` is what the shop expects of it: 2 is twice an ordinary day. On a `closed` day nothing
    is sold.
    """

    event: str
    phase: str
    day: date
    start: date
    core: date
    uplift: float | None = None
    closed: bool = False


def calendar_days(first: date, last: date) -> list[EventDay]:
    """Every day of the calendar's events between two days, both included.

    >>> [found.event for found in calendar_days(date(2026, 11, 27), date(2026, 11, 27))]
    ['black_friday']
    """
    found: list[EventDay] = []
    for event in CALENDAR:
        for year in range(first.year - 1, last.year + 2):
            core = event.day(year)
            if core is None:
                continue
            start = core + timedelta(min(phase.first for phase in event.phases))
            found += [
                EventDay(event.code, phase.name, core + timedelta(offset), start, core)
                for phase in event.phases
                for offset in range(phase.first, phase.last + 1)
            ]
    return sorted(
        (day for day in found if first <= day.day <= last), key=lambda day: (day.day, day.event)
    )


def all_days(own: pd.DataFrame, first: date, last: date) -> list[EventDay]:
    """The calendar's days and the shop's own, without doubles.

    `own` has columns name, starts_on, ends_on, and may have uplift (a multiplier; empty: learn it)
    and kind (`closed`: the shop sells nothing). An own event that holds the very day of a calendar
    event is that event, with the shop's window: it takes its place in that year. A year in an own
    name is left off, so that "Summer sale 2025" and "Summer sale 2026" teach one effect.
    """
    named = calendar_days(first, last)
    mine: list[EventDay] = []
    for row in own.to_dict("records"):
        start, end = _day(row["starts_on"]), _day(row["ends_on"])
        days = [start + timedelta(n) for n in range((end - start).days + 1)]
        uplift, closed = _uplift(row.get("uplift")), row.get("kind") == CLOSED
        core = next((day for day in named if day.day == day.core and day.day in days), None)
        if core is None or closed:
            code = OWN + _YEAR.sub(" ", str(row["name"])).strip()
            mine += [EventDay(code, "day", day, start, start, uplift, closed) for day in days]
            continue
        same = [day for day in named if (day.event, day.start) == (core.event, core.start)]
        phases = {day.day: day.phase for day in same}
        named = [day for day in named if day not in same]
        for day in days:
            phase = phases.get(day, "before" if day < core.day else "after")
            mine.append(EventDay(core.event, phase, day, start, core.day, uplift))
    kept = [day for day in named + mine if first <= day.day <= last]
    return sorted(set(kept), key=lambda day: (day.day, day.event, day.phase))


def _day(value: Any) -> date:
    return pd.Timestamp(value).date()


def _uplift(value: Any) -> float | None:
    """A multiplier above or at zero that somebody typed."""
    if value is None or pd.isna(value):
        return None
    return float(value) if float(value) >= 0 else None
