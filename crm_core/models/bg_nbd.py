"""How many more orders to expect from each customer, and how likely none at all: BG/NBD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

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

from crm_core.models.base import DAYS_IN, Fitted, TimeUnit, need
from crm_core.models.holdout import compared, read_holdout
from crm_core.models.optimise import Floats, maximise
from crm_core.models.triples import Ints, Triples, read_triples
from crm_core.store import Tables

NAME = "bg_nbd"
PARAMETERS = ("r", "alpha", "a", "b")

_MIN_BUYERS = 10
_VAGUE = 2.0
_NODES, _CHUNK = 96, 4096
_TAIL, _FLAT = 1e-14, 1e-9
# alpha is bounded in days; a shop's rate of orders lies far inside.
_BOUNDS = {"r": (1e-4, 1e3), "alpha": (1e-3, 1e6), "a": (1e-3, 1e3), "b": (1e-3, 1e5)}


class Likelihood:
    """Log-likelihood of the distinct histories with its gradient, in log r, alpha, a, b.

    Every special function is taken once per frequency or per day, not per history: the tables
    are indexed by the integers themselves. Histories without a repeat need no tables at all.
    Time is in `days_in_unit` days. Source: Fader, Hardie & Lee (2005), equation 6.
    """

    def __init__(self, triples: Triples, days_in_unit: int = 1) -> None:
        weight = triples.count.astype(np.float64)
        self.customers = float(weight.sum())
        self.levels = np.arange(int(triples.frequency.max(initial=0)) + 1, dtype=np.float64)
        self.days = np.arange(triples.history_days + 1, dtype=np.float64) / days_in_unit
        self.at_level = np.bincount(triples.frequency, weight, len(self.levels))
        self.at_age = np.bincount(triples.age_days, weight, len(self.days))
        self.orders_at_age = np.bincount(
            triples.age_days, weight * triples.frequency, len(self.days)
        )
        came_back = triples.frequency > 0
        self.level = triples.frequency[came_back]
        self.x = self.level.astype(np.float64)
        self.recency = triples.recency_days[came_back]
        self.age = triples.age_days[came_back]
        self.weight = weight[came_back]

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        """Value and gradient at the logarithms of r, alpha, a, b."""
        r, alpha, a, b = np.exp(log_parameters)
        log_time = np.log(alpha + self.days)
        rate = 1.0 / (alpha + self.days)
        gap = log_time[self.age] - log_time[self.recency]
        power = r + self.x
        # b - 1 may be negative at level 0, which no repeat buyer has.
        leaving = np.log(a / np.maximum(b + self.levels - 1.0, 1e-300))
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
        both = digamma(a + b) - digamma(a + b + self.levels)
        slope_a = float(np.dot(self.at_level, both)) + gone / a
        slope_b = float(
            np.dot(self.at_level, both + digamma(b + self.levels) - digamma(b))
        ) - float(np.dot(at_level_left[1:], 1.0 / (b + self.levels[1:] - 1.0)))
        return value, np.array([slope_r * r, slope_alpha * alpha, slope_a * a, slope_b * b])

    def _level_terms(self, r: float, alpha: float, a: float, b: float) -> Floats:
        """What depends on the frequency alone."""
        x = self.levels
        counts = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stays = gammaln(b + x) - gammaln(b) + gammaln(a + b) - gammaln(a + b + x)
        return counts + stays


def fit(store: Tables, *, as_of: date, time_unit: TimeUnit = "day") -> Fitted:
    """Learns the shop's buying rhythm from its purchase days up to `as_of`."""
    return fit_triples(read_triples(store, as_of), as_of=as_of, time_unit=time_unit)


def fit_triples(triples: Triples, *, as_of: date, time_unit: TimeUnit = "day") -> Fitted:
    """Learns the rhythm of distinct purchase histories.

    Assumes each customer buys at a steady personal rate and may leave, unseen, after any order.
    Warns `all_one_time_buyers` when nobody came back, and `dropout_not_identified` when the
    data do not tell how fast customers leave: expectations then rest on the rate alone.
    Raises: CrmError("not_enough_data") under 10 buyers or without a day of history.
    Source: Fader, Hardie & Lee (2005), Marketing Science 24, 275-284.
    """
    need(NAME, buyers=(triples.customers, _MIN_BUYERS), history_days=(triples.history_days, 1))
    unit = DAYS_IN[time_unit]
    likelihood = Likelihood(triples, unit)
    bounds = [tuple(np.log(_BOUNDS[name])) for name in PARAMETERS]
    bounds[1] = tuple(np.log(np.array(_BOUNDS["alpha"]) / unit))
    found = maximise(likelihood, _start(triples, unit), bounds)
    values = np.exp(found.log_parameters)
    errors = values * found.errors
    vague = bool(found.at_bound[2:].any() or not np.all(found.errors[2:] < _VAGUE))
    nobody = triples.having(1) == 0
    return Fitted(
        model=NAME,
        as_of=as_of,
        time_unit=time_unit,
        parameters=dict(zip(PARAMETERS, map(float, values), strict=True)),
        standard_errors={
            name: float(error) if np.isfinite(error) else None
            for name, error in zip(PARAMETERS, errors, strict=True)
        },
        log_likelihood=found.log_likelihood,
        customers=triples.customers,
        distinct=len(triples),
        fingerprint=triples.fingerprint,
        warnings=("all_one_time_buyers",) * nobody + ("dropout_not_identified",) * vague,
    )


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """How well the purchase days of a later period were foreseen, beside simple rules."""
    rows: list[dict[str, object]] = []
    for origin in origins:
        seen = read_holdout(store, origin, horizon_days)
        fitted = fit_triples(seen.triples, as_of=origin)
        coming = seen.spread(expected_orders(fitted, seen.triples, horizon_days))
        mean = float(seen.cents.sum()) / 100.0 / float((seen.frequency + 1).sum())
        methods = {NAME: (coming, coming * mean), **seen.baselines()}
        rows += compared(seen, methods, of="orders")
    return rows


