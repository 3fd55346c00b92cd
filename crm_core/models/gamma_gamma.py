"""How much a customer spends on an order day, pulled towards the shop where little is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from crm_core.models import measures
from crm_core.models.base import Fitted, need
from crm_core.models.holdout import read_holdout
from crm_core.models.optimise import Floats, Optimum, maximise
from crm_core.models.triples import Ints, fingerprint_of, read_columns, spend_history
from crm_core.store import Tables

NAME = "gamma_gamma"
PARAMETERS = ("p", "q", "v")

_MIN_REPEAT_BUYERS = 10
_CORRELATED = 0.3
_LARGEST = 1e4
_LEAST_ABOVE_ONE = 0.01


@dataclass(frozen=True)
class Spend:
    """How many customers share each (repeat purchase days, revenue of these days in cents).

    Only whole cents and only customers whose repeat days brought something: a mean of nothing
    has no logarithm. Rows are distinct and sorted.
    """

    frequency: Ints
    repeat_cents: Ints
    count: Ints

    @classmethod
    def of(
        cls,
        frequency: npt.ArrayLike,
        repeat_cents: npt.ArrayLike,
        count: npt.ArrayLike | None = None,
    ) -> Spend:
        """Distinct rows from customers in any order; first-time and unpaid ones are left out.

        >>> Spend.of([1, 0, 2, 1], [500, 0, 900, 500]).count.tolist()
        [2, 1]
        """
        x, cents = np.asarray(frequency, np.int64), np.asarray(repeat_cents, np.int64)
        weight = np.ones_like(x) if count is None else np.asarray(count, np.int64)
        kept = (x > 0) & (cents > 0)
        x, cents, weight = x[kept], cents[kept], weight[kept]
        order = np.lexsort((cents, x))
        x, cents, weight = x[order], cents[order], weight[order]
        fresh = np.flatnonzero((np.diff(x, prepend=-1) != 0) | (np.diff(cents, prepend=-1) != 0))
        summed = np.add.reduceat(weight, fresh) if len(fresh) else weight
        return cls(x[fresh], cents[fresh], summed)

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def customers(self) -> int:
        """How many customers the rows stand for."""
        return int(self.count.sum())

    @property
    def mean(self) -> float:
        """Revenue of an average repeat day, in currency."""
        days = float(np.dot(self.frequency, self.count))
        return float(np.dot(self.repeat_cents, self.count)) / days / 100.0


class Likelihood:
    """Log-likelihood of mean spends with its gradient in p, q, v (money in `scale` units).

    Only ln(v + total) differs between customers of one frequency; the rest are sums taken once.
    Source: Fader & Hardie (2013), "The Gamma-Gamma model of monetary value", equation 1a.
    """

    def __init__(self, spend: Spend, scale: float) -> None:
        weight = spend.count.astype(np.float64)
        self.total = spend.repeat_cents / 100.0 / scale
        self.levels = np.unique(spend.frequency).astype(np.float64)
        self.at_level = np.bincount(np.searchsorted(self.levels, spend.frequency), weight)
        self.weight, self.orders = weight, weight * spend.frequency
        self.log_totals = float(np.dot(self.orders, np.log(self.total)))
        self.log_means = float(np.dot(weight, np.log(self.total / spend.frequency)))
        self.customers = float(weight.sum())

    def __call__(self, p: float, q: float, v: float) -> tuple[float, Floats]:
        """Value and slopes in p, q, v."""
        logs, shares = np.log(v + self.total), 1.0 / (v + self.total)
        by_orders, by_weight = float(np.dot(self.orders, logs)), float(np.dot(self.weight, logs))
        shape = p * self.levels
        value = float(np.dot(self.at_level, gammaln(shape + q) - gammaln(shape)))
        value += self.customers * (q * np.log(v) - gammaln(q))
        value += p * (self.log_totals - by_orders) - self.log_means - q * by_weight
        together = digamma(shape + q)
        slope_p = float(np.dot(self.at_level * self.levels, together - digamma(shape)))
        slope_p += self.log_totals - by_orders
        slope_q = float(np.dot(self.at_level, together - digamma(q)))
        slope_q += self.customers * np.log(v) - by_weight
        slope_v = self.customers * q / v - float(np.dot(p * self.orders + q * self.weight, shares))
        return value, np.array([slope_p, slope_q, slope_v])


def read_spend(store: Tables, as_of: date) -> Spend:
    """The shop's distinct (frequency, repeat revenue) as of a day, counted in the engine."""
    history = spend_history(store, as_of)
    back = history.filter((history.frequency > 0) & (history.repeat_cents > 0))
    counted = back.group_by("frequency", "repeat_cents").agg(count=back.count().cast("int64"))
    return Spend.of(*read_columns(store, counted))


