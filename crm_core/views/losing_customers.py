"""Customers who cost more than they brought so far, and the rule that finds them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from crm_core.audiences import SEGMENT_FIELDS, in_segments, people, segments_rule
from crm_core.errors import CrmError
from crm_core.metrics import PROFIT, by_angle, each_part, measure
from crm_core.privacy.policy import Access
from crm_core.rules import All, Condition
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.profit import MOST_LOSING, reasons, worked_out


@dataclass(frozen=True)
class LosingCustomers:
    """Of the customers of some regions and segments: how many have a contribution so far below 0,
    what they cost together, of how many whose contribution is known; the `rule` that picks them.

    `rows`: customer_key, revenue, contribution, reason, share, usual (see `profit.Losing`); those who
    cost most first, at most 25.
    """

    as_of: date
    count: int
    known: int
    amount: float
    rule: All
    rows: pd.DataFrame


def losing_customers(selection: Selection, *, store: Store, access: Access) -> LosingCustomers:
    """Counts and lists them as of the scores, over everything they ever bought.

    Raises: CrmError("no_scores") before the first refresh.
    """
    del access
    if not store.has("features") or store.scores_as_of is None:
        raise CrmError("no_scores")
    known = people(store, names=("contribution", "region", *SEGMENT_FIELDS.values()))
    known = in_segments(known, selection.segment)
    if selection.region:
        known = known.filter(known.region.isin(selection.region))
    known = known.filter(known.contribution.notnull())
    is_losing = known.contribution < 0
    counted = store.fetch(
        known.agg(
            known=known.count(),
            n=known.count(where=is_losing),
            amount=known.contribution.sum(where=is_losing),
        )
    ).iloc[0]
    losing = known.filter(is_losing).order_by("contribution", "customer_key")
    worst = store.fetch(losing.select("customer_key", "contribution").limit(MOST_LOSING))
    count = int(counted["n"])
    return LosingCustomers(
        as_of=store.scores_as_of,
        count=count,
        known=int(counted["known"]),
        amount=float(counted["amount"]) if count else 0.0,
        rule=losing_rule(selection),
        rows=_explained(store, worst, store.scores_as_of),
    )


def losing_rule(selection: Selection) -> All:
    """Those customers as a rule.

    >>> losing_rule(Selection())
    All(parts=(Condition(field='contribution', operator='<', value=0),))
    """
    parts = [Condition("contribution", "<", 0)]
    if selection.region:
        parts.append(Condition("region", "in", selection.region))
    told = (segments_rule(selection.segment),) if selection.segment else ()
    return All((*parts, *told))


def _explained(store: Store, worst: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """What made each of them unprofitable, beside the same of all customers."""
    ledger = store.at(as_of).table("ledger")
    ledger = ledger.filter(ledger.customer_key.notnull())
    keys = [int(key) for key in worst["customer_key"]]
    theirs = by_angle(store, ledger.filter(ledger.customer_key.isin(keys)), "customer")
    found = worked_out(store.fetch(each_part(theirs)))
    found = found.assign(customer_key=found["part"].astype("int64"))
    usual = measure(store, PROFIT, rows=ledger).totals
    found = pd.concat([found[["customer_key", "revenue"]], reasons(found, usual)], axis=1)
    return worst.merge(found, on="customer_key", how="left")
