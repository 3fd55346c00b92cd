"""Campaigns that most shops need, filled in: whom, on which channel, for how long, with a holdout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import ibis
import pandas as pd

from crm_core.audiences import review_request
from crm_core.audiences.fields import FIELDS, people
from crm_core.audiences.outlook import expected_in
from crm_core.audiences.risk import band_rule
from crm_core.privacy.consent import reachable
from crm_core.privacy.gate import contactable
from crm_core.rules import All, Condition, Rule, predicate
from crm_core.store import Store

#: What being written to is taken to add to a margin until a campaign of the shop was measured.
ASSUMED_LIFT: Final = 0.1


@dataclass(frozen=True)
class Playbook:
    """A campaign to begin with; everything in it may be changed in the draft."""

    code: str
    rule: Rule
    window_days: int
    holdout_share: float = 0.1
    contact_channel: str = "email"
    strata: str = "value_tier"


_ALL = (
    Playbook(
        "second_order",
        All((Condition("purchase_days", "=", 1), Condition("recency_days", "between", (14, 120)))),
        window_days=45,
    ),
    Playbook(
        "win_back",
        All((Condition("purchase_days", ">=", 2), *band_rule("at_risk").parts)),
        window_days=45,
    ),
    Playbook(
        "replenish",
        All(
            (
                Condition("purchase_days", ">=", 3),
                Condition("recency_days", "between", (21, 90)),
                Condition("average_gap_days", "between", (14, 90)),
            )
        ),
        window_days=28,
    ),
    Playbook(
        "vip_thanks",
        All((Condition("value_tier", "is", "top"), Condition("recency_days", "<=", 180))),
        window_days=60,
        strata="segment",
    ),
    Playbook(
        review_request.PLAYBOOK,
        review_request.buyers_between(*review_request.DAYS),
        window_days=14,
        holdout_share=0.0,  # everybody who bought is asked
    ),
    Playbook(
        "recovery",
        All((Condition("contact_rating", "<=", 2), Condition("days_since_contact", "<=", 90))),
        window_days=60,
    ),
)

PLAYBOOKS: Final[Mapping[str, Playbook]] = {playbook.code: playbook for playbook in _ALL}


def measured(store: Store) -> pd.DataFrame:
    """Each playbook's people now: code, customers, reachable on its channel, and the `margin`
    expected of who can be reached in its window if nobody writes. One query for all."""
    table = people(store)
    as_of = store.scores_as_of or store.meta.as_of
    expressions = {name: table[name] for name in FIELDS if name in table.columns}
    flags = {
        f"is_{code}": predicate(
            playbook.rule, fields=FIELDS, expressions=expressions, as_of=as_of
        ).fill_null(False)
        for code, playbook in PLAYBOOKS.items()
    }
    flagged = table.select("customer_key", **flags)
    expected = expected_in(table, 365).select("customer_key", "margin")
    joined = flagged.join(expected, "customer_key")
    channel = _ALL[0].contact_channel
    if store.has("consents") and store.has("suppressions"):
        may = reachable(joined, store.table("consents"), store.table("suppressions"), channel)
        may = may.semi_join(contactable(store, channel), "customer_key")
        marked = may.select("customer_key", may=ibis.literal(True))
        joined = joined.left_join(marked, "customer_key").drop("customer_key_right")
    else:
        joined = joined.mutate(may=ibis.null("boolean"))
    sums = {}
    for code in PLAYBOOKS:
        fits = joined[f"is_{code}"]
        reached = fits & joined.may.fill_null(False)
        sums[f"customers_{code}"] = fits.sum()
        sums[f"reachable_{code}"] = reached.sum()
        sums[f"margin_{code}"] = reached.ifelse(joined.margin, 0.0).sum()
    row = store.fetch(joined.agg(**sums)).iloc[0].fillna(0.0)
    return pd.DataFrame(
        {
            "code": code,
            "customers": int(row[f"customers_{code}"]),
            "reachable": int(row[f"reachable_{code}"]),
            "margin": float(row[f"margin_{code}"]) * playbook.window_days / 365,
        }
        for code, playbook in PLAYBOOKS.items()
    )
