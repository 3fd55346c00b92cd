"""Shops too young or too odd to learn much of, with churn made of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from crm_core.pipeline.score_steps import STEPS
from crm_core.pipeline.scores import refresh_scores
from tests.small_shop import Rows, SmallShop, line, order, small_shop

START = datetime(2026, 1, 1, 10)


def rows_of(orders: list[tuple[str, int]], price: str = "10") -> Rows:
    """Orders as (customer, days after the start), each of one line."""
    numbered = [(f"{place}", *one) for place, one in enumerate(orders)]
    return {
        "orders": [
            order(number, who, (START + timedelta(days)).isoformat())
            for number, who, days in numbered
        ],
        "order_lines": [line(number, "tea", price) for number, *_ in numbered],
    }


def young() -> Rows:
    """Eighty buyers of four months; every third came again after ten, twenty or more days."""
    orders = [(f"c{who}", who) for who in range(80)]
    orders += [(f"c{who}", who + 10) for who in range(0, 80, 3)]
    orders += [(f"c{who}", who + 30) for who in range(0, 80, 6)]
    orders.append(("late", 120))
    return rows_of(orders)


def only_refunds() -> Rows:
    rows = rows_of([("a", 0), ("b", 3), ("b", 9)])
    rows["refunds"] = [
        {"refund_id": f"r{one['order_id']}", "order_id": one["order_id"], "amount": 10,
         "refunded_at": datetime(2026, 2, 1)}
        for one in rows["orders"]
    ]  # fmt: skip
    return rows


ODD: dict[str, Callable[[], Rows]] = {
    "one customer": lambda: rows_of([("a", 0)]),
    "all came once": lambda: rows_of([(f"c{who}", who) for who in range(60)]),
    "only refunds": only_refunds,
    "a single day": lambda: rows_of([(f"c{who}", 0) for who in range(60)]),
}


def scored(folder: Path, rows: Rows) -> SmallShop:
    """A shop of these rows, with every score but the forecast."""
    shop = small_shop(folder, rows)
    with pytest.MonkeyPatch.context() as patch:
        steps = {name: step for name, step in STEPS.items() if name != "forecast"}
        patch.setattr("crm_core.pipeline.scores.STEPS", steps)
        refresh_scores(shop.url, settings=shop.settings, said=shop.records.shop_settings())
    return shop


def day_after(days: int) -> date:
    return (START + timedelta(days)).date()
