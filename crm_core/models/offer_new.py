"""What to offer a customer who never had it: what people with the same purchases also bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from crm_core.models.offer_history import Bought
from crm_core.models.offer_shelf import UNKNOWN
from crm_core.models.triples import Ints

#: The items that can be learned about: the most bought ones.
MOST_ITEMS: Final = 3_000
#: A reason counts if so many people bought both.
LEAST_TOGETHER: Final = 3
_RIDGE: Final = 1_000.0
_CELLS = 4_000_000

Table = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Likeness:
    """Which items speak for which, of the `items` numbered by `column` (-1: not among them).

    `buyers` of each; `both` how many people bought two of them; `speaks[i, j]` how much having
    bought i speaks for j.
    """

    items: Ints
    column: Ints
    buyers: Ints
    both: Table
    speaks: Table

    def blocks(self, bought: Bought) -> int:
        """How many customers are scored at once, so that memory stays bounded."""
        del bought
        return max(_CELLS // max(len(self.items), 1), 1)

    def had(self, bought: Bought) -> sparse.csr_matrix:
        """1 where a customer (row) bought an item (column)."""
        column = self.column[bought.item]
        rows = np.flatnonzero(column >= 0)
        shape = (len(bought), len(self.items))
        cells = (np.ones(len(rows), np.float32), (bought.person[rows], column[rows]))
        return sparse.csr_matrix(cells, shape=shape)

    def scores(self, bought: Bought) -> Table:
        """How much each customer's purchases speak for each item; what they had is -inf."""
        had = self.had(bought)
        found = np.asarray(had @ self.speaks, np.float32)
        found[had.nonzero()] = -np.inf
        return found


@dataclass
class Together:
    """Counts how many people bought two items, a piece of the customers at a time."""

    items: Ints
    column: Ints
    both: Table

    @classmethod
    def of(cls, buyers: Ints, *, least: int, most: int = MOST_ITEMS) -> Together:
        """For the `most` items with the most buyers, at least so many."""
        able = np.flatnonzero(buyers >= max(least, 1))
        items = np.sort(able[np.lexsort((able, -buyers[able]))][:most])
        column = np.full(len(buyers), UNKNOWN, np.int64)
        column[items] = np.arange(len(items))
        return cls(items, column, np.zeros((len(items), len(items)), np.float32))

    def add(self, bought: Bought) -> None:
        """Counts these customers, too."""
        column = self.column[bought.item]
        rows = np.flatnonzero(column >= 0)
        shape = (len(bought), len(self.items))
        cells = (np.ones(len(rows), np.float32), (bought.person[rows], column[rows]))
        had = sparse.csr_matrix(cells, shape=shape)
        self.both += (had.T @ had).toarray()

    def learned(self) -> Likeness:
        """Weights by which every item's buyers are told best by their other purchases (EASE: a
        linear model without an item speaking for itself). Source: Steck (2019)."""
        buyers = self.both.diagonal().astype(np.int64)
        speaks = np.zeros_like(self.both)
        if len(self.items):
            inverse = np.linalg.inv(self.both + np.eye(len(self.items), dtype=np.float32) * _RIDGE)
            speaks = -inverse / inverse.diagonal()
            np.fill_diagonal(speaks, 0.0)
        return Likeness(self.items, self.column, buyers, self.both, speaks.astype(np.float32))


def best_new(scores: Table, may: npt.NDArray[np.bool_], most: int) -> tuple[Ints, Ints]:
    """The columns of the highest finite scores of each row among those that may be offered, best
    first, as (row, column)."""
    able = np.where(may, scores, -np.inf)
    most = min(most, able.shape[1])
    if not most:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    top = np.argpartition(-able, most - 1, axis=1)[:, :most]
    told = np.take_along_axis(able, top, axis=1)
    order = np.lexsort((top, -told), axis=1)
    top, told = (np.take_along_axis(each, order, axis=1) for each in (top, told))
    row, place = np.nonzero(np.isfinite(told))
    return row, top[row, place]


def reasons(likeness: Likeness, bought: Bought, row: Ints, column: Ints) -> tuple[Ints, Ints]:
    """For each offer the row of `bought` that speaks most for it, and how many people bought both;
    -1 where no purchase shares LEAST_TOGETHER people with it."""
    own = likeness.column[bought.item]
    sizes = np.diff(bought.starts)[row]
    offer = np.repeat(np.arange(len(row)), sizes)
    within = np.arange(len(offer)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    at = bought.starts[row][offer] + within
    known = own[at] >= 0
    offer, at = offer[known], at[known]
    people = likeness.both[own[at], column[offer]]
    enough = people >= LEAST_TOGETHER
    offer, at, people = offer[enough], at[enough], people[enough]
    said = likeness.speaks[own[at], column[offer]]
    order = np.lexsort((at, -people, -said, offer))
    first = order[np.flatnonzero(np.diff(offer[order], prepend=-1))]
    because, both = np.full(len(row), UNKNOWN, np.int64), np.zeros(len(row), np.int64)
    because[offer[first]], both[offer[first]] = at[first], people[first].astype(np.int64)
    return because, both
