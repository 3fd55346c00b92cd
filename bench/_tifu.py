"""TIFU-KNN, a published next-basket method, as the offers' bench holds itself against it.

Each customer is the mean of their baskets, the newer ones counting more (within groups of `group`
baskets by `within`, between groups by `between`), mixed with the mean of the `near` customers
closest to it: `own` of the one, the rest of the other. Source: Hu, He, Gao & Zhang (SIGIR 2020).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_BLOCK = 1_000


def tifu_knn(
    person: Ints,
    basket: Ints,
    item: Ints,
    shape: tuple[int, int],
    *,
    group: int = 7,
    within: float = 0.9,
    between: float = 0.7,
    near: int = 300,
    own: float = 0.7,
) -> Floats:
    """Scores of every item (columns) for every person (rows); `basket` numbers each person's
    baskets from 0, the oldest."""
    vectors = _vectors(person, basket, item, shape, (group, within, between))
    near = min(near, shape[0] - 1)
    squares = (vectors**2).sum(axis=1)
    mixed = np.empty_like(vectors)
    for first in range(0, shape[0], _BLOCK):
        rows = slice(first, min(first + _BLOCK, shape[0]))
        far = squares[rows, None] + squares - 2.0 * vectors[rows] @ vectors.T
        here = np.arange(rows.start, rows.stop)
        far[here - first, here] = np.inf
        closest = np.argpartition(far, near, axis=1)[:, :near]
        cells = (
            np.full(closest.size, 1.0 / near),
            (np.repeat(here - first, near), closest.ravel()),
        )
        mean: Any = sparse.csr_matrix(cells, shape=(len(here), shape[0])) @ vectors
        mixed[rows] = own * vectors[rows] + (1.0 - own) * mean
    return mixed


def _vectors(
    person: Ints, basket: Ints, item: Ints, shape: tuple[int, int], by: tuple[int, float, float]
) -> Floats:
    group, within, between = by
    baskets = np.zeros(shape[0], np.int64)
    np.maximum.at(baskets, person, basket + 1)
    groups = -(-baskets // group)
    missing = groups * group - baskets  # the oldest group takes what does not fill one
    place = basket + missing[person]
    which, at = place // group, place % group
    size = np.where(which == 0, group - missing[person], group)
    weight = within ** (group - 1 - at) / size * between ** (groups[person] - 1 - which)
    weight /= groups[person]
    found: Any = sparse.csr_matrix((weight, (person, item)), shape=shape).toarray()
    return found
