"""Which items people buy again by a clock, not merely whenever they happen to order.

Who likes a thing takes it along on some of their order days: then it is as likely soon after the
last time as later. What is used up is rarely bought again soon. So re-buys within half the usual
gap are counted and held against what the same people's order days would give if their re-buys fell
on any of them alike (an exact mean, for each person).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammaln, ndtr

from crm_core.models.category_rhythm import LEAST_GAPS
from crm_core.models.triples import Floats, Ints

#: A re-buy is a quick one within this share of the item's usual gap.
QUICK: Final = 0.5
#: Of items said to have a clock, so many at most have none (Benjamini & Hochberg, over all tried).
FALSE_SHARE: Final = 0.01
_LEAST_EXPECTED = 10.0
_MOST_OF_EXPECTED = 0.9
_MOST_PEOPLE = 200  # an item's re-buyers that are looked at: more say nothing else
_PRIME, _FACTOR = 1_000_003, 387_671
_ROWS = 1_000_000


@dataclass(frozen=True)
class Tried:
    """What was counted of each item: gaps, the middle one and the bounds of the middle half of
    them in days, quick re-buys and those expected without a clock, and how far apart these are in
    standard deviations (`strength`; above 0: fewer quick ones than expected)."""

    gaps: Ints
    usual_days: Floats
    low_days: Floats
    high_days: Floats
    quick: Floats
    expected: Floats
    strength: Floats

    def has_clock(self) -> np.ndarray:
        """Which items are bought again by a clock."""
        able = (self.expected >= _LEAST_EXPECTED) & (self.gaps >= LEAST_GAPS)
        by_chance = np.where(able, ndtr(-self.strength), 1.0)
        order = np.argsort(by_chance, kind="stable")
        bars = FALSE_SHARE * np.arange(1, len(order) + 1) / max(int(able.sum()), 1)
        under = np.flatnonzero(by_chance[order] <= bars)
        found = np.zeros(len(order), dtype=np.bool_)
        found[order[: under[-1] + 1 if len(under) else 0]] = True
        return found & able & (self.quick <= _MOST_OF_EXPECTED * self.expected)


@dataclass(frozen=True)
class Days:
    """Rows sorted by a number, a customer and a day."""

    number: Ints
    customer: Ints
    day: Ints

    @classmethod
    def of(cls, number: Ints, customer: Ints, day: Ints) -> Days:
        """Rows in any order, each once."""
        order = np.lexsort((day, customer, number))
        return cls(number[order], customer[order], day[order])


def tried(bought: Days, ordered: Days, items: int) -> Tried:
    """Counts quick re-buys of items 0 to `items` - 1, whose re-buyers' days are `bought`; `ordered`
    are all order days of these customers, under one number."""
    moved = (np.diff(bought.number) != 0) | (np.diff(bought.customer) != 0)
    fresh = np.append(True, moved)[: len(bought.day)]
    gap = np.diff(bought.day, prepend=0)[~fresh]
    low, usual, high = _quartiles(bought.number[~fresh], gap, items)
    pairs = np.flatnonzero(fresh)
    kept = _few_of_each(bought.number[pairs], bought.customer[pairs])
    limit = np.floor(usual * QUICK)
    is_kept = np.zeros(len(pairs), dtype=np.bool_)
    is_kept[kept] = True
    pair = np.cumsum(fresh) - 1
    is_quick = (gap <= limit[bought.number[~fresh]]) & is_kept[pair[~fresh]]
    again = np.diff(np.append(pairs, len(bought.day))) - 1
    expected, variance = _by_chance(bought, pairs[kept], again[kept], ordered, limit)
    quick = np.asarray(np.bincount(bought.number[~fresh], is_quick, items), np.float64)
    return Tried(
        gaps=np.bincount(bought.number[~fresh], minlength=items).astype(np.int64),
        usual_days=usual,
        low_days=low,
        high_days=high,
        quick=quick,
        expected=expected,
        strength=(expected - quick) / np.sqrt(np.maximum(variance, 1e-9)),
    )


def _quartiles(number: Ints, gap: Ints, items: int) -> tuple[Floats, Floats, Floats]:
    """Lower quarter, middle and upper quarter of each item's gaps; 1 where it has none."""
    order = np.lexsort((gap, number))
    ends = np.searchsorted(number[order], np.arange(items + 1))
    count = np.diff(ends)
    found = np.ones((3, items))
    for row, share in enumerate((0.25, 0.5, 0.75)):
        place = ends[:-1] + share * np.maximum(count - 1, 0)
        under = np.minimum(np.floor(place).astype(np.int64), max(len(gap) - 1, 0))
        over = np.minimum(under + (place > under), max(len(gap) - 1, 0))
        if len(gap):
            low, high = gap[order[under]], gap[order[over]]
            found[row] = np.where(count > 0, low + (place - under) * (high - low), 1.0)
    return found[0], found[1], found[2]


