from __future__ import annotations

from crm_core.privacy.consent import reach, reachable, reachable_now, standing_now
from tests.privacy.conftest import NOW, MakeShop, Person

PEOPLE = [
    Person(1, email="a@example.com", phone="5550001234", agreed=("email", "sms")),
    Person(2, email="b@example.com", phone="5550001235", agreed=("sms",)),
    Person(3, email=None, phone="5550001236", agreed=("email", "sms")),
    Person(4, email="d@example.com", phone="5550001237", agreed=()),
]


def test_unknown_means_no(make_shop: MakeShop) -> None:
    shop = make_shop(PEOPLE)
    consents, barred = shop.store.table("consents"), shop.store.table("suppressions")
    who = reachable(shop.members(), consents, barred, "email")
    assert set(shop.store.fetch(who)["customer_key"]) == {1, 3}
    assert who.columns == shop.members().columns


def test_reach_counts_who_agreed_and_has_a_contact(make_shop: MakeShop) -> None:
    shop = make_shop(PEOPLE)
    assert reach(shop.store, shop.members()) == {
        "email": 1,
        "sms": 3,
        "phone": 0,
        "post": 0,
        "ads": 0,
    }
    assert reach(shop.store, shop.chosen(4))["sms"] == 0


def test_the_records_are_asked_again_and_every_no_has_a_reason(make_shop: MakeShop) -> None:
    shop = make_shop(PEOPLE)
    shop.agree([1], "email", state="denied")
    shop.records.suppress([3], "all", reason="complaint", now=NOW)
    now = standing_now(shop.records, [1, 2, 3, 4], "email")
    assert now.barred == {1: "opted_out", 2: "no_consent", 3: "suppressed", 4: "no_consent"}
    assert reachable_now(shop.records, [1, 2, 3, 4], "sms") == {1, 2}
    # The mirror that pages count by still says what was true before.
    assert reach(shop.store, shop.members())["email"] == 1
