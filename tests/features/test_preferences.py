"""What a customer prefers: by purchases of late, of what may be named, read from names where it must."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.audiences.offers import offerable
from crm_core.features import attributes, preferences
from crm_core.store import Store
from tests.small_shop import Rows, line, order, small_shop

AS_OF = date(2026, 6, 30)
WARDROBE = {
    "s1": ("Linen Shirt - Dark blue - M", "Shirts", "Nordsee", "30"),
    "s2": ("Linen Shirt - White - L", "Shirts", "Nordsee", "35"),
    "s3": ("Silk Shirt, Red, M", "Shirts", "Seidel", "90"),
    "t1": ("衬衫 - 白色 - XL", "Shirts", "Seidel", "60"),
    "o1": ("Olive Oil - 500 ml", "Pantry", "Seidel", "12"),
    "w1": ("Gaiwan White", "Pantry", "Seidel", "20"),
}


def product(key: str) -> dict[str, Any]:
    name, category, brand, _ = WARDROBE[key]
    return {"product_id": key, "product_name": name, "category": category, "brand": brand}


def bought(*purchases: tuple[str, str, str]) -> Rows:
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for number, (person, when, key) in enumerate(purchases):
        orders.append(order(f"o{number}", person, f"{when}T10:00:00"))
        lines.append(line(f"o{number}", key, WARDROBE[key][3]))
    people = [{"customer_id": name} for name in sorted({person for person, _, _ in purchases})]
    return {
        "customers": people,
        "orders": orders,
        "order_lines": lines,
        "products": [product(key) for key in WARDROBE],
    }


@pytest.fixture(scope="module")
def wardrobe(tmp_path_factory: pytest.TempPathFactory) -> Store:
    rows = bought(
        # Ann wore M years ago, and L of late; of Seidel she has one thing, a gift perhaps.
        ("ann", "2022-01-10", "s1"), ("ann", "2022-02-10", "s1"), ("ann", "2022-03-10", "s1"),
        ("ann", "2026-05-10", "s2"), ("ann", "2026-06-10", "s2"), ("ann", "2026-06-11", "o1"),
        ("bob", "2026-06-01", "s3"), ("bob", "2026-06-02", "s3"),
        ("cho", "2026-06-01", "t1"),
    )  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("wardrobe")
    return small_shop(folder, rows).open()


def profiles(store: Store) -> pd.DataFrame:
    at = store.at(AS_OF)
    names = store.table("identity_links")
    ids = store.fetch(names.select("customer_key", "value"))
    found = store.fetch(preferences(at, offerable(store)))
    return found.merge(ids, on="customer_key").set_index("value").drop(columns="customer_key")


def known(row: pd.Series) -> dict[str, str]:
    return {str(name): str(cell) for name, cell in row.items() if isinstance(cell, str)}


def test_late_purchases_count_and_a_single_one_does_not(wardrobe: Store) -> None:
    rows = profiles(wardrobe)
    assert known(rows.loc["ann"]) == {
        "category": "Shirts",
        "brand": "Nordsee",
        "price_band": "low",
        "size": "L",
        "colour": "white",
    }
    assert known(rows.loc["bob"]) == {
        "category": "Shirts",
        "brand": "Seidel",
        "price_band": "high",
        "size": "M",
        "colour": "red",
    }
    assert known(rows.loc["cho"]) == {}


def test_attributes_are_counted_by_what_products_differ_in(wardrobe: Store) -> None:
    found = wardrobe.fetch(attributes(wardrobe.at(AS_OF), offerable(wardrobe))).iloc[0]
    assert found.to_dict() == {"category": 2, "brand": 2, "price_band": 3, "size": 4, "colour": 4}
