"""The most telling things: those planted in the demo, those any log has, none it cannot carry."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.metrics import measure, scope
from crm_core.pipeline.imports import Wishes, run_import
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.store.imports import recognise
from crm_core.text import has
from crm_core.ui.navigation import spec_of
from crm_core.views.telling import AT_RISK, Telling, telling
from tests.small_shop import NOW, Rows, line, order, small_shop

CODES = ("repeat_buyers", "at_risk", "concentration", "unknown_buyers", "falling_category",
         "refunds", "losses", "fewer_newcomers", "sources", "season")  # fmt: skip


@pytest.fixture(scope="module")
def told(store: Store, owner: Access) -> dict[str, Telling]:
    """Everything the demo tells."""
    found = telling(Selection(), store=store, access=owner, most=99)
    return {each.code: each for each in found}


def by(told: tuple[Telling, ...]) -> dict[str, Telling]:
    return {each.code: each for each in told}


def test_five_are_told_the_most_money_first(store: Store, owner: Access) -> None:
    found = telling(Selection(), store=store, access=owner)
    assert len(found) == 5
    assert [each.money for each in found] == sorted((each.money for each in found), reverse=True)


def test_what_was_planted_in_the_demo_is_found(told: dict[str, Telling]) -> None:
    assert told["refunds"].facts["category"] == "Home textiles"
    assert told["sources"].facts["best"] == "referral"
    assert told["sources"].facts["worst"] == "social_ads"
    assert told["losses"].facts["product"] == "Tea Advent Box"
    assert told["season"].period.start < date(2025, 11, 11) < told["season"].period.end
    assert "unknown_buyers" not in told


def test_its_money_is_what_the_pages_measure(store: Store, told: dict[str, Telling]) -> None:
    refunds = told["refunds"]
    rows = scope(store, Selection(category=refunds.selection.category), refunds.period)
    assert refunds.money == pytest.approx(measure(store, ("refunds",), rows=rows).totals["refunds"])
    share = told["concentration"].facts["share"]
    assert 0.1 < share < 1
    assert told["at_risk"].selection.segment == AT_RISK


def test_each_leads_to_a_page_and_is_worded_twice(told: dict[str, Telling]) -> None:
    for code in CODES:
        for language in ("en", "zh"):
            assert has(f"telling.{code}.title", language)
            assert has(f"telling.{code}.about", language)
    for each in told.values():
        spec = spec_of(each.page)
        assert spec is not None
        for part in ("category", "segment"):
            assert not getattr(each.selection, part) or part in spec.applies
        for language in ("en", "zh"):
            assert "{" not in each.title("EUR", language)
            json.dumps(dict(each.facts))


def test_before_the_first_scores_nothing_is_said_of_segments(
    unscored: Store, owner: Access
) -> None:
    codes = by(telling(Selection(), store=unscored, access=owner, most=99))
    assert not set(codes) & {"at_risk", "concentration"}
    assert "repeat_buyers" in codes


@pytest.mark.slow
def test_a_log_without_costs_sources_or_years_says_no_more_than_it_can(
    cdnow_sample: Path, tmp_path: Path, owner: Access
) -> None:
    shop = small_shop(tmp_path)
    run_import(
        recognise([cdnow_sample]), url=shop.url, settings=shop.settings, records=shop.records,
        now=NOW, wishes=Wishes(),
    )  # fmt: skip
    found = telling(Selection(), store=shop.open(), access=owner, most=99)
    assert [each.code for each in found] == ["repeat_buyers"]
    assert found[0].period == Period(date(1997, 7, 1), date(1998, 6, 30))


Make = Callable[..., tuple[Telling, ...]]


@pytest.fixture
def tell(tmp_path: Path, owner: Access) -> Make:
    """What the orders of a small shop tell: (day, customer, product, price, more of the line)."""

    def make(orders: list[tuple[date, str | None, str, int]], **tables: Any) -> tuple[Telling, ...]:
        rows: Rows = {"orders": [], "order_lines": [], **tables}
        for number, (day, customer, product, price) in enumerate(orders):
            at = datetime(day.year, day.month, day.day, 12).isoformat()
            rows["orders"].append(order(str(number), customer, at))
            rows["order_lines"].append(line(str(number), product, str(price)))
        return telling(Selection(), store=small_shop(tmp_path, rows).open(), access=owner, most=99)

    return make


def every_day(first: date, days: int) -> list[date]:
    return [first + timedelta(number) for number in range(days)]


def test_sales_without_buyers_are_told(tell: Make) -> None:
    days = every_day(date(2026, 1, 1), 100)
    found = by(
        tell([(day, None if n % 4 == 0 else f"c{n}", "tea", 10) for n, day in enumerate(days)])
    )
    assert found["unknown_buyers"].money == 250
    assert found["unknown_buyers"].facts["share"] == 0.25
    assert set(found) == {"unknown_buyers"}


@pytest.mark.slow
def test_a_falling_category_and_fewer_newcomers_are_told(tell: Make) -> None:
    products = [
        {"product_id": name, "product_name": name, "category": name.title()}
        for name in ("tea", "pot")
    ]
    orders: list[tuple[date, str | None, str, int]] = []
    for number, day in enumerate(every_day(date(2025, 1, 1), 465)):
        late = day >= date(2026, 1, 11)
        orders.append((day, "old" if late and number % 2 else f"c{number}", "tea", 10))
        orders.append((day, "regular", "pot", 2 if late else 10))
    found = by(tell(orders, products=products))
    fall = found["falling_category"]
    assert (fall.facts["category"], fall.money, round(fall.facts["change"], 3)) == (
        "Pot",
        720,
        -0.8,
    )
    assert (fall.selection.category, fall.selection.compare) == (("Pot",), "year")
    fewer = found["fewer_newcomers"]
    assert (fewer.facts["buyers"], fewer.facts["before"], fewer.money) == (46, 90, 440)


@pytest.mark.slow
def test_losses_are_of_goods_with_known_costs_alone(tell: Make) -> None:
    products = [
        {"product_id": "tea", "product_name": "Tea", "unit_cost": Decimal(12)},
        {"product_id": "pot", "product_name": "Pot"},
        {"product_id": "POST", "product_name": "POSTAGE", "unit_cost": Decimal(99)},
    ]
    days = every_day(date(2026, 1, 1), 30)
    orders = [
        (day, f"c{n}", product, 10) for n, day in enumerate(days) for product in ("tea", "pot")
    ]
    found = by(tell([*orders, (days[0], "c0", "POST", 3)], products=products))
    assert found["losses"].money == 60
    assert (found["losses"].facts["products"], found["losses"].facts["product"]) == (1, "Tea")
