"""Who bought both things of a pair, when, and what is left of it without a third thing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from crm_core.models.basket_rows import Baskets, Matrix
from crm_core.models.pair_chance import halves
from crm_core.models.pair_counts import Pairs
from crm_core.models.pair_tests import tail
from crm_core.models.triples import Ints


@dataclass(frozen=True)
class Told:
    """Of each pair: how many different customers bought both in one basket (an order of nobody
    known is a customer of its own), and how many baskets of each half of the time hold both."""

    customers: Ints
    by_half: Ints


class Witnesses:
    """The baskets of each item of a level."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets
        self._mark = np.zeros(len(baskets), dtype=bool)

    @classmethod
    def of(cls, baskets: Baskets, pairs: Pairs) -> Told:
        """What the baskets tell of those pairs."""
        self = cls(baskets)
        half = halves(baskets)
        customers = np.zeros(len(pairs), dtype=np.int64)
        by_half = np.zeros((len(pairs), 2), dtype=np.int64)
        for place in range(len(pairs)):
            both = self.with_both(int(pairs.a[place]), int(pairs.b[place]))
            customers[place] = len(np.unique(baskets.customer[both]))
            by_half[place] = np.bincount(half[both], minlength=2)
        return Told(customers, by_half)

    @cached_property
    def _items(self) -> Matrix:
        return self._baskets.matrix.tocsc()

    def having(self, item: int) -> npt.NDArray[np.integer]:
        """The rows of the baskets with that item."""
        columns = self._items
        return columns.indices[columns.indptr[item] : columns.indptr[item + 1]]

    def with_both(self, a: int, b: int) -> npt.NDArray[np.integer]:
        """The rows of the baskets with both."""
        return self.among(self.having(a), self.having(b))

    def among(
        self, some: npt.NDArray[np.integer], others: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.integer]:
        """Those of `some` rows that are among the others."""
        self._mark[others] = True
        found = some[self._mark[some]]
        self._mark[others] = False
        return found

    def is_explained(self, a: int, b: int, third: int, expected: float, share: float) -> bool:
        """Whether a pair is no more than chance both in baskets without the third thing and in
        those with it; `expected` is what chance has of the pair in all baskets."""
        of_a, of_b, of_third = self.having(a), self.having(b), self.having(third)
        both = self.among(of_a, of_b)
        inside = len(self.among(both, of_third))
        a_inside, b_inside = len(self.among(of_a, of_third)), len(self.among(of_b, of_third))
        outside = len(both) - inside
        part = (len(of_a) - a_inside) * (len(of_b) - b_inside) / (len(of_a) * len(of_b))
        seen = np.array([outside, inside])
        chance = np.array([expected * part, a_inside * b_inside / max(len(of_third), 1)])
        return bool((tail(seen, chance, chance) > share).all())
