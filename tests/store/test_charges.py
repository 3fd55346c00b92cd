"""Postage, fees and discounts that files call products: no goods, no order of their own, no money lost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.metrics import measure, scope
from crm_core.records import ShopSettings
from crm_core.selection import Selection
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop

MONEY = ("gross_sales", "discounts", "revenue", "refunds", "shipping_income", "fees")
COUNTS = ("units", "orders", "buyers", "known_buyer_share")


def off(order_id: str, product: str, amount: str) -> dict[str, Any]:
    """A line that takes money off its order."""
    return line(order_id, product, "0", line_total=Decimal(0), discount=Decimal(amount))


def shop_rows() -> Rows:
    """Order 1: goods with postage, discount and a fee. 2: goods, a voucher, a manual line, shipping
    of its own. 3: postage alone. 4: a discount alone."""
    return {
        "orders": [
            order("1", "a", "2026-01-05T10:00"),
            order("2", "b", "2026-01-06T10:00", shipping_income=Decimal("2.00")),
            order("3", "a", "2026-01-07T10:00"),
            order("4", "a", "2026-01-08T10:00"),
        ],
        "order_lines": [
            line("1", "tea", "10", 2), line("1", "pot", "20"), line("1", "POST", "4.95"),
            off("1", "D", "5"), off("1", "BANK CHARGES", "1.50"),
            line("2", "tea", "10"), line("2", "M", "7"), line("2", "gift_0001_20", "20"),
            line("3", "POST", "3"), off("4", "D", "2"),
        ],
        "products": [
            {"product_id": "tea", "product_name": "Tea", "category": "Tea", "unit_cost": Decimal(4)},
            {"product_id": "pot", "product_name": "Pot", "category": "Pots", "unit_cost": Decimal(8)},
            {"product_id": "POST", "product_name": "POSTAGE", "category": "Misc"},
            {"product_id": "D", "product_name": "Discount"},
            {"product_id": "M", "product_name": "Manual", "category": "Misc"},
        ],
    }  # fmt: skip


def totals(shop: SmallShop, *names: str) -> dict[str, float | None]:
    store = shop.open()
    try:
        return measure(store, names, rows=scope(store, Selection())).totals
    finally:
        store.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return small_shop(tmp_path_factory.mktemp("shop"), shop_rows())


def test_their_money_stands_where_it_belongs_and_none_is_lost(shop: SmallShop) -> None:
    found = totals(shop, *MONEY)
    assert found == {
        "gross_sales": 77.0, "discounts": 7.0, "revenue": 70.0, "refunds": 0.0,
        "shipping_income": 9.95, "fees": 1.5,
    }  # fmt: skip
    of_lines = 20 + 20 + 4.95 - 5 - 1.5 + 10 + 7 + 20 + 3 - 2
    in_the_ledger = 70 + 9.95 - 1.5
    assert in_the_ledger == pytest.approx(of_lines + 2.00)


def test_the_bill_and_the_pages_say_the_same(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    bill = shop.load(shop_rows())["totals"]
    found = totals(shop, *MONEY, "units")
    assert (bill["gross"], bill["discount"], bill["shipping"], bill["fees"], bill["units"]) == (
        found["gross_sales"], found["discounts"], found["shipping_income"], found["fees"], found["units"],
    )  # fmt: skip


def test_postage_or_a_discount_alone_is_no_purchase(shop: SmallShop) -> None:
    assert totals(shop, *COUNTS) == {
        "units": 5.0,
        "orders": 2.0,
        "buyers": 2.0,
        "known_buyer_share": 1.0,
    }
    store = shop.open()
    days = store.fetch(store.table("customer_days"))
    assert days["day"].dt.strftime("%m-%d").tolist() == ["01-05", "01-06"]


def test_no_category_and_no_product_page_knows_them(shop: SmallShop) -> None:
    store = shop.open()
    by = measure(store, ("revenue", "units"), rows=scope(store, Selection()), by=("category",)).rows
    known = by[by["category"].notna()].set_index("category")
    assert known["revenue"].to_dict() == {"Pots": 17.5, "Tea": 27.5}
    products = store.fetch(store.table("product_facts").select("product_id", "product_kind"))
    goods = products[products["product_kind"].isna()]
    assert sorted(goods["product_id"]) == ["pot", "tea"]


@pytest.mark.slow
def test_what_is_no_thing_costs_no_goods(tmp_path: Path) -> None:
    rows = shop_rows()
    rows["order_lines"] = [
        each for each in rows["order_lines"] if each["product_id"] != "gift_0001_20"
    ]
    shop = small_shop(tmp_path, rows)
    assert totals(shop, "goods_cost", "known_cost_share") == {
        "goods_cost": 20.0,
        "known_cost_share": 1.0,
    }


@pytest.mark.slow
def test_postage_given_back_is_less_shipping_income(tmp_path: Path) -> None:
    rows = shop_rows()
    back = {"order_id": "1", "refunded_at": datetime(2026, 1, 9)}
    rows["refunds"] = [
        {"refund_id": "r1", "line_id": "1-POST", "amount": Decimal("4.95"), **back},
        {"refund_id": "r2", "line_id": "1-tea", "amount": Decimal(10), **back},
    ]
    assert totals(small_shop(tmp_path, rows), "refunds", "shipping_income") == {
        "refunds": 10.0,
        "shipping_income": 5.0,
    }


@pytest.mark.slow
def test_a_fee_line_comes_on_top_of_assumed_fees_and_tax_is_taken_out(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    shop.records.save_shop_settings(
        ShopSettings(payment_fee_fixed=Decimal(1), tax_included=True, tax_rate=Decimal("0.25")),
        user="owner",
        now=NOW,
    )
    shop.load(shop_rows())
    found = totals(shop, "fees", "shipping_income", "revenue")
    assert found["fees"] == 4 * 1 + 1.2
    assert found["shipping_income"] == pytest.approx(2 + (4.95 + 3) / 1.25)
    assert found["revenue"] == pytest.approx(70 / 1.25)


@pytest.mark.slow
def test_a_shop_can_say_that_a_code_is_goods(tmp_path: Path) -> None:
    rows = shop_rows()
    rows["products"][2]["product_kind"] = "goods"
    shop = small_shop(tmp_path, rows)
    assert totals(shop, "gross_sales", "shipping_income") == {
        "gross_sales": 84.95,
        "shipping_income": 2.0,
    }
    rows = {
        "orders": [order("9", "a", "2026-02-01T10:00")],
        "order_lines": [line("9", "POST", "3")],
    }
    assert shop.load(rows, name="later")["totals"]["gross"] == 3.0


def test_a_shop_without_them_has_the_same_ledger_as_ever(tmp_path: Path) -> None:
    rows: Rows = {
        "orders": [order("1", "a", "2026-01-05T10:00")],
        "order_lines": [line("1", "tea", "10", 2), line("1", "pot", "20")],
    }
    store = small_shop(tmp_path, rows).open()
    ledger = store.fetch(store.table("ledger"))
    assert set(ledger["entry"]) == {"sale"}
    assert pd.notna(ledger["product_key"]).all()
