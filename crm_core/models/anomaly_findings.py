"""From odd days of many series to what is told once: runs of days, measures and parts together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from crm_core.metrics.part_codes import OTHERS

Array = NDArray[np.float64]
Key = tuple[str, str, str]

#: Of several measures of the same people or goods, the first here is told, the others beside it.
MEASURES: Final = ("net_revenue", "orders", "units", "buyers", "new_buyers")
TOTAL: Final = "total"
_EXPLAINED = 0.6  # of a total's gap, by one part
_ABOVE_ITS_SHARE = 0.3  # more of the gap than of what was expected
_OF_DAYS = 0.8  # of the gap of all days, by few odd ones: then these alone are told
_UNUSUAL = 0.01  # chance from which on a part is odd enough to explain


@dataclass(frozen=True)
class Anomaly:
    """Days in a row on which a series lay where ordinary days do not.

    `actual` and `expected` are sums over the days, `low` and `high` hold 95 of 100 ordinary ones.
    `money` is the gap in the shop's currency (for counts, at what one brings), None where that is
    not known. `also` are other measures of the same member that went the same way. `part` is the
    (dimension, member) that explains a total, with `part_share` of its gap.
    """

    measure: str
    dimension: str
    member: str
    starts_on: date
    ends_on: date
    actual: float
    expected: float
    low: float
    high: float
    chance: float
    money: float | None
    also: tuple[str, ...] = ()
    part: tuple[str, str] | None = None
    part_share: float = 0.0

    @property
    def gap(self) -> float:
        """How much more than expected."""
        return self.actual - self.expected

    def is_of(self, other: Anomaly) -> bool:
        """Whether both went the same way on some of the same days."""
        overlap = self.starts_on <= other.ends_on and other.starts_on <= self.ends_on
        return overlap and (self.gap > 0) == (other.gap > 0)


@dataclass(frozen=True)
class Span:
    """The days looked at from `first` on: series x day; `chances`, `kept` (odd), `low` and `high`
    have one more column where the days together were looked at, too."""

    keys: Sequence[Key]
    actual: Array
    said: Array
    chances: Array
    kept: NDArray[np.bool_]
    low: Array
    high: Array
    first: date

    @property
    def days(self) -> int:
        """How many days."""
        return self.said.shape[1]

    @property
    def places(self) -> dict[Key, int]:
        """Where each series is."""
        return {key: place for place, key in enumerate(self.keys)}

    def sums(self, place: int, begin: int, end: int) -> tuple[float, float]:
        """What came and what was said over some of the days."""
        days = slice(begin, end + 1)
        return float(self.actual[place, days].sum()), float(self.said[place, days].sum())


def findings(span: Span) -> tuple[Anomaly, ...]:
    """What is told, the most money first."""
    runs = [
        each for place in np.flatnonzero(span.kept.any(axis=1)) for each in _runs(span, int(place))
    ]
    told = _explained(span, _by_member(runs))
    return tuple(sorted(told, key=lambda each: (-abs(each.money or 0.0), each.chance)))


def _runs(span: Span, place: int) -> list[Anomaly]:
    """The odd days of a series, days in a row as one; all days, where they are odd together and
    not because of the odd ones."""
    gap = span.actual[place] - span.said[place]
    if span.kept.shape[1] > span.days and span.kept[place, -1]:
        odd = span.kept[place, : span.days]
        is_of_few = 2 * int(odd.sum()) <= span.days
        if not (is_of_few and float(gap[odd].sum()) / float(gap.sum()) >= _OF_DAYS):
            return [_anomaly(span, place, 0, span.days - 1)]
    found: list[list[int]] = []
    for day in np.flatnonzero(span.kept[place, : span.days]):
        last = found[-1][-1] if found else -2
        if last == day - 1 and (gap[day] > 0) == (gap[last] > 0):
            found[-1].append(int(day))
        else:
            found.append([int(day)])
    return [_anomaly(span, place, days[0], days[-1]) for days in found]


def _anomaly(span: Span, place: int, begin: int, end: int) -> Anomaly:
    measure, dimension, member = span.keys[place]
    actual, expected = span.sums(place, begin, end)
    whole = end - begin + 1 == span.days and span.low.shape[1] > span.days
    days = [span.days] if whole else list(range(begin, end + 1))
    # Of some days in a row the widths are added: they move together.
    low, high = (float(np.nansum(width[place, days])) for width in (span.low, span.high))
    looks = [*range(begin, end + 1), *days]
    return Anomaly(
        measure,
        dimension,
        member,
        span.first + timedelta(begin),
        span.first + timedelta(end),
        actual=actual,
        expected=expected,
        low=max(expected + low, 0.0),
        high=expected + high,
        chance=float(np.nanmin(span.chances[place, looks])),
        money=_money(span, place, begin, end),
    )


def _money(span: Span, place: int, begin: int, end: int) -> float | None:
    """The gap in money: of a count, at what one of them was expected to bring there, else in all."""
    measure, dimension, member = span.keys[place]
    actual, expected = span.sums(place, begin, end)
    if measure == MEASURES[0]:
        return actual - expected
    for where in ((dimension, member), (TOTAL, "")):
        money = span.places.get((MEASURES[0], *where))
        count = span.places.get((measure, *where))
        if money is not None and count is not None:
            of_money, of_count = (span.sums(each, begin, end)[1] for each in (money, count))
            if of_count > 0:
                return (actual - expected) * of_money / of_count
    return None


def _by_member(runs: Sequence[Anomaly]) -> list[Anomaly]:
    """One finding of those of several measures of the same member that went the same way."""
    ordered = sorted(runs, key=lambda each: (MEASURES.index(each.measure), each.starts_on))
    told: list[Anomaly] = []
    for each in ordered:
        place = next((n for n, first in enumerate(told) if _is_same(first, each)), None)
        if place is None:
            told.append(each)
        elif each.measure not in (told[place].measure, *told[place].also):
            told[place] = replace(told[place], also=(*told[place].also, each.measure))
    return told


def _is_same(first: Anomaly, each: Anomaly) -> bool:
    where = (first.dimension, first.member) == (each.dimension, each.member)
    return where and each.is_of(first) and first.measure != each.measure


def _explained(span: Span, told: Sequence[Anomaly]) -> list[Anomaly]:
    """A total that one part explains is told with that part, and the part not again."""
    totals = [_with_part(span, each) for each in told if each.dimension == TOTAL]
    parts = [
        each
        for each in told
        if each.dimension != TOTAL
        and not any(
            total.part == (each.dimension, each.member) and total.is_of(each) for total in totals
        )
    ]
    return [*totals, *parts]


def _with_part(span: Span, total: Anomaly) -> Anomaly:
    begin, end = ((day - span.first).days for day in (total.starts_on, total.ends_on))
    best: tuple[float, Any, float] | None = None
    for place, (measure, dimension, member) in enumerate(span.keys):
        if measure != total.measure or dimension == TOTAL or member == OTHERS:
            continue
        actual, expected = span.sums(place, begin, end)
        share = (actual - expected) / total.gap if total.gap else 0.0
        above = share - (expected / total.expected if total.expected > 0 else 0.0)
        odd = np.nanmin(_chances(span, place, begin, end), initial=1.0)
        if share < _EXPLAINED or above < _ABOVE_ITS_SHARE or odd > _UNUSUAL:
            continue
        if best is None or above > best[0]:
            best = (above, (dimension, member), share)
    return total if best is None else replace(total, part=best[1], part_share=best[2])


def _chances(span: Span, place: int, begin: int, end: int) -> Array:
    together = span.chances[place, span.days :] if end - begin + 1 == span.days else np.zeros(0)
    return np.concatenate([span.chances[place, begin : end + 1], together])
