"""Orders at a steady personal rate until the customer leaves, unseen, after one of them.

BG/NBD and MBG/NBD, which differ in one thing: whether the first order may be the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import (
    betainc,
    betaincinv,
    betaln,
    digamma,
    gammaln,
    log_expit,
    logit,
)

from crm_core.models.optimise import Floats
from crm_core.models.order_model import Days, OrderModel, Random
from crm_core.models.triples import Ints, Triples

_PLACE, _WEIGHT = np.polynomial.legendre.leggauss(96)
_CHUNK = 4096
_TAIL, _FLAT = 1e-14, 1e-9


class Likelihood:
    """Log-likelihood of the distinct histories with its gradient, in log r, alpha, a, b.

    Every special function is taken once per frequency or per day, not per history: the tables
    are indexed by the integers themselves. Histories without a chance to leave, one for each
    repeat and `chances_before` more, need no tables at all. Time is in `days_in_unit` days.
    Source: Fader, Hardie & Lee (2005), equation 6; Batislam, Denizel & Filiztekin (2007).
    """

    def __init__(self, triples: Triples, days_in_unit: int = 1, *, chances_before: int = 0) -> None:
        weight = triples.count.astype(np.float64)
        self.customers = float(weight.sum())
        self.levels = np.arange(int(triples.frequency.max(initial=0)) + 1, dtype=np.float64)
        self.days = np.arange(triples.history_days + 1, dtype=np.float64) / days_in_unit
        self.at_level = np.bincount(triples.frequency, weight, len(self.levels))
        self.at_age = np.bincount(triples.age_days, weight, len(self.days))
        self.orders_at_age = np.bincount(
            triples.age_days, weight * triples.frequency, len(self.days)
        )
        self.chances = self.levels + chances_before
        had_one = triples.frequency + chances_before > 0
        self.level = triples.frequency[had_one]
        self.x = self.level.astype(np.float64)
        self.recency = triples.recency_days[had_one]
        self.age = triples.age_days[had_one]
        self.weight = weight[had_one]

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        """Value and gradient at the logarithms of r, alpha, a, b."""
        r, alpha, a, b = np.exp(log_parameters)
        log_time = np.log(alpha + self.days)
        rate = 1.0 / (alpha + self.days)
        gap = log_time[self.age] - log_time[self.recency]
        power = r + self.x
        # b - 1 may be negative without a chance to leave; no such history is looked up here.
        before = np.maximum(b + self.chances - 1.0, 1e-300)
        leaving = np.log(a / before)
        odds = leaving[self.level] + power * gap
        tail = np.exp(-np.abs(odds))
        left = np.where(odds >= 0, 1.0, tail) / (1.0 + tail) * self.weight
        value = float(np.dot(np.maximum(odds, 0.0) + np.log1p(tail), self.weight))
        value -= float(np.dot(r * self.at_age + self.orders_at_age, log_time))
        value += float(np.dot(self.at_level, self._level_terms(r, alpha, a, b)))
        at_level_left = np.bincount(self.level, left, len(self.levels))
        gone = float(left.sum())
        by_rate = float(np.dot(left * power, rate[self.age] - rate[self.recency]))
        slope_r = (
            float(np.dot(self.at_level, digamma(r + self.levels) - digamma(r) + np.log(alpha)))
            - float(np.dot(self.at_age, log_time))
            + float(np.dot(left, gap))
        )
        slope_alpha = (
            self.customers * r / alpha
            - float(np.dot(r * self.at_age + self.orders_at_age, rate))
            + by_rate
        )
        both = digamma(a + b) - digamma(a + b + self.chances)
        slope_a = float(np.dot(self.at_level, both)) + gone / a
        stayed = both + digamma(b + self.chances) - digamma(b)
        slope_b = float(np.dot(self.at_level, stayed))
        slope_b -= float(np.dot(at_level_left, np.where(self.chances > 0, 1.0 / before, 0.0)))
        return value, np.array([slope_r * r, slope_alpha * alpha, slope_a * a, slope_b * b])

    def _level_terms(self, r: float, alpha: float, a: float, b: float) -> Floats:
        """What depends on the frequency alone."""
        x = self.levels
        counts = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        chances = self.chances
        stays = gammaln(b + chances) - gammaln(b) + gammaln(a + b) - gammaln(a + b + chances)
        return counts + stays


class BetaGeometric(OrderModel):
    """How many more orders to expect when customers may leave after any order.

    `may_leave_at_once`: after the first one too (MBG/NBD); else whoever bought once is taken to
    be here still, however long ago that was (BG/NBD).
    """

    parameters = ("r", "alpha", "a", "b")
    times = frozenset({"alpha"})
    leaving = frozenset({"a", "b"})
    bounds: Mapping[str, tuple[float, float]] = {
        "r": (1e-4, 1e3),
        "alpha": (1e-3, 1e6),
        "a": (1e-3, 1e3),
        "b": (1e-3, 1e5),
    }

    def __init__(self, name: str, *, may_leave_at_once: bool) -> None:
        self.name = name
        self.chances_before = 1 if may_leave_at_once else 0

    def likelihood(self, triples: Triples, days_in_unit: int = 1) -> Likelihood:
        """See `Likelihood`."""
        return Likelihood(triples, days_in_unit, chances_before=self.chances_before)

    def first_guess(self, days_an_order: float) -> Sequence[float]:
        """The shop's mean rate, and one in three leaving after an order."""
        return (0.5, 0.5 * days_an_order, 1.0, 2.0)

    def here(self, at: Floats, triples: Triples) -> Floats:
        """In BG/NBD 1 for whoever bought once, so as a sign of churn worse than chance."""
        r, alpha, a, b = at
        x = triples.frequency
        chances = x + self.chances_before
        gap = np.log1p((triples.age_days - triples.recency_days) / (alpha + triples.recency_days))
        odds = np.log(a / np.maximum(b + chances - 1.0, 1e-300)) + (r + x) * gap
        return np.where(chances > 0, np.exp(-np.logaddexp(0.0, odds)), 1.0)

    def returning_if_here(self, at: Floats, x: Ints, age: Floats, days: Days) -> Floats:
        """Leaving comes after an order, so only the rate decides."""
        r, alpha = at[:2]
        return -np.expm1(-(r + x) * np.log1p(days / (alpha + age)))

    def lost_if_here(self, at: Floats, x: Ints, age: Floats) -> Floats:
        """Nobody leaves without another order."""
        del at, age
        return np.zeros(len(x))

    def draw_if_here(self, at: Floats, x: Ints, age: Floats, days: float, random: Random) -> Ints:
        """Orders at a drawn rate, cut at a drawn last one."""
        r, alpha, a, b = at
        rate = random.gamma(r + x, 1.0 / (alpha + age))
        chance = np.maximum(random.beta(a, b + x + self.chances_before), 1e-12)
        return np.minimum(random.poisson(rate * days), random.geometric(chance))

    def coming_if_here(self, at: Floats, x: Ints, age: Floats, days: float) -> Floats:
        """A mean over the chance p of leaving.

        Given p, orders grow as (1 - (1 + p t / (alpha + T)) ** -(r + x)) / p, and p is
        Beta(a, b + x), or Beta(a, b + x + 1) where the first order was a chance to leave too.
        Gauss-Legendre over the log odds of p, the two ends in closed form, is right to 1e-5 for
        any parameters; the published 2F1 has poles at a = 1 and a + b + x = 1, and its library
        function gives NaN or noise for large a or b, which real shops do fit.
        """
        r, alpha, a, b = at
        levels, row = np.unique(x, return_inverse=True)
        power = r + x
        reach = days / (alpha + age)
        steepest = float((power * reach).max(initial=1.0))
        nodes = _leaving_nodes(a, b + levels + float(self.chances_before), steepest)
        orders = power * reach * nodes.below[row]
        orders += -np.expm1(-power * np.log1p(reach)) * nodes.above[row]
        for start in range(0, len(x), _CHUNK):
            part = slice(start, start + _CHUNK)
            chance = nodes.chance[row[part]]
            left = np.log1p(chance * reach[part, None])
            left *= -power[part, None]
            orders[part] -= np.einsum("ij,ij->i", nodes.weight[row[part]], np.expm1(left))
        return orders


