"""Pairs of one level that are bought together, or instead of each other, and what explains them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from crm_core.models.basket_rows import Baskets, Flags
from crm_core.models.discoveries import false_discovery
from crm_core.models.pair_chance import Affinity, Mixing, mixings
from crm_core.models.pair_counts import LEAST_EXPECTED, SHARE, Counted, Pairs, count_pairs
from crm_core.models.pair_tests import fisher, tail
from crm_core.models.pair_units import mixing_beside
from crm_core.models.pair_witnesses import Witnesses
from crm_core.models.triples import Floats, Ints

Kind = Literal["together", "instead"]
KINDS: Final[tuple[Kind, ...]] = ("together", "instead")
LEAST_CUSTOMERS: Final = 3
#: Of hundreds of thousands of baskets any difference is a sure one: a tenth is worth a look.
LEAST_EFFECT: Final = 0.1
MOST_PAIRS: Final = 500
REASONS: Final = ("", "basket_size", "days", "category", "third", "partners")

_ALONE_SHARE = 0.01
_TOO_MANY = 20


@dataclass(frozen=True)
class Findings:
    """Pairs of a kind, the surest first; a column an array, all of one length.

    `expected`: baskets with both that chance has, all that explains pairs taken in; `p`, `q`: of
    the plain one-sided Fisher test; `q_given`: against `expected`; `reason`: a place in REASONS
    (0 where nothing explains it) and `via` the item by which it comes, else -1.
    """

    pairs: Pairs
    expected: Floats
    p: Floats
    q: Floats
    p_given: Floats
    q_given: Floats
    reason: npt.NDArray[np.int8]
    via: npt.NDArray[np.int32]
    customers: Ints
    stable: Flags

    def __len__(self) -> int:
        return len(self.pairs)

    def take(self, where: Any) -> Findings:
        """Only those pairs, in that order."""
        columns = {
            name: getattr(self, name)[where]
            for name in self.__dataclass_fields__
            if name != "pairs"
        }
        return replace(self, pairs=self.pairs.take(where), **columns)

    @property
    def holds(self) -> Flags:
        """Which are not explained by anything that was looked at."""
        return self.reason == 0


@dataclass(frozen=True)
class Sight:
    """The baskets of a level and what chance has of their pairs."""

    baskets: Baskets
    possible: int
    counted: Counted
    by_size: Mixing
    by_days: Mixing
    affinity: Affinity | None

    @classmethod
    def of(cls, baskets: Baskets) -> Sight:
        """Looks at the baskets of a level."""
        items = len(baskets.items)
        possible = items * (items - 1) // 2
        by_size, by_days = mixings(baskets)
        return cls(
            baskets,
            possible,
            count_pairs(baskets, possible),
            by_size,
            by_days,
            Affinity.of(baskets, by_days),
        )


def together(sight: Sight) -> Findings:
    """Pairs in more baskets than chance has it, by the plain test or by the strict one."""
    pairs, counts = sight.counted.more, sight.baskets.counts
    total = len(sight.baskets)
    p = fisher(pairs.both, counts[pairs.a], counts[pairs.b], total)
    q = false_discovery(p, sight.possible)
    plain = sight.by_size.mean(pairs)
    mean, spread, expected = sight.by_days.expected(pairs)
    q_size = _q(pairs, plain, plain, sight.possible)
    q_days = _q(pairs, expected, spread.sum(axis=1), sight.possible)
    times = np.ones(len(pairs))
    if sight.affinity is not None:
        times = np.maximum(sight.affinity.times(pairs, expected), 1.0)
    p_given = tail(pairs.both, expected * times, spread.sum(axis=1) * times)
    q_given = false_discovery(p_given, sight.possible)
    reason = np.select([q_given <= SHARE, q_size > SHARE, q_days > SHARE], [0, 1, 2], 3)
    found = Findings(
        pairs=pairs,
        expected=expected * times,
        p=p,
        q=q,
        p_given=p_given,
        q_given=q_given,
        reason=reason.astype(np.int8),
        via=np.full(len(pairs), -1, dtype=np.int32),
        customers=np.zeros(len(pairs), dtype=np.int64),
        stable=np.zeros(len(pairs), dtype=bool),
    )
    worth = pairs.both >= (1.0 + LEAST_EFFECT) * expected * times
    kept = ((q_given <= SHARE) & worth) | ((q <= SHARE) & (q_given > SHARE))
    by_half = np.stack([mean, spread], axis=2)[kept] * times[kept, None, None]
    return _witnessed(sight, found.take(kept), by_half, "together")


def instead(sight: Sight, known: Findings) -> Findings:
    """Pairs of frequent items in fewer baskets than chance has it; `known` are pairs together, each of
    which counts as one thing here (see `pair_units`)."""
    pairs, counts = sight.counted.less, sight.baskets.counts
    bound = known.pairs.take(known.holds)
    beside = mixing_beside(sight.baskets, bound) if len(bound) else sight.by_days
    part = np.ones(len(pairs))
    if sight.affinity is not None:
        part = np.minimum(sight.affinity.times(pairs, sight.by_days.mean(pairs)), 1.0)
    kept = beside.mean(pairs) * part >= LEAST_EXPECTED
    pairs, part = pairs.take(kept), part[kept]
    _, spread, plain = sight.by_days.expected(pairs)
    family = max(int(np.count_nonzero(kept)), _frequent_pairs(sight))
    q_plain = _q(pairs, plain, spread.sum(axis=1), family, above=False)
    mean, spread, expected = beside.expected(pairs)
    q_beside = _q(pairs, expected, spread.sum(axis=1), family, above=False)
    p_given = tail(pairs.both, expected * part, spread.sum(axis=1) * part, above=False)
    q_given = false_discovery(p_given, family)
    total = len(sight.baskets)
    less = total - counts[pairs.b]
    # Few together is many of the one without the other.
    p = fisher(counts[pairs.a] - pairs.both, counts[pairs.a], less, total)
    found = Findings(
        pairs=pairs,
        expected=expected * part,
        p=p,
        q=false_discovery(p, family),
        p_given=p_given,
        q_given=q_given,
        reason=np.select([q_given <= SHARE, q_beside > SHARE], [0, 5], 3).astype(np.int8),
        via=np.full(len(pairs), -1, dtype=np.int32),
        customers=np.zeros(len(pairs), dtype=np.int64),
        stable=np.zeros(len(pairs), dtype=bool),
    )
    worth = pairs.both <= (1.0 - LEAST_EFFECT) * expected * part
    chosen = ((q_given <= SHARE) & worth) | ((q_plain <= SHARE) & (q_given > SHARE))
    by_half = np.stack([mean, spread], axis=2)[chosen] * part[chosen, None, None]
    return _witnessed(sight, found.take(chosen), by_half, "instead")


def _q(
    pairs: Pairs, expected: Floats, variance: Floats, family: int, *, above: bool = True
) -> Floats:
    return false_discovery(tail(pairs.both, expected, variance, above=above), family)


def _frequent_pairs(sight: Sight) -> int:
    """How many pairs chance has at least LEAST_EXPECTED times: those that could be found missing."""
    slots = np.sort(sight.by_days.weight.astype(np.float64), axis=0)
    total = np.sqrt((slots**2).sum(axis=0))
    order = np.sort(total)[::-1]
    reach = np.searchsorted(-order, -LEAST_EXPECTED / np.maximum(order, 1e-9), side="right")
    return int(np.maximum(reach - np.arange(1, len(order) + 1), 0).sum())


def _witnessed(sight: Sight, found: Findings, by_half: Floats, kind: Kind) -> Findings:
    """The surest of the pairs with who bought them and whether each half of the time shows them;
    `by_half` is what chance has of each and its variance."""
    # What is explained comes last, what would have tempted most first.
    sure = np.where(found.holds, found.p_given, found.p)
    order = np.lexsort((found.pairs.b, found.pairs.a, sure, ~found.holds))
    found, by_half = found.take(order), by_half[order]
    found, by_half = found.take(slice(None, 4 * MOST_PAIRS)), by_half[: 4 * MOST_PAIRS]
    told = Witnesses.of(sight.baskets, found.pairs)
    above = kind == "together"
    p = tail(told.by_half, by_half[:, :, 0], by_half[:, :, 1], above=above)
    stable = (p <= SHARE).all(axis=1)
    found = replace(found, customers=told.customers, stable=stable)
    if not above:
        return found.take(slice(None, MOST_PAIRS))
    found = found.take(told.customers >= LEAST_CUSTOMERS)
    return _by_way_of(sight, found).take(slice(None, MOST_PAIRS))


def _by_way_of(sight: Sight, found: Findings) -> Findings:
    """Pairs that come about because a third thing is bought with each of the two: with it out of
    the baskets, and within those that have it, they are together no more than chance has it."""
    held = np.flatnonzero(found.holds)
    partners: dict[int, dict[int, int]] = {}
    for place in held.tolist():
        a, b = int(found.pairs.a[place]), int(found.pairs.b[place])
        partners.setdefault(a, {})[b] = place
        partners.setdefault(b, {})[a] = place
    reason, via = found.reason.copy(), found.via.copy()
    told = Witnesses(sight.baskets)
    for place in held.tolist():
        a, b = int(found.pairs.a[place]), int(found.pairs.b[place])
        shared = [
            third
            for third, other in partners[a].items()
            if third in partners[b]
            and max(found.p_given[other], found.p_given[partners[b][third]]) <= found.p_given[place]
        ]
        shared.sort(key=lambda third: (found.p_given[partners[a][third]], third))
        for third in shared[:_TOO_MANY]:
            if told.is_explained(a, b, third, float(found.expected[place]), _ALONE_SHARE):
                reason[place], via[place] = 4, third
                break
    return replace(found, reason=reason, via=via)
