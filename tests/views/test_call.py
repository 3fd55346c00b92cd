"""The record of whoever is on the phone, on shops a clerk could check by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from crm_core.metrics.care_rules import CareRules
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.call import Record, Waiting, call, strays, waiting
from crm_core.views.contact_line import ContactLine, contact_line
from tests.small_shop import line, order, small_shop

CARE = Access("care", "carla")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def talk(number: int, customer: str | None, when: str, **more: Any) -> dict[str, Any]:
    told = {"contact_id": f"T{number}", "customer_id": customer, "occurred_at": at(when)}
    return {**told, "direction": "in", "contact_channel": "email", "topic": "delivery", **more}


def parcel(number: str, customer: str | None, when: str, **more: Any) -> dict[str, Any]:
    return order(number, customer, when, promised_at=at("2026-06-20T12:00:00"), **more)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    orders = [
        parcel("1", "a", "2026-06-15T10:00:00", delivered_at=at("2026-06-19T10:00:00")),
        parcel("2", "a", "2026-06-16T10:00:00", delivered_at=at("2026-06-22T10:00:00")),
        parcel("3", "a", "2026-06-17T10:00:00", status="shipped"),
        parcel("4", "a", "2026-06-18T10:00:00", status="cancelled"),
        order(
            "5", "a", "2026-06-29T10:00:00", status="paid", promised_at=at("2026-07-05T12:00:00")
        ),
        parcel("6", None, "2026-06-17T10:00:00"),
        order("7", "b", "2026-06-30T21:00:00"),
    ]
    shop = small_shop(
        tmp_path_factory.mktemp("call"),
        {
            "orders": orders,
            "order_lines": [line(each["order_id"], "tea", "10", quantity=2) for each in orders],
            "refunds": [
                {"refund_id": "F1", "order_id": "2", "line_id": "2-tea", "amount": 5, "reason": "late",
                 "refunded_at": at("2026-06-23T10:00:00")},
            ],
            "reviews": [
                {"review_id": "R1", "customer_id": "a", "product_id": "tea", "order_id": "1",
                 "stars": 4, "body": "🙂🙂", "reviewed_at": at("2026-06-21T10:00:00")},
            ],
            "touches": [
                {"touch_id": "M1", "customer_id": "a", "campaign": "June", "arm": "treated",
                 "contact_channel": "sms", "sent_at": at("2026-06-10T10:00:00"), "clicked": True},
                {"touch_id": "M2", "customer_id": "a", "campaign": "July", "arm": "control",
                 "contact_channel": "sms", "sent_at": at("2026-06-25T10:00:00")},
            ],
            "contacts": [
                talk(1, "a", "2026-06-21T10:00:00", order_id="2", reply_minutes=90.0, resolved=True),
                talk(2, "a", "2026-06-27T10:00:00", order_id="3", resolved=False),
                talk(3, None, "2026-06-24T10:00:00", order_id="2", contact_channel="phone", reply_minutes=0.5),
                talk(4, None, "2026-06-18T10:00:00", order_id="6", contact_channel="phone", reply_minutes=0.5),
                talk(5, None, "2026-06-19T10:00:00", contact_channel="chat", reply_minutes=0.5),
                talk(6, "b", "2026-06-30T20:00:00", resolved=False),
            ],
        },
    )  # fmt: skip
    opened = shop.open()
    yield opened
    opened.close()
    shop.records.close()


@pytest.fixture(scope="module")
def keys(store: Store) -> dict[str, int]:
    links = store.fetch(store.table("identity_links"))
    return {str(v): int(k) for v, k in zip(links["value"], links["customer_key"], strict=True)}


def record(store: Store, **asked: Any) -> Record:
    return call(Selection(), store=store, access=CARE, **asked)


def line_of(store: Store, **asked: Any) -> ContactLine:
    return contact_line(Selection(), store=store, access=CARE, **asked)


def order_key(store: Store, number: str) -> int:
    orders = store.table("orders")
    return int(store.fetch(orders.filter(orders.order_id == number))["order_key"].iloc[0])


def test_each_order_says_where_its_parcel_is(store: Store, keys: dict[str, int]) -> None:
    view = record(store, key=keys["a"])
    delivery = dict(zip(view.orders["order_id"], view.orders["delivery"], strict=True))
    assert delivery == {"5": "due", "4": None, "3": "overdue", "2": "late", "1": "came"}
    rows = view.orders.set_index("order_id")
    assert rows.loc["2", "days_late"] == 2
    assert (view.late, view.promised) == (2, 3)
    assert list(view.expected["order_id"]) == ["3", "5"]
    assert view.orders_total == 5


def test_money_and_words_of_the_customer(store: Store, keys: dict[str, int]) -> None:
    view = record(store, key=keys["a"])
    rows = view.orders.set_index("order_id")
    assert rows.loc["1", "amount"] == 20
    assert pd.isna(rows.loc["4", "amount"])
    assert rows.loc["2", "given_back"] == view.given_back == 5
    assert view.refunds[["order_id", "reason"]].to_numpy().tolist() == [["2", "late"]]
    assert "body" not in view.reviews
    told = record(store, key=keys["a"], words=True).reviews
    assert told[["stars", "body"]].to_numpy().tolist() == [[4, "🙂🙂"]]


def test_a_record_tells_nothing_a_customer_is_rated_by(store: Store, keys: dict[str, int]) -> None:
    told = set(record(store, key=keys["a"]).orders) | set(line_of(store, key=keys["a"]).rows)
    assert not told & {"cost", "margin", "contribution", "value_tier", "segment", "p_no_order"}


def test_one_line_of_time_through_every_channel(store: Store, keys: dict[str, int]) -> None:
    view = line_of(store, key=keys["a"])
    told = view.rows[["kind", "channel", "direction", "state"]].to_numpy().tolist()
    assert told == [
        ["contact", "email", "in", "open"],
        ["contact", "phone", "in", "answered"],  # of nobody, about an order of theirs
        ["contact", "email", "in", "settled"],
        ["touch", "sms", "out", "clicked"],  # what was held back on purpose was not said
    ]
    assert view.total == 4
    assert view.rows["reply_hours"].iloc[2] == pytest.approx(1.5)


def test_an_order_of_nobody_known_has_a_record_of_its_own(store: Store) -> None:
    number = order_key(store, "6")
    view = record(store, order_key=number)
    assert list(view.orders["order_id"]) == ["6"]
    said = line_of(store, order_key=number)
    assert said.rows["channel"].tolist() == ["phone"]


def waits(store: Store, hours: int) -> Waiting:
    rules = CareRules(reply_hours=hours, settle_hours=hours)
    return waiting(Selection(), store=store, access=CARE, rules=rules)


def test_who_waits_longer_than_was_promised(store: Store, keys: dict[str, int]) -> None:
    day = waits(store, 24)
    assert day.rows["customer_key"].tolist() == [keys["a"]]
    assert day.rows["waited"].iloc[0] == pytest.approx(24 * 3 + 14)
    assert day.contacts
    assert waits(store, 1).total == 2
    assert waits(store, 24 * 5).total == 0


def test_contacts_of_nobody_stand_apart(store: Store, keys: dict[str, int]) -> None:
    view = strays(Selection(), store=store, access=CARE)
    rows = view.rows
    assert view.total == 3
    assert rows["order_id"].fillna("").tolist() == ["2", "", "6"]
    assert rows["customer_key"].iloc[0] == keys["a"]
    assert pd.isna(rows["customer_key"].iloc[2])


def test_a_customer_nobody_knows_has_an_empty_record(store: Store) -> None:
    empty = record(store, key=987_654_321)
    assert (empty.orders_total, empty.promised, empty.given_back) == (0, 0, 0.0)
    assert line_of(store, key=987_654_321).rows.empty
