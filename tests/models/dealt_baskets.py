"""Baskets that were dealt at random, with planted pairs, and baskets written out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import scipy.sparse as sp

from crm_core.models.basket_rows import Baskets, Items

FIRST = date(2025, 1, 1)


def baskets_of(
    row: np.ndarray,
    item: np.ndarray,
    names: Sequence[str],
    *,
    day: np.ndarray | None = None,
    customer: np.ndarray | None = None,
    group: np.ndarray | None = None,
    promotions: np.ndarray | None = None,
) -> Baskets:
    """Baskets from lines; each of a day of its own and of a customer of its own, unless told."""
    count = int(row.max()) + 1
    matrix = sp.csr_array(
        (np.ones(len(row), dtype=np.int32), (row, item)), shape=(count, len(names))
    )
    matrix.data[:] = 1
    day = np.arange(count) * 730 // count if day is None else day
    customer = np.arange(count) if customer is None else customer
    group = np.full(len(names), -1) if group is None else group
    last = int(day.max())
    return Baskets(
        level="product",
        items=Items(tuple(names), np.ones(len(names))),
        group=group.astype(np.int32),
        matrix=matrix,
        day=day.astype(np.int32),
        customer=customer.astype(np.int32),
        first=FIRST,
        last=FIRST + timedelta(last),
        promotions=np.zeros(last + 1, dtype=bool) if promotions is None else promotions,
        capped=0,
        largest=int(np.diff(matrix.indptr).max()),
    )


def written(lists: Sequence[Sequence[str]]) -> Baskets:
    """Baskets written out as lists of names."""
    names = sorted({name for basket in lists for name in basket})
    place = {name: number for number, name in enumerate(names)}
    row = np.repeat(np.arange(len(lists)), [len(basket) for basket in lists])
    item = np.array([place[name] for basket in lists for name in basket])
    return baskets_of(row, item, names)


def zipf_lines(
    random: np.random.Generator, size: np.ndarray, items: int, slope: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Lines of baskets of these sizes, each item drawn by its popularity without regard to others."""
    weight = 1.0 / (np.arange(items) + 10.0) ** slope
    row = np.repeat(np.arange(len(size), dtype=np.int32), size)
    drawn = np.searchsorted(np.cumsum(weight / weight.sum()), random.random(len(row)))
    return row, np.minimum(drawn, items - 1).astype(np.int32)


def planted(
    baskets: int, items: int, pairs: int, seed: int, *, least: int = 40, most: int = 200
) -> tuple[Baskets, set[tuple[int, int]]]:
    """Independent baskets of a Zipf catalogue, and pairs put together into `least` to `most` of
    them each; the pairs by their items' places."""
    random = np.random.default_rng(seed)
    row, item = zipf_lines(random, 1 + random.poisson(5.0, baskets), items)
    chosen = random.permutation(np.arange(50, items))[: 2 * pairs].reshape(-1, 2)
    times = random.integers(least, most + 1, pairs)
    where = random.integers(0, baskets, int(times.sum()))
    both = np.repeat(chosen, times, axis=0)
    row = np.concatenate([row, where, where]).astype(np.int32)
    item = np.concatenate([item, both[:, 0], both[:, 1]]).astype(np.int32)
    names = [f"P{number:05d}" for number in range(items)]
    truth = {(int(min(pair)), int(max(pair))) for pair in chosen}
    return baskets_of(row, item, names), truth
