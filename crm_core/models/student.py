"""Quantiles, tail chances and ranges of shares, without a library that is slow to load."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
_Z_95 = _NORMAL.inv_cdf(0.975)


def t_quantile(share: float, degrees: float) -> float:
    """Where Student's t of so many degrees has `share` of its weight below; from nine degrees on
    right to four decimals.

    Source: Abramowitz & Stegun (1964), 26.7.5.

    >>> round(t_quantile(0.975, 10), 4), round(t_quantile(0.975, 1e9), 4)
    (2.2281, 1.96)
    """
    z = _NORMAL.inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / degrees**place for place, term in enumerate(terms, 1))


def two_sided(z: float) -> float:
    """The chance that a standard normal lies at least so far from zero.

    >>> round(two_sided(1.96), 3)
    0.05
    """
    return erfc(abs(z) / sqrt(2))


def chi_square_tail(statistic: float, degrees: int) -> float:
    """The chance of a chi-square of so many degrees at least as large.

    >>> round(chi_square_tail(3.841, 1), 3), round(chi_square_tail(5.991, 2), 3)
    (0.05, 0.05)
    """
    if statistic <= 0:
        return 1.0
    half = statistic / 2
    tail, first = (erfc(sqrt(half)), 1) if degrees % 2 else (exp(-half), 2)
    for k in range(first, degrees, 2):
        tail += exp(k / 2 * log(half) - half - lgamma(k / 2 + 1))
    return tail


def fewer_by_chance(few: int, size: int, total: int, everyone: int) -> float:
    """The chance that at most `few` of `total` marked people fall into a group of `size` that was
    drawn from `everyone` by lot (hypergeometric); quick for a small `few`.

    >>> round(fewer_by_chance(0, 5, 5, 10), 4)
    0.004
    """
    whole = _log_choose(everyone, size)
    least = max(0, size - (everyone - total))
    chances = (
        exp(_log_choose(total, k) + _log_choose(everyone - total, size - k) - whole)
        for k in range(least, min(few, total, size) + 1)
    )
    return min(1.0, sum(chances))


def share_range(part: int, whole: int) -> tuple[float, float]:
    """Between what the true share lies in 95 of 100 cases (Wilson).

    >>> [round(end, 3) for end in share_range(5, 10)]
    [0.237, 0.763]
    """
    share = part / whole
    middle = share + _Z_95**2 / (2 * whole)
    half = _Z_95 * sqrt(share * (1 - share) / whole + _Z_95**2 / (4 * whole**2))
    return (middle - half) / (1 + _Z_95**2 / whole), (middle + half) / (1 + _Z_95**2 / whole)


def share_difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """The range of the first share (part, whole) less the second in 95 of 100 cases (Newcombe).

    >>> [round(end, 3) for end in share_difference((56, 70), (48, 80))]
    [0.052, 0.334]
    """
    p, q = one[0] / one[1], other[0] / other[1]
    (p_low, p_high), (q_low, q_high) = share_range(*one), share_range(*other)
    low = p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return low, high


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
