"""How many baskets hold each two things, counted from the baskets and never from a table with a
column a thing: pairs of frequent things in a triangle of whole numbers, all others sparsely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from crm_core.models.basket_rows import Baskets, Codes
from crm_core.models.pair_tests import reachable
from crm_core.models.triples import Floats, Ints

LEAST_BASKETS: Final = 3
LEAST_EXPECTED: Final = 10.0
SHARE: Final = 0.05

_FREQUENT = 5_000
_PAIRS_A_PIECE = 500_000
_CELLS_A_BLOCK = 1_000_000
_MAYBE_MORE, _MAYBE_LESS = 1.645, -1.3


@dataclass(frozen=True)
class Pairs:
    """Pairs of items by their places, and in how many baskets both are."""

    a: Codes
    b: Codes
    both: Codes

    def __len__(self) -> int:
        return len(self.a)

    def take(self, where: npt.NDArray[np.bool_] | Ints) -> Pairs:
        """Only those pairs."""
        return Pairs(self.a[where], self.b[where], self.both[where])


@dataclass(frozen=True)
class Counted:
    """Pairs that may be together more, or less, than chance has it; the rest surely are not.

    `seen`: how many pairs were found in LEAST_BASKETS baskets or more.
    """

    more: Pairs
    less: Pairs
    seen: int


@dataclass(frozen=True)
class _Rough:
    """What is expected of a pair, roughly: of all baskets, and of the others in those of several."""

    counts: Floats
    baskets: int
    slots: Floats
    pairs: float

    @classmethod
    def of(cls, baskets: Baskets) -> _Rough:
        slots = baskets.partners
        counts = baskets.counts.astype(np.float64)
        return cls(counts, len(baskets), slots, max(float(slots.sum()), 1.0))

    def scores(self, pairs: Pairs) -> tuple[Floats, Floats]:
        """By how many of its deviations the count of each pair lies above chance, either way."""
        share_a, share_b = (self.counts[side] / self.baskets for side in (pairs.a, pairs.b))
        spread = np.maximum((1.0 - share_a) * (1.0 - share_b), 1e-6)
        plain = share_a * self.counts[pairs.b]
        mixed = self.slots[pairs.a] * self.slots[pairs.b] / self.pairs
        return (
            (pairs.both - plain) / np.sqrt(np.maximum(plain * spread, 1e-12)),
            (pairs.both - mixed) / np.sqrt(np.maximum(mixed * spread, 1e-12)),
        )


def count_pairs(baskets: Baskets, possible: int) -> Counted:
    """The pairs worth a test: in at least LEAST_BASKETS baskets and more than chance has it, or
    less where chance has it at least LEAST_EXPECTED times."""
    rough = _Rough.of(baskets)
    # The most frequent first: what may be bought instead of each other lies in one corner.
    order = np.lexsort((np.arange(len(rough.slots)), -rough.slots)).astype(np.int64)
    more: list[Pairs] = []
    less: list[Pairs] = []
    seen = 0
    for found, missing in _counted(baskets, order, LEAST_BASKETS, rough):
        seen += len(found)
        plain, mixed = rough.scores(found)
        more.append(found.take((plain >= _MAYBE_MORE) | (mixed >= _MAYBE_MORE)))
        less.append(missing)
    return Counted(_worth(_joined(more), rough, possible), _joined(less), seen)


def every_pair(baskets: Baskets, least: int) -> Pairs:
    """All pairs in at least `least` baskets, in order: what a search for frequent sets gives.

    Items in fewer baskets than that are passed over before anything is counted.
    """
    order = np.flatnonzero(baskets.counts >= least)
    pairs = _joined([found for found, _ in _counted(baskets, order, least)])
    return pairs.take(np.lexsort((pairs.b, pairs.a)))


def _worth(pairs: Pairs, rough: _Rough, possible: int) -> Pairs:
    """Only pairs that could be found among so many possible ones, by either expectation."""
    plain, mixed = rough.scores(pairs)
    # What is expected rests on the other baskets, too: a little more than could be found is kept.
    near = mixed + 0.5
    return pairs.take(reachable(plain, possible, SHARE) | reachable(near, possible, SHARE))


def _counted(
    baskets: Baskets, order: Ints, least: int, rough: _Rough | None = None
) -> Iterator[tuple[Pairs, Pairs]]:
    """Pairs of the items in `order` in at least so many baskets, block by block; and, where told
    what to expect, those of the most frequent items in fewer baskets than that."""
    rank = np.full(len(baskets.items), -1, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    frequent = min(len(order), _FREQUENT)
    triangle = _triangle(baskets, rank, frequent)
    step = max(_CELLS_A_BLOCK // max(frequent, 1), 1)
    start = 0
    for low in range(0, frequent, step):
        high = min(low + step, frequent)
        row, column = _places(low, high, frequent)
        both = triangle[start : start + len(row)]
        start += len(row)
        missing = np.zeros(0, dtype=np.int64)
        if rough is not None:
            missing = _fewer(row, column, both, rough, order)
        kept = np.flatnonzero(both >= least)
        yield (
            _named(Pairs(row[kept], column[kept], both[kept]), order),
            _named(Pairs(row[missing], column[missing], both[missing]), order),
        )
    nothing = Pairs(*(np.empty(0, dtype=np.int32) for _ in range(3)))
    for found in _rare(baskets, rank, frequent, least):
        yield _named(found, order), nothing


def _triangle(baskets: Baskets, rank: Codes, frequent: int) -> Codes:
    """Baskets with both, of each two of the `frequent` items of lowest rank: row after row, each
    from the item after its own."""
    counts = np.zeros(frequent * (frequent - 1) // 2, dtype=np.int32)
    place = np.arange(frequent, dtype=np.int64)
    begin = (place * frequent - place * (place + 1) // 2 - place - 1).astype(np.int32)
    one = np.int32(1)  # of the counts' own type: any other is fifteen times slower
    for several in _of_one_size(baskets, rank, frequent):
        first, second = np.triu_indices(several.shape[1], 1)
        step = max(_PAIRS_A_PIECE // len(first), 1)
        for low in range(0, len(several), step):
            piece = several[low : low + step]
            cells = begin[piece][:, first] + piece[:, second]
            np.add.at(counts, cells.ravel(), one)
    return counts


def _of_one_size(baskets: Baskets, rank: Codes, frequent: int) -> Iterator[Codes]:
    """The ranks of frequent items in each basket that has several, in order: a table for all
    baskets with as many of them."""
    ranks = rank[baskets.matrix.indices]
    bounds = baskets.matrix.indptr
    if frequent < len(rank):
        is_frequent = (ranks >= 0) & (ranks < frequent)
        bounds = np.concatenate([[0], np.cumsum(is_frequent, dtype=np.int32)])[bounds]
        ranks = ranks[is_frequent]
    size = np.diff(bounds)
    for many in np.flatnonzero(np.bincount(size)):
        if many > 1:
            start = bounds[:-1][size == many]
            table = ranks[start[:, None] + np.arange(many, dtype=np.int32)]
            table.sort(axis=1)
            yield table


def _places(low: int, high: int, frequent: int) -> tuple[Codes, Codes]:
    """Row and column of the cells of the triangle's rows from `low` to before `high`."""
    length = frequent - 1 - np.arange(low, high)
    row = np.repeat(np.arange(low, high, dtype=np.int32), length)
    begin = np.repeat(np.cumsum(length) - length, length)
    column = np.arange(len(row)) - begin + row + 1
    return row, column.astype(np.int32)


