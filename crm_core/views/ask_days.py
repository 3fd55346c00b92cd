"""Days that a question names, counted from the last complete day of the data.

The last month, quarter or week is the latest that is complete by then; this one is the one that
day is in. A month or quarter without a year is the latest that has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

_PRESET_DAYS = {7: "7d", 30: "30d", 90: "90d"}
_WHOLE_YEAR = 12


@dataclass(frozen=True)
class Days:
    """Days from `start` to `end`; `period` is the filter bar's name for them, or "custom".

    `month` or `quarter` is kept where no year was said, for "March to May 2025".
    """

    start: date
    end: date
    period: str = "custom"
    month: int = 0

    def until(self, other: Days) -> Days:
        """From the first day of this to the last of another.

        >>> march = Days(date(2026, 3, 1), date(2026, 3, 31), month=3)
        >>> Days(date(2025, 1, 1), date(2025, 1, 31)).until(march).end
        datetime.date(2025, 3, 31)
        """
        first, last = self, other
        if self.month and not other.month:
            first = _month(_before(other.end.year, other.end.month, self.month), self.month)
        if other.month and not self.month:
            year = self.start.year + (other.month < self.start.month)
            last = _month(year, other.month)
        return Days(min(first.start, last.start), max(first.end, last.end))


def days_of(code: str, numbers: Mapping[str, int], as_of: date, first_day: date) -> Days | None:
    """The days of a phrase; None for a date that does not exist."""
    try:
        found = _NAMED[code](numbers, as_of)
    except (ValueError, OverflowError):
        return None
    if code == "all":
        return replace(found, start=first_day)
    return found


def _before(year: int, month: int, wanted: int) -> int:
    """The year of the latest such month up to a month."""
    return year - (wanted > month)


def _month(year: int, month: int) -> Days:
    start = date(year, month, 1)
    return Days(start, _shifted(start, 1) - timedelta(1))


def _shifted(day: date, months: int) -> date:
    """The first day of the month so many months on."""
    at = day.year * 12 + day.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)


def _quarter(year: int, quarter: int) -> Days:
    start = date(year, 3 * quarter - 2, 1)
    return Days(start, _shifted(start, 3) - timedelta(1))


def _year(year: int) -> Days:
    return Days(date(year, 1, 1), date(year, 12, 31))


def _last_days(count: int, as_of: date) -> Days:
    return Days(as_of - timedelta(count - 1), as_of, _PRESET_DAYS.get(count, "custom"))


def _last_months(count: int, as_of: date) -> Days:
    if count == _WHOLE_YEAR:
        return Days(as_of - timedelta(364), as_of, "12m")
    first = _shifted(as_of, -count)
    length = (_shifted(first, 1) - first).days
    return Days(first + timedelta(min(as_of.day, length)), as_of)


def _this_week(as_of: date) -> Days:
    return Days(as_of - timedelta(as_of.weekday()), as_of)


def _last_week(as_of: date) -> Days:
    sunday = as_of - timedelta((as_of.weekday() + 1) % 7)
    return Days(sunday - timedelta(6), sunday)


def _last(as_of: date, months: int) -> Days:
    """The latest stretch of so many months, from the year's start on, that is complete."""
    begun = date(as_of.year, (as_of.month - 1) // months * months + 1, 1)
    tomorrow = as_of + timedelta(1)
    start = begun if tomorrow == _shifted(begun, months) else _shifted(begun, -months)
    return Days(start, _shifted(start, months) - timedelta(1))


def _this(as_of: date, months: int) -> Days:
    return Days(date(as_of.year, (as_of.month - 1) // months * months + 1, 1), as_of)


def _latest_month(numbers: Mapping[str, int], as_of: date) -> Days:
    month = numbers["month"]
    return replace(_month(_before(as_of.year, as_of.month, month), month), month=month)


def _latest_quarter(numbers: Mapping[str, int], as_of: date) -> Days:
    first = 3 * numbers["quarter"] - 2
    return _quarter(_before(as_of.year, as_of.month, first), numbers["quarter"])


def _on_date(numbers: Mapping[str, int], as_of: date) -> Days:
    del as_of
    if "day" not in numbers:
        return _month(numbers["year"], numbers["month"])
    day = date(numbers["year"], numbers["month"], numbers["day"])
    return Days(day, day)


_NAMED: Mapping[str, Callable[[Mapping[str, int], date], Days]] = {
    "yesterday": lambda _, as_of: Days(as_of, as_of),
    "last_days": lambda told, as_of: _last_days(told["n"], as_of),
    "last_weeks": lambda told, as_of: _last_days(7 * told["n"], as_of),
    "last_months": lambda told, as_of: _last_months(told["n"], as_of),
    "last_years": lambda told, as_of: _last_months(12 * told["n"], as_of),
    "half_year": lambda _, as_of: _last_months(6, as_of),
    "this_week": lambda _, as_of: _this_week(as_of),
    "last_week": lambda _, as_of: _last_week(as_of),
    "this_month": lambda _, as_of: _this(as_of, 1),
    "last_month": lambda _, as_of: _last(as_of, 1),
    "this_quarter": lambda _, as_of: _this(as_of, 3),
    "last_quarter": lambda _, as_of: _last(as_of, 3),
    "this_year": lambda _, as_of: replace(_this(as_of, 12), period="ytd"),
    "last_year": lambda _, as_of: _last(as_of, 12),
    "all": lambda _, as_of: Days(as_of, as_of, "all"),
    "in_year": lambda told, _: _year(told["year"]),
    "in_quarter": lambda told, _: _quarter(told["year"], told["quarter"]),
    "in_month": lambda told, _: _month(told["year"], told["month"]),
    "on_day": _on_date,
    "on_date": _on_date,
    "quarter_last_year": lambda told, as_of: _quarter(as_of.year - 1, told["quarter"]),
    "month_last_year": lambda told, as_of: _month(as_of.year - 1, told["month"]),
    "quarter": _latest_quarter,
    "month": _latest_month,
}
