"""What first purchases lead to, on a shop whose first purchases differ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import entry_products as begun
from crm_core.pipeline.entry_steps import entry_rows
from crm_core.store import Store, Tables
from tests.small_shop import Rows, line, order, small_shop

FIRST = date(2025, 1, 6)
PEOPLE, RARE = 60, 5


def rows() -> Rows:
    """People who begin with a pot come back for three teas, one a month, or for two; those who begin
    with a chair, ten times as dear, never do. Half of the pots are refunded. One newcomer is too
    young to tell. One asks before the first order, which costs the shop 60, and takes some things
    along that nobody else begins with."""
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    refunds: list[dict[str, Any]] = []
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
                    "refunded_at": datetime.combine(day + timedelta(20), time(10)),
                    "amount": Decimal("20"),
                }
            )
        for month in (1, 2, 3)[: 3 - number % 2]:
            later = day + timedelta(30 * month + number % 3)
            orders.append(order(f"tea{number}-{month}", f"pot-{number}", f"{later}T10:00:00"))
            lines.append(line(f"tea{number}-{month}", "tea", "10"))
    orders.append(order("young", "young", "2026-06-01T10:00:00"))
    lines.append(line("young", "pot", "20"))
    lines += [line("chair0", f"rare{number}", "1") for number in range(RARE)]
    asked = {"contact_id": "c", "customer_id": "pot-0", "cost": Decimal("60")}
    asked["occurred_at"] = datetime.combine(FIRST - timedelta(5), time(10))
    people = [f"{kind}-{n}" for kind in ("pot", "chair") for n in range(PEOPLE)]
    return {
        "customers": [{"customer_id": each} for each in [*people, "young"]],
        "products": [
            {"product_id": name, "category": name.upper(), "unit_cost": Decimal("4")}
            for name in ("pot", "chair", "tea", *(f"rare{number}" for number in range(RARE)))
        ],
        "contacts": [asked],
        "orders": orders,
        "order_lines": lines,
        "refunds": refunds,
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = small_shop(tmp_path_factory.mktemp("entry"), rows()).open()
    yield store
    store.close()


AS_OF = date(2026, 6, 1)


def test_a_dear_first_purchase_that_leads_to_nothing_is_worth_nothing_more(shop: Store) -> None:
    ledger = shop.at(AS_OF).table("ledger")
    years = begun.first_years(ledger, begun.newcomers(shop, AS_OF))
    rows = entry_rows(shop, ledger, years)
    found = rows[rows["level"] == "product"].set_index("item")
    assert list(found.index) == ["pot", "chair"]  # nobody began with tea
    assert found["buyers"].tolist() == [PEOPLE, PEOPLE]
    assert found["mean_value"].tolist() == [15.0, 0.0]  # 2.5 teas of 10, at a cost of 4
    assert found["repeat_rate"].tolist() == [1.0, 0.0]
    assert found["shop_value"].tolist() == [7.5, 7.5]
    assert found["shop_repeat_rate"].tolist() == [0.5, 0.5]
    assert (found["basis"] == "contribution_before_marketing").all()
    assert found.loc["pot", "value_low"] > 7.5 > found.loc["chair", "value_high"]
    named = rows[rows["level"] == "category"].set_index("item")["mean_value"]
    assert named.to_dict() == {"POT": 15.0, "CHAIR": 0.0}


def test_what_few_began_with_is_never_read(shop: Store) -> None:
    """A shop of a hundred thousand products has as many beginnings: only those of enough people come."""

    class Narrow(Tables):
        """The shop, that gives no more than three rows at once."""

        def __init__(self) -> None:
            """Asks the shop."""

        def table(self, name: str) -> ir.Table:
            return shop.table(name)

        def fetch(self, expr: ir.Table, limit: int = 3, seconds: float = 60.0) -> pd.DataFrame:
            return shop.fetch(expr, limit, seconds)

    ledger = shop.at(AS_OF).table("ledger")
    years = begun.first_years(ledger, begun.newcomers(shop, AS_OF))
    assert len(entry_rows(Narrow(), ledger, years)) == 4  # two products and their categories


def test_a_shop_with_few_newcomers_of_a_year_is_told_so(shop: Store) -> None:
    early = date(2026, 2, 1)
    ledger = shop.at(early).table("ledger")
    years = begun.first_years(ledger, begun.newcomers(shop, early))
    with pytest.raises(CrmError, match="entry_too_few") as failure:
        entry_rows(shop, ledger, years)
    assert failure.value.facts["people"] == 2 * 27
