"""Which traces are one customer, rule by rule, as a shopkeeper would say it."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.store.people import PeopleRules
from tests.told_people import People

BERLIN = PeopleRules(country="DE")


def told(customer: str | None = None, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer, **more}


def joined(one: dict[str, Any], other: dict[str, Any], rules: PeopleRules | None = None) -> bool:
    return People(rules).load(told("a", **one), told("b", **other)).are_one("a", "b")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ann@gmail.com", "a.n.n+tea@gmail.com", True),
        ("ann@gmail.com", "ann@googlemail.com", True),
        ("ann+tea@outlook.com", "ann+mugs@outlook.com", True),
        ("a.nn@outlook.com", "ann@outlook.com", False),  # dots are letters there
        ("ann+tea@shop.example", "ann@shop.example", False),  # nobody knows what it does there
        ("+tea@gmail.com", "@gmail.com", False),
        ("ann@bücher.example", "ann@xn--bcher-kva.example", True),
        ("ann@faß.example", "ann@fass.example", False),
        ("ann@example.com", "\u200bann@example.com\u00a0", True),
        ("ann@example.com", "ann\u200b@example.com", False),
    ],
)
def test_spellings_of_one_mailbox(one: str, other: str, same: bool) -> None:
    assert joined({"email": one}, {"email": other}) is same


def test_the_rule_of_each_link_is_told() -> None:
    people = People(BERLIN).load(
        told("1", email="ann@gmail.com", phone="030 23125 001"),
        told("taobao:tea_lover", email="a.nn@gmail.com"),
        told("2", email="x7@marketplace.amazon.de"),
    )
    assert people.rules_of("email") == {
        "ann@gmail.com": "email_exact",
        "a.nn@gmail.com": "email_alias",
        "x7@marketplace.amazon.de": "email_relay",
    }
    assert people.rules_of("phone") == {"+493023125001": "phone"}
    assert people.rules_of("source_id") == {
        "1": "source_id",
        "2": "source_id",
        "taobao:tea_lover": "account_platform",
    }


def test_plus_tags_join_nobody_once_a_shop_says_so() -> None:
    pair = ({"email": "ann@gmail.com"}, {"email": "ann+tea@gmail.com"})
    assert joined(*pair)
    assert not joined(*pair, PeopleRules(join_aliases=False))


def test_a_later_spelling_finds_the_earlier_one() -> None:
    people = People().load(told("a", email="ann@gmail.com"))
    people.load(told("b", email="ann+tea@gmail.com"))
    assert people.are_one("a", "b")
    people.load(told("b", email="ann+tea@gmail.com"))
    assert people.rules_of("email")["ann+tea@gmail.com"] == "email_alias"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+49 30 23125 001", "030/23125-001", True),
        ("+49 (0)30 23125001", "004930 23125001", True),
        ("+49 30 23125 001", "+44 7700 900001", False),
        ("0800 1234567", "0800 1234567", False),  # a hotline is nobody's own
        ("030 1111111", "030 1111111", False),  # a stop-gap
        ("030 23125 001 ext. 3", "030 23125 001 ext. 4", False),  # desks behind a switchboard
        ("n/a", "n/a", False),
    ],
)
def test_phones_however_written(one: str, other: str, same: bool) -> None:
    assert joined({"phone": one}, {"phone": other}, BERLIN) is same


def test_a_national_number_needs_a_known_country() -> None:
    abroad = ({"phone": "030 23125 001"}, {"phone": "+49 30 23125 001"})
    assert not joined(*abroad)
    assert joined(*abroad, BERLIN)
    german = ({**abroad[0], "country": "de"}, abroad[1])
    assert joined(*german)
    # A country is told, in words nobody here understands: the shop's own would be a guess.
    unknown = ({**abroad[0], "country": "Austria"}, abroad[1])
    assert not joined(*unknown, BERLIN)


def test_guests_are_recognised_by_any_trace_they_left() -> None:
    people = People(BERLIN).load(
        told("a", email="ann@example.com"),
        told(email="ANN@example.com", phone="030 23125 001"),
        told(phone="+49 30 23125001"),
        told(email="bob@example.com"),
    )
    links = people.links()
    assert links["phone", "+493023125001"] == links["source_id", "a"]
    assert links["email", "bob@example.com"] != links["source_id", "a"]


def test_a_number_of_more_than_three_people_leads_to_nobody() -> None:
    phone = "+49 30 23125 001"
    three = [told(str(n), phone=phone, name=f"Person {n}") for n in range(3)]
    assert People().load(*three).are_one("0", "1", "2")
    people = People().load(*three, told("3", phone=phone))
    assert len(set(people.who("0", "1", "2", "3"))) == 4
    assert people.shared() == {"+493023125001": "ids"}
    names = [told(email=f"{n}@example.com", phone=phone, name=n) for n in ("Ann", "Bo", "Cy", "Di")]
    people = People().load(*names)
    assert people.shared() == {"+493023125001": "names"}
    assert len(set(people.links().values())) == 4


def test_one_name_in_other_order_is_one_name() -> None:
    people = People().load(
        *(
            told(phone="+49 30 23125 001", email=f"{n}@example.com", name=name)
            for n, name in enumerate(("Ann Lee", "LEE, Ann", "lee  ann", "Ann Lee", "Bo Lee"))
        )
    )
    assert len(set(people.links().values())) == 1


def test_the_shop_s_own_addresses_join_nobody() -> None:
    rules = PeopleRules(own_domains=("@shop.example",))
    people = People(rules).load(
        told("a", email="desk@shop.example"),
        told("b", email="desk@shop.example"),
        told("c", email="mia@shop.example"),
    )
    assert not people.are_one("a", "b")
    assert people.shared() == {"desk@shop.example": "shop"}
    # A colleague with an address of their own is known by it: their orders can be left out.
    assert people.links()["email", "mia@shop.example"] == people.who("c")[0]


def test_no_reply_addresses_lead_to_nobody() -> None:
    people = People().load(told("a", email="no-reply@market.example"), told("b"))
    people.load(told("b", email="No.Reply@market.example"))
    assert not people.are_one("a", "b")
    assert {kind for kind, _ in people.links()} == {"source_id"}


LOOKALIKES = (
    "\u0430nn@example.com",
    "ａnn@example.com",
    "ann@ex\u0430mple.com",
    "\u0441\u043e@x.org",
)


@pytest.mark.parametrize("other", LOOKALIKES)
def test_a_look_alike_is_flagged_and_never_merged(other: str) -> None:
    phone = "+49 30 23125 001"
    people = People().load(
        told("ann", email="ann@example.com", phone=phone),
        told("co", email="co@x.org", phone=phone),
        told("fake", email=other, phone=phone),  # also by the phone it gives out as its own
        told("fake2", email=other),
        told(email=other, phone=phone),
    )
    assert people.are_one("ann", "co")
    assert len(set(people.who("ann", "fake", "fake2"))) == 3
    assert people.rules_of("email")[other] == "email_lookalike"
    assert people.links()["email", other] not in people.who("ann")


def test_addresses_in_other_scripts_are_no_look_alikes() -> None:
    people = People().load(
        told("a", email="\u0430\u043d\u043d\u0430@\u043f\u0440\u0438\u043c\u0435\u0440.example"),
        told("b", email="\u0430\u043d\u043d\u0430@mail.example"),
        told("c", email="王小明@例子.example"),
        told("d", email="zoë@example.com"),
    )
    assert set(people.rules_of("email").values()) == {"email_exact"}


def test_people_decide_who_is_apart() -> None:
    rows = (told("a", email="x@example.com"), told("b", email="x@example.com"))
    assert People().load(*rows).are_one("a", "b")
    for trace in (("email", "x@example.com"), ("source_id", "b")):
        people = People(PeopleRules(apart=(trace,))).load(*rows)
        assert not people.are_one("a", "b")
        # The address is still somebody's: a guest who uses it has a history.
        assert ("email", "x@example.com") in people.links()


def test_who_was_joined_comes_apart_at_the_next_rebuild() -> None:
    rows = (told("a", email="x@example.com"), told("b", email="x@example.com"))
    people = People().load(*rows)
    people.rules = PeopleRules(apart=(("source_id", "b"),))
    people.load(*rows)
    assert people.are_one("a", "b")
    people.load(*rows, rebuild=True)
    assert not people.are_one("a", "b")
    assert people.who("a") == [1]


def test_people_decide_who_is_the_same() -> None:
    people = People(PeopleRules(same=(("a", "c"),))).load(told("a"), told("b"), told("c"))
    assert people.are_one("a", "c")
    assert not people.are_one("a", "b")
    assert people.rules_of("source_id") == {"a": "by_hand", "b": "source_id", "c": "by_hand"}


def test_a_relay_address_is_one_buyer_of_that_marketplace() -> None:
    relay = "q7xk@marketplace.amazon.de"
    people = People().load(told("a", email=relay), told(email=relay), told("b", email="b@x.org"))
    assert people.links()["email", relay] == people.who("a")[0]
    assert people.rules_of("email")[relay] == "email_relay"
