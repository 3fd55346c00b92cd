"""Shops that no model was made for: what cannot be said is not said, and nothing is NaN."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.scores import refresh_scores
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.text import error_text
from crm_core.views.acquisition import acquisition
from crm_core.views.customer import customer
from crm_core.views.value import MONTHS, value
from crm_core.views.waterfall import waterfall
from tests.small_shop import Rows, line, order, small_shop

OWNER = Access("single_user", "owner")
FIRST = date(2025, 1, 1)


def shop_of(customers: int, orders: Callable[[int], list[tuple[int, float]]], **more: Any) -> Rows:
    """Each customer's orders as (day, price), with a unit cost of half the price."""
    rows: Rows = {"orders": [], "order_lines": []}
    number = 0
    for who in range(customers):
        for day, price in orders(who):
            number += 1
            at = (FIRST + timedelta(day)).isoformat() + "T20:00:00"
            rows["orders"].append(order(str(number), f"c{who}", at))
            cost = more.get("cost", Decimal(f"{price / 2:.2f}"))
            rows["order_lines"].append(
                line(
                    str(number),
                    "tea",
                    f"{price:.2f}",
                    **({} if cost is None else {"unit_cost": cost}),
                )
            )
    return rows


def steady(who: int) -> list[tuple[int, float]]:
    """Customers who come every so often, each in an own rhythm, some only once."""
    step = 9 + who * 7 % 60
    times = 1 + who % 5
    return [((who * 3) % 200 + step * turn, 10.0 + who % 17 + turn) for turn in range(times)]


def refunded(rows: Rows) -> Rows:
    """Everything is given back."""
    rows["refunds"] = [
        {
            "refund_id": f"r{sold['order_id']}",
            "order_id": sold["order_id"],
            "refunded_at": sold["ordered_at"] + timedelta(1),
            "amount": bought["unit_price"],
        }
        for sold, bought in zip(rows["orders"], rows["order_lines"], strict=True)
    ]
    return rows


def whale(who: int) -> list[tuple[int, float]]:
    return [(day % 400, 9.0) for day in range(5_000)] if who == 0 else steady(who)


SHOPS: dict[str, Callable[[], Rows]] = {
    "one": lambda: shop_of(1, steady),
    "ten": lambda: shop_of(10, steady),
    "hundred": lambda: shop_of(100, steady),
    "one_time": lambda: shop_of(120, lambda who: [(who, 20.0)]),
    "constant_prices": lambda: shop_of(150, lambda who: [(d, 10.0) for d, _ in steady(who)]),
    "only_refunds": lambda: refunded(shop_of(100, steady)),
    "negative_margin": lambda: shop_of(120, steady, cost=60),
    "single_day": lambda: shop_of(80, lambda who: [(0, 5.0 + who)]),
    "gap_of_a_year": lambda: shop_of(
        120, lambda who: [(d if d < 150 else d + 365, p) for d, p in steady(who)]
    ),
    "nothing_paid": lambda: shop_of(100, lambda who: [(d, 0.0) for d, _ in steady(who)]),
    "costs_unknown": lambda: shop_of(120, steady, cost=None),
    "future": lambda: shop_of(
        120, lambda who: [*steady(who), *([(2_000, 10.0)] if who == 3 else [])]
    ),
    "whale": lambda: shop_of(90, whale),
}
FAST = {"one"}


@pytest.fixture(
    params=[pytest.param(name, marks=[] if name in FAST else pytest.mark.slow) for name in SHOPS]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    shop = small_shop(tmp_path, SHOPS[str(request.param)]())
    refresh_scores(shop.url, settings=shop.settings)
    opened = shop.open()
    yield opened
    opened.close()
    shop.records.close()


def numbers(found: Any) -> list[float]:
    """Every number in a view, however deep; an empty cell of a frame is no number."""
    if isinstance(found, bool) or found is None:
        return []
    if isinstance(found, int | float):
        return [float(found)]
    if isinstance(found, pd.DataFrame):
        held = found.select_dtypes("number").stack()
        return [float(cell) for cell in held if cell == cell]
    if isinstance(found, dict):
        return [number for part in found.values() for number in numbers(part)]
    if isinstance(found, list | tuple):
        return [number for part in found for number in numbers(part)]
    if is_dataclass(found):
        return numbers({field.name: getattr(found, field.name) for field in fields(found)})
    return []


def kept_is_finite(store: Store) -> None:
    for name in ("lifetime_value", "value_totals"):
        if not store.has(name):
            continue
        found = store.fetch(store.table(name))
        assert len(found)
        for column in found.columns:
            cells = found[column]
            unsaid = column.startswith(("p_alive", "margin", "contribution", "value", "before"))
            unsaid = unsaid or column in ("expected_margin", "expected_contribution")
            assert unsaid or cells.notna().all(), column
            assert cells.dropna().map(math.isfinite).all(), column
        for column in ("expected_orders", "orders_low", "revenue_low"):
            assert column not in found or (found[column] >= 0).all()
        if "p_no_order" in found:
            assert found["p_no_order"].between(0, 1).all()


def pages_say_something(store: Store) -> None:
    for days in MONTHS.values():
        asked = {"store": store, "access": OWNER, "days": days}
        if store.has("lifetime_value"):
            seen = numbers(value(Selection(period="all"), **asked))
            assert all(map(math.isfinite, seen))
            continue
        with pytest.raises(CrmError, match="not_enough_data") as caught:
            value(Selection(period="all"), **asked)
        assert any(character.isdigit() for character in error_text(caught.value, "en"))
    bars = waterfall(Selection(period="all"), store=store, access=OWNER)
    assert all(map(math.isfinite, numbers(bars)))
    for split in ("acquisition_source", "region"):
        cohorts = acquisition(Selection(), store=store, access=OWNER, split=split)
        assert all(map(math.isfinite, numbers(cohorts)))
    keys = store.fetch(store.table("customer_facts").select("customer_key").limit(3))
    for key in keys["customer_key"]:
        view = customer(Selection(), store=store, access=OWNER, key=int(key))
        assert all(map(math.isfinite, numbers(view)))


@pytest.mark.slow
def test_what_cannot_be_said_is_not_said(store: Store) -> None:
    kept_is_finite(store)
    pages_say_something(store)
