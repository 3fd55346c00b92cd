"""Moments by the shop's clock, in the engine: which day it was there, and which minute.

The zone's offsets are put in as constants, so that every engine says the same.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from crm_core.store import StoreMeta

#: A Monday, from which minutes are counted.
_MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)


def day_of(shop: StoreMeta, moment: ir.Value) -> ir.Value:
    """The shop's day of each moment."""
    return (moment + _ahead(shop, _minutes(moment)).as_interval("m")).date()


def local_minutes(shop: StoreMeta, moment: ir.Value) -> ir.Value:
    """Minutes by the shop's clock since a Monday."""
    minute = _minutes(moment)
    return minute + _ahead(shop, minute)


def _minutes(moment: ir.Value) -> ir.Value:
    second = moment.epoch_seconds().cast("int64") - int(_MONDAY.timestamp())
    return ((second - second % 60).cast("float64") / 60.0).cast("int64")


def _ahead(shop: StoreMeta, minute: ir.Value) -> ir.Value:
    """By how many minutes the shop's clock is ahead of UTC. On the two days a year on which clocks are
    changed some hours of the night are an hour off."""
    *others, (_, last) = _clocks(shop.timezone, shop.first_day, shop.last_day)
    branches = [(minute < until, ahead) for until, ahead in others]
    return (ibis.cases(*branches, else_=last) if branches else ibis.literal(last)).cast("int64")


@cache
def _clocks(timezone: str, first: date, last: date) -> tuple[tuple[int, int], ...]:
    """Until which minute since a Monday a zone's clock is so many minutes ahead of UTC."""
    zone = ZoneInfo(timezone)
    found: list[tuple[int, int]] = []
    for number in range(-1, (last - first).days + 2):
        noon = datetime.combine(first + timedelta(number), time(12), UTC)
        offset = noon.astimezone(zone).utcoffset() or timedelta()
        ahead = int(offset.total_seconds() // 60)
        until = int((noon - _MONDAY).total_seconds() + 43_200) // 60
        if found and found[-1][1] == ahead:
            found.pop()
        found.append((until, ahead))
    return tuple(found)
