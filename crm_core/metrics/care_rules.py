"""What a shop promises its customers, and when it works: by this care is measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from crm_core.metrics.contact_topics import USUAL_RULES, TopicRule
from crm_core.store import StoreMeta
from crm_core.store.marts import as_number

_DAY: Final = 1_440
_WEEK: Final = 7
#: A Monday, from which minutes and days are counted.
_MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class CareRules:
    """`reply_hours` and `settle_hours` are promised. With `opens` and `closes` (minutes of the
    day) only the hours between them on `weekdays` (1 is Monday) count, in the promises, too."""

    reply_hours: int = 24
    settle_hours: int = 72
    opens: int = 0
    closes: int = 0
    weekdays: tuple[int, ...] = ()
    topics: tuple[TopicRule, ...] = USUAL_RULES

    @property
    def has_hours(self) -> bool:
        """Whether the shop said when it works."""
        return self.closes > self.opens and bool(self.weekdays)

    @property
    def reply_minutes(self) -> float:
        """The promised time to a first reply."""
        return self.reply_hours * 60.0

    @property
    def settle_minutes(self) -> float:
        """The promised time until a contact is settled."""
        return self.settle_hours * 60.0


def passed(rules: CareRules, shop: StoreMeta, begin: ir.Value, minutes: ir.Value) -> ir.Value:
    """How many of so many minutes from a moment on are within the shop's hours; all of them where
    it told none."""
    if not rules.has_hours:
        return minutes.cast("float64")
    start = _local_minutes(shop, begin)
    end = start + minutes.cast("float64").floor().cast("int64")
    return (_worked(rules, end) - _worked(rules, start)).cast("float64")


def end_of(day: date, zone: str) -> datetime:
    """The end of a day of the shop as a moment in UTC.

    >>> end_of(date(2026, 6, 30), "Europe/Berlin").isoformat()
    '2026-06-30T22:00:00+00:00'
    """
    return datetime.combine(day + timedelta(1), time(), ZoneInfo(zone)).astimezone(UTC)


def minutes_until(moment: datetime, begin: ir.Value) -> ir.Value:
    """Minutes from each row's moment to one moment of all."""
    end = ibis.literal(int(moment.timestamp())).cast("int64")
    return (end - begin.epoch_seconds().cast("int64")).cast("float64") / 60.0


def _local_minutes(shop: StoreMeta, moment: ir.Value) -> ir.Value:
    """Minutes by the shop's clock since a Monday. On the two days a year on which clocks are changed
    the night is an hour off."""
    second = moment.epoch_seconds().cast("int64") - int(_MONDAY.timestamp())
    minute = (second - second % 60).cast("float64") / 60.0
    branches = [(minute < until, ahead) for until, ahead in _clocks(shop)]
    (_, last), others = branches[-1], branches[:-1]
    ahead = ibis.cases(*others, else_=last) if others else ibis.literal(last)
    return minute.cast("int64") + ahead.cast("int64")


def _clocks(shop: StoreMeta) -> list[tuple[float, int]]:
    """Until which minute since a Monday the shop's clock is so many minutes ahead of UTC."""
    zone = ZoneInfo(shop.timezone)
    first, days = shop.first_day - timedelta(1), (shop.last_day - shop.first_day).days + 3
    found: list[tuple[float, int]] = []
    for number in range(days):
        noon = datetime.combine(first + timedelta(number), time(12), UTC)
        offset = noon.astimezone(zone).utcoffset() or timedelta()
        ahead = int(offset.total_seconds() // 60)
        until = ((noon - _MONDAY).total_seconds() + 43_200) / 60
        if found and found[-1][1] == ahead:
            found.pop()
        found.append((until, ahead))
    return found


def _worked(rules: CareRules, minute: ir.Value) -> ir.Value:
    """Minutes of work from a Monday to a minute since then."""
    length = rules.closes - rules.opens
    of_day = minute % _DAY
    day = ((minute - of_day).cast("float64") / float(_DAY)).cast("int64")
    of_week = day % _WEEK
    weeks = ((day - of_week).cast("float64") / float(_WEEK)).cast("int64")
    whole = sum(
        (as_number(of_week >= number) for number in rules.weekdays), ibis.literal(0).cast("int64")
    )
    is_work = as_number((of_week + 1).isin(rules.weekdays))
    today = ibis.least(ibis.greatest(of_day - rules.opens, ibis.literal(0)), ibis.literal(length))
    return (weeks * len(rules.weekdays) + whole) * length + is_work * today
