"""One customer from many traces, nothing counted twice, changes taken over."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from crm_core.errors import CrmError
from crm_core.store.snapshots import read_pointer
from tests.small_shop import Rows, SmallShop, line, order, small_shop


def person(customer: str, **more: object) -> dict[str, object]:
    return {"customer_id": customer, **more}


def keys(shop: SmallShop) -> dict[str, int | None]:
    """Each order's customer key."""
    store = shop.open()
    orders = store.table("orders").select("order_id", "customer_key")
    frame = store.fetch(orders)
    values = frame["customer_key"].astype(object).where(frame["customer_key"].notna(), None)
    return dict(zip(frame["order_id"], values, strict=True))


def checksum(shop: SmallShop) -> list[tuple[object, ...]]:
    """Every ledger row, keys by order: what must not change."""
    store = shop.open()
    ledger = store.table("ledger").drop("customer_key", "order_key", "product_key")
    frame = store.fetch(ledger).astype(str)
    return sorted(frame.itertuples(index=False, name=None))


def two_traces() -> Rows:
    return {
        "identities": [
            person("ann", email="Ann@Example.com", name="Null"),
            person("ann-2", email=" ann@example.com"),
            person("cyr", email="\u0430nn@example.com"),  # a Cyrillic a
        ],
        "orders": [
            order("1", "ann", "2026-01-05T10:00:00"),
            order("2", "ann-2", "2026-01-06T10:00:00"),
            order("3", None, "2026-01-07T10:00:00", email="ANN@example.com"),
            order("4", "cyr", "2026-01-08T10:00:00"),
            order("5", None, "2026-01-09T10:00:00", email="not an address"),
        ],
        "order_lines": [line(str(number), "tea", "10") for number in range(1, 6)],
    }


