"""Independent random streams: one for each block of customers and topic, whatever else is drawn."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, block: int, topic: str) -> np.random.Generator:
    """The generator of one topic in one block; the same for the same three, always.

    >>> bool(stream(7, 0, "lines").random() == stream(7, 0, "lines").random())
    True
    """
    return np.random.default_rng([seed, block, zlib.crc32(topic.encode())])


def pick(rng: np.random.Generator, weights: Sequence[float], size: int) -> NDArray[np.int64]:
    """Places drawn with the given weights.

    >>> pick(np.random.default_rng(0), [0, 1], 3).tolist()
    [1, 1, 1]
    """
    cumulative = np.cumsum(weights)
    place = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], side="right")
    return np.minimum(place, len(cumulative) - 1).astype(np.int64)


def pick_rows(
    rng: np.random.Generator, weights: NDArray[np.float64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Like `pick`, with the weights of the row named for each draw."""
    cumulative = np.cumsum(weights, axis=1)
    cumulative /= cumulative[:, -1:]
    draw = rng.random(len(rows))
    place = np.zeros(len(rows), dtype=np.int64)
    for column in range(weights.shape[1] - 1):
        place += draw >= cumulative[rows, column]
    return place
