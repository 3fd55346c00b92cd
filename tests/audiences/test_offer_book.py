"""The rule book decides as somebody would who went through it rule by rule with a pencil."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from crm_core.audiences import members, members_at, resolved, rule_of
from crm_core.audiences.offer_book import askable, decided, kept_book, matches
from crm_core.audiences.offer_conflicts import Reach, conflicts, reaches, stopping
from crm_core.errors import CrmError
from crm_core.privacy.consent import reach
from crm_core.records import OfferBook, OfferRule, Records
from crm_core.rules import All, Condition, Did, InAudience, InOffer, Not, Rule, to_document
from crm_core.store import Store
from tests.audiences.conftest import Reopen
from tests.small_shop import NOW

Place = tuple[Records, Reopen]
OFTEN, QUIET = Condition("orders", ">=", 3), Condition("recency_days", ">", 180)
BY: dict[str, Any] = {"user": "mia", "now": NOW}


def offer(name: str, rule: Rule, action: str, channel: str, **more: Any) -> OfferRule:
    what = "Ten off" if action in ("coupon", "message") else ""
    return OfferRule(name, to_document(rule), action, channel, what, **more)


RULES = (
    offer("Peace", All((OFTEN, Condition("recency_days", "<=", 20))), "nothing", "email"),
    offer("Thanks", Condition("value_tier", "is", "top"), "message", "email", most_people=15),
    offer("Back", QUIET, "coupon", "email"),
    offer("Bought", Did("purchase", last_days=90), "buy_again", "post"),
    offer("Paused", OFTEN, "try_new", "email", is_on=False),
    offer("Text", All((OFTEN, Not(QUIET))), "try_new", "sms", most_people=25),
    offer("Rest", All(), "try_new", "email"),
)
BOOK = OfferBook(tuple(replace(each, id=n) for n, each in enumerate(RULES, 1)), most_offers=1)


def by_hand(store: Store, book: OfferBook, fitting: pd.DataFrame) -> dict[tuple[int, int], str]:
    """Who gets what, going through the rules in order; a rule with a cap takes the worthiest."""
    day = store.scores_as_of
    assert day is not None
    said = store.fetch(store.table("consents"))
    said = said[(said["purpose"] == "marketing") & (said["state"] == "granted")]
    agreed = set(zip(said["customer_key"], said["contact_channel"], strict=True))
    barred = store.fetch(store.table("suppressions"))
    out = set(zip(barred["customer_key"], barred["contact_channel"], strict=True))
    people = store.fetch(store.table("identities"))
    ways = {"email": "email", "sms": "phone", "post": "address"}
    has = {
        (key, channel)
        for channel, column in ways.items()
        for key in people.loc[people[column].notna(), "customer_key"]
    }
    touches = store.fetch(store.table("touches").select("customer_key", "day"))
    age = (pd.Timestamp(day) - pd.to_datetime(touches["day"])).dt.days
    written = Counter(touches.loc[(age >= 0) & (age < book.offer_days), "customer_key"])
    taken, given, gets = set[tuple[int, str]](), Counter[int](), dict[tuple[int, int], str]()
    peace = set[tuple[int, str]]()
    for place, rule in enumerate(book.rules):
        mine = fitting[fitting["place"] == place]
        if not rule.is_on:
            continue
        if rule.action == "nothing":
            peace |= {(key, rule.contact_channel) for key in mine["customer_key"]}
            continue
        for key in mine.sort_values(["worth", "customer_key"], ascending=[False, True])[
            "customer_key"
        ]:
            way = (key, rule.contact_channel)
            full = rule.most_people is not None and given[-place] >= rule.most_people
            may = way in agreed and way in has and not out & {way, (key, "all")}
            left = book.most_offers - written[key] - given[key]
            if may and way not in taken | peace and left > 0 and not full:
                gets[int(key), place] = "gets"
                taken.add(way)
                given[key] += 1
                given[-place] += 1
    return gets


def test_the_book_gives_what_going_through_it_by_hand_gives(store: Store) -> None:
    day = store.scores_as_of
    assert day is not None
    found = askable(store, BOOK)
    assert not found.broken
    fitting = store.fetch(matches(store, found, day))
    told = store.fetch(decided(store, found, day))
    given = told[told["state"] == "gets"]
    pairs = set(zip(given["customer_key"], given["place"], strict=True))
    assert pairs == set(by_hand(store, BOOK, fitting))
    assert len(told) == len(fitting)  # every fitting rule is told of, once
    by_place = given.groupby("place").size()
    assert by_place[1] == 15
    assert by_place[5] == 25
    seen = told.groupby("place")["state"].agg(set)
    assert seen[0] == {"peace"}
    assert seen[4] == {"off"}
    assert {"rule_cap", "left_in_peace"} <= seen[1]
    assert {"outranked", "person_cap", "no_consent"} <= seen[6]
    beaten = told[told["state"] == "outranked"]
    assert (beaten["by"] < beaten["place"]).all()
    assert told.loc[told["state"] == "left_in_peace", "by"].eq(0).all()


def test_a_rules_people_are_an_audience_wherever_one_is_named(place: Place) -> None:
    records, reopen = place
    now = records.offer_book()  # whatever the book held before
    kept = records.save_offer_book(replace(now, rules=RULES[1:3]), change="added", **BY)
    back = kept.rule("back")
    made = records.add_audience("Back", to_document(InOffer(back.id)), owner="mia", now=NOW)
    store = reopen()
    assert kept_book(store).rules == kept.rules
    rule = rule_of("offer:Back", records)
    assert rule == InOffer(back.id)
    picked = members(store, rule, ("recency_days", "value_tier"))
    people = store.fetch(picked)
    assert len(people) > 0
    assert people["recency_days"].min() > 180
    reached = reach(store, picked)
    assert reached["email"] == len(people)  # whom a rule is given to may be written to
    named = store.fetch(members(store, InAudience(made.id), ()))
    assert set(named["customer_key"]) == set(people["customer_key"])
    with pytest.raises(CrmError, match="rule_in_book"):
        resolved(store, InAudience(made.id), in_book=True)
    with pytest.raises(CrmError, match="rule_no_offer"):
        resolved(store, InOffer("Forth"))
    gone = {"field": "recency_dayz", "operator": ">", "value": 3}
    broken = replace(kept, rules=(replace(kept.rules[0], rule=gone), back))
    records.save_offer_book(broken, change="changed", **BY)
    after = store.fetch(members(reopen(), rule, ()))
    assert set(people["customer_key"]) <= set(after["customer_key"])  # it stands in nobody's way
    with pytest.raises(CrmError, match="offer_rule_broken"):
        members(reopen(), InOffer(kept.rules[0].id))
    records.restore_offer_book(0, instead_of=records.offer_book().version, **BY)
    with pytest.raises(CrmError, match="rule_no_offer"):
        members(reopen(), rule)


@pytest.mark.slow
def test_a_rule_is_given_on_a_past_day_by_what_was_known_then(place: Place) -> None:
    records, reopen = place
    book = replace(OfferBook((RULES[2],)), version=records.offer_book().version)
    kept = records.save_offer_book(book, change="added", **BY)
    store = reopen()
    then = date(2026, 3, 31)
    people = store.fetch(members_at(store, InOffer(kept.rules[0].id), then))
    assert people["recency_days"].min() > 180
    everybody = store.fetch(members_at(store, QUIET, then))
    assert set(people["customer_key"]) < set(everybody["customer_key"])


def codes(store: Store, *rules: OfferRule, at: int = -1) -> dict[str, str]:
    """What is odd about one of these rules: code and the other's name."""
    book = OfferBook(tuple(replace(each, id=n) for n, each in enumerate(rules, 1)))
    found, place = askable(store, book), at % len(rules)
    return {
        each.code: each.other
        for each in conflicts(store, book, place, reaches(store, found)[place], found)
    }