def test_the_same_email_is_one_person_and_a_lookalike_is_not(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    report = shop.load(two_traces())
    found = keys(shop)
    assert found["1"] == found["2"] == found["3"]
    assert found["4"] not in (found["1"], None)
    assert found["5"] is None
    assert report["lookalike_emails"] == 1
    store = shop.open()
    names = store.fetch(store.table("identities"))["name"].dropna().tolist()
    assert names == ["Null"]


def test_an_address_shared_by_many_ids_joins_nobody(tmp_path: Path) -> None:
    rows: Rows = {
        "identities": [person(f"c{n}", email="desk@example.com") for n in range(5)],
        "orders": [order(str(n), f"c{n}", "2026-01-05T10:00:00") for n in range(5)],
        "order_lines": [line(str(n), "tea", "10") for n in range(5)],
    }
    rows["orders"].append(order("guest", None, "2026-01-06T10:00:00", email="desk@example.com"))
    rows["order_lines"].append(line("guest", "tea", "10"))
    found = keys(small_shop(tmp_path, rows))
    assert len({found[str(n)] for n in range(5)}) == 5
    assert found["guest"] is None


def test_the_older_key_survives_when_a_later_file_joins_two_people(tmp_path: Path) -> None:
    rows: Rows = {
        "orders": [
            order("1", "a", "2026-01-05T10:00:00"),
            order("2", "b", "2026-01-06T10:00:00"),
        ],
        "order_lines": [line("1", "tea", "10"), line("2", "tea", "10")],
    }
    shop = small_shop(tmp_path, rows)
    before = keys(shop)
    shop.load(
        {
            "identities": [
                person("a", email="x@example.com"),
                person("b", email="x@example.com"),
            ]
        },
        name="later",
    )
    after = keys(shop)
    assert after["1"] == after["2"] == min(before.values())  # type: ignore[type-var]


def test_the_same_rows_again_change_nothing(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, two_traces())
    pointer, before = read_pointer(shop.folder / "var/shop"), checksum(shop)
    report = shop.load(two_traces(), name="again")
    assert report["batch"] is None
    assert report["rows"]["loaded"] == 0
    assert read_pointer(shop.folder / "var/shop") == pointer
    assert checksum(shop) == before


@pytest.mark.slow
def test_overlapping_and_shuffled_files_give_the_same_rows(tmp_path: Path) -> None:
    rows = two_traces()
    whole = small_shop(tmp_path / "whole", rows)
    parts = small_shop(tmp_path / "parts")
    shuffled = {name: Random(3).sample(table, len(table)) for name, table in rows.items()}
    parts.load({**shuffled, "order_lines": shuffled["order_lines"][:4]}, name="first")
    parts.load({"order_lines": shuffled["order_lines"][2:]}, name="second")
    assert checksum(parts) == checksum(whole)


def test_a_changed_order_replaces_the_old_one(tmp_path: Path) -> None:
    rows = two_traces()
    shop = small_shop(tmp_path, rows)
    changed = {**rows["orders"][0], "status": "cancelled"}
    report = shop.load({"orders": [changed]}, name="changed")
    assert report["loaded"]["orders"] == 1
    store = shop.open()
    assert int(store.fetch(store.table("order_facts").count().name("n").as_table())["n"][0]) == 4


@pytest.mark.slow
def test_a_later_name_is_taken_over_and_a_missing_one_keeps_the_old(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, two_traces())
    shop.load({"identities": [person("cyr", name="Cyril"), person("ann", name=None)]}, name="b")
    store = shop.open()
    frame = store.fetch(store.table("identities"))
    assert sorted(frame["name"].dropna()) == ["Cyril", "Null"]


def test_a_store_without_any_counting_order_says_so(tmp_path: Path) -> None:
    rows = two_traces()
    rows["orders"] = [{**row, "status": "cancelled"} for row in rows["orders"]]
    shop = small_shop(tmp_path)
    with pytest.raises(CrmError) as caught:
        shop.load(rows)
    assert caught.value.code == "no_orders"
    assert read_pointer(shop.folder / "var/shop").facts is None
    assert not list((shop.folder / "var/shop").glob("*.building*"))


def test_consents_go_to_the_records_and_stay_theirs(tmp_path: Path) -> None:
    rows = two_traces()
    rows["consents"] = [
        {
            "customer_id": "ann",
            "contact_channel": "email",
            "purpose": "marketing",
            "state": state,
            "at": datetime(2026, 1, number),
            "source": "form",
        }
        for number, state in enumerate(("granted", "denied"), 1)
    ]
    shop = small_shop(tmp_path)
    report = shop.load(rows)
    assert report["consents"] == 2
    key = keys(shop)["1"]
    assert key is not None
    assert shop.records.consent_states([key], "email") == {key: "denied"}


def test_stub_products_for_lines_that_name_unknown_ones(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, two_traces())
    store = shop.open()
    products = store.fetch(store.table("product_facts"))
    assert products["product_name"].tolist() == ["tea"]
    assert Decimal("10") == Decimal(str(store.fetch(store.table("order_lines"))["unit_price"][0]))


def daily(number: int) -> Rows:
    """One day's file of a marketplace that gives every buyer its own address."""
    when = f"2026-01-0{number + 1}T10:00:00"
    return {
        "identities": [person(f"c{number}", email="desk@example.com")],
        "orders": [
            order(str(number), f"c{number}", when),
            order(f"guest-{number}", None, when, email="desk@example.com"),
        ],
        "order_lines": [line(str(number), "tea", "10"), line(f"guest-{number}", "tea", "10")],
    }


@pytest.mark.slow
def test_an_address_shared_over_many_files_stops_joining(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    for number in range(7):
        shop.load(daily(number), name=f"day-{number}")
    found = keys(shop)
    assert len({found[str(number)] for number in range(7)}) == 5  # the first three, then nobody
    assert [found[f"guest-{number}"] for number in range(3, 7)] == [None] * 4


@pytest.mark.slow
def test_prospects_and_guests_without_a_number_are_known_in_every_table(tmp_path: Path) -> None:
    when = datetime(2026, 1, 5, 10)
    phone, email = "+49 30 23125 001", "Guest@Example.com"
    consent = {"contact_channel": "email", "purpose": "marketing", "state": "granted", "at": when}
    rows: Rows = {
        "identities": [{"email": "guest@example.com", "name": "Gil", "phone": "+493023125001"}],
        "customers": [{"phone": phone, "country": "DE"}],
        "consents": [{"email": email, **consent}],
        "reviews": [
            {"review_id": "r", "phone": phone, "product_id": "tea", "stars": 5, "reviewed_at": when}
        ],
        "contacts": [{"contact_id": "t", "email": email, "occurred_at": when}],
        "orders": [order("1", None, "2026-01-05T10:00:00", phone="+49 (0)30 23125001")],
        "order_lines": [line("1", "tea", "10")],
    }
    shop = small_shop(tmp_path)
    report = shop.load(rows)
    store = shop.open()
    for table in (*rows, "imported_consents"):
        if table not in ("order_lines", "consents"):
            assert store.fetch(store.table(table))["customer_key"].tolist() == [1], table
    assert shop.records.consent_states([1], "email") == {1: "granted"}
    assert report["identity"]["lookalike"] == {"count": 0, "examples": []}
    later = order("2", None, "2026-02-05T10:00:00", email=email)
    shop.load({"orders": [later]}, name="later")
    assert set(keys(shop).values()) == {1}


def test_the_report_counts_each_rule_with_masked_examples(tmp_path: Path) -> None:
    report = small_shop(tmp_path).load(two_traces())
    found = report["identity"]
    assert found["email_exact"] == {"count": 1, "examples": ["a•••@example.com"]}
    assert found["guests"]["count"] == 1
    assert found["lookalike"] == {"count": 1, "examples": ["\u0430•••@example.com"]}
    assert "ann@" not in str(report)


@pytest.mark.slow
def test_one_person_of_many_ids_stays_one(tmp_path: Path) -> None:
    rows: Rows = {
        "identities": [
            person("a", email="one@example.com"),
            person("b", email="one@example.com"),
            person("b", email="two@example.com"),
            person("c", email="two@example.com"),
            person("d", email="two@example.com"),
        ],
        "orders": [order(name, name, "2026-01-05T10:00:00") for name in "abcd"],
        "order_lines": [line(name, "tea", "10") for name in "abcd"],
    }
    shop = small_shop(tmp_path, rows)
    rows["orders"].append(order("guest", None, "2026-01-06T10:00:00", email="one@example.com"))
    rows["order_lines"].append(line("guest", "tea", "10"))
    shop.load(rows, name="again")
    assert len(set(keys(shop).values())) == 1


@pytest.mark.slow
def test_a_file_whose_only_news_is_who_is_who_is_taken_in(tmp_path: Path) -> None:
    rows: Rows = {
        "orders": [
            order("1", "a", "2026-01-05T10:00:00"),
            order("2", "b", "2026-01-06T10:00:00"),
        ],
        "order_lines": [line("1", "tea", "10"), line("2", "tea", "10")],
    }
    shop = small_shop(tmp_path, rows)
    same = {**rows, "orders": [{**row, "email": "ann@example.com"} for row in rows["orders"]]}
    assert shop.load(same, name="with-emails")["batch"] == 2
    assert len(set(keys(shop).values())) == 1
    assert shop.load(same, name="once-more")["batch"] is None


@pytest.mark.slow
def test_an_order_file_leaves_what_a_product_list_told(tmp_path: Path) -> None:
    rows: Rows = {
        "products": [{"product_id": "tea", "category": "Tea", "unit_cost": Decimal("4")}],
        "orders": [order("1", "a", "2026-01-05T10:00:00")],
        "order_lines": [line("1", "tea", "10")],
    }
    shop = small_shop(tmp_path, rows)
    rows["products"] = [{"product_id": "tea", "category": "Green tea"}]
    rows["orders"] = [order("2", "a", "2026-01-06T10:00:00")]
    rows["order_lines"] = [line("2", "tea", "10")]
    shop.load(rows, name="orders-only")
    store = shop.open()
    products = store.fetch(store.table("products"))
    assert products[["category", "unit_cost"]].values.tolist() == [["Green tea", 4.0]]


@pytest.mark.slow
def test_a_file_with_fewer_columns_erases_nothing(tmp_path: Path) -> None:
    rows = two_traces()
    rows["orders"][0]["shipping_income"] = Decimal("5.00")
    shop = small_shop(tmp_path, rows)
    later = order("1", "ann", "2026-01-05T10:00:00", payment_method="card")
    shop.load({"orders": [later]}, name="later")
    store = shop.open()
    found = store.fetch(store.table("orders")).set_index("order_id").loc["1"]
    assert found["shipping_income"] == 5.0
    assert found["payment_method"] == "card"
