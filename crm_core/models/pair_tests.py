"""Whether two things are found together more often, or less, than chance has it: tails, false
discoveries among all pairs that there could be, and how far a lift may be off."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc, gammaincc, gammaln, ndtri

from crm_core.models.triples import Floats

Numbers = npt.NDArray[np.number]

SIDES_95: Final = 1.959963984540054
_NONE_SEEN = 3.688879454113936  # the most a count of nought is compatible with, 97.5 %
_TERM = 1e-16
_NEARLY_POISSON = 1e-9


def fisher(both: Numbers, a: Numbers, b: Numbers, baskets: int) -> Floats:
    """Chance of finding two things together in at least `both` of the baskets, if those with the
    one and those with the other were dealt without regard to each other (one-sided Fisher test).

    >>> fisher(np.array([3]), np.array([4]), np.array([4]), 8).round(6).tolist()
    [0.242857]
    """
    k, n, m = _floats(both), _floats(a), _floats(b)
    low, high = np.maximum(0.0, n + m - baskets), np.minimum(n, m)
    sure = k <= low
    at = np.where(sure, np.maximum(low, 1.0), k)
    term = np.exp(_log_together(at, n, m, float(baskets)))
    total = term.copy()
    going = np.flatnonzero(~sure & (at < high))
    # Every term is a fraction of the one before; those still worth adding go on.
    while len(going):
        here, of_a, of_b = at[going], n[going], m[going]
        rest = (here + 1.0) * (baskets - of_a - of_b + here + 1.0)
        term[going] *= (of_a - here) * (of_b - here) / rest
        total[going] += term[going]
        at[going] += 1.0
        going = going[(term[going] > _TERM * total[going]) & (at[going] < high[going])]
    return np.where(sure, 1.0, np.minimum(total, 1.0))


def _floats(column: Numbers) -> Floats:
    return np.asarray(column, dtype=np.float64)


def _log_together(k: Floats, n: Floats, m: Floats, baskets: float) -> Floats:
    def choose(total: Floats | float, some: Floats) -> Floats:
        return gammaln(total + 1.0) - gammaln(some + 1.0) - gammaln(total - some + 1.0)

    return choose(n, k) + choose(baskets - n, m - k) - choose(baskets, m)


def tail(seen: Numbers, expected: Floats, variance: Floats, *, above: bool = True) -> Floats:
    """Chance of a count at least (or, not `above`, at most) as large as `seen`, of a sum of many
    rare happenings with this mean and variance: binomial, or Poisson where both are the same.

    >>> tail(np.array([5]), np.array([1.0]), np.array([1.0])).round(6).tolist()
    [0.00366]
    >>> tail(np.array([3]), np.array([5.0]), np.array([2.5]), above=False).round(6).tolist()
    [0.171875]
    """
    k = _floats(seen)
    mean = np.maximum(expected, 1e-300)
    chance = np.clip(1.0 - variance / mean, 0.0, 1.0 - 1e-6)
    tries = mean / np.maximum(chance, _NEARLY_POISSON)
    least = k if above else k + 1.0
    binomial = (chance > _NEARLY_POISSON) & (least < tries)
    some = np.maximum(least, 1.0)
    with np.errstate(all="ignore"):
        at_least = np.where(
            binomial,
            betainc(some, np.maximum(tries - some + 1.0, 1e-9), chance),
            np.where(chance > _NEARLY_POISSON, 0.0, gammainc(some, mean)),
        )
        below = np.where(
            binomial,
            # Not what is left of one: of a chance of 1 in a trillion nothing would be left.
            betainc(np.maximum(tries - some + 1.0, 1e-9), some, 1.0 - chance),
            np.where(chance > _NEARLY_POISSON, 1.0, gammaincc(some, mean)),
        )
    if above:
        return np.where(least <= 0.0, 1.0, at_least)
    return below


def reachable(z: Floats, possible: int, share: float) -> npt.NDArray[np.bool_]:
    """Which of the scores could be a finding at all: the chance of a sum of rare happenings is
    never less than that of a normal one, so what even so falls short need not be worked out."""
    least = -float(ndtri(share))
    while True:
        kept = z >= least
        count = int(np.count_nonzero(kept))
        if not count:
            return kept
        higher = -float(ndtri(min(share * count / possible, share)))
        if higher <= least:
            return kept
        least = higher


def lift_range(
    both: Numbers, a: Numbers, b: Numbers, baskets: int
) -> tuple[Floats, Floats, Floats]:
    """Lift, and the bounds of its 95 % range (normal in its logarithm; delta method of the shares).

    >>> [bound.round(2).tolist() for bound in lift_range(np.array([20]), np.array([100]), np.array([50]), 1000)]
    [[4.0], [2.9], [5.52]]
    """
    k, n, m = _floats(both), _floats(a), _floats(b)
    chance = n * m / baskets
    lift = k / chance
    some = np.maximum(k, 1.0)
    variance = 1.0 / some - 1.0 / n - 1.0 / m + (2.0 * lift - 1.0) / baskets
    wide = np.exp(SIDES_95 * np.sqrt(np.maximum(variance, 0.0)))
    high = np.where(k > 0, lift * wide, _NONE_SEEN / chance)
    return lift, lift / wide, high
