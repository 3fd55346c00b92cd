"""A shop whose refunds are more than its sales: its money is nothing, its orders go on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.forecast_shop import forecast_shop, rows


@pytest.mark.slow
def test_orders_are_forecast_where_the_money_is_all_given_back(tmp_path: Path) -> None:
    made = rows()
    made["refunds"] = [
        {
            "refund_id": one["order_id"],
            "order_id": one["order_id"],
            "refunded_at": one["ordered_at"],
            "amount": Decimal("40"),
        }
        for one in made["orders"][-300:]
    ]
    shop = forecast_shop(tmp_path, made)
    store = shop.open()
    found = store.fetch(store.table("forecast"))
    total = found[found["dimension"] == "total"].groupby("measure")["value"].mean()
    assert total["net_revenue"] == pytest.approx(0, abs=1)
    assert total["orders"] == pytest.approx(3 + 2 / 7, rel=0.1)
    store.close()
    shop.records.close()
