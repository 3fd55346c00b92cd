"""How sure a difference between two orderings of customers is: a paired bootstrap of the Gini."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crm_core.models.triples import Floats


@dataclass(frozen=True)
class Gain:
    """How much better one ordering is than another, with the bounds of the middle 90 %."""

    gain: float
    low: float
    high: float


def gini_gain(
    actual: npt.ArrayLike,
    ours: npt.ArrayLike,
    theirs: npt.ArrayLike,
    *,
    seed: int,
    resamples: int = 200,
) -> Gain | None:
    """Gini of `ours` less that of `theirs`, and where it falls when customers are drawn anew.

    Both are measured on the same draws, so what is common to them falls out. None where there is
    no order to find.
    """
    brought = np.maximum(np.asarray(actual, dtype=np.float64), 0.0)
    if not brought.sum() or np.all(brought == brought[0]):
        return None
    best, one, two = (_Ordered(brought, np.asarray(by)) for by in (brought, ours, theirs))
    everyone = np.ones(len(brought))
    random = np.random.default_rng(seed)

    def gain(weight: Floats) -> float:
        perfect = best.lift(weight)
        return (one.lift(weight) - two.lift(weight)) / perfect if perfect > 0 else 0.0

    drawn = [gain(random.poisson(1.0, len(brought)).astype(float)) for _ in range(resamples)]
    low, high = np.quantile(drawn, [0.05, 0.95])
    return Gain(gain(everyone), float(low), float(high))


class _Ordered:
    """Customers sorted by a prediction, best first; the tied share what they brought."""

    def __init__(self, actual: Floats, predicted: npt.NDArray[np.floating]) -> None:
        self.order = np.argsort(-predicted, kind="stable")
        ranked = predicted[self.order]
        self.first = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
        self.actual = actual[self.order]

    def lift(self, weight: Floats) -> float:
        """Area between the curve of cumulative shares and the diagonal, customers weighted."""
        drawn = weight[self.order]
        people = np.add.reduceat(drawn, self.first)
        brought = np.add.reduceat(drawn * self.actual, self.first)
        total = float(brought.sum())
        if total <= 0:
            return 0.0
        until = np.cumsum(brought) / total
        since = np.concatenate([[0.0], until[:-1]])
        return float(np.dot(people / people.sum(), (until + since) / 2.0)) - 0.5
