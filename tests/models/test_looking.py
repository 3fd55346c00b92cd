"""What needs a look in a shop of ordinary orders, and what must not."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from crm_core.errors import CrmError
from crm_core.models.look_facts import order_facts_of, review_facts_of
from crm_core.models.looking import Look, look
from tests.models.looked_shop import AS_OF, BEGIN, Rows, ordinary

NIGHT = BEGIN + timedelta(days=90, hours=2)
COPIES = (
    "Best shop ever, quality is perfect and it came so fast, buy again!",
    "Best shop ever - quality is perfect and it came really fast, buy again",
    "best shop ever, the quality is perfect and it came so fast!! buy again 👍",
)


def seen(rows: Rows) -> Look:
    with rows.opened() as scratch:
        return look(scratch, as_of=AS_OF)


def named(found: Look) -> set[str]:
    return set(found.orders.loc[found.orders["needs_a_look"], "order_id"])


def made_up(rows: Rows) -> list[str]:
    """Twelve accounts that push two things by night, twice, from two addresses, with praise."""
    orders: list[str] = []
    for turn, product in ((0, "P1"), (40, "P2")):
        for account in range(12):
            at = NIGHT + timedelta(days=turn + account % 3, minutes=9 * account)
            order = rows.order(
                9000 + account, at, [product], hours=2 if account % 4 == 0 else 40,
                note="刷单，空包" if account % 5 == 0 else None, number=f"X{turn}-{account}",
            )  # fmt: skip
            orders.append(order)
            rows.review(order, product, 5, COPIES[account % 3], 5)
    for account in range(12):
        rows.lives(9000 + account, f"Ringweg {account % 2}")
    return orders


@pytest.mark.slow
def test_an_ordinary_shop_has_nothing_to_look_at() -> None:
    found = seen(ordinary())
    assert (named(found), int(found.reviews["needs_a_look"].sum())) == (set(), 0)
    assert found.seen_orders == 1200


def test_made_up_orders_and_their_praise_need_a_look_with_the_numbers_that_say_so() -> None:
    rows = ordinary()
    orders = made_up(rows)
    found = seen(rows)
    assert named(found) == set(orders)
    reviews = found.reviews[found.reviews["needs_a_look"]]
    assert set(reviews["order_id"]) == set(orders)
    both = found.orders[found.orders["needs_a_look"]]
    assert set(both["case"]) == set(reviews["case"]) == {1, 2}
    told = json.loads(order_facts_of(both[both["order_id"] == "X0-0"])[0])
    assert told["for"]["note"]["word"] == "刷单"
    assert told["for"]["at_once"]["hours"] == 2.0
    rush = told["for"]["rush"]
    assert rush["seen"] >= 12
    assert rush["usual"] < 2
    assert told["for"]["in_step"] == {"points": 2.0, "partners": 11, "rushes": 2}
    assert told["for"]["address"]["people"] == 6
    copied = json.loads(review_facts_of(reviews)[0])
    assert copied["for"]["twins"]["twins"] >= 11
    assert "bought" in copied["against"]


@pytest.fixture(scope="module")
def busy() -> Look:
    """A dormitory, a family, a promotion that goes well and a bad batch that many complain of."""
    rows = ordinary()
    for person in range(40):
        rows.lives(8000 + person, "Studentenheim 1")
        for turn in range(3):
            at = BEGIN + timedelta(days=4 * person + turn, hours=12)
            rows.order(8000 + person, at, [f"P{(person + turn) % 30}", f"P{(person * 7) % 30}"])
    for turn in range(5):
        for person in (7001, 7002, 7003):
            rows.lives(person, "Lindenstr. 5")
            rows.order(person, BEGIN + timedelta(days=30 * turn, hours=17), ["P3"])
    for number in range(60):
        at = BEGIN + timedelta(days=60 + number % 5, hours=9 + number % 12, minutes=number)
        customer = number + 1 if number % 2 else 6000 + number
        rows.order(customer, at, ["P4"], coupon="SPRING")
    for number in range(40):
        at = BEGIN + timedelta(days=40 + number % 20, hours=10 + number % 9)
        order = rows.order(5000 + number, at, ["P5", "P6"], hours=130)
        rows.review(order, "P5", 1, f"The handle broke on day {number}, the lid is loose.", 60)
    return seen(rows)


def of(found: Look, low: int, high: int) -> int:
    """How many orders of customers by number need a look."""
    people = found.orders[found.orders["customer_key"].between(low, high)]
    return int(people["needs_a_look"].sum())


def test_a_family_and_a_dormitory_are_no_reason(busy: Look) -> None:
    assert busy.orders["customer_key"].between(7001, 7003).any()
    assert of(busy, 7000, 8999) == 0


def test_a_successful_promotion_of_one_thing_is_no_reason(busy: Look) -> None:
    assert busy.orders["customer_key"].between(6000, 6999).any()
    assert of(busy, 1, 6999) == 0


def test_a_storm_of_complaints_with_a_cause_is_no_reason(busy: Look) -> None:
    storm = busy.reviews[busy.reviews["stars"] == 1]
    assert len(storm) == 40
    assert (storm["rush_seen"] > 5 * storm["rush_usual"]).all()
    assert not busy.reviews["needs_a_look"].any()


def test_a_log_without_a_clock_addresses_or_reviews_is_looked_at_too() -> None:
    rows = ordinary()
    for name in ("reviews", "identities", "contacts"):
        rows.tables[name].clear()
    for row in rows.tables["order_facts"]:
        row["at"] = row["at"].replace(hour=0, minute=0)
    found = seen(rows)
    assert named(found) == set()
    assert found.reviews.empty
    assert found.fitted.parameters["orders"] == 1200.0


def test_of_few_orders_nothing_is_unusual() -> None:
    with pytest.raises(CrmError) as raised:
        seen(ordinary(orders=100))
    assert raised.value.code == "not_enough_data"
