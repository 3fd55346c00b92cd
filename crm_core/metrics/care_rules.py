"""What a shop promises its customers, and when it works: by this care is measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from crm_core.metrics.contact_topics import USUAL_RULES, TopicRule

_DAY: Final = 1_440
_WEEK: Final = 7 * _DAY


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


def passed(rules: CareRules, start: ir.Value, minutes: ir.Value) -> ir.Value:
    """How many of so many minutes from a moment on (`start`, by the shop's clock) are within the
    shop's hours; all of them where it told none."""
    if not rules.has_hours:
        return minutes.cast("float64")
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


def _worked(rules: CareRules, minute: ir.Value) -> ir.Value:
    """Minutes of work from a Monday to a minute since then."""
    length = rules.closes - rules.opens
    of_week = minute % _WEEK
    weeks = ((minute - of_week).cast("float64") / float(_WEEK)).cast("int64")
    worked: ir.Value = weeks * len(rules.weekdays) * length
    for day in rules.weekdays:
        open_for = of_week - ((day - 1) * _DAY + rules.opens)
        worked = worked + ibis.least(ibis.greatest(open_for, ibis.literal(0)), ibis.literal(length))
    return worked
