"""Which people of a draft get which offer under a budget, from what is expected of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from crm_core.audiences.budget import NONE, Options, Plan, Step, best_plan, profit_curve
from crm_core.audiences.eligible import judged
from crm_core.audiences.members import members
from crm_core.audiences.outlook import expected_in
from crm_core.pipeline.campaigns import Terms, rule_in
from crm_core.records import CampaignPlan, OfferTerms
from crm_core.store import Store

_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Choosable:
    """An offer (None: a message alone) and what it is taken to add to a margin (a share)."""

    terms: OfferTerms | None
    lift: float

    @property
    def cap(self) -> float:
        """How many may get it."""
        return inf if self.terms is None or self.terms.cap is None else float(self.terms.cap)

    def given_away(self, order_value: np.ndarray) -> np.ndarray:
        """What an order with it loses: the lower price, never more than the order, and its cost."""
        if self.terms is None:
            return np.zeros(len(order_value))
        off = {"percent": order_value * self.terms.value / 100, "amount": self.terms.value}
        lower = np.minimum(off.get(self.terms.kind, 0.0), order_value)
        return lower + self.terms.cost


@dataclass(frozen=True)
class Budgeted:
    """The best choice under a budget. `by_offer` counts people; `least` is the contribution
    expected in a year from which on people were chosen, where that alone tells who was.

    Gain is p_buy x margin of an order x lift, less what offers give away, by the lifts given.
    """

    people: int
    by_offer: tuple[int, ...]
    plan: Plan
    curve: tuple[Step, ...]
    least: float | None


def budgeted(
    store: Store,
    plan: CampaignPlan,
    terms: Terms,
    offers: Sequence[Choosable],
    *,
    budget: float,
    spread: float,
) -> Budgeted:
    """Chooses among the people who may be in a draft; `spread` is how far the lift may be off to
    either side, as a share of itself.

    Raises: CrmError of the rules, ("no_scores").
    """
    expected, yearly = _expected(store, plan, terms)
    p_buy, margin, order_value = expected
    given = np.column_stack([p_buy * offer.given_away(order_value) for offer in offers])
    brought = np.column_stack([margin * offer.lift for offer in offers])
    band = np.abs(brought) * spread
    cost = np.full(len(offers), plan.cost_per_contact)
    options = Options(
        brought - given,
        cost,
        np.array([offer.cap for offer in offers]),
        low=brought - band - given,
        high=brought + band - given,
    )
    best = best_plan(options, budget)
    curve = profit_curve(options)
    chosen = best.choice != NONE
    counts = np.bincount(best.choice[chosen], minlength=len(offers))
    least = float(yearly[chosen].min()) if len(offers) == 1 and chosen.any() else None
    is_rule = least is not None and bool(((yearly >= least) == chosen).all())
    return Budgeted(
        people=len(yearly),
        by_offer=tuple(int(count) for count in counts),
        plan=best,
        curve=tuple(curve),
        least=least if is_rule else None,
    )


def _expected(
    store: Store, plan: CampaignPlan, terms: Terms
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Of everybody who may be in the draft: p_buy, margin and value of an order in the window; and
    the contribution expected in a year (as it is known: what a rule may ask of)."""
    rule = rule_in(plan)
    table = judged(store, rule, terms.limits)
    picked = members(store, rule).semi_join(table.filter(table.reason.isnull()), "customer_key")
    told = expected_in(picked, plan.window_days)
    worth = picked.select(
        "customer_key",
        value=picked.average_order_value.cast("float64").fill_null(0.0),
        yearly=picked.expected_contribution.cast("float64").fill_null(0.0),
    )
    both = told.join(worth, "customer_key").select("p_buy", "margin", "value", "yearly")
    parts = [
        np.column_stack([batch[name].to_numpy(zero_copy_only=False) for name in both.columns])
        for batch in store.stream(both, _BATCH_ROWS, purpose="score")
    ]
    rows = np.concatenate(parts) if parts else np.zeros((0, 4))
    return (rows[:, 0], rows[:, 1], rows[:, 2]), rows[:, 3]
