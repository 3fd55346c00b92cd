"""How many of many findings are false, without a library that is slow to load."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def false_discovery(p: Floats, possible: int) -> Floats:
    """The least share of false findings at which each would be found, among `possible` tests of
    which those not given found nothing (Benjamini & Hochberg 1995).

    >>> false_discovery(np.array([0.001, 0.04]), 10).round(3).tolist()
    [0.01, 0.2]
    """
    order = np.argsort(p, kind="stable")
    ranked = p[order] * possible / np.arange(1, len(p) + 1)
    least = np.minimum.accumulate(ranked[::-1])[::-1]
    found = np.empty_like(least)
    found[order] = np.minimum(least, 1.0)
    return found
