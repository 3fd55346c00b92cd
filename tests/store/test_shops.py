"""Several shops in one store: their numbers add up, their orders stay apart, people are shared."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.metrics import METRICS, measure, scope
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.store.snapshots import folder_of, read_pointer
from tests.small_shop import Rows, SmallShop, line, order, small_shop

ADDED = [name for name, metric in METRICS.items() if metric.additivity == "additive"]
ORDERS = ["orders", "keyed_orders", "repeat_orders", "new_buyers"]


def north() -> Rows:
    return {
        "products": [{"product_id": "tea", "category": "Tea", "unit_cost": Decimal("4")}],
        "orders": [
            order("1001", "ann", "2026-01-05T10:00:00", fees=Decimal("0.50")),
            order("1002", "bob", "2026-01-06T10:00:00"),
        ],
        "order_lines": [line("1001", "tea", "10"), line("1002", "tea", "10", 2)],
        "costs": [{"cost_id": "a", "day": datetime(2026, 1, 5).date(), "kind": "marketing",
                   "amount": Decimal("3.01")}],
        "contacts": [{"contact_id": "c", "customer_id": "bob", "order_id": "1002",
                      "occurred_at": datetime(2026, 1, 8), "cost": Decimal("2")}],
    }  # fmt: skip


def south() -> Rows:
    """Another shop of the same people; it, too, counts its orders from 1001."""
    return {
        "orders": [
            order("1001", "ann", "2026-02-05T10:00:00"),
            order("1003", "eve", "2026-02-06T10:00:00"),
        ],
        "order_lines": [line("1001", "cup", "7"), line("1003", "cup", "7")],
    }


def sent_back() -> Rows:
    when = datetime(2026, 3, 1)
    return {
        "refunds": [
            {"refund_id": "r1", "order_id": "1001", "refunded_at": when, "amount": Decimal("7")}
        ]
    }


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    shop = small_shop(tmp_path_factory.mktemp("two"))
    shop.load(north(), name="north", shop="Nord")
    shop.load(south(), name="south", shop="Süd")
    shop.load(sent_back(), name="back", shop="Süd")
    return shop


@pytest.mark.slow
def test_what_the_shops_made_is_what_was_made(two: SmallShop) -> None:
    names = [*ADDED, *ORDERS]
    with closing(two.open()) as store:
        found = measure(store, names, rows=scope(store, Selection()), by=("shop",))
        for name in names:
            if found.totals[name] is not None:
                assert found.rows[name].sum() == pytest.approx(found.totals[name]), name
        rows = found.rows.set_index("shop")
        assert rows["orders"].to_dict() == {"Nord": 2.0, "Süd": 2.0}
        assert rows["refunds"].to_dict() == {"Nord": 0.0, "Süd": 7.0}
        assert rows["service_cost"].to_dict() == {"Nord": 2.0, "Süd": 0.0}
        assert found.totals["net_revenue"] == 30 + 14 - 7


def test_who_buys_in_both_shops_is_one_customer(two: SmallShop) -> None:
    with closing(two.open()) as store:
        found = measure(store, ("buyers",), rows=scope(store, Selection()), by=("shop",))
        assert found.totals["buyers"] == 3
        assert found.rows["buyers"].sum() == 4  # Ann in each


@pytest.mark.parametrize("shop", ["Nord", pytest.param("Süd", marks=pytest.mark.slow)])
def test_a_shop_chosen_is_its_row_among_all(two: SmallShop, shop: str) -> None:
    names = ("net_revenue", "orders", "repeat_share", "average_order_value")
    with closing(two.open()) as store:
        rows = measure(store, names, rows=scope(store, Selection()), by=("shop",)).rows
        chosen = Selection(shop=(shop,))
        for of in ((), names):  # by the ledger, and by its sums
            alone = measure(store, names, rows=scope(store, chosen, of=of)).totals
            assert alone == rows[rows["shop"] == shop][list(names)].iloc[0].to_dict()


@pytest.mark.slow
def test_the_same_number_in_two_shops_is_two_orders_however_often_it_is_told(
    two: SmallShop,
) -> None:
    before = read_pointer(folder_of(two.url))
    for rows, name, shop in (
        (south(), "s", "Süd"),
        (north(), "n", "Nord"),
        (sent_back(), "b", "Süd"),
    ):
        assert two.load(rows, name=f"again-{name}", shop=shop)["batch"] is None
    assert read_pointer(folder_of(two.url)) == before
    with closing(two.open()) as store:
        assert ids(store, "orders") == {"1001", "1001@Süd", "1002", "1003"}
        assert ids(store, "refunds") == {"1001@Süd"}


@pytest.mark.slow
def test_a_shop_named_later_names_the_orders_that_are_there(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, north())
    shop.load(north(), name="named", shop="Nord")
    shop.load(south(), name="south", shop="Süd")
    with closing(shop.open()) as store:
        assert ids(store, "orders") == {"1001", "1001@Süd", "1002", "1003"}
        assert set(store.fetch(store.table("orders"))["shop"]) == {"Nord", "Süd"}


@pytest.mark.slow
def test_a_second_shop_takes_no_order_of_a_first_without_a_name(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, north())
    shop.load(south(), name="south", shop="Süd")
    with closing(shop.open()) as store:
        assert ids(store, "orders") == {"1001", "1001@Süd", "1002", "1003"}
        assert measure(store, ("revenue",), rows=scope(store, Selection())).totals["revenue"] == 44


@pytest.mark.slow
def test_what_a_file_says_of_its_shop_wins(tmp_path: Path) -> None:
    rows = north()
    rows["orders"][0]["shop"] = "Outlet"
    shop = small_shop(tmp_path)
    shop.load(rows, shop="Nord")
    with closing(shop.open()) as store:
        orders = store.fetch(store.table("orders").order_by("order_id"))
        assert orders["shop"].tolist() == ["Outlet", "Nord"]


def ids(store: Store, table: str) -> set[Any]:
    return set(store.fetch(store.table(table))["order_id"])
