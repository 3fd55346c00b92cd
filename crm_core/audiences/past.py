"""Who a rule would have picked on a past day, by what was known then."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir

from crm_core.audiences.answers import held
from crm_core.audiences.members import RULE_SECONDS, Size, fetched, members, size
from crm_core.audiences.people_at import PAST_FIELDS, people_at
from crm_core.audiences.references import resolved
from crm_core.errors import CrmError
from crm_core.features import build_features
from crm_core.privacy.consent import reach
from crm_core.rules import All, Rule, conditions
from crm_core.store import Store


def members_at(store: Store, rule: Rule, day: date) -> ir.Table:
    """One row a member as of `day`: `customer_key` and every field of PAST_FIELDS; every field
    there is on the day of the scores.

    Raises: CrmError("scores_other_day") for a rule about scores that would have to be learned
    anew as of that day, CrmError of `members`.
    """
    if day == store.scores_as_of:
        return members(store, rule)
    rule = resolved(store, rule)
    asked = {part.field for part in conditions(rule)}
    if not asked <= set(PAST_FIELDS):
        raise CrmError("scores_other_day", asked=day, have=store.scores_as_of)
    # A stage is asked of prospects, too, of whom nothing else is known.
    people = people_at(store, day, PAST_FIELDS, prospects="stage" in asked)
    if rule == All():
        return people
    return held(people, store, rule, day, PAST_FIELDS)


def size_at(store: Store, rule: Rule, day: date, *, seconds: float = RULE_SECONDS) -> Size:
    """How large an audience was on a day and what it had spent; how it can be reached is as of
    now, and nothing is expected of it.

    Raises: CrmError("rule_too_slow") after `seconds`, CrmError of `members_at`.
    """
    if day == store.scores_as_of:
        return size(store, rule, seconds=seconds)
    picked = members_at(store, rule, day)
    spent = picked.revenue_365d.sum().cast("float64").fill_null(0.0)
    counted = picked.agg(customers=picked.count(), revenue=spent)
    row = fetched(store, counted, seconds).iloc[0]
    known = build_features(store.at(day), ())
    everyone = store.fetch(known.agg(n=known.count()))["n"].iloc[0]
    return Size(
        customers=int(row["customers"]),
        everyone=int(everyone),
        revenue_365d=float(row["revenue"]),
        expected_contribution=None,
        reachable=reach(store, picked),
    )
