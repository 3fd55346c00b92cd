"""How far off a value may be: of the whole shop's orders, and of one customer's orders and spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from crm_core.models.base import Fitted
from crm_core.models.optimise import covariance_at, step_near
from crm_core.models.order_models import order_model
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats, Ints, Triples

FITS = 200
ERRORS = 4

_MANY, _FITS_OF_MANY = 20_000, 40
_UNTRIED, _DEGREES = 0.1, 6


@dataclass(frozen=True)
class Range:
    """Between `low` and `high` in 80 of 100 cases, between `lowest` and `highest` in 95."""

    expected: float
    low: float
    high: float
    lowest: float
    highest: float


def bootstrap(fitted: Fitted, triples: Triples, *, seed: int, fits: int = FITS) -> Floats:
    """Parameters in days, one row a refit on as many customers drawn anew from the histories.

    Deterministic. Standard errors from here are wider and truer than those of the Hessian.
    """
    model, random = order_model(fitted), np.random.default_rng(seed)
    start, bounds = np.log(model.at(fitted)), model.log_bounds()
    share = triples.count / triples.customers
    found = np.empty((fits, len(start)))
    with one_thread():
        covariance = covariance_at(model.likelihood(triples), start)
        for place in range(fits):
            drawn = _drawn(triples, random.multinomial(triples.customers, share))
            found[place] = step_near(model.likelihood(drawn), start, covariance, bounds)
    return np.exp(found)


def _drawn(triples: Triples, count: Ints) -> Triples:
    """The histories drawn at least once."""
    kept = count > 0
    columns = (triples.frequency, triples.recency_days, triples.age_days, count)
    return Triples(*(column[kept] for column in columns))


def total_orders(
    fitted: Fitted,
    triples: Triples,
    horizon_days: float,
    *,
    past_errors: Sequence[float],
    seed: int,
) -> Range:
    """Orders of all customers together in the next `horizon_days`.

    Three things are uncertain: the parameters (refits), what each customer does (draws), and how
    far a stationary model is from this shop, which only its past tells: `past_errors` are the
    relative errors of earlier totals, newest first. The newest four count; each that is lacking
    counts as a miss of 10 %. They hold what customers did by chance too, so that counts once. What
    is left of them spreads as a Student's t of six degrees.
    """
    fits = FITS if len(triples) <= _MANY else _FITS_OF_MANY
    refits = bootstrap(fitted, triples, seed=seed, fits=fits)
    model = order_model(fitted)
    here = np.stack([model.here(at, triples) for at in refits])
    totals = drawn_totals(fitted, triples, horizon_days, refits=refits, here=here, seed=seed)
    expected = float(np.dot(triples.count, model.expected_orders(fitted, triples, horizon_days)))
    return spread(expected, totals, past_errors)


def drawn_totals(
    fitted: Fitted,
    triples: Triples,
    horizon_days: float,
    *,
    refits: Floats,
    here: Floats,
    seed: int,
) -> Floats:
    """Orders of all customers together, one draw for each row of `refits` (of `bootstrap`);
    `here` has the chances of being here still under each."""
    model, random = order_model(fitted), np.random.default_rng(seed)
    age = triples.age_days.astype(np.float64)
    totals = np.empty(len(refits))
    for place, (at, stays) in enumerate(zip(refits, here, strict=True)):
        coming = model.expected_at(at, triples, horizon_days, here=stays)
        drawn = model.draw_if_here(at, triples.frequency, age, horizon_days, random)
        drawn = np.where(random.random(len(triples)) < stays, drawn, 0)
        noise = np.sqrt(float(np.dot(triples.count, (drawn - coming) ** 2)))
        totals[place] = float(np.dot(triples.count, coming)) + noise * random.standard_normal()
    return totals


def spread(expected: float, totals: Floats, past_errors: Sequence[float]) -> Range:
    """The quantiles of what refits and draws give, widened to the errors of the past."""
    if expected <= 0:
        return Range(0.0, 0.0, 0.0, 0.0, 0.0)
    logs = np.log(np.maximum(totals, expected * 1e-3) / expected)
    errors = [float(np.log1p(error)) for error in past_errors[:ERRORS] if error > -1]
    errors += [_UNTRIED] * (ERRORS - len(errors))
    # Past errors hold refits and chance too: only what goes beyond these is the model's own.
    size = float(np.sqrt(max(np.mean(np.square(errors)) - np.var(logs), 0.0)))
    # Even quantiles of t against every draw: the sum of both, without another draw.
    place = (np.arange(200) + 0.5) / 200
    both = (logs[:, None] + size * student.ppf(place, _DEGREES)[None, :]).ravel()
    low, high, lowest, highest = expected * np.exp(np.quantile(both, [0.1, 0.9, 0.025, 0.975]))
    return Range(expected, float(low), float(high), float(lowest), float(highest))


@dataclass(frozen=True)
class Drawn:
    """Futures of customers, one row a customer, one column a draw."""

    orders: Floats
    revenue: Floats

    def bounds(self, low: float = 0.1, high: float = 0.9) -> tuple[Floats, Floats, Floats, Floats]:
        """Low and high orders, low and high revenue of each customer."""
        orders = np.quantile(self.orders, [low, high], axis=1)
        revenue = np.quantile(self.revenue, [low, high], axis=1)
        return orders[0], orders[1], revenue[0], revenue[1]


def draw_futures(
    parameters: Floats,
    orders: Fitted,
    spend: Fitted,
    rows: Triples,
    repeat_revenue: Floats,
    horizon_days: float,
    *,
    seed: int,
    here: Floats | None = None,
    times: int = 1,
) -> Drawn:
    """What each customer of `rows` may do in the next `horizon_days`, `times` draws for each row
    of `parameters` (of `bootstrap`): alive or not, a rate, orders, a personal mean, spend.

    `repeat_revenue` is that of the order days after the first, as for Gamma-Gamma. `here`: the
    chances of being here still under each row of parameters, where they were worked out already.
    """
    model, random = order_model(orders), np.random.default_rng(seed)
    p, q, v = (spend.parameters[name] for name in ("p", "q", "v"))
    came = np.empty((len(rows), len(parameters) * times))
    brought = np.zeros_like(came)
    total = np.maximum(repeat_revenue, 0.0)
    age, chance = rows.age_days.astype(np.float64), np.ones(len(rows))
    for place in range(came.shape[1]):
        at = parameters[place // times]
        chance = model.here(at, rows) if here is None else here[place // times]
        stays = random.random(len(rows)) < chance
        drawn = model.draw_if_here(at, rows.frequency, age, horizon_days, random)
        came[:, place] = np.where(stays, drawn, 0)
        scale = random.gamma(p * rows.frequency + q, 1.0 / (v + total))
        shape = np.maximum(p * came[:, place], 1e-12)
        spent = random.gamma(shape) / np.maximum(scale, 1e-12)
        brought[:, place] = np.where(came[:, place] > 0, spent, 0.0)
    return Drawn(came, brought)
