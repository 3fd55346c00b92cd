"""What an offer gives away: at each use, and in all of those who are written to."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from crm_core.audiences.members import members
from crm_core.audiences.outlook import expected_in
from crm_core.records import OfferTerms
from crm_core.rules import Rule
from crm_core.store import Store


@dataclass(frozen=True)
class Giving:
    """Of somebody written to: the chance to use an offer, and what that is expected to give away;
    `cap` is how many may use it."""

    uses: float = 0.0
    each: float = 0.0
    cap: int | None = None

    def of(self, people: int) -> float:
        """What so many people are given together: no more than the cap allows."""
        within = 1.0 if self.cap is None else min(1.0, self.cap / max(self.uses * people, 1e-12))
        return self.each * people * within


def given_away(terms: OfferTerms | None, order_value: ir.Value) -> ir.Value:
    """What one order with an offer loses: the lower price, never more than the order, and what the
    offer costs beside. An offer for some products is taken to hold for all of the order."""
    if terms is None:
        return ibis.literal(0.0)
    off = {"percent": order_value * (terms.value / 100), "amount": ibis.literal(terms.value)}
    lower = off.get(terms.kind, ibis.literal(0.0))
    return ibis.least(lower, order_value) + terms.cost


def giving(
    store: Store, rule: Rule, chosen: ir.Table, window_days: int, terms: OfferTerms, *, lift: float
) -> Giving:
    """What is given to those the rule picks who are in `chosen` (customer_key), each once: also
    to who would have bought without it. `lift` raises how often people order."""
    people = members(store, rule).semi_join(chosen, "customer_key")
    value = people.average_order_value.cast("float64").fill_null(0.0)
    worth = people.select("customer_key", away=given_away(terms, value))
    told = expected_in(people, window_days).join(worth, "customer_key")
    use = use_chance(told.orders, lift)
    row = store.fetch(told.agg(uses=use.mean(), each=(use * told.away).mean())).iloc[0]
    uses, each = (float(row[name]) for name in ("uses", "each"))
    return Giving(uses, each, terms.cap) if uses == uses else Giving(cap=terms.cap)


def use_chance(orders: ir.Value, lift: float) -> ir.Value:
    """The chance of at least one order where so many are expected and a message raises that."""
    return 1.0 - (orders * -(1.0 + lift)).exp()
