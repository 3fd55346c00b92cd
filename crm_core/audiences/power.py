"""What a campaign of this size can show, before it is sent.

Two shares are compared on the arcsine scale (Cohen 1988, h = 2 asin √p₂ - 2 asin √p₁), two means
with one standard deviation; both sides of 5 %, a chance of 80 % to see what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, ceil, floor, inf, log10, pi, sin, sqrt
from statistics import NormalDist
from typing import Final

ALPHA: Final = 0.05
POWER: Final = 0.8
_Z: Final = NormalDist().inv_cdf(1 - ALPHA / 2) + NormalDist().inv_cdf(POWER)


@dataclass(frozen=True)
class Arms:
    """How many are written to and how many are held out."""

    treatment: int
    holdout: int

    @property
    def pairs(self) -> float:
        """The size of each arm of an even comparison that shows as much, halved."""
        whole = self.treatment + self.holdout
        return self.treatment * self.holdout / whole if whole else 0.0


def detectable_share(base: float, arms: Arms) -> float | None:
    """The smallest rise of a share (in points, as a share) that these arms would show; None where
    no rise would be seen.

    >>> round(detectable_share(0.106, Arms(600, 600)), 3)
    0.055
    """
    if arms.pairs == 0:
        return None
    angle = asin(sqrt(base)) + _Z / sqrt(arms.pairs) / 2
    return None if angle >= pi / 2 else sin(angle) ** 2 - base


def detectable_mean(deviation: float, arms: Arms) -> float | None:
    """The smallest difference of two means that these arms would show."""
    return _Z * deviation / sqrt(arms.pairs) if arms.pairs else None


def people_for_share(base: float, rise: float, holdout_share: float) -> float:
    """How many people in all show a rise of a share, with so many of them held out.

    >>> round(people_for_share(0.02, 0.002, 0.5) / 2)
    80637
    """
    if base + rise >= 1 or rise == 0:
        return inf
    effect = 2 * asin(sqrt(base + rise)) - 2 * asin(sqrt(base))
    return (_Z / effect) ** 2 / (holdout_share * (1 - holdout_share))


def people_for_mean(deviation: float, difference: float, holdout_share: float) -> float:
    """How many people in all show a difference of two means."""
    return (_Z * deviation / difference) ** 2 / (holdout_share * (1 - holdout_share))


def rounded_up(value: float, digits: int = 2) -> float:
    """A figure nobody takes for exact: two digits, never less than it was.

    >>> rounded_up(0.0554), rounded_up(117035.2), rounded_up(0.06)
    (0.056, 120000.0, 0.06)
    """
    if value <= 0:
        return 0.0
    step = 10.0 ** (floor(log10(value)) - digits + 1)
    places = max(0, digits - 1 - floor(log10(value)))
    return round(ceil(value / step - 1e-9) * step, places)