def _start(triples: Triples, unit: int) -> list[float]:
    """A first guess: the shop's mean rate, and one in three leaving after an order."""
    orders = max(float(np.dot(triples.frequency, triples.count)), 1.0)
    days = max(float(np.dot(triples.age_days, triples.count)), 1.0)
    r = 0.5
    return [np.log(r), np.log(r * days / unit / orders), 0.0, np.log(2.0)]


@dataclass(frozen=True)
class _Rhythm:
    """The four numbers of a fit, time in days."""

    r: float
    alpha: float
    a: float
    b: float


def _rhythm(fitted: Fitted) -> _Rhythm:
    given = fitted.parameters
    return _Rhythm(given["r"], given["alpha"] * fitted.days_in_unit, given["a"], given["b"])


def expected_orders(fitted: Fitted, triples: Triples, horizon_days: float) -> Floats:
    """Expected purchase days in the next `horizon_days` for each history; in the row order of
    `triples`. Finite and not negative for any history.

    Source: Fader, Hardie & Lee (2005), the mean behind equation 10, by quadrature.
    """
    rhythm = _rhythm(fitted)
    # The costly part does not depend on recency: taken once for each (frequency, age).
    reach = triples.history_days + 1
    key, where = np.unique(triples.frequency * reach + triples.age_days, return_inverse=True)
    if_here = _orders_if_here(rhythm, key // reach, (key % reach).astype(np.float64), horizon_days)
    return _still_here(rhythm, triples) * if_here[where]


def expected_orders_new(fitted: Fitted, days: float) -> float:
    """Expected purchase days of a new customer in the `days` after the first one."""
    zero = np.zeros(1)
    return float(_orders_if_here(_rhythm(fitted), zero.astype(np.int64), zero, days)[0])


def p_no_order(fitted: Fitted, triples: Triples, horizon_days: float) -> Floats:
    """Chance of no order in the next `horizon_days`, whatever the reason: away or just quiet.

    The likelihood of the history with that much more silence over that of the history so far.
    """
    rhythm = _rhythm(fitted)
    waited = rhythm.alpha + triples.age_days
    quiet = np.exp(-(rhythm.r + triples.frequency) * np.log1p(horizon_days / waited))
    return 1.0 - _still_here(rhythm, triples) * (1.0 - quiet)


def _still_here(rhythm: _Rhythm, triples: Triples) -> Floats:
    """The model's own inner term, never shown: it is 1 for whoever bought once, so as a sign of
    churn it ranks worse than chance. `p_no_order` is the figure to show."""
    x = triples.frequency
    gap = np.log1p(
        (triples.age_days - triples.recency_days) / (rhythm.alpha + triples.recency_days)
    )
    odds = np.log(rhythm.a / np.maximum(rhythm.b + x - 1.0, 1e-300)) + (rhythm.r + x) * gap
    return np.where(x > 0, np.exp(-np.logaddexp(0.0, odds)), 1.0)


def _orders_if_here(rhythm: _Rhythm, x: Ints, age: Floats, horizon_days: float) -> Floats:
    """Expected orders of someone who has not left: a mean over the chance p of leaving.

    Given p, orders grow as (1 - (1 + p t / (alpha + T)) ** -(r + x)) / p, and p is
    Beta(a, b + x). Gauss-Legendre over the log odds of p, the two ends in closed form, is right
    to 1e-5 for any parameters; the published 2F1 has poles at a = 1 and a + b + x = 1, and its
    library function gives NaN or noise for large a or b, which real shops do fit.
    """
    levels, row = np.unique(x, return_inverse=True)
    power = rhythm.r + x
    reach = horizon_days / (rhythm.alpha + age)
    steepest = float((power * reach).max(initial=1.0))
    nodes = _leaving_nodes(rhythm.a, rhythm.b + levels.astype(np.float64), steepest)
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
    """Nodes for Beta(a, b + x), one row for each of `staying` = b + x.

    Under the lowest node the number of orders no longer depends on the chance of leaving.
    """
    lowest = np.fmax(betaincinv(a, staying, _TAIL), _FLAT / np.maximum(steepest, staying))
    lowest = np.minimum(lowest, 0.5)
    highest = np.minimum(np.fmax(betaincinv(staying, a, _TAIL), 1e-13), 0.5)
    start = logit(lowest)
    half = (-logit(highest) - start) / 2.0
    place, weight = np.polynomial.legendre.leggauss(_NODES)
    odds = start[:, None] + half[:, None] * (place + 1.0)
    log_chance, log_stay = log_expit(odds), log_expit(-odds)
    log_mass = (a - 1.0) * log_chance + staying[:, None] * log_stay
    log_mass -= betaln(a, staying)[:, None]
    return _Nodes(
        chance=np.exp(log_chance),
        weight=np.exp(log_mass) * weight * half[:, None],
        below=betainc(a, staying, lowest),
        above=betainc(staying, a, highest),
    )
