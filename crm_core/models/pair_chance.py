"""How many baskets would hold two things by chance, given how large the baskets were, on which
days they were filled, and how well the things' categories go together.

A basket of one thing holds no pair, and one of ten holds forty-five: the two lines of a small
basket are rarely a given pair, whatever belongs together. So chance is: within baskets of like size of
like days, every thing finds its partners among the others as often as they have partners at all
(quasi-independence of the table of pairs, its margins kept).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from crm_core.models.basket_rows import Baskets, Codes, Matrix
from crm_core.models.pair_counts import Pairs
from crm_core.models.triples import Floats, Ints

_LEAST_OF_SIZE = 500
_LEAST_OF_RUN = 200
_OF_SEASON = 2_000
_MOST_SEASONS, _MOST_RUNS = 4, 6  # of each half
_SIZES: Final = (2, 3, 4, 5, 7, 10, 15, 25)
_TURNS = 40
_SAME = 1e-5
_CELLS = 500_000
_MOST_GROUPS = 3_000
_FEW_GROUPS, _ROWS = 200, 50_000
_PRIOR_PAIRS = 10.0
_LEAST_VARIANCE = 0.05


def halves(baskets: Baskets) -> Codes:
    """Whether each basket is of the earlier (0) or later (1) half of all, by whole days."""
    if not len(baskets):
        return np.empty(0, dtype=np.int32)
    middle = np.median(baskets.day)
    return (baskets.day > middle).astype(np.int32)


def size_classes(size: Codes) -> Codes:
    """Baskets of several items by like size, each class of some hundred baskets; -1 for one item."""
    several = size > 1
    cuts = list(_SIZES[1:])
    code = np.digitize(size, cuts).astype(np.int32)
    held = np.bincount(code[several], minlength=len(cuts) + 1)
    merged = np.zeros(len(held), dtype=np.int32)
    place, inside = 0, 0
    for number, count in enumerate(held):
        merged[number] = place
        inside += int(count)
        if inside >= _LEAST_OF_SIZE and int(held[number + 1 :].sum()) >= _LEAST_OF_SIZE:
            place, inside = place + 1, 0
    return np.where(several, merged[code], -1)


def day_pieces(baskets: Baskets) -> Codes:
    """Baskets by the days they are compared within: each run of promotion days by itself where it
    has some hundred baskets (else with the others of its half), other days by season."""
    several = baskets.size > 1
    half = halves(baskets)
    on = baskets.promotions[baskets.day]
    runs = np.cumsum(np.diff(baskets.promotions.astype(np.int8), prepend=0) == 1)[baskets.day]
    piece = np.zeros(len(baskets), dtype=np.int32)
    following = 0
    for side in (0, 1):
        mine = half == side
        usual = np.flatnonzero(mine & ~on)
        seasons = int(np.clip(np.count_nonzero(several[usual]) // _OF_SEASON, 1, _MOST_SEASONS))
        cuts = (
            np.quantile(baskets.day[usual], np.arange(1, seasons) / seasons) if len(usual) else []
        )
        piece[usual] = following + np.digitize(baskets.day[usual], cuts)
        following += seasons
        promoted = mine & on
        count = np.bincount(runs[promoted & several], minlength=int(runs.max(initial=0)) + 1)
        large = np.argsort(-count, kind="stable")[:_MOST_RUNS]
        large = large[count[large] >= _LEAST_OF_RUN]
        number = np.full(len(count), following, dtype=np.int32)
        number[large] = following + 1 + np.arange(len(large))
        piece[promoted] = number[runs[promoted]]
        following += 1 + len(large)
    return piece


@dataclass(frozen=True)
class Mixing:
    """What chance has of pairs, stratum by stratum of baskets of several items.

    `weight`: by stratum and item, so that the product of two is the expected number of baskets
    with both; `share`: of the stratum's baskets with the item; `half` and `baskets` of each.
    """

    weight: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32]
    baskets: Floats
    half: Codes

    def expected(self, pairs: Pairs) -> tuple[Floats, Floats, Floats]:
        """Of each pair the baskets with both, by half (two columns), and its variance by half."""
        mean, variance = np.zeros((len(pairs), 2)), np.zeros((len(pairs), 2))
        for rows in self._pieces(len(pairs)):
            a, b = pairs.a[rows], pairs.b[rows]
            both = self.weight[:, a] * self.weight[:, b]
            spread = _variance(both, self.share[:, a], self.share[:, b], self.baskets)
            for side in (0, 1):
                mine = self.half == side
                mean[rows, side] = both[mine].sum(axis=0, dtype=np.float64)
                variance[rows, side] = spread[mine].sum(axis=0, dtype=np.float64)
        return mean, variance, mean.sum(axis=1)

    def mean(self, pairs: Pairs) -> Floats:
        """Of each pair the baskets with both."""
        found = np.zeros(len(pairs))
        for rows in self._pieces(len(pairs)):
            weight = self.weight[:, pairs.a[rows]] * self.weight[:, pairs.b[rows]]
            found[rows] = weight.sum(axis=0, dtype=np.float64)
        return found

    def _pieces(self, count: int) -> Iterator[slice]:
        step = max(_CELLS // max(len(self.baskets), 1), 1)
        return (slice(low, low + step) for low in range(0, count, step))


@dataclass(frozen=True)
class _Strata:
    """Baskets of several things by like size and days: the stratum `of_basket` (the last one for all
    others), and of each stratum its size class, how many baskets it has, and the half of the time."""

    of_basket: Codes
    size_class: Ints
    count: Floats
    half: Codes

    @classmethod
    def of(cls, baskets: Baskets, size: Codes) -> _Strata:
        sizes, pieces = size_classes(size), day_pieces(baskets)
        several = sizes >= 0
        classes = max(int(sizes.max(initial=-1)) + 1, 1)
        known, code = np.unique(pieces[several] * classes + sizes[several], return_inverse=True)
        of_basket = np.full(len(baskets), len(known), dtype=np.int32)
        of_basket[several] = code
        half = np.zeros(len(known), dtype=np.int32)
        half[code] = halves(baskets)[several]
        count = np.bincount(code, minlength=len(known)).astype(np.float64)
        return cls(of_basket, known % classes, count, half)

    def __len__(self) -> int:
        return len(self.count)

    def summed(self, baskets: Baskets, weight: Codes) -> Floats:
        """By stratum and item, the sum of what each basket weighs."""
        cells = (len(self) + 1, len(baskets.items))
        return baskets.summed(weight, self.of_basket, cells[0]).reshape(cells)[:-1]


def mixings(baskets: Baskets) -> tuple[Mixing, Mixing]:
    """What chance has of pairs within baskets of like size, and of like size and days."""
    strata = _Strata.of(baskets, baskets.size)
    slots = strata.summed(baskets, baskets.size - 1)
    held = strata.summed(baskets, np.ones(len(baskets), dtype=np.int32))
    by_days = Mixing(_weights(slots), _shares(held, strata.count), strata.count, strata.half)
    classes = int(strata.size_class.max(initial=0)) + 1
    of_size = np.zeros((classes, len(strata)))
    of_size[strata.size_class, np.arange(len(strata))] = 1.0
    count = of_size @ strata.count
    side = np.zeros(classes, dtype=np.int32)
    return Mixing(_weights(of_size @ slots), _shares(of_size @ held, count), count, side), by_days


def mixing_of(
    baskets: Baskets, size: Codes, less: Callable[[Codes, int], npt.NDArray[np.float32]]
) -> Mixing:
    """The same by like size and days, where baskets have another `size` than so many items, and items
    fewer partners in them: `less` of a basket's strata and their number, by stratum and item."""
    strata = _Strata.of(baskets, size)
    held = strata.summed(baskets, np.ones(len(baskets), dtype=np.int32))
    share = _shares(held, strata.count)
    del held  # of a large catalogue these tables are what memory is needed for
    slots = strata.summed(baskets, baskets.size - 1)
    slots -= less(strata.of_basket, len(strata))
    return Mixing(_weights(np.maximum(slots, 0.0)), share, strata.count, strata.half)


