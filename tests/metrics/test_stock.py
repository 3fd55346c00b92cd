"""How long stock lasts and what empty shelves cost, on a shop whose every day is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from crm_core.metrics import stock
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.stock import dead_products, lost_sales, short_products
from crm_core.views.stock import stock as stock_view
from tests.small_shop import Rows, line, order, small_shop

OWNER = Access("single_user", "owner")
FIRST, DAYS = date(2026, 3, 3), 120
GONE, LAST_PIECE = range(60, 70), range(101, 106)
ALL = Selection(period="all")


def rows(*, ahead: bool = True) -> Rows:
    """Every day two of `steady`, two of `gone` but on ten days, one of `last` but for five days
    after the last piece was sold; with `ahead` one of a product that is never on hand."""
    orders, lines, shelf = [], [], []
    for number in range(DAYS):
        day = FIRST + timedelta(number)
        pieces = {"steady": 2, "ahead": 1 if ahead else 0}
        pieces["gone"] = 0 if number in GONE else 2
        pieces["last"] = 0 if number in LAST_PIECE else 1
        on_hand = {"steady": 20, "ahead": 0, "still": 7, "new": 3}
        on_hand["gone"] = 0 if number in GONE else 30
        on_hand["last"] = 0 if number in (*LAST_PIECE, LAST_PIECE[0] - 1) else 4
        orders.append(order(str(number), f"c{number % 30}", f"{day}T12:00:00"))
        lines += [line(str(number), name, "10", sold) for name, sold in pieces.items() if sold]
        shelf += [
            {"product_id": name, "day": day, "on_hand": count, "incoming": 10}
            for name, count in on_hand.items()
            if name != "new" or number > DAYS - 20
        ]
    names = ("steady", "gone", "last", "ahead", "still", "new")
    return {
        "customers": [{"customer_id": f"c{number}"} for number in range(30)],
        "products": [{"product_id": name, "category": name[0]} for name in names],
        "orders": orders,
        "order_lines": lines,
        "stock": shelf,
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = small_shop(tmp_path_factory.mktemp("stock"), rows()).open()
    yield store
    store.close()


def found(store: Store, *, sells_anyway: bool) -> pd.DataFrame:
    period = Period(FIRST, store.meta.as_of)
    told = stock.losses(store, period, store.meta.as_of, sells_anyway=sells_anyway)
    return store.fetch(stock.named(store, told)).set_index("product_id")


def test_an_empty_shelf_costs_what_the_product_sells(shop: Store) -> None:
    gone: Any = found(shop, sells_anyway=True).loc["gone"]
    assert gone["first"].date() == FIRST + timedelta(GONE[0])
    assert gone["last"].date() == FIRST + timedelta(GONE[-1])
    assert gone["days"] == len(GONE)
    assert gone["expected"] == pytest.approx(2 * len(GONE), rel=0.02)
    assert gone["price"] == pytest.approx(10)


def test_sold_to_the_last_piece_counts_where_nothing_is_sold_ahead(shop: Store) -> None:
    last: Any = found(shop, sells_anyway=False).loc["last"]
    assert last["first"].date() == FIRST + timedelta(LAST_PIECE[0])
    assert last["expected"] == pytest.approx(len(LAST_PIECE), rel=0.05)
    assert set(found(shop, sells_anyway=True).index) == {"gone"}


def test_what_sells_without_being_there_is_not_lost(shop: Store) -> None:
    assert "ahead" not in found(shop, sells_anyway=False).index
    view = lost_sales(ALL, store=shop, access=OWNER)
    assert view is not None
    assert view.sells_anyway
    assert view.rows["product_id"].tolist() == ["gone"]
    assert view.money == pytest.approx(200, rel=0.02)
    assert view.low < view.money < view.high
    tea = lost_sales(Selection(period="all", category=("s",)), store=shop, access=OWNER)
    assert tea is not None
    assert tea.spells == 0


def test_weeks_of_cover_do_not_count_empty_days_against_a_product(shop: Store) -> None:
    window = Period(FIRST + timedelta(GONE[0] - 25), FIRST + timedelta(GONE[0] + 30))
    level = float(shop.fetch(stock.shop_days(shop, window))["level"].sum())
    expr = stock.positions(shop, window.end, level=level, week=level / 8, cover=4)
    cover = shop.fetch(expr).set_index("product_id")
    assert cover.loc["gone", "empty_days"] == len(GONE)
    assert cover.loc["gone", "weekly"] == pytest.approx(14, rel=0.08)
    assert cover.loc["steady", "weekly"] == pytest.approx(14, rel=0.01)
    assert cover.loc["steady", "weeks"] == pytest.approx(20 / 14, rel=0.01)
    assert cover.loc["steady", "weeks_all"] == pytest.approx(30 / 14, rel=0.01)


def test_short_products_come_first_and_dead_ones_apart(shop: Store) -> None:
    view = stock_view(ALL, store=shop, access=OWNER, weeks=4)
    assert view.is_daily
    states = dict(zip(view.states["state"], view.states["products"], strict=True))
    assert states == {"out": 1, "short": 2, "low": 1, "fine": 1, "plenty": 0, "dead": 1}
    short = short_products(ALL, store=shop, access=OWNER, weeks=4, page=1, size=10)
    assert short.rows["product_id"].tolist()[0] == "ahead"
    assert short.rows["weeks"].is_monotonic_increasing
    steady: Any = short.rows.set_index("product_id").loc["steady"]
    assert steady["order"] == pytest.approx(4 * 14 - 20 - 10, abs=4)
    # new on the shelf is not dead yet
    dead = dead_products(ALL, store=shop, access=OWNER, weeks=4, page=1, size=10)
    assert dead.rows["product_id"].tolist() == ["still"]


@pytest.mark.slow
def test_one_count_is_enough_for_cover_but_not_for_losses(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    told = rows()
    newest = max(row["day"] for row in told["stock"])
    told["stock"] = [row for row in told["stock"] if row["day"] == newest]
    store = small_shop(tmp_path_factory.mktemp("counted"), told).open()
    assert lost_sales(ALL, store=store, access=OWNER) is None
    view = stock_view(ALL, store=store, access=OWNER, weeks=4)
    assert not view.is_daily
    short = short_products(ALL, store=store, access=OWNER, weeks=4, page=1, size=10)
    assert short.rows.set_index("product_id").loc["steady", "weekly"] == pytest.approx(14, rel=0.08)
    store.close()
