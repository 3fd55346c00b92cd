"""Means of many small groups, each held back towards the mean of all by how little is known of it.

The best of many means is mostly lucky. So how far groups differ at all is learned first (the spread of
their means beyond what chance alone gives), and each is drawn towards the whole by what chance it
carries. Where groups do not differ, all of them are drawn to the whole.
Source: DerSimonian & Laird (1986) for the spread; Morris (1983) for the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: People a group needs before anything is said of it.
LEAST_PEOPLE: Final = 30
_Z_95 = 1.959964


@dataclass(frozen=True)
class HeldBack:
    """By group: `mean` (measured), `likely` (drawn towards the whole) with its 95 % range, and the
    `spread` between groups (one standard deviation; 0 where they do not differ)."""

    mean: Floats
    likely: Floats
    low: Floats
    high: Floats
    spread: float


def held_back(
    count: Floats, total: Floats, squares: Floats, *, whole: float, prior: float = 0.0
) -> HeldBack:
    """Groups of `count` values with their sums and sums of squares, around the mean `whole`.

    With a `prior` values scatter in each group as if it had so many more that scatter as all do: what
    groups of a few need, of which one or two alike would else seem certain.

    >>> same = held_back(np.array([100.0, 100.0]), np.array([500.0, 510.0]), np.array([9e3, 9e3]), whole=5.05)
    >>> same.spread, same.likely.round(2).tolist()
    (0.0, [5.05, 5.05])
    """
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 0.0) * count / np.maximum(count - 1, 1.0)
    if prior:
        within = np.maximum(squares - total * mean, 0.0)
        free = np.maximum(count - 1, 0.0)
        usual = float(within.sum() / max(float(free.sum()), 1.0))
        variance = (within + prior * usual) / (free + prior)
    # A group in which everybody brought the same is no more certain than the others.
    floor = float(np.average(variance, weights=count)) if len(count) else 0.0
    noise = np.maximum(variance, floor / 4) / count
    spread = _between(mean, noise, whole)
    kept = spread**2 / (spread**2 + noise) if spread > 0 else np.zeros_like(mean)
    likely = whole + kept * (mean - whole)
    half = _Z_95 * np.sqrt(kept * noise)
    return HeldBack(mean, likely, likely - half, likely + half, spread)


def _between(mean: Floats, noise: Floats, whole: float) -> float:
    """How far groups differ beyond chance: a standard deviation."""
    if len(mean) < 2 or not float(noise.max()) > 0:
        return 0.0
    weight = 1 / np.maximum(noise, 1e-12)
    found = float(weight @ (mean - whole) ** 2) - len(mean)
    room = float(weight.sum())
    return float(np.sqrt(max(found, 0.0) / room))
