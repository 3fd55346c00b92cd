"""Any number with and without what was set aside, and lists that say which."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.pipeline.workspace import workspace
from crm_core.records import Item, Records, open_records
from crm_core.settings import Settings
from tests.cli.conftest import OwnShop
from tests.small_shop import line, order, write_rows

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ORDERS = [Item("order", f"{buyer}-0") for buyer in range(5)]


def records_of(shop: OwnShop) -> Records:
    settings = Settings(var=shop.var)
    return open_records(workspace(settings, shop.url).records_url)


@pytest.fixture
def aside(shop: OwnShop, orders_folder: Path) -> OwnShop:
    """The small shop; five of its orders are set aside."""
    assert shop("import", orders_folder, "--no-refresh", "--json").code == 0
    records = records_of(shop)
    records.propose_set_aside(ORDERS, reason="made_up", user="mia", vouched=True, now=NOW)
    records.approve_set_aside(ORDERS, user="bo", vouched=True, now=NOW)
    records.close()
    return shop


def told(shop: OwnShop, *more: str) -> dict[str, Any]:
    said = shop("measure", "orders", "net_revenue", *more, "--json")
    assert said.code == 0, said.err
    return said.answer


def test_numbers_with_and_without(aside: OwnShop) -> None:
    missing = aside("measure", "orders", "--without-set-aside", "--json")
    assert (missing.code, missing.answer["error"]) == (1, "without_not_made")
    made = aside("set-aside", "--json")
    assert made.answer["made"]
    assert made.answer["approved"] == {"orders": 5, "reviews": 0}
    whole, without = told(aside), told(aside, "--without-set-aside")
    assert whole["totals"] == {"orders": 120.0, "net_revenue": 3540.0}
    assert without["totals"] == {"orders": 115.0, "net_revenue": 3540.0 - 60.0}
    assert without["without_set_aside"] is True
    assert "without_set_aside" not in whole


@pytest.mark.slow
def test_an_import_makes_them_anew(aside: OwnShop, tmp_path: Path) -> None:
    aside("set-aside", "--json")
    more = write_rows(
        tmp_path / "more",
        {
            "orders": [order("new", "c1", "2026-06-20T12:00:00")],
            "order_lines": [line("new", "p1", "7.00")],
        },
    )
    assert aside("import", more, "--no-refresh", "--json").code == 0
    stale = aside("measure", "orders", "--without-set-aside", "--json")
    assert stale.answer["error"] == "without_not_made"
    assert aside("set-aside", "--json").answer["made"]
    assert told(aside, "--without-set-aside")["totals"]["orders"] == 116.0


def test_where_nothing_is_set_aside_there_is_one_set_of_numbers(loaded: OwnShop) -> None:
    said = loaded("measure", "orders", "--without-set-aside", "--json")
    assert (said.code, said.answer["error"]) == (1, "without_nothing")
    assert loaded("set-aside", "--json").answer["made"] is False


@pytest.mark.slow
def test_a_refresh_makes_scores_of_both_and_a_list_says_which_it_is_of(aside: OwnShop) -> None:
    from tests.small_shop import no_forecast

    with no_forecast():
        assert aside("refresh", "--json").code == 0
    out = aside.var / "list.csv"
    said = aside(
        "export", "segment:loyal", "--out", out, "--everyone", "--without-set-aside", "--json"
    )
    assert said.code == 0, said.err
    assert said.answer["manifest"]["without_set_aside"] is True
    said = aside("export", "segment:loyal", "--out", out, "--everyone", "--json")
    assert "without_set_aside" not in said.answer["manifest"]
    whole, without = (
        aside("predict", "rfm", *more, "--json").answer["rows"]
        for more in ((), ("--without-set-aside",))
    )
    frequency = [
        {row["customer_key"]: row["frequency"] for row in rows} for rows in (whole, without)
    ]
    assert sorted(frequency[0].values()) == [3] * 40
    assert sorted(frequency[1].values()) == [2] * 5 + [3] * 35