def _rare(baskets: Baskets, rank: Codes, frequent: int, least: int) -> Iterator[Pairs]:
    """Pairs with an item that is not among the frequent, in at least so many baskets."""
    known = int(rank.max(initial=-1)) + 1
    if known <= frequent:
        return
    ranks = rank[baskets.matrix.indices]
    kept = ranks >= 0
    bounds = np.concatenate([[0], np.cumsum(kept)])[baskets.matrix.indptr]
    matrix = sp.csr_array(
        (np.ones(int(bounds[-1]), dtype=np.int32), ranks[kept], bounds),
        shape=(len(baskets), known),
    )
    items = matrix.T.tocsr()
    size = np.diff(bounds)
    work = np.cumsum(np.bincount(matrix.indices, np.repeat(size, size), known))
    low = frequent
    while low < known:
        spent = int(work[low - 1])
        high = int(np.searchsorted(work, spent + _CELLS_A_BLOCK, side="right"))
        high = min(max(high, low + 1), known)
        block = (items[low:high] @ matrix).tocsr()
        row = np.repeat(np.arange(low, high, dtype=np.int32), np.diff(block.indptr))
        # Each pair once: with a frequent item, or with a rare one of lower rank.
        once = (block.indices < row) & (block.data >= least)
        yield Pairs(block.indices[once].astype(np.int32), row[once], block.data[once])
        low = high


def _named(pairs: Pairs, order: Ints) -> Pairs:
    """The pairs by their items' own places, the smaller first."""
    a, b = order[pairs.a].astype(np.int32), order[pairs.b].astype(np.int32)
    return Pairs(np.minimum(a, b), np.maximum(a, b), pairs.both.astype(np.int32))


def _fewer(row: Codes, column: Codes, both: Codes, rough: _Rough, order: Ints) -> Ints:
    """Which cells hold fewer baskets than chance has, of those where it has enough."""
    slots, share = rough.slots[order] / np.sqrt(rough.pairs), rough.counts[order] / rough.baskets
    least = LEAST_EXPECTED / max(float(slots[row[0]]), 1e-9) if len(row) else 0.0
    maybe = np.flatnonzero(column < np.searchsorted(-slots, -least, side="right"))
    expected = slots[row[maybe]] * slots[column[maybe]]
    spread = np.maximum((1.0 - share[row[maybe]]) * (1.0 - share[column[maybe]]), 1e-6)
    fewer = (both[maybe] - expected) < _MAYBE_LESS * np.sqrt(expected * spread)
    return maybe[fewer & (expected >= LEAST_EXPECTED)]


def _joined(parts: list[Pairs]) -> Pairs:
    empty = np.empty(0, dtype=np.int32)
    return Pairs(
        *(
            np.concatenate([empty, *(getattr(part, name) for part in parts)])
            for name in ("a", "b", "both")
        )
    )