@pytest.mark.slow
def test_conflicts_are_told_before_a_rule_is_saved(store: Store) -> None:
    back, rest = RULES[2], RULES[6]
    assert codes(store, back) == {}
    assert codes(store, rest) == {"everyone": ""}
    assert codes(store, replace(back, rule=to_document(Condition("orders", ">", 9_000)))) == {
        "nobody": ""
    }
    assert codes(store, rest, back) == {"never_its_turn": "Rest"}
    assert codes(store, rest, back, at=0) == {"everyone": "", "takes_all": "Back"}
    often = replace(RULES[4], is_on=True)
    assert codes(store, back, often) == {"same_people": "Back"}
    assert codes(store, back, RULES[4], at=0) == {}  # one that is off is in nobody's way
    assert codes(store, back, replace(often, contact_channel="sms")) == {}
    peace = offer("Peace", QUIET, "nothing", "all")
    assert codes(store, often, peace) == {"against_peace": "Paused"}
    assert codes(store, peace, often) == {}
    alone, nobody = OfferBook((replace(back, id=1),)), Reach(5, 10, {"no_consent": 5})
    assert [each.code for each in conflicts(store, alone, 0, nobody)] == ["unreachable"]


def test_rules_that_can_never_hold_or_contradict_each_other_stop(store: Store) -> None:
    five = All((Condition("orders", ">=", 5), Condition("orders", "<=", 2)))
    never = offer("Never", five, "coupon", "email")
    twin = replace(RULES[2], name="Forth", action="try_new", what="")
    found = askable(store, OfferBook((never, RULES[2], twin)))
    told = {(name, each.code, each.other) for name, each in stopping(found)}
    assert told == {
        ("Never", "impossible", ""),
        ("Back", "twin", "Forth"),
        ("Forth", "twin", "Back"),
    }
    apart = replace(twin, contact_channel="sms")
    assert stopping(askable(store, OfferBook((RULES[2], apart)))) == []
    off = replace(twin, is_on=False)
    assert stopping(askable(store, OfferBook((RULES[2], off)))) == []
    nothing = Reach(0, 10, {})
    odd = conflicts(store, found.book, 0, nothing, found)
    assert [(each.code, each.stops) for each in odd] == [("impossible", True)]


def test_what_is_gone_breaks_only_its_own_rule(store: Store) -> None:
    gone = OfferRule(
        "Gone", {"field": "recency_dayz", "operator": ">", "value": 3}, "try_new", "email"
    )
    product = OfferRule("No such", to_document(OFTEN), "product", "email", "no-such-product")
    found = askable(store, OfferBook((gone, product, RULES[2])))
    assert [each.offer.name for each in found.rules] == ["Back"]
    assert {place: error.code for place, error in found.broken.items()} == {
        0: "rule_field",
        1: "rule_no_value",
    }
    with pytest.raises(CrmError, match="rule_field"):
        conflicts(store, found.book, 0, Reach(0, 10, {}), found)
