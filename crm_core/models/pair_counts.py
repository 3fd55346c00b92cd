"""How many baskets hold each two things: counted sparsely, a block of things at a time, so that
memory follows what is in the baskets and never the square of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from crm_core.models.basket_rows import Baskets, Codes, Matrix
from crm_core.models.pair_tests import reachable
from crm_core.models.triples import Floats, Ints

LEAST_BASKETS: Final = 3
LEAST_EXPECTED: Final = 10.0
SHARE: Final = 0.05

_STEPS_A_BLOCK = 6_000_000
_CELLS_A_BLOCK = 4_000_000
_MOST_FREQUENT = 4_000
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
        size = baskets.size
        others = np.repeat((size - 1).astype(np.float64), size)
        slots = np.bincount(baskets.matrix.indices, others, len(baskets.items))
        return cls(
            baskets.counts.astype(np.float64), len(baskets), slots, max(float(slots.sum()), 1.0)
        )

    def scores(self, a: Codes | Ints, b: Codes | Ints, both: Codes) -> tuple[Floats, Floats]:
        """By how many of its deviations the count of each pair lies above chance, either way."""
        share_a, share_b = self.counts[a] / self.baskets, self.counts[b] / self.baskets
        spread = np.maximum((1.0 - share_a) * (1.0 - share_b), 1e-6)
        plain = share_a * self.counts[b]
        mixed = self.slots[a] * self.slots[b] / self.pairs
        return (
            (both - plain) / np.sqrt(np.maximum(plain * spread, 1e-12)),
            (both - mixed) / np.sqrt(np.maximum(mixed * spread, 1e-12)),
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
    for low, counted in _counts(baskets, order):
        named = _named(_upper(counted, low, LEAST_BASKETS), order)
        seen += len(named)
        plain, mixed = rough.scores(named.a, named.b, named.both)
        more.append(named.take((plain >= _MAYBE_MORE) | (mixed >= _MAYBE_MORE)))
        less.append(_named(_fewer(counted, low, rough, order), order))
    return Counted(_worth(_joined(more), rough, possible), _joined(less), seen)


def every_pair(baskets: Baskets, least: int) -> Pairs:
    """All pairs in at least `least` baskets, in order: what a search for frequent sets gives.

    Items in fewer baskets than that are passed over before anything is counted.
    """
    order = np.flatnonzero(baskets.counts >= least)
    found = [_named(_upper(block, low, least), order) for low, block in _counts(baskets, order)]
    pairs = _joined(found)
    return pairs.take(np.lexsort((pairs.b, pairs.a)))


def _counts(baskets: Baskets, order: Ints) -> Iterator[tuple[int, Matrix]]:
    """How many baskets hold each two of those items, a block of rows at a time, each with the
    place of its first row."""
    matrix = baskets.matrix[baskets.size > 1][:, order]
    items = matrix.T.tocsr()
    for low, high in _blocks(matrix, items):
        yield low, (items[low:high] @ matrix).tocsr()


def _upper(counted: Matrix, low: int, least: int) -> Pairs:
    """The pairs of a block in at least so many baskets, each once."""
    rows = np.arange(low, low + counted.shape[0], dtype=np.int32)
    row = np.repeat(rows, np.diff(counted.indptr))
    kept = (counted.indices > row) & (counted.data >= least)
    return Pairs(row[kept], counted.indices[kept].astype(np.int32), counted.data[kept])


def _worth(pairs: Pairs, rough: _Rough, possible: int) -> Pairs:
    """Only pairs that could be found among so many possible ones, by either expectation."""
    plain, mixed = rough.scores(pairs.a, pairs.b, pairs.both)
    # What is expected rests on the other baskets, too: a little more than could be found is kept.
    near = mixed + 0.5
    return pairs.take(reachable(plain, possible, SHARE) | reachable(near, possible, SHARE))


def _named(pairs: Pairs, order: Ints) -> Pairs:
    """The pairs by their items' own places, the smaller first."""
    a, b = order[pairs.a].astype(np.int32), order[pairs.b].astype(np.int32)
    return Pairs(np.minimum(a, b), np.maximum(a, b), pairs.both.astype(np.int32))


def _fewer(counted: Matrix, low: int, rough: _Rough, order: Ints) -> Pairs:
    """Frequent items of a block that are together less than chance has it, never included."""
    slots = rough.slots[order]
    high = low + counted.shape[0]
    reach = int(np.searchsorted(-slots, -LEAST_EXPECTED * rough.pairs / max(slots[low], 1e-9)))
    reach = min(reach, _MOST_FREQUENT)
    empty = np.empty(0, dtype=np.int32)
    if reach <= low + 1:
        return Pairs(empty, empty, empty)
    dense = counted[:, :reach].toarray()
    expected = np.outer(slots[low:high], slots[:reach]) / rough.pairs
    share = rough.counts[order] / rough.baskets
    spread = np.maximum(np.outer(1.0 - share[low:high], 1.0 - share[:reach]), 1e-6)
    is_upper = np.arange(reach)[None, :] > np.arange(low, high)[:, None]
    fewer = (dense - expected) < _MAYBE_LESS * np.sqrt(expected * spread)
    row, column = np.nonzero(is_upper & fewer & (expected >= LEAST_EXPECTED))
    return Pairs(
        (row + low).astype(np.int32), column.astype(np.int32), dense[row, column].astype(np.int32)
    )


def _joined(parts: list[Pairs]) -> Pairs:
    empty = np.empty(0, dtype=np.int32)
    return Pairs(
        *(
            np.concatenate([empty, *(getattr(part, name) for part in parts)])
            for name in ("a", "b", "both")
        )
    )


def _blocks(matrix: Matrix, items: Matrix) -> list[tuple[int, int]]:
    """Runs of items whose pairs are counted at once, each of about the same work."""
    size = np.diff(matrix.indptr).astype(np.int64)
    work = np.add.reduceat(
        np.append(size[items.indices], 0), np.minimum(items.indptr[:-1], len(items.indices))
    )
    work[np.diff(items.indptr) == 0] = 0
    done = np.cumsum(np.maximum(work, 1))
    most = max(_CELLS_A_BLOCK // max(min(items.shape[0], _MOST_FREQUENT), 1), 1)
    blocks: list[tuple[int, int]] = []
    low = 0
    while low < items.shape[0]:
        spent = int(done[low - 1]) if low else 0
        high = int(np.searchsorted(done, spent + _STEPS_A_BLOCK, side="right"))
        high = min(max(high, low + 1), low + most, items.shape[0])
        blocks.append((low, high))
        low = high
    return blocks
