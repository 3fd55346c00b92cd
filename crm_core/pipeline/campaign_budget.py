"""Which people of a draft get which offer under a budget, from what is expected of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from crm_core.audiences.budget import NONE, Options, Plan, Step, best_plan, profit_curve
from crm_core.audiences.eligible import judged
from crm_core.audiences.giving import given_away, use_chance
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
        """How many may get it: as many as may use it, so that nobody who wants to is refused."""
        return inf if self.terms is None or self.terms.cap is None else float(self.terms.cap)


@dataclass(frozen=True)
class Budgeted:
    """The best choice under a budget. `by_offer` counts people; `least` is the contribution
    expected in a year from which on people were chosen, where that alone tells who was; `fixed` is
    what a campaign to anybody at all costs.

    Gain is margin expected x lift, by the lifts given. What is spent is contacts, what offers are
    expected to give away, and `fixed`: the budget holds for all of it.
    """

    people: int
    by_offer: tuple[int, ...]
    plan: Plan
    curve: tuple[Step, ...]
    least: float | None
    fixed: float

    @property
    def spent(self) -> float:
        """All that is expected to be spent; nothing where nobody is written to."""
        return self.plan.spent + self.fixed if sum(self.by_offer) else 0.0

    @property
    def net(self) -> float:
        """Gain less all that is spent."""
        return self.plan.gain - self.spent


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
    margin, yearly, given = _expected(store, plan, terms, offers)
    brought = np.column_stack([margin * offer.lift for offer in offers])
    band = np.abs(brought) * spread
    options = Options(
        brought,
        plan.cost_per_contact + given,
        np.array([offer.cap for offer in offers]),
        low=brought - band,
        high=brought + band,
    )
    fixed = plan.fixed_cost
    best = best_plan(options, max(budget - fixed, 0.0))
    if best.net <= fixed or budget < fixed:  # nobody brings what a campaign costs at all
        best = replace(best, choice=np.full(len(yearly), NONE), gain=0.0, spent=0.0)
    chosen = best.choice != NONE
    counts = np.bincount(best.choice[chosen], minlength=len(offers))
    least = float(yearly[chosen].min()) if len(offers) == 1 and chosen.any() else None
    is_rule = least is not None and bool(((yearly >= least) == chosen).all())
    return Budgeted(
        people=len(yearly),
        by_offer=tuple(int(count) for count in counts),
        plan=best,
        curve=tuple(_with(step, fixed) for step in profit_curve(options)),
        least=least if is_rule else None,
        fixed=fixed,
    )


def _with(step: Step, fixed: float) -> Step:
    """A step with what a campaign to anybody costs."""
    if not step.customers:
        return step
    net, low, high = (value - fixed for value in (step.net, step.low, step.high))
    return Step(step.spent + fixed, step.customers, net, low, high)


def _expected(
    store: Store, plan: CampaignPlan, terms: Terms, offers: Sequence[Choosable]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of everybody who may be in the draft: margin in the window, the contribution expected in a
    year (as it is known: what a rule may ask of), and what each offer is expected to give away."""
    rule = rule_in(plan)
    table = judged(store, rule, terms.limits)
    picked = members(store, rule).semi_join(table.filter(table.reason.isnull()), "customer_key")
    value = picked.average_order_value.cast("float64").fill_null(0.0)
    worth = picked.select(
        "customer_key",
        yearly=picked.expected_contribution.cast("float64").fill_null(0.0),
        **{f"away{place}": given_away(offer.terms, value) for place, offer in enumerate(offers)},
    )
    told = expected_in(picked, plan.window_days).join(worth, "customer_key")
    both = told.select(
        "margin",
        "yearly",
        **{
            f"given{place}": use_chance(told.orders, offer.lift) * told[f"away{place}"]
            for place, offer in enumerate(offers)
        },
    )
    parts = [
        np.column_stack([batch[name].to_numpy(zero_copy_only=False) for name in both.columns])
        for batch in store.stream(both, _BATCH_ROWS, purpose="score")
    ]
    rows = np.concatenate(parts) if parts else np.zeros((0, 2 + len(offers)))
    return rows[:, 0], rows[:, 1], rows[:, 2:]
