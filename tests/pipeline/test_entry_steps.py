"""What first purchases lead to, on a shop whose first purchases differ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from crm_core.errors import CrmError
from crm_core.metrics import entry_products as begun
from crm_core.pipeline.entry_steps import told_of
from crm_core.store import Store
from tests.small_shop import Rows, line, order, small_shop

FIRST = date(2025, 1, 6)
PEOPLE = 40


def rows() -> Rows:
    """Forty people begin with a pot and come back for three teas each, one a month; forty begin with a
    dear chair and never come back; their first orders cost ten times as much. Half of the first pots are refunded. One
    newcomer is too young to tell."""
    orders, lines, refunds = [], [], []
    for number in range(PEOPLE):
        day = FIRST + timedelta(number)
        for kind, price in (("pot", "20"), ("chair", "200")):
            orders.append(order(f"{kind}{number}", f"{kind}-{number}", f"{day}T10:00:00"))
            lines.append(line(f"{kind}{number}", kind, price))
        if number % 2:
            refunds.append(
                {
                    "refund_id": str(number),
                    "order_id": f"pot{number}",
                    "refunded_at": f"{day + timedelta(20)}T10:00:00",
                    "amount": Decimal("20"),
                }
            )
        for month in (1, 2, 3):
            later = day + timedelta(30 * month + number % 3)
            orders.append(order(f"tea{number}-{month}", f"pot-{number}", f"{later}T10:00:00"))
            lines.append(line(f"tea{number}-{month}", "tea", "10"))
    orders.append(order("young", "young", "2026-06-01T10:00:00"))
    lines.append(line("young", "pot", "20"))
    people = [f"{kind}-{n}" for kind in ("pot", "chair") for n in range(PEOPLE)]
    return {
        "customers": [{"customer_id": each} for each in [*people, "young"]],
        "products": [
            {"product_id": name, "category": name.upper(), "unit_cost": Decimal("4")}
            for name in ("pot", "chair", "tea")
        ],
        "orders": orders,
        "order_lines": lines,
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = small_shop(tmp_path_factory.mktemp("entry"), rows()).open()
    yield store
    store.close()