@dataclass(frozen=True)
class _Nodes:
    """Chances of leaving with weights (already over the chance), and the mass at both ends."""

    chance: Floats
    weight: Floats
    below: Floats
    above: Floats


def _leaving_nodes(a: float, staying: Floats, steepest: float) -> _Nodes:
    """Nodes for Beta(a, staying), one row for each of `staying`.

    Under the lowest node the number of orders no longer depends on the chance of leaving.
    """
    lowest = np.fmax(betaincinv(a, staying, _TAIL), _FLAT / np.maximum(steepest, staying))
    lowest = np.minimum(lowest, 0.5)
    highest = np.minimum(np.fmax(betaincinv(staying, a, _TAIL), 1e-13), 0.5)
    start = logit(lowest)
    half = (-logit(highest) - start) / 2.0
    odds = start[:, None] + half[:, None] * (_PLACE + 1.0)
    log_chance, log_stay = log_expit(odds), log_expit(-odds)
    log_mass = (a - 1.0) * log_chance + staying[:, None] * log_stay
    log_mass -= betaln(a, staying)[:, None]
    return _Nodes(
        chance=np.exp(log_chance),
        weight=np.exp(log_mass) * _WEIGHT * half[:, None],
        below=betainc(a, staying, lowest),
        above=betainc(staying, a, highest),
    )