def fit(store: Tables, *, as_of: date, time_unit: str = "day") -> Fitted:
    """Learns how spend per order day differs between this shop's customers; no time in it."""
    del time_unit
    return fit_spend(read_spend(store, as_of), as_of=as_of)


def fit_spend(spend: Spend, *, as_of: date) -> Fitted:
    """Learns from the mean spend of repeat days, in currency.

    Assumes spend varies around a personal mean that has nothing to do with how often one buys;
    warns `spend_correlates_with_frequency` where it does (Spearman .3 or more). Warns
    `spend_hardly_differs` where customers are all alike, and `spend_mean_uncertain` where the
    fitted tail has no mean: the population mean is then held at the observed one.
    Raises: CrmError("not_enough_data") under 10 customers who came back and paid.
    Source: Fader, Hardie & Lee (2005), "RFM and CLV", JMR 42, 415-430.
    """
    need(NAME, repeat_buyers=(spend.customers, _MIN_REPEAT_BUYERS))
    scale = spend.mean
    likelihood = Likelihood(spend, scale)
    found = _free(likelihood)
    p, q, v = _free_values(found.log_parameters)
    alike = bool(found.at_bound.any()) or q >= _LARGEST / 2
    uncertain = q <= 1.0 + _LEAST_ABOVE_ONE
    slopes = np.array([[1.0, 0, 0], [0, 1.0, 0], [-1.0, 1.0, 1.0]])
    errors: Mapping[str, float | None] = _errors(found, slopes, (p, q, v * scale))
    if uncertain:
        found = _mean_held(likelihood)
        p, q, v = _held_values(found.log_parameters)
        errors = dict[str, float | None].fromkeys(PARAMETERS)
    related = abs(_correlation(spend)) >= _CORRELATED
    warned = {
        "spend_correlates_with_frequency": related,
        "spend_hardly_differs": alike and not uncertain,
        "spend_mean_uncertain": uncertain,
    }
    return Fitted(
        model=NAME,
        as_of=as_of,
        time_unit="day",
        parameters={"p": float(p), "q": float(q), "v": float(v * scale)},
        standard_errors=errors,
        # A density of money: per currency unit, whatever unit the fit was made in.
        log_likelihood=found.log_likelihood - likelihood.customers * float(np.log(scale)),
        customers=spend.customers,
        distinct=len(spend),
        fingerprint=fingerprint_of(spend.frequency, spend.repeat_cents, spend.count),
        warnings=tuple(code for code, is_so in warned.items() if is_so),
    )


def _free(likelihood: Likelihood) -> Optimum:
    """The fit in ln p, ln q and ln (v p / q): the ridge of like customers runs along one axis."""

    def objective(point: Floats) -> tuple[float, Floats]:
        p, q, v = _free_values(point)
        value, (by_p, by_q, by_v) = likelihood(p, q, v)
        return value, np.array([p * by_p - v * by_v, q * by_q + v * by_v, v * by_v])

    limit = float(np.log(_LARGEST))
    bounds = [(-7.0, limit), (-7.0, limit), (-20.0, 20.0)]
    return maximise(objective, [np.log(2.0), np.log(3.0), 0.0], bounds)


def _free_values(point: Floats) -> Floats:
    p, q, ratio = np.exp(point)
    return np.array([p, q, ratio * q / p])


