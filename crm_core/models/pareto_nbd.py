"""How many more orders to expect from each customer, and how likely none at all: Pareto/NBD.

Assumes each customer buys at a steady personal rate until a hidden moment of leaving, which may
come at any time. The published 2F1 overflows for customers who buy often, so leaving is summed day by day in logarithms.
Source: Schmittlein, Morrison & Colombo (1987), Management Science 33, 1-24; Hardie notes 9 and 15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import digamma, exprel, gammaln

from crm_core.models.optimise import Floats
from crm_core.models.order_model import Days, OrderModel, Random
from crm_core.models.quadrature import DayGrid
from crm_core.models.triples import Ints, Triples

NAME = "pareto_nbd"

_PLACE, _WEIGHT = np.polynomial.legendre.leggauss(64)
_STEEP, _LONGEST, _FAR = 45.0, 300.0, 1e9


class Likelihood:
    """Log-likelihood of the distinct histories with its gradient, in log r, alpha, s, beta.

    Leaving at t after x orders has the density s (1 + t/alpha) ** -(r+x) (1 + t/beta) ** -(s+1)
    / beta, up to what depends on x alone. Time is in `days_in_unit` days.
    """

    def __init__(self, triples: Triples, days_in_unit: int = 1) -> None:
        self.grid = DayGrid(triples, days_in_unit)
        self.age = triples.age_days / days_in_unit
        self.weight = triples.count.astype(np.float64)
        self.levels = np.arange(int(triples.frequency.max(initial=0)) + 1, dtype=np.float64)
        self.at_level = np.bincount(triples.frequency, self.weight, len(self.levels))
        self.x = triples.frequency.astype(np.float64)

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        """Value and gradient at the logarithms of r, alpha, s, beta."""
        r, alpha, s, beta = np.exp(log_parameters)
        power, age = r + self.x, self.age
        quiet, gone_by = np.log1p(age / alpha), np.log1p(age / beta)
        here = -power * quiet - s * gone_by
        left = self.grid.integrals(r, alpha, s, beta, slopes=True)
        left = [part + np.log(s / beta) for part in left]
        both = np.logaddexp(here, left[0])
        counts = gammaln(r + self.levels) - gammaln(r) - self.levels * np.log(alpha)
        value = float(np.dot(self.at_level, counts)) + float(np.dot(self.weight, both))
        stay = self.weight * np.exp(here - both)
        went, by_quiet, by_age, by_gone, by_life = (
            self.weight * np.exp(part - both) for part in left
        )
        slope_r = float(np.dot(self.at_level, digamma(r + self.levels) - digamma(r)))
        slope_r -= float(np.dot(stay, quiet) + by_quiet.sum())
        slope_alpha = float(np.dot(power, stay * age / (alpha + age) + by_age))
        slope_alpha -= float(np.dot(self.weight, self.x))
        slope_s = float(went.sum()) - s * float(np.dot(stay, gone_by) + by_gone.sum())
        slope_beta = s * float(np.dot(stay, age / (beta + age)))
        slope_beta += float((s + 1.0) * by_life.sum() - went.sum())
        return value, np.array([slope_r * r, slope_alpha, slope_s, slope_beta])


class ParetoNBD(OrderModel):
    """See the module."""

    name = NAME
    parameters = ("r", "alpha", "s", "beta")
    times = frozenset({"alpha", "beta"})
    leaving = frozenset({"s", "beta"})
    bounds: Mapping[str, tuple[float, float]] = {
        "r": (1e-4, 1e3),
        "alpha": (1e-3, 1e6),
        "s": (1e-4, 1e3),
        "beta": (1e-2, 1e6),
    }

    def likelihood(self, triples: Triples, days_in_unit: int = 1) -> Likelihood:
        """See `Likelihood`."""
        return Likelihood(triples, days_in_unit)

    def first_guess(self, days_an_order: float) -> Sequence[float]:
        """The shop's mean rate, and half of the customers leaving within a few orders' time."""
        return (0.6, 0.6 * days_an_order, 0.6, 0.6 * days_an_order)

    def here(self, at: Floats, triples: Triples) -> Floats:
        """The share of the likelihood in which nobody left before the last day."""
        r, alpha, s, beta = at
        stays = -(r + triples.frequency) * np.log1p(triples.age_days / alpha)
        stays -= s * np.log1p(triples.age_days / beta)
        left = DayGrid(triples).integrals(r, alpha, s, beta)[0] + np.log(s / beta)
        return np.exp(-np.logaddexp(0.0, left - stays))

    def coming_if_here(self, at: Floats, x: Ints, age: Floats, days: float) -> Floats:
        """The published mean; its form at s = 1 is the limit, without a special case."""
        r, alpha, s, beta = at
        longer = np.log1p(days / (beta + age))
        stays = longer * exprel(-(s - 1.0) * longer)
        return (r + x) * (beta + age) / (alpha + age) * stays

    def returning_if_here(self, at: Floats, x: Ints, age: Floats, days: Days) -> Floats:
        """Chance that the next order comes within `days` and before leaving, by quadrature over
        when it comes."""
        r, alpha, s, beta = at
        power, reach = r + x, np.log1p(days / (alpha + age))
        return _before_leaving(power, s, (alpha + age) / (beta + age), reach)

    def lost_if_here(self, at: Floats, x: Ints, age: Floats) -> Floats:
        """What `returning_if_here` never reaches."""
        r, alpha, s, beta = at
        power, ratio = r + x, (alpha + age) / (beta + age)
        far = np.log(_FAR) + np.maximum(-np.log(ratio), 0.0)
        rest = np.exp(-(power + s) * far - s * np.log(ratio)) * power / (power + s)
        return np.clip(1.0 - _before_leaving(power, s, ratio, far) - rest, 0.0, 1.0)

    def draw_if_here(self, at: Floats, x: Ints, age: Floats, days: float, random: Random) -> Ints:
        """Orders at a drawn rate during a drawn stay."""
        r, alpha, s, beta = at
        rate = random.gamma(r + x, 1.0 / (alpha + age))
        leaving = np.maximum(random.gamma(s, 1.0 / (beta + age)), 1e-300)
        stay = np.minimum(random.exponential(1.0, len(x)) / leaving, days)
        return random.poisson(rate * stay)


def _before_leaving(power: Floats, s: float, ratio: Floats, reach: Floats) -> Floats:
    """Integral over v from 0 to `reach` of power e^(-power v) (1 + ratio (e^v - 1)) ** -s.

    Taken over v or over y = log(1 + ratio (e^v - 1)), whichever grows faster at the start: both
    factors are then smooth on a scale of one. Ends where nothing is left to add.
    """
    spent = np.log1p(np.expm1(min(_STEEP / s, _LONGEST)) / ratio)
    reach = np.minimum(np.minimum(reach, _STEEP / power), np.minimum(spent, _LONGEST))
    fast = ratio >= 1.0
    half = np.where(fast, np.log1p(ratio * np.expm1(reach)), reach) / 2.0
    u = half[:, None] * (_PLACE + 1.0)
    log_ratio = np.log(ratio)[:, None]
    # log(1 + e^u k - k) for k = 1/ratio or ratio, whichever is at most one.
    other = np.log1p(np.exp(-np.abs(log_ratio)) * np.expm1(u))
    v, y = np.where(fast[:, None], other, u), np.where(fast[:, None], u, other)
    log_density = -power[:, None] * v - s * y
    log_density += np.where(fast[:, None], u - other - log_ratio, 0.0)
    return power * half * (np.exp(log_density) @ _WEIGHT)


MODEL = ParetoNBD()

fit, fit_triples, validate = MODEL.fit, MODEL.fit_triples, MODEL.validate
expected_orders, expected_orders_new = MODEL.expected_orders, MODEL.expected_orders_new
p_no_order, p_never, p_alive = MODEL.p_no_order, MODEL.p_never, MODEL.p_alive
