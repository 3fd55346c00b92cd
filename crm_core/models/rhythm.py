"""What order and spend models make of the customers of one day, learned from that day's past alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crm_core.errors import CrmError
from crm_core.models import gamma_gamma
from crm_core.models.base import Fitted
from crm_core.models.order_models import ORDER_MODELS, order_model
from crm_core.models.snapshots import Snapshot
from crm_core.models.triples import Floats, Triples

_LEAST_CHANCE, _LEAST_MONEY = 1e-6, 0.01
_FADING = 3.0


@dataclass(frozen=True)
class Told:
    """What an order model says of distinct histories: orders to expect in some time, the chance
    of none, and that of not having left."""

    rows: Triples
    orders: Floats
    p_no_order: Floats
    here: Floats


@dataclass(frozen=True)
class Rhythm:
    """The shop's order and spend fits (`spend` None where too few came back and paid), its mean
    spend of an order day, and customer-days to an order."""

    orders: Fitted
    spend: Fitted | None
    mean_spend: float
    days_an_order: float

    @classmethod
    def learned(cls, snapshot: Snapshot, model: str) -> Rhythm:
        """Learned from the customers of a snapshot as they looked then.

        Raises: CrmError("not_enough_data") under 10 buyers or without a day of history.
        """
        orders = ORDER_MODELS[model].fit_triples(snapshot.triples, as_of=snapshot.origin)
        repeats = gamma_gamma.Spend.of(snapshot["frequency"], snapshot["repeat_cents"])
        try:
            spend = gamma_gamma.fit_spend(repeats, as_of=snapshot.origin)
        except CrmError:
            spend = None
        bought = float((snapshot["frequency"] + 1).sum())
        return cls(
            orders=orders,
            spend=spend,
            mean_spend=max(float(snapshot["cents"].sum()) / 100.0 / bought, 0.0),
            days_an_order=float(snapshot["age_days"].sum())
            / max(float(snapshot["frequency"].sum()), 1.0),
        )

    def p_no_order(self, snapshot: Snapshot, days: float) -> Floats:
        """Chance of no order in the next `days`, by the order model."""
        rows = snapshot.triples
        return snapshot.spread(rows, order_model(self.orders).p_no_order(self.orders, rows, days))

    def expected_orders(self, snapshot: Snapshot, days: float) -> Floats:
        """Orders to expect in the next `days`."""
        rows = snapshot.triples
        found = order_model(self.orders).expected_orders(self.orders, rows, days)
        return snapshot.spread(rows, found)

    def expected_spend(self, snapshot: Snapshot) -> Floats:
        """Spend to expect on an order day."""
        if self.spend is None:
            return np.full(len(snapshot), self.mean_spend)
        repeats = snapshot["repeat_cents"] / 100.0
        return gamma_gamma.expected_spend(self.spend, snapshot["frequency"], repeats)

    def expected_revenue(self, snapshot: Snapshot, days: float) -> Floats:
        """Revenue to expect in the next `days`."""
        return self.expected_orders(snapshot, days) * self.expected_spend(snapshot)

    def p_no_order_by_rate(self, snapshot: Snapshot, days: float) -> Floats:
        """Chance of no order by plain arithmetic: one's own rate, pulled towards the shop's, that
        fades the longer one is silent measured in one's own gaps."""
        seen = snapshot["age_days"] + self.days_an_order
        orders = snapshot["frequency"] + 1.0
        fading = np.exp(-snapshot.silent_days * orders / seen / _FADING)
        return np.exp(-orders * np.log1p(days * fading / seen))

    def told(self, rows: Triples, days: float) -> Told:
        """What the order model says of distinct histories for the next `days`."""
        model, fitted = order_model(self.orders), self.orders
        return Told(
            rows=rows,
            orders=model.expected_orders(fitted, rows, days),
            p_no_order=model.p_no_order(fitted, rows, days),
            here=model.here(model.at(fitted), rows),
        )

    def design(self, snapshot: Snapshot, days: float, told: Told | None = None) -> Floats:
        """What a learner sees: the plain facts and what these models make of them. `told`: of
        histories among which are these, where it was asked already."""
        told = told or self.told(snapshot.triples, days)
        orders, spend = snapshot.spread(told.rows, told.orders), self.expected_spend(snapshot)
        columns = [
            _log_odds(snapshot.spread(told.rows, told.p_no_order)),
            _log_odds(self.p_no_order_by_rate(snapshot, days)),
            _log_odds(snapshot.spread(told.rows, told.here)),
            np.log(orders + _LEAST_CHANCE),
            np.log(np.maximum(spend, _LEAST_MONEY)),
            np.log(orders * spend + _LEAST_CHANCE),
        ]
        return np.column_stack([snapshot.plain(), *columns])


@dataclass(frozen=True)
class Sight:
    """One past day: its customers, its rhythm, and what a learner sees of them."""

    snapshot: Snapshot
    rhythm: Rhythm

    @cached_property
    def design(self) -> Floats:
        """One row a customer."""
        return self.rhythm.design(self.snapshot, self.snapshot.horizon_days)

    @cached_property
    def expected(self) -> Floats:
        """Revenue that the order model expected of each customer in the horizon."""
        return self.rhythm.expected_revenue(self.snapshot, self.snapshot.horizon_days)


def _log_odds(chance: Floats) -> Floats:
    held = np.clip(chance, _LEAST_CHANCE, 1.0 - _LEAST_CHANCE)
    return np.log(held) - np.log1p(-held)
