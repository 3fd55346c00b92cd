"""What to offer a customer who never had it: what people with the same purchases also bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from crm_core.models.offer_history import Bought
from crm_core.models.offer_shelf import UNKNOWN, Flags
from crm_core.models.triples import Floats, Ints

#: The items that can be learned about: the most bought ones.
MOST_ITEMS: Final = 3_000
#: A reason counts if so many people bought both.
LEAST_TOGETHER: Final = 3
_RIDGE: Final = 1_000.0
_CELLS = 4_000_000

Table = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Likeness:
    """Which items speak for which: those of `items`, numbered by `column` (-1: not among them).

    `buyers` of each; `both` how many people bought two of them; `speaks[i, j]` how much having
    bought i speaks for j.
    """

    items: Ints
    column: Ints
    buyers: Ints
    both: Table
    speaks: Table

    @property
    def at_once(self) -> int:
        """How many customers are scored at once, so that memory stays bounded."""
        return max(_CELLS // max(len(self.items), 1), 1)

    def scores(self, bought: Bought) -> Table:
        """How much each customer's purchases speak for each item; what they had is -inf."""
        had = _cells(bought, self.column, len(self.items), strength(bought))
        found = np.asarray(had @ self.speaks, np.float32)
        found[had.nonzero()] = -np.inf
        return found

    def reasons(self, bought: Bought, person: Ints, column: Ints) -> tuple[Ints, Ints]:
        """For offers of columns to persons: the row of `bought` that speaks most for each, and how
        many people bought both; -1 where no purchase shares LEAST_TOGETHER people with it."""
        own = self.column[bought.item]
        known = np.flatnonzero(own >= 0)
        own, strong = own[known], strength(bought)[known]
        starts = np.searchsorted(known, bought.starts)
        sizes = np.diff(starts)[person]
        ends = np.cumsum(sizes)
        at = np.arange(ends[-1] if len(ends) else 0)
        at += np.repeat(starts[person] - ends + sizes, sizes)  # each offer's person's rows
        pair = own[at] * len(self.items) + np.repeat(column, sizes)
        people = self.both.ravel()[pair]
        said = np.where(people >= LEAST_TOGETHER, self.speaks.ravel()[pair] * strong[at], -np.inf)
        because = np.full(len(person), UNKNOWN, np.int64)
        both = np.zeros(len(person), np.int64)
        some = np.flatnonzero(sizes)
        if len(some):
            begins = (ends - sizes)[some]
            most = np.maximum.reduceat(said, begins)
            is_most = said == np.repeat(most, sizes[some])
            best = np.minimum.reduceat(np.where(is_most, np.arange(len(said)), len(said)), begins)
            told = np.isfinite(most)
            because[some[told]] = known[at[best[told]]]
            both[some[told]] = people[best[told]].astype(np.int64)
        return because, both


@dataclass
class Together:
    """What people bought beside what, counted a piece of the customers at a time: `both` people
    with both items, `strong` the same by how strongly each speaks."""

    items: Ints
    column: Ints
    both: Table
    strong: Table

    @classmethod
    def of(cls, buyers: Ints, *, least: int, most: int = MOST_ITEMS) -> Together:
        """For the `most` items with the most buyers, at least `least`."""
        able = np.flatnonzero(buyers >= max(least, 1))
        items = np.sort(able[np.lexsort((able, -buyers[able]))][:most])
        column = np.full(len(buyers), UNKNOWN, np.int64)
        column[items] = np.arange(len(items))
        empty = np.zeros((len(items), len(items)), np.float32)
        return cls(items, column, empty, empty.copy())

    def add(self, bought: Bought) -> None:
        """Counts these customers, too."""
        size = len(self.items)
        had = _cells(bought, self.column, size, np.ones(len(bought.item)))
        strong = _cells(bought, self.column, size, strength(bought))
        self.both += (had.T @ had).toarray()
        self.strong += (strong.T @ strong).toarray()

    def learned(self) -> Likeness:
        """Weights by which every item's buyers are told best by their other purchases (EASE: a
        linear model in which no item speaks for itself). Source: Steck (2019)."""
        speaks: Table = self.strong.copy()
        if len(self.items):
            np.fill_diagonal(speaks, speaks.diagonal() + _RIDGE)
            inverse: Any = linalg.inv(speaks, overwrite_a=True, check_finite=False)
            speaks = np.asarray(inverse / -inverse.diagonal(), np.float32)
            np.fill_diagonal(speaks, 0.0)
        buyers = self.both.diagonal().astype(np.int64)
        return Likeness(self.items, self.column, buyers, self.both, speaks)


def strength(bought: Bought) -> Floats:
    """How strongly each row speaks: more where bought often and lately, but ever less so."""
    return np.log1p(bought.weight)


def best_of(scores: Table, may: Flags, most: int) -> tuple[Ints, Ints, Ints]:
    """The highest finite scores of each row among the columns that may be offered, best first, as
    (row, rank, column)."""
    able = np.where(may, scores, np.float32(-np.inf))
    most = min(most, able.shape[1])
    if not most:
        return tuple(np.empty(0, np.int64) for _ in range(3))  # type: ignore[return-value]
    top = np.argpartition(-able, most - 1, axis=1)[:, :most]
    told = np.take_along_axis(able, top, axis=1)
    order = np.lexsort((top, -told), axis=1)
    top, told = (np.take_along_axis(each, order, axis=1) for each in (top, told))
    row, place = np.nonzero(np.isfinite(told))
    return row, place + 1, top[row, place]


def _cells(bought: Bought, column: Ints, columns: int, values: Floats) -> Any:
    """One row a customer, one column an item: the values of what they bought of those."""
    at = column[bought.item]
    known = np.flatnonzero(at >= 0)
    cells = (values[known].astype(np.float32), (bought.person[known], at[known]))
    return sparse.csr_matrix(cells, shape=(len(bought), columns))
