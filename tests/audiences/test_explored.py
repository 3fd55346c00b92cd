"""The customers behind a number are those that the rule of it finds, where a rule can say it."""

from __future__ import annotations

from datetime import date

import pytest

from crm_core.audiences import members
from crm_core.audiences.explored import rule_behind
from crm_core.metrics.exploration import Exploration
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.explore import audience_behind, customers_behind

OWNER = Access("single_user", "owner")
YEAR = Selection(period="12m")


@pytest.mark.parametrize(
    "where",
    [
        (("category", "Tea"),),
        (("sales_channel", "web"), ("category", "Kitchen")),
        (("stage", "active"), ("month", "2026-06-01")),
        (("product", "25"),),
        (("cohort", "2026-01-01"),),
    ],
)
def test_the_rule_finds_who_is_behind_the_number(
    store: Store, where: tuple[tuple[str, str], ...]
) -> None:
    asked = Exploration(metrics=("buyers",), where=where)
    behind = audience_behind(YEAR, store=store, access=OWNER, asked=asked)
    assert (behind.roughly, behind.unsaid) == ((), ())
    found = members(store, behind.rule)
    people = store.fetch(found.agg(n=found.count()))["n"].iloc[0]
    listed = customers_behind(YEAR, store=store, access=OWNER, asked=asked)
    # Who only had money back bought nothing in the period, and is behind its refunds alone.
    bought = listed.total - people
    assert 0 <= bought <= 0.05 * listed.total


def test_what_a_rule_cannot_say_is_told() -> None:
    june = Period(date(2026, 6, 1), date(2026, 6, 30))
    where = (("weekday", "1"), ("campaign", "spring"), ("category", ""), ("region", "South"))
    behind = rule_behind(where, june, {})
    assert behind.unsaid == ("weekday", "campaign", "category")
    assert behind.roughly == ("region",)
    assert rule_behind((("month", "no date"),), june, {}).unsaid == ("month",)
