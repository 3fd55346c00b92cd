"""Who did what in the demo shop, found by a rule and by going through its rows."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from crm_core.audiences import count, members, members_at, size, size_at
from crm_core.errors import CrmError
from crm_core.rules import All, Condition, Did, Not, Rule, Then
from crm_core.store import Store

TEA = Condition("category", "in", ("Tea",))
NOT_AGAIN = Did("purchase", (TEA,), then=Then("order", 60, happened=False))
E_MAIL = Condition("contact_channel", "in", ("email",))
AGREED = Did("consent", (E_MAIL, Condition("state", "in", ("granted",))))
WINBACK = Did("campaign", (Condition("campaign", "in", ("winback_2025_09",)),))


def keys(store: Store, rule: Rule) -> set[int]:
    rows = store.fetch(members(store, rule, ()))["customer_key"]
    assert rows.is_unique
    return set(rows)


@pytest.fixture(scope="module")
def buyers(store: Store) -> set[int]:
    return set(store.fetch(store.table("features").select("customer_key"))["customer_key"])


def test_tea_and_then_nothing_within_sixty_days(store: Store) -> None:
    ledger = store.table("ledger")
    some = (ledger.entry == "sale") & (ledger.customer_key % 8 == 0)
    lines = store.fetch(
        ledger.filter(some).select("customer_key", "order_key", "day", "at", "category"),
        limit=200_000,
    )
    orders = lines.groupby(["customer_key", "order_key"], as_index=False).agg(
        day=("day", "min"), at=("at", "min"), tea=("category", lambda c: (c == "Tea").any())
    )
    as_of = pd.Timestamp(store.scores_as_of)
    found: set[int] = set()
    for key, mine in orders.sort_values("at").groupby("customer_key"):
        rows = list(mine.itertuples())
        for place, order in enumerate(rows):
            later = [o for o in rows[place + 1 :] if o.at > order.at]
            last = order.day + timedelta(days=60)
            if order.tea and last <= as_of and not (later and later[0].day <= last):
                found.add(int(key))
    assert {key for key in keys(store, NOT_AGAIN) if key % 8 == 0} == found
    assert len(found) > 20


def test_a_campaign_list_is_built_of_behaviour_consent_and_history(store: Store) -> None:
    rule = All((NOT_AGAIN, AGREED, Not(WINBACK)))
    found = keys(store, rule)
    assert found == (keys(store, NOT_AGAIN) & keys(store, AGREED)) - keys(store, WINBACK)
    measured = size(store, rule)
    assert (measured.customers, count(store, rule)) == (len(found), len(found))
    assert measured.reachable["email"] <= len(found)


def test_who_was_left_out_of_a_campaign_to_compare_was_in_it_but_got_no_message(
    store: Store, buyers: set[int]
) -> None:
    touches = store.table("touches")
    rows = store.fetch(touches.filter(touches.campaign == "winback_2025_09"))
    assert keys(store, WINBACK) == set(rows["customer_key"]) & buyers
    control = set(rows["customer_key"][rows["arm"] == "control"]) & buyers
    assert control
    sent = Did("message", (Condition("campaign", "in", ("winback_2025_09",)),))
    assert not keys(store, sent) & control


def test_money_given_back_and_reviews_and_talks_are_counted(store: Store, buyers: set[int]) -> None:
    refunds = store.fetch(store.table("refunds").join(store.table("orders"), "order_id"))
    given = refunds.groupby("customer_key")["amount"].sum()
    asked = Did("refund", measure="amount", value=50)
    assert keys(store, asked) == set(given.index[given.round(2) >= 50]) & buyers
    reviews = store.fetch(store.table("reviews"))
    low = set(reviews["customer_key"][reviews["stars"] <= 2].dropna().astype(int))
    assert keys(store, Did("review", (Condition("stars", "<=", 2),))) == low & buyers
    contacts = store.fetch(store.table("contacts"))
    often = contacts.groupby("customer_key").size()
    assert keys(store, Did("contact", value=3)) == set(often.index[often >= 3]) & buyers
    silent = Did("contact", operator="<=", value=0)
    assert keys(store, silent) == buyers - set(often.index)


def test_a_day_online_is_one_visit(store: Store, buyers: set[int]) -> None:
    steps = store.fetch(store.table("web_events").select("customer_key", "day"), limit=200_000)
    days = steps.dropna().drop_duplicates().groupby("customer_key").size()
    assert keys(store, Did("visit", value=5)) == set(days.index[days >= 5].astype(int)) & buyers


@pytest.mark.slow
def test_a_past_day_sees_nothing_of_what_came_later(store: Store) -> None:
    day = date(2025, 10, 1)
    rows = store.fetch(members_at(store, NOT_AGAIN, day).select("customer_key", "last_order_day"))
    assert 0 < len(rows) < count(store, NOT_AGAIN)
    assert rows["last_order_day"].max() <= pd.Timestamp(day)
    assert size_at(store, NOT_AGAIN, day).customers == len(rows)
    recent = Did("order", last_days=30)
    orders = store.table("order_facts")
    cut = orders.filter((orders.day <= day) & (orders.day > day - timedelta(days=30)))
    bought = set(store.fetch(cut.filter(cut.customer_key.notnull()))["customer_key"].astype(int))
    assert set(store.fetch(members_at(store, recent, day))["customer_key"]) == bought


@pytest.mark.parametrize(
    ("part", "typed", "match"),
    [("category", "Teas", "Tea"), ("campaign", "winback_2025_08", "winback_2025_09")],
)
def test_what_the_shop_has_not_is_refused_with_the_closest_name(
    store: Store, part: str, typed: str, match: str
) -> None:
    event = "purchase" if part == "category" else "campaign"
    with pytest.raises(CrmError) as refused:
        members(store, Did(event, (Condition(part, "in", (typed,)),)))
    assert refused.value.code == "rule_no_value"
    assert refused.value.facts == {"field": part, "name": typed, "match": match}


def test_a_rule_that_takes_too_long_is_stopped(store: Store) -> None:
    for ask in (size, count):
        with pytest.raises(CrmError) as stopped:
            ask(store, NOT_AGAIN, seconds=0.001)
        assert stopped.value.code == "rule_too_slow"
    with pytest.raises(CrmError, match="rule_too_slow"):
        size_at(store, NOT_AGAIN, date(2025, 10, 1), seconds=0.001)
    assert count(store, NOT_AGAIN) > 0  # the store goes on
