"""What chance has of pairs once things that are known to belong together count as one.

Who buys a camera takes the film along: the basket is twice as large, and not because more was chosen.
Compared within baskets of that size cameras would seem to have partners to spare, and whatever is
bought without regard to them would seem to be bought instead of them.
"""

from __future__ import annotations

import numpy as np

from crm_core.models.basket_rows import Baskets
from crm_core.models.pair_chance import Mixing, mixing_of
from crm_core.models.pair_counts import Pairs
from crm_core.models.pair_witnesses import Witnesses


def mixing_beside(baskets: Baskets, known: Pairs) -> Mixing:
    """As within baskets of like size and days, where the two of a known pair (the surest first) are one
    thing of a basket's size, and no partners of each other."""
    told = Witnesses(baskets)
    ties = _tree(known)
    size = baskets.size.copy()
    both = [told.with_both(a, b) for a, b in zip(known.a.tolist(), known.b.tolist(), strict=True)]
    for tie in ties:
        size[both[tie]] -= 1

    def less(of_basket: np.ndarray, strata: int) -> np.ndarray:
        """Partners of each item (a column) by stratum that are bound to it."""
        found = np.zeros((strata, len(baskets.items)), dtype=np.float32)
        for place, rows in enumerate(both):
            bound = np.bincount(of_basket[rows], minlength=strata + 1)[:strata]
            found[:, known.a[place]] += bound
            found[:, known.b[place]] += bound
        return found

    return mixing_of(baskets, size, less)


def _tree(pairs: Pairs) -> list[int]:
    """Places of pairs that tie things into groups, each thing once: three that all belong together are
    tied by two of their pairs.

    >>> one, two = np.array([0, 0, 1]), np.array([1, 2, 2])
    >>> _tree(Pairs(one, two, np.array([9, 8, 7])))
    [0, 1]
    """
    head: dict[int, int] = {}

    def of(item: int) -> int:
        while head.get(item, item) != item:
            item = head[item]
        return item

    kept: list[int] = []
    for place, (a, b) in enumerate(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)):
        first, second = of(a), of(b)
        if first != second:
            head[first] = second
            kept.append(place)
    return kept