def _weights(slots: Floats) -> npt.NDArray[np.float32]:
    found = np.zeros(slots.shape, dtype=np.float32)
    for place, row in enumerate(slots):
        found[place] = mixed(row)
    return found


def _shares(held: Floats, count: Floats) -> npt.NDArray[np.float32]:
    return (held / np.maximum(count, 1.0)[:, None]).astype(np.float32)


def mixed(slots: Floats) -> Floats:
    """Weights whose products, over all pairs of different items, give each item as many partners
    as its `slots` say.

    >>> weight = mixed(np.array([2.0, 2.0, 2.0]))
    >>> (weight[0] * weight[1]).round(3).item()
    1.0
    """
    weight = np.zeros_like(slots, dtype=np.float64)
    some = np.flatnonzero(slots > 0)
    mine = slots[some].astype(np.float64)
    if len(some) < 2:
        return weight
    x = mine / np.sqrt(mine.sum())
    for _ in range(_TURNS):
        rest = np.maximum(x.sum() - x, 1e-12)
        following = np.sqrt(x * mine / rest)
        done = float(np.max(np.abs(following / x - 1.0))) < _SAME
        x = following
        if done:
            break
    weight[some] = x
    return weight


def _variance(
    both: npt.NDArray[np.float32],
    share_a: npt.NDArray[np.float32],
    share_b: npt.NDArray[np.float32],
    baskets: Floats,
) -> Floats:
    """Of the number of baskets with both, given how many have either: what is left of it after
    the two counts have told what they can, in every stratum."""
    count = baskets[:, None]
    pair = np.minimum(both / count, np.minimum(share_a, share_b))
    own_a, own_b = share_a * (1.0 - share_a), share_b * (1.0 - share_b)
    cross = pair - share_a * share_b
    with_a, with_b = pair * (1.0 - share_a), pair * (1.0 - share_b)
    least = own_a * own_b - cross * cross
    told = own_b * with_a**2 - 2.0 * cross * with_a * with_b + own_a * with_b**2
    left = pair * (1.0 - pair) - np.where(least > 0, told / np.where(least > 0, least, 1.0), 0.0)
    return count * np.clip(left, _LEAST_VARIANCE * pair, pair)


