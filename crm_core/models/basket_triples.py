"""Three things bought together more often than their pairs explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from crm_core.models.basket_rows import Baskets
from crm_core.models.discoveries import false_discovery
from crm_core.models.pair_chance import size_classes
from crm_core.models.pair_counts import SHARE, Pairs
from crm_core.models.pair_findings import LEAST_CUSTOMERS
from crm_core.models.pair_tests import tail
from crm_core.models.pair_witnesses import Witnesses
from crm_core.models.triples import Floats, Ints

MOST_TRIPLES: Final = 200
LEAST_BASKETS: Final = 3

_MOST_PAIRS = 1_000
_MOST_TRIANGLES = 5_000
_TURNS = 60


@dataclass(frozen=True)
class Threes:
    """Three items by their places, in how many baskets all are, how many their pairs explain, the
    share of false findings, and how many different customers; the surest first."""

    items: npt.NDArray[np.int32]
    baskets: Ints
    expected: Floats
    q: Floats
    customers: Ints

    def __len__(self) -> int:
        return len(self.baskets)


def threes(baskets: Baskets, pairs: Pairs) -> Threes:
    """The triples of which every pair is among `pairs` (the surest first), found in more baskets
    than those pairs explain.

    Explained is what a table of three yes-or-no questions has without their interplay, within
    baskets of like size (all counts of pairs kept, by iterative fitting). Which triples are tried
    rests on their pairs alone, so the share of false findings is among those tried.
    """
    tried = _triangles(pairs)
    told = Witnesses(baskets)
    sizes = size_classes(baskets.size)
    classes = int(sizes.max(initial=-1)) + 1
    if not len(tried) or not classes:
        return _none()
    seen = np.zeros((len(tried), classes))
    customers = np.zeros(len(tried), dtype=np.int64)
    twos = np.zeros((len(tried), 3, classes))
    ones = _by_class(baskets, sizes, classes)
    counted: dict[tuple[int, int], Floats] = {}
    for place, (a, b, c) in enumerate(tried.tolist()):
        both = told.with_both(a, b)
        all_three = told.among(both, told.having(c))
        seen[place] = _of_classes(sizes[all_three], classes)
        customers[place] = len(np.unique(baskets.customer[all_three]))
        for side, pair in enumerate(((a, b), (a, c), (b, c))):
            if pair not in counted:
                counted[pair] = _of_classes(sizes[told.with_both(*pair)], classes)
            twos[place, side] = counted[pair]
    total = _of_classes(sizes, classes)
    expected = _without_interplay(total, ones[tried], twos).sum(axis=1)
    count = seen.sum(axis=1).astype(np.int64)
    q = false_discovery(tail(count, expected, expected), len(tried))
    kept = np.flatnonzero((q <= SHARE) & (customers >= LEAST_CUSTOMERS) & (count >= LEAST_BASKETS))
    kept = kept[np.lexsort((tried[kept, 2], tried[kept, 1], tried[kept, 0], q[kept]))]
    kept = kept[:MOST_TRIPLES]
    return Threes(tried[kept], count[kept], expected[kept], q[kept], customers[kept])


def _none() -> Threes:
    nothing, counts = np.empty(0), np.empty(0, dtype=np.int64)
    return Threes(np.empty((0, 3), dtype=np.int32), counts, nothing, nothing, counts)


def _triangles(pairs: Pairs) -> npt.NDArray[np.int32]:
    """Triples of items each two of which are a pair, those of surer pairs first."""
    later: dict[int, list[int]] = {}
    rank: dict[tuple[int, int], int] = {}
    for place, pair in enumerate(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)):
        if place >= _MOST_PAIRS:
            break
        a, b = min(pair), max(pair)
        rank[a, b] = place
        later.setdefault(a, []).append(b)
    found = [
        (max(rank[a, b], rank[a, c], rank[b, c]), a, b, c)
        for a, b in rank
        for c in later.get(b, [])
        if (a, c) in rank
    ]
    found.sort()
    rows = [row[1:] for row in found[:_MOST_TRIANGLES]]
    return np.array(rows, dtype=np.int32).reshape(-1, 3)


def _of_classes(sizes: npt.NDArray[np.int32], classes: int) -> Floats:
    return np.bincount(sizes[sizes >= 0], minlength=classes).astype(np.float64)


def _by_class(baskets: Baskets, sizes: npt.NDArray[np.int32], classes: int) -> Floats:
    """In how many baskets of each class each item is."""
    of_line = np.repeat(sizes, baskets.size)
    inside = of_line >= 0
    place = baskets.matrix.indices[inside].astype(np.int64) * classes + of_line[inside]
    held = np.bincount(place, minlength=len(baskets.items) * classes)
    return held.reshape(len(baskets.items), classes).astype(np.float64)


def _without_interplay(total: Floats, ones: Floats, twos: Floats) -> Floats:
    """Baskets with all three, by triple and class, of a table with these counts of baskets, of
    each item (triple, item, class) and of each pair, and no interplay of all three."""
    table = np.ones((2, 2, 2, *twos[:, 0].shape))
    wanted = [_corners(total, ones[:, a], ones[:, b], twos[:, side]) for side, (a, b) in enumerate(((0, 1), (0, 2), (1, 2)))]  # fmt: skip
    for _ in range(_TURNS):
        for over, margin in zip((2, 1, 0), wanted, strict=True):
            held = table.sum(axis=over)
            ratio = np.where(held > 0, margin / np.where(held > 0, held, 1.0), 0.0)
            table = table * np.expand_dims(ratio, over)
    return table[1, 1, 1]


def _corners(total: Floats, first: Floats, second: Floats, both: Floats) -> Floats:
    """The four counts of a two-by-two table, by whether either is there."""
    neither = total - first - second + both
    return np.stack([np.stack([neither, second - both]), np.stack([first - both, both])])
