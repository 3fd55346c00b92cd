"""Customers in steps by money: what they are expected to bring, and what they spent this year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from crm_core.store import StoreAt, Tables
from crm_core.store.marts import money

#: Best first, each with the share of customers that it and those above it hold.
VALUE_TIERS: Final = {"top": 0.05, "high": 0.20, "middle": 0.50, "low": 1.0}
VALUE_COLUMNS: Final = ("customer_key", "value_tier", "worth")

#: Lowest first; `member` asks for nothing.
LOYALTY_TIERS: Final = ("member", "silver", "gold", "platinum")
LOYALTY_COLUMNS: Final = (
    "customer_key",
    "loyalty_tier",
    "spent_365d",
    "next_tier",
    "to_next_tier",
)
LOYALTY_DAYS: Final = 365

_LOYAL_SHARES: Final = {"silver": 0.50, "gold": 0.20, "platinum": 0.05}
_STEPS: Final = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_LEAST: Final = 1.0


@dataclass(frozen=True)
class LoyaltyRules:
    """Money spent in the last 365 days that each tier above `member` asks for; `is_own` says
    that the shop typed them, else they follow from what its customers spend."""

    least: Mapping[str, float] = field(default_factory=dict)
    is_own: bool = False


def value_tiers(values: ir.Table, bounds: Mapping[str, float], worth: str) -> ir.Table:
    """One row a customer with an expected value: `value_tier` (a code of VALUE_TIERS) and `worth`,
    the money they were ranked by.

    The twentieth expected to bring most is `top`, the next 15 % `high`, the next 30 % `middle`,
    the other half `low`. Equal customers are in the same tier, so at a tie the tiers above are
    smaller.
    """
    brought = values[worth].cast("float64")
    steps = [(brought > bounds[tier], tier) for tier in VALUE_TIERS if tier in bounds]
    return values.select(
        "customer_key", value_tier=ibis.cases(*steps, else_=_last(VALUE_TIERS)), worth=brought
    ).filter(lambda tiers: tiers.worth.notnull())


def value_bounds(store: Tables, values: ir.Table) -> tuple[dict[str, float], str]:
    """What one must be expected to bring for more than, by tier (the last has none), and the
    money this is of: `expected_contribution`, or `expected_revenue` where costs are unknown."""
    known = store.fetch(values.agg(n=values.expected_contribution.count()))["n"].iloc[0]
    worth = "expected_contribution" if known else "expected_revenue"
    shares = {tier: share for tier, share in VALUE_TIERS.items() if share < 1}
    column = values[worth].cast("float64")
    row = store.fetch(values.agg(**{t: column.quantile(1 - s) for t, s in shares.items()})).iloc[0]
    return {tier: float(row[tier]) for tier in shares if row[tier] == row[tier]}, worth


def loyalty_rules(past: StoreAt, own: Mapping[str, float]) -> LoyaltyRules:
    """The shop's own rules, or, where it has typed none, those that put half, a fifth and a
    twentieth of the year's buyers into silver, gold and platinum, in round numbers."""
    if own:
        return LoyaltyRules({tier: own[tier] for tier in LOYALTY_TIERS if tier in own}, is_own=True)
    spent = _spent(past)
    bought = spent.filter(spent.spent_365d > 0)
    column = bought.spent_365d.cast("float64")
    asked = {tier: column.quantile(1 - share) for tier, share in _LOYAL_SHARES.items()}
    row = past.store.fetch(bought.agg(**asked)).iloc[0]
    least: dict[str, float] = {}
    for tier in _LOYAL_SHARES:
        amount = row[tier]
        if amount is not None and amount == amount:
            step = rounded(float(amount))
            if step > max(least.values(), default=0.0):
                least[tier] = step
    return LoyaltyRules(least)


def loyalty_tiers(past: StoreAt, rules: LoyaltyRules) -> ir.Table:
    """One row a customer who had bought by `past.as_of`: the tier that revenue of the last 365
    days earns, the next tier, and the money needed to reach it.

    Columns: customer_key, loyalty_tier (of LOYALTY_TIERS), spent_365d, next_tier and to_next_tier
    (both NULL at the highest).
    """
    spent = _spent(past)
    paid = spent.spent_365d
    highest_first = sorted(rules.least.items(), key=lambda rule: -rule[1])
    earned = [(paid.cast("float64") >= least, tier) for tier, least in highest_first]
    missing = [
        (paid.cast("float64") < least, tier, money(ibis.literal(least) - paid.cast("float64")))
        for tier, least in reversed(highest_first)
    ]
    told = spent.select(
        "customer_key",
        "spent_365d",
        loyalty_tier=_case(earned, ibis.literal(LOYALTY_TIERS[0])),
        next_tier=_case([(short, tier) for short, tier, _ in missing], ibis.null("string")),
        to_next_tier=_case(
            [(short, left) for short, _, left in missing], ibis.null("decimal(18,2)")
        ),
    )
    return told.select(*LOYALTY_COLUMNS)


def rounded(amount: float) -> float:
    """The nearest number that reads like a rule: 1, 1.5, 2, 2.5, 3, 4, 5, 6 or 8, and zeros.

    >>> rounded(187.0), rounded(1240.0), rounded(0.3)
    (200.0, 1000.0, 1.0)
    """
    if amount <= _LEAST:
        return _LEAST
    unit = 1.0
    while unit * 10 <= amount:
        unit *= 10
    return min((step * unit for step in _STEPS), key=lambda step: abs(step - amount))


def _spent(past: StoreAt) -> ir.Table:
    days = past.table("customer_days")
    known = days.filter(days.customer_key.notnull())
    since = ibis.literal(past.as_of - timedelta(LOYALTY_DAYS))
    recent = ibis.ifelse(known.day > since, known.revenue, ibis.literal(0).cast("decimal(18,2)"))
    return known.group_by("customer_key").agg(spent_365d=recent.sum().cast("decimal(18,2)"))


def _case(branches: list[tuple[ir.Value, Any]], rest: ir.Value) -> ir.Value:
    return ibis.cases(*branches, else_=rest) if branches else rest


def _last(tiers: Mapping[str, float]) -> str:
    return list(tiers)[-1]