@dataclass(frozen=True)
class Affinity:
    """How many times more often than chance two things of two categories are in one basket."""

    seen: Floats
    expected: Floats
    group: Codes

    @classmethod
    def of(cls, baskets: Baskets, mixing: Mixing) -> Affinity | None:
        """Learned from products; None where there are no categories, or too many to tell."""
        groups = int(baskets.group.max(initial=-1)) + 1
        if not 2 <= groups <= _MOST_GROUPS:
            return None
        has = np.flatnonzero(baskets.group >= 0)
        of_item = sp.csr_array(
            (np.ones(len(has), dtype=np.int32), (has, baskets.group[has])),
            shape=(len(baskets.group), groups),
        )
        seen = _lines_together(baskets, of_item)
        summed = (of_item.T @ mixing.weight.T.astype(np.float64)).T
        squared = (of_item.T @ (mixing.weight.T.astype(np.float64) ** 2)).T
        expected = summed.T @ summed
        expected[np.diag_indices(groups)] = (expected.diagonal() - squared.sum(axis=0)) / 2.0
        return cls(seen, expected, baskets.group)

    def times(self, pairs: Pairs, expected: Floats) -> Floats:
        """For each pair how many times more often its categories meet, the pair itself left out;
        1 where an item has no category."""
        first, second = self.group[pairs.a], self.group[pairs.b]
        known = (first >= 0) & (second >= 0)
        seen = self.seen[first, second] - pairs.both
        chance = self.expected[first, second] - expected
        found = (seen + _PRIOR_PAIRS) / np.maximum(chance + _PRIOR_PAIRS, 1e-9)
        return np.where(known, found, 1.0)


def _lines_together(baskets: Baskets, of_item: Matrix) -> Floats:
    """How many pairs of lines of one basket each two categories make."""
    groups = of_item.shape[1]
    if groups > _FEW_GROUPS:
        lines = baskets.matrix @ of_item
        seen = (lines.T @ lines).toarray().astype(np.float64)
        held = np.bincount(lines.indices, lines.data, groups)
    else:  # a small full table is quicker than a sparse one
        seen, held = np.zeros((groups, groups)), np.zeros(groups)
        group = np.where(baskets.group < 0, groups, baskets.group)
        bounds = baskets.matrix.indptr
        for low in range(0, len(baskets), _ROWS):
            size = baskets.size[low : low + _ROWS]
            items = baskets.matrix.indices[bounds[low] : bounds[low] + int(size.sum())]
            place = np.repeat(np.arange(len(size)) * (groups + 1), size) + group[items]
            lines = np.bincount(place, minlength=len(size) * (groups + 1))
            lines = lines.reshape(len(size), groups + 1)[:, :groups].astype(np.float32)
            seen += lines.T @ lines
            held += lines.sum(axis=0)
    seen[np.diag_indices(groups)] = (seen.diagonal() - held) / 2.0
    return seen