def _mean_held(likelihood: Likelihood) -> Optimum:
    """The fit in ln p, ln (q - 1) with v such that p v / (q - 1) is the observed mean (1)."""

    def objective(point: Floats) -> tuple[float, Floats]:
        p, q, v = _held_values(point)
        value, (by_p, by_q, by_v) = likelihood(p, q, v)
        return value, np.array([p * by_p - v * by_v, (q - 1.0) * by_q + v * by_v])

    limit = float(np.log(_LARGEST))
    return maximise(objective, [0.0, 0.0], [(-7.0, limit), (np.log(_LEAST_ABOVE_ONE), limit)])


def _held_values(point: Floats) -> Floats:
    p, over = np.exp(point)
    return np.array([p, 1.0 + over, over / p])


def _errors(found: Optimum, slopes: Floats, values: Sequence[float]) -> Mapping[str, float | None]:
    """Standard errors of p, q, v from the covariance of the fitted logarithms."""
    spread = np.sqrt(np.einsum("ij,jk,ik->i", slopes, found.covariance, slopes))
    return {
        name: float(value * error) if np.isfinite(error) else None
        for name, value, error in zip(PARAMETERS, values, spread, strict=True)
    }


def _correlation(spend: Spend) -> float:
    means = spend.repeat_cents / spend.frequency
    return measures.spearman(spend.frequency, means, weight=spend.count) or 0.0


def expected_spend(
    fitted: Fitted, frequency: npt.ArrayLike, repeat_revenue: npt.ArrayLike
) -> Floats:
    """Expected revenue of an order day, in currency, from what the repeat days brought.

    Someone without a repeat day gets the shop's mean; negative revenue counts as none.
    """
    p, q, v = (fitted.parameters[name] for name in PARAMETERS)
    x = np.asarray(frequency, dtype=np.float64)
    total = np.maximum(np.asarray(repeat_revenue, dtype=np.float64), 0.0)
    return p * (v + total) / (p * x + q - 1.0)


def expected_spend_expr(fitted: Fitted, history: ir.Table) -> ir.FloatingValue:
    """The same as a column over `spend_history`, computed in the engine."""
    p, q = (fitted.parameters[name] for name in ("p", "q"))
    return (
        money_seen(fitted, history)
        * p
        / (history.frequency.cast("float64") * p + (q - 1.0)).nullif(0.0)
    )


def money_seen(fitted: Fitted, history: ir.Table) -> ir.FloatingValue:
    """What the repeat days brought, and what counts as seen of everybody: all that is to be said
    of a customer's spend grows with it."""
    total = (history.repeat_cents.cast("float64") / 100.0).clip(lower=0.0)
    return total + fitted.parameters["v"]


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """How well the spend per order day of those who came again was foreseen.

    Customers with a repeat day before the origin and an order in the period after it; beside
    the shop's mean for everyone and each customer's own mean.
    """
    rows: list[dict[str, object]] = []
    for origin in origins:
        seen = read_holdout(store, origin, horizon_days)
        fitted = fit(store, as_of=origin)
        came = (seen.frequency > 0) & (seen.next_orders > 0)
        need(NAME, returning_buyers=(int(came.sum()), 1))
        x, bought = seen.frequency[came], seen.next_orders[came]
        own = seen.repeat_cents[came] / 100.0 / x
        shop = float(seen.cents.sum()) / 100.0 / float((seen.frequency + 1).sum())
        methods = {
            NAME: expected_spend(fitted, x, seen.repeat_cents[came] / 100.0),
            "naive_mean": np.full(len(own), shop),
            "naive_own_mean": own,
        }
        actual = seen.next_cents[came] / 100.0
        for method, said in methods.items():
            rows.append(
                {
                    "method": method,
                    "origin": origin.isoformat(),
                    "horizon_days": horizon_days,
                    "spend_error": measures.spend_error(actual, said * bought),
                    "mae": measures.mae(actual / bought, said),
                    "rmse": measures.rmse(actual / bought, said),
                    "spearman": measures.spearman(actual / bought, said),
                }
            )
    return rows
