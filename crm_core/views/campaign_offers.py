"""What a campaign's offer is worth giving to whom, and how loyal buyers fare with it."""

from __future__ import annotations

import pandas as pd

from crm_core.audiences.eligible import judged
from crm_core.models.tiers import LOYALTY_TIERS
from crm_core.pipeline.campaign_budget import Budgeted, Choosable, budgeted
from crm_core.pipeline.campaigns import Terms, rule_in
from crm_core.privacy.policy import Access
from crm_core.records import CampaignPlan
from crm_core.selection import Selection
from crm_core.store import Store

#: How far an assumed lift may be off to either side, as a share of itself.
SPREAD = 0.5


def budget(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    plan: CampaignPlan,
    terms: Terms,
    offers: tuple[Choosable, ...],
    money: float,
) -> Budgeted:
    """The best choice among a draft's people and these offers for so much money."""
    del selection, access
    return budgeted(store, plan, terms, offers, budget=money, spread=SPREAD)


def loyalty(
    selection: Selection, *, store: Store, access: Access, plan: CampaignPlan, terms: Terms
) -> pd.DataFrame:
    """By loyalty tier: customers, how many of them are in the campaign, and both as shares.

    Columns: tier, customers, people, of_tier (people over customers), of_all (customers over all
    customers), of_people (people over all people). Empty where tiers are not known.
    """
    del selection, access
    if not store.has("loyalty"):
        return pd.DataFrame(columns=["tier", "customers", "people", "of_tier"])
    tiers = store.table("loyalty")
    table = judged(store, rule_in(plan), terms.limits)
    may = table.filter(table.reason.isnull()).select("customer_key")
    everyone = store.fetch(tiers.group_by("loyalty_tier").agg(customers=tiers.count()))
    inside = tiers.semi_join(may, "customer_key")
    picked = store.fetch(inside.group_by("loyalty_tier").agg(people=inside.count()))
    rows = everyone.merge(picked, on="loyalty_tier", how="left").fillna({"people": 0})
    rows = rows.set_index("loyalty_tier").reindex(
        [t for t in LOYALTY_TIERS if t in set(everyone["loyalty_tier"])]
    )
    rows = rows.reset_index(names="tier")
    total, chosen = rows["customers"].sum(), rows["people"].sum()
    return rows.assign(
        of_tier=rows["people"] / rows["customers"],
        of_all=rows["customers"] / total,
        of_people=rows["people"] / chosen if chosen else 0.0,
    )