def _few_of_each(number: Ints, customer: Ints) -> Ints:
    """Places of at most _MOST_PEOPLE of each number, drawn by key."""
    order = np.lexsort((customer % _PRIME * _FACTOR % _PRIME, number))
    starts = np.searchsorted(number[order], number[order])
    return np.sort(order[np.arange(len(order)) - starts < _MOST_PEOPLE])


def _by_chance(
    bought: Days, pairs: Ints, again: Ints, ordered: Days, limit: Floats
) -> tuple[Floats, Floats]:
    """Quick re-buys to expect of each item if they fell on any order days alike, and their variance.

    Of a person's n order days after the first purchase, m are re-buys. From such a day (and from
    the first purchase) the next re-buy is a quick one unless it is none of the k order days within
    the limit: chances from the hypergeometric distribution.
    """
    reach = int(max(ordered.day.max(initial=0), 0)) + int(limit.max(initial=0)) + 2
    keys = ordered.customer * reach + ordered.day
    first = np.searchsorted(keys, bought.customer[pairs] * reach + bought.day[pairs])
    end = np.searchsorted(keys, (bought.customer[pairs] + 1) * reach) - 1
    after = end - first
    logs = gammaln(np.arange(int(after.max(initial=0)) + 2) + 1.0)
    expected, variance = np.zeros(len(limit)), np.zeros(len(limit))
    ends = np.cumsum(after)
    for begin in range(0, int(ends[-1]) if len(ends) else 0, _ROWS):
        rows = np.arange(begin, min(begin + _ROWS, int(ends[-1])))
        pair = np.searchsorted(ends, rows, side="right")
        place = rows - (ends[pair] - after[pair])
        item = bought.number[pairs[pair]]
        n, m, at = after[pair], again[pair], first[pair] + place
        k = np.searchsorted(keys, keys[at] + limit[item], side="right") - 1 - at
        is_first = place == 0
        left = np.where(is_first, n, n - 1)
        wanted = np.where(is_first, m, m - 1)
        none = np.exp(_log_ways(logs, left - k, wanted) - _log_ways(logs, left, wanted))
        chance = np.where(is_first, 1.0, m / n) * (1.0 - none)
        expected += np.bincount(item, chance, len(limit))
        variance += np.bincount(item, chance * (1.0 - chance), len(limit))
    return expected, variance


def _log_ways(logs: Floats, of: Ints, chosen: Ints) -> Floats:
    """Logarithm of the ways to choose so many of so many; minus infinity where there is none."""
    able = (chosen >= 0) & (of >= chosen)
    n, k = np.where(able, of, 0), np.where(able, chosen, 0)
    return np.where(able, logs[n] - logs[k] - logs[n - k], -np.inf)


def apart(strengths: Mapping[str, float], parents: Mapping[str, Sequence[str]]) -> list[str]:
    """Which of the items with a clock to go by, so that none lies within another.

    `parents` names the items that each lies in, the nearest first. A larger item stays where it tells more than
    all those in it together: by the squares of their strengths, as evidence adds up.

    >>> apart({"sTea": 4.0, "pSencha": 8.0}, {"pSencha": ["sTea"]})
    ['pSencha']
    >>> apart({"sMilk": 30.0, "pMilk 1l": 9.0}, {"pMilk 1l": ["sMilk"]})
    ['sMilk']
    """
    above = {
        item: next((each for each in parents.get(item, ()) if each in strengths), None)
        for item in strengths
    }
    within: dict[str, list[str]] = {item: [] for item in strengths}
    for item, parent in above.items():
        if parent is not None:
            within[parent].append(item)

    def best(item: str) -> tuple[float, list[str]]:
        own = strengths[item] ** 2
        parts = [best(each) for each in sorted(within[item])]
        told = sum(evidence for evidence, _ in parts)
        if own >= told:
            return own, [item]
        return told, [each for _, chosen in parts for each in chosen]

    tops = [item for item, parent in above.items() if parent is None]
    chosen = {each for top in tops for each in best(top)[1]}
    # Names of subcategories may lie in several categories: the smaller of what overlaps stays.
    return sorted(chosen - {each for item in chosen for each in parents.get(item, ())})
