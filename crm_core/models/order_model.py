"""What the models of when customers order have in common: fit, expectations, chances, draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np

from crm_core.models.base import DAYS_IN, Fitted, TimeUnit, need
from crm_core.models.holdout import compared, read_holdout
from crm_core.models.optimise import Floats, Objective, Optimum, climb, maximise
from crm_core.models.triples import Ints, Triples, read_triples
from crm_core.store import Tables

Days = float | Floats
Random = np.random.Generator

_MIN_BUYERS = 10
_VAGUE = 2.0
_CLOSE = 1e-10
_HALVINGS = 18  # to minutes in a year


class OrderModel(ABC):
    """A hidden rate of ordering and a hidden moment of leaving, learned from distinct histories.

    A subclass says how histories come about; all that is asked of a fit follows from that. Its
    inner functions take parameters `at` in their order, time in days. "Here" is the model's own
    inner state: someone who has not left for good.
    """

    name: str
    parameters: tuple[str, ...]
    times: frozenset[str]
    leaving: frozenset[str]
    # In days; the numbers of any shop lie far inside.
    bounds: Mapping[str, tuple[float, float]]

    @abstractmethod
    def likelihood(self, triples: Triples, days_in_unit: int = 1) -> Objective:
        """Log-likelihood of the histories and its gradient, in the logarithms of `parameters`."""

    @abstractmethod
    def first_guess(self, days_an_order: float) -> Sequence[float]:
        """Where the search for parameters starts, in their order."""

    @abstractmethod
    def here(self, at: Floats, triples: Triples) -> Floats:
        """Chance that the customers of a history have not left."""

    @abstractmethod
    def coming_if_here(self, at: Floats, x: Ints, age: Floats, days: float) -> Floats:
        """Expected orders in the next `days` of those who have not left."""

    @abstractmethod
    def returning_if_here(self, at: Floats, x: Ints, age: Floats, days: Days) -> Floats:
        """Chance of an order in the next `days` of those who have not left."""

    @abstractmethod
    def lost_if_here(self, at: Floats, x: Ints, age: Floats) -> Floats:
        """Chance that those who have not left leave without another order."""

    @abstractmethod
    def draw_if_here(self, at: Floats, x: Ints, age: Floats, days: float, random: Random) -> Ints:
        """Orders in the next `days` of those who have not left, one draw each."""

    def fit(self, store: Tables, *, as_of: date, time_unit: TimeUnit = "day") -> Fitted:
        """Learns the shop's buying rhythm from its purchase days up to `as_of`."""
        return self.fit_triples(read_triples(store, as_of), as_of=as_of, time_unit=time_unit)

    def fit_triples(self, triples: Triples, *, as_of: date, time_unit: TimeUnit = "day") -> Fitted:
        """Learns the rhythm of distinct purchase histories.

        Warns `all_one_time_buyers` when nobody came back, and `dropout_not_identified` when the
        data do not tell how fast customers leave: expectations then rest on the rate alone.
        Raises: CrmError("not_enough_data") under 10 buyers or without a day of history.
        """
        found = self.search(triples, time_unit=time_unit)
        values = np.exp(found.log_parameters)
        errors = values * found.errors
        leaving = [name in self.leaving for name in self.parameters]
        told = np.all(found.errors[leaving] < _VAGUE) and not found.at_bound[leaving].any()
        nobody = triples.having(1) == 0
        return Fitted(
            model=self.name,
            as_of=as_of,
            time_unit=time_unit,
            parameters=dict(zip(self.parameters, map(float, values), strict=True)),
            standard_errors={
                name: float(error) if np.isfinite(error) else None
                for name, error in zip(self.parameters, errors, strict=True)
            },
            log_likelihood=found.log_likelihood,
            customers=triples.customers,
            distinct=len(triples),
            fingerprint=triples.fingerprint,
            warnings=("all_one_time_buyers",) * nobody + ("dropout_not_identified",) * (not told),
        )

    def search(self, triples: Triples, *, time_unit: TimeUnit = "day") -> Optimum:
        """The parameters of highest likelihood, in logarithms, and how sure they are."""
        unit = DAYS_IN[time_unit]
        start = self._start(triples, unit)
        return maximise(self.likelihood(triples, unit), start, self.log_bounds(unit))

    def learned_at(self, triples: Triples) -> Floats:
        """The parameters of highest likelihood, time in days: where how sure they are does not
        matter."""
        likelihood, start = self.likelihood(triples), self._start(triples, 1)
        return np.exp(climb(likelihood, start, self.log_bounds(), tolerance=_CLOSE))

    def _start(self, triples: Triples, unit: int) -> list[float]:
        need(
            self.name,
            buyers=(triples.customers, _MIN_BUYERS),
            history_days=(triples.history_days, 1),
        )
        orders = max(float(np.dot(triples.frequency, triples.count)), 1.0)
        days = max(float(np.dot(triples.age_days, triples.count)), 1.0)
        return list(np.log(self.first_guess(days / unit / orders)))

    def log_bounds(self, days_in_unit: int = 1) -> list[tuple[float, float]]:
        """What the logarithms of the parameters stay between."""
        found: list[tuple[float, float]] = []
        for name in self.parameters:
            low, high = np.log(self.bounds[name])
            shift = float(np.log(days_in_unit)) if name in self.times else 0.0
            found.append((float(low) - shift, float(high) - shift))
        return found

    def at(self, fitted: Fitted) -> Floats:
        """The parameters of a fit in their order, time in days."""
        return np.array(
            [
                fitted.parameters[name] * (fitted.days_in_unit if name in self.times else 1)
                for name in self.parameters
            ]
        )

    def expected_orders(self, fitted: Fitted, triples: Triples, horizon_days: float) -> Floats:
        """Expected purchase days in the next `horizon_days` for each history; in the row order
        of `triples`. Finite and not negative for any history."""
        return self.expected_at(self.at(fitted), triples, horizon_days)

    def expected_at(
        self, at: Floats, triples: Triples, horizon_days: float, *, here: Floats | None = None
    ) -> Floats:
        """The same under parameters given in days. `here`: the chance of each history not to have
        left, where it was worked out already."""
        coming = _each(triples, lambda x, age: self.coming_if_here(at, x, age, horizon_days))
        return (self.here(at, triples) if here is None else here) * coming

    def expected_orders_new(self, fitted: Fitted, days: float) -> float:
        """Expected purchase days of a new customer in the `days` after the first one."""
        return float(self.expected_orders(fitted, Triples.of([0], [0], [0]), days)[0])

    def p_no_order(self, fitted: Fitted, triples: Triples, horizon_days: float) -> Floats:
        """Chance of no order in the next `horizon_days`, whatever the reason: away or just quiet.

        The likelihood of the history with that much more silence over that of the history so far.
        """
        at = self.at(fitted)
        again = _each(triples, lambda x, age: self.returning_if_here(at, x, age, horizon_days))
        return np.clip(1.0 - self.here(at, triples) * again, 0.0, 1.0)

    def p_never(self, fitted: Fitted, triples: Triples) -> Floats:
        """Chance of no order ever again."""
        at = self.at(fitted)
        lost = _each(triples, lambda x, age: self.lost_if_here(at, x, age))
        return np.clip(1.0 - self.here(at, triples) * (1.0 - lost), 0.0, 1.0)

    def p_alive(self, fitted: Fitted, triples: Triples) -> Floats | None:
        """Chance that a customer has not left for good; None where the data do not tell how fast
        customers leave. Nobody can check it, and it says nothing about the weeks ahead:
        `p_no_order` is the figure to show as churn, never one minus this."""
        if "dropout_not_identified" in fitted.warnings:
            return None
        return self.here(self.at(fitted), triples)

    def next_order_days(
        self, fitted: Fitted, triples: Triples, horizon_days: float, levels: Sequence[float]
    ) -> Floats:
        """Days until the next order, given that it comes within `horizon_days`: one row a
        history, one column for each of `levels` (.1 is the day by which one in ten came).

        Means little without the chance of coming at all, 1 - `p_no_order`, beside it.
        """
        at = self.at(fitted)

        def days_until(x: Ints, age: Floats, level: float) -> Floats:
            wanted = level * self.returning_if_here(at, x, age, horizon_days)
            low, high = np.zeros(len(x)), np.full(len(x), float(horizon_days))
            for _ in range(_HALVINGS):
                middle = (low + high) / 2.0
                late = self.returning_if_here(at, x, age, middle) < wanted
                low, high = np.where(late, middle, low), np.where(late, high, middle)
            return (low + high) / 2.0

        columns = [
            _each(triples, lambda x, age, level=level: days_until(x, age, level))
            for level in levels
        ]
        return np.stack(columns, axis=1)

    def draw(self, at: Floats, triples: Triples, horizon_days: float, random: Random) -> Ints:
        """Orders of the next `horizon_days`, one draw for each row of `triples`."""
        stays = random.random(len(triples)) < self.here(at, triples)
        age = triples.age_days.astype(np.float64)
        drawn = self.draw_if_here(at, triples.frequency, age, horizon_days, random)
        return np.where(stays, drawn, 0)

    def validate(
        self, store: Tables, *, origins: Sequence[date], horizon_days: int
    ) -> list[dict[str, object]]:
        """How well the purchase days of a later period were foreseen, beside simple rules."""
        rows: list[dict[str, object]] = []
        for origin in origins:
            seen = read_holdout(store, origin, horizon_days)
            fitted = self.fit_triples(seen.triples, as_of=origin)
            coming = seen.spread(self.expected_orders(fitted, seen.triples, horizon_days))
            mean = float(seen.cents.sum()) / 100.0 / float((seen.frequency + 1).sum())
            methods = {self.name: (coming, coming * mean), **seen.baselines()}
            rows += compared(seen, methods, of="orders")
        return rows


def _each(triples: Triples, of: Callable[[Ints, Floats], Floats]) -> Floats:
    """A costly figure that does not depend on recency, taken once for each (frequency, age)."""
    reach = triples.history_days + 1
    key, where = np.unique(triples.frequency * reach + triples.age_days, return_inverse=True)
    return of(key // reach, (key % reach).astype(np.float64))[where]
