"""Money adds up to the cent, on its own day, for who counts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.features import build_features
from crm_core.metrics import METRICS, measure, scope
from crm_core.pipeline.scores import refresh_marts
from crm_core.records import ShopSettings
from crm_core.selection import Period, Selection
from tests.examples import examples
from tests.small_shop import NOW, Rows, SmallShop, day, line, order, small_shop


def totals(shop: SmallShop, *names: str, selection: Selection | None = None) -> dict[str, object]:
    store = shop.open()
    return measure(store, names, rows=scope(store, selection or Selection())).totals


def tea_shop() -> Rows:
    return {
        "products": [
            {"product_id": "tea", "category": "Tea", "unit_cost": Decimal("4")},
            {"product_id": "cup", "category": "Cups", "unit_cost": Decimal("2.5")},
        ],
        "orders": [
            order("1", "ann", "2026-01-05T10:00:00", shipping_income=Decimal("5")),
            order("2", "ann", "2026-02-05T10:00:00", fees=Decimal("1.00")),
            order("3", "bob", "2026-02-06T10:00:00", status="cancelled"),
            order("4", None, "2026-02-07T20:00:00"),
        ],
        "order_lines": [
            line("1", "tea", "10", 2, discount=Decimal("1")),
            line("1", "cup", "7.50"),
            line("2", "tea", "10"),
            line("3", "tea", "10"),
            line("4", "cup", "0"),
        ],
    }


def test_a_shopkeepers_numbers(tea: SmallShop) -> None:
    found = totals(
        tea, "gross_sales", "discounts", "revenue", "orders", "buyers", "repeat_orders", "margin",
        "contribution", "average_order_value", "known_buyer_share", "new_buyers", "units",
    )  # fmt: skip
    assert found == pytest.approx(
        {
            "gross_sales": 37.5,
            "discounts": 1.0,
            "revenue": 36.5,
            "orders": 3,  # a cancelled order is none, a free one is
            "buyers": 1,  # a guest without any key buys, but is no customer
            "repeat_orders": 1,
            "margin": 36.5 - (8 + 2.5 + 4 + 2.5),
            "contribution": 36.5 - 17 + 5 - 1,
            "average_order_value": 36.5 / 3,
            "known_buyer_share": 1.0,
            "new_buyers": 1,
            "units": 5,
        }
    )


def test_a_refund_has_its_own_day_and_is_no_order(tmp_path: Path) -> None:
    rows = tea_shop()
    rows["refunds"] = [
        {
            "refund_id": "r1",
            "order_id": "1",
            "line_id": "1-tea",
            "refunded_at": datetime(2026, 2, 20, 9),
            "amount": Decimal("9.50"),
            "quantity": 1,
            "restocked": True,
        }
    ]
    shop = small_shop(tmp_path, rows)
    january = Selection(period="custom", start=day("2026-01-01"), end=day("2026-01-31"))
    store = shop.open()
    names = ("revenue", "refunds", "net_revenue", "orders", "goods_cost")
    found = measure(
        store, names, rows=scope(store, january, Period(day("2026-01-01"), day("2026-01-31")))
    ).totals
    assert found["refunds"] == 0
    assert found["orders"] == 1
    everything = totals(shop, *names)
    assert everything["refunds"] == pytest.approx(9.5)
    assert everything["net_revenue"] == pytest.approx(27.0)
    assert everything["orders"] == 3
    assert everything["goods_cost"] == pytest.approx(17 - 4)  # what came back is on the shelf


def test_marketing_of_a_day_lands_on_that_days_sales_or_stays_whole(tmp_path: Path) -> None:
    rows = tea_shop()
    rows["costs"] = [
        {"cost_id": "a", "day": day("2026-01-05"), "kind": "marketing", "amount": Decimal("10.01")},
        {"cost_id": "b", "day": day("2026-01-09"), "kind": "marketing", "amount": Decimal("3")},
    ]
    shop = small_shop(tmp_path, rows)
    store = shop.open()
    by = measure(store, ("marketing_cost",), rows=scope(store, Selection()), by=("category",))
    found = dict(zip(by.rows["category"], by.rows["marketing_cost"], strict=True))
    assert by.totals["marketing_cost"] == pytest.approx(13.01)
    assert found["Tea"] + found["Cups"] == pytest.approx(10.01)
    assert found[None] == pytest.approx(3.0)


def test_costs_unknown_make_margin_unknown_not_zero(tmp_path: Path) -> None:
    rows = tea_shop()
    rows["products"] = [{"product_id": "tea", "category": "Tea"}]
    shop = small_shop(tmp_path, rows)
    found = totals(shop, "margin", "contribution", "margin_rate", "revenue")
    assert found == {"margin": None, "contribution": None, "margin_rate": None, "revenue": 36.5}


@pytest.mark.slow
def test_a_log_that_begins_in_the_middle_has_no_new_buyers_at_first(tmp_path: Path) -> None:
    rows = tea_shop()
    rows["orders"].append(order("5", "eve", "2026-06-05T10:00:00"))
    rows["order_lines"].append(line("5", "tea", "10"))
    shop = small_shop(tmp_path, rows, starts_with_shop=False)
    assert totals(shop, "new_buyers", "buyers") == {"new_buyers": 1.0, "buyers": 2.0}


def test_a_day_is_the_shops_day(tmp_path: Path) -> None:
    rows = tea_shop()
    rows["orders"][0]["ordered_at"] = datetime(2026, 1, 5, 23, 30)
    shop = small_shop(tmp_path, rows, timezone="Asia/Shanghai")
    store = shop.open()
    assert store.meta.first_day == day("2026-01-06")


_cents = st.integers(1, 5_000).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.slow
@settings(
    max_examples=examples(5),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    prices=st.lists(_cents, min_size=1, max_size=7),
    shipping=_cents,
    spend=_cents,
    refund=_cents,
)
def test_split_amounts_add_up_to_the_cent(
    tmp_path_factory: pytest.TempPathFactory,
    prices: list[Decimal],
    shipping: Decimal,
    spend: Decimal,
    refund: Decimal,
) -> None:
    rows: Rows = {
        "orders": [order("1", "ann", "2026-01-05T10:00:00", shipping_cost=shipping)],
        "order_lines": [line("1", f"p{place}", str(price)) for place, price in enumerate(prices)],
        "costs": [{"cost_id": "a", "day": day("2026-01-05"), "kind": "marketing", "amount": spend}],
        "refunds": [
            {
                "refund_id": "r",
                "order_id": "1",
                "refunded_at": datetime(2026, 1, 7),
                "amount": refund,
            }
        ],
    }
    shop = small_shop(tmp_path_factory.mktemp("shop"), rows)
    store = shop.open()
    ledger = store.table("ledger")
    found = store.fetch(
        ledger.agg(
            shipping=ledger.shipping_cost.sum(),
            spend=ledger.marketing_cost.sum(),
            refund=ledger.refund.sum(),
            gross=ledger.gross.sum(),
        )
    ).iloc[0]
    assert found["shipping"] == pytest.approx(float(shipping), abs=1e-9)
    assert found["spend"] == pytest.approx(float(spend), abs=1e-9)
    assert found["refund"] == pytest.approx(float(refund), abs=1e-9)
    assert found["gross"] == pytest.approx(float(sum(prices)), abs=1e-9)


@pytest.fixture(scope="module")
def tea(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return small_shop(tmp_path_factory.mktemp("tea"), tea_shop())


@pytest.mark.parametrize("by", ["day", "month", "category", "sales_channel", "region", "product"])
def test_parts_of_an_additive_metric_add_up_to_its_total(tea: SmallShop, by: str) -> None:
    store = tea.open()
    additive = [name for name, metric in METRICS.items() if metric.additivity == "additive"]
    result = measure(store, additive, rows=scope(store, Selection()), by=(by,))
    for name in additive:
        if not getattr(METRICS[name], "needs_cost", False):
            assert result.rows[name].sum() == pytest.approx(result.totals[name])


def refund(
    refund_id: str, order_id: str, amount: str, on: str = "2026-02-20", **more: object
) -> dict[str, object]:
    when = datetime.fromisoformat(f"{on}T09:00")
    return {"refund_id": refund_id, "order_id": order_id, "refunded_at": when,
            "amount": Decimal(amount), **more}  # fmt: skip


def tax_in_prices(shop: SmallShop, rate: str = "0") -> None:
    apply(shop, replace(shop.records.shop_settings(), tax_included=True, tax_rate=Decimal(rate)))


def apply(shop: SmallShop, told: ShopSettings) -> None:
    shop.records.save_shop_settings(told, "owner", NOW)
    refresh_marts(
        shop.url, settings=shop.settings, records=shop.records, progress=lambda step, share: None
    )


def test_an_order_given_back_whole_leaves_nothing_also_with_tax_in_prices(tmp_path: Path) -> None:
    rows: Rows = {
        "orders": [order("1", "ann", "2026-01-05T10:00:00"), order("2", "ann", "2026-02-25T10:00")],
        "order_lines": [
            line("1", "tea", "12", tax=Decimal("2")),
            line("1", "book", "21", tax=Decimal("1")),
            line("2", "tea", "12", tax=Decimal("2")),
        ],
        "refunds": [refund("r", "1", "33")],
    }
    shop = small_shop(tmp_path, rows)
    tax_in_prices(shop)
    found = totals(shop, "revenue", "refunds", "net_revenue")
    assert found == {"revenue": 40.0, "refunds": 30.0, "net_revenue": 10.0}


@pytest.mark.slow
def test_a_line_taken_back_takes_its_tax_back(tmp_path: Path) -> None:
    rows: Rows = {
        "orders": [order("1", "ann", "2026-01-05T10:00:00")],
        "order_lines": [
            line("1", "tea", "12", tax=Decimal("2")),
            line("1", "cup", "12", -1, tax=Decimal("-2")),
        ],
    }
    shop = small_shop(tmp_path, rows)
    tax_in_prices(shop)
    assert totals(shop, "revenue") == {"revenue": 0.0}


@pytest.mark.slow
def test_one_piece_back_of_a_whole_order_gives_the_cost_of_one_piece_back(tmp_path: Path) -> None:
    rows = tea_shop()  # order 1: two teas at cost 4, one cup at 2.50
    rows["refunds"] = [refund("r", "1", "9", quantity=1, restocked=True)]
    found = totals(small_shop(tmp_path, rows), "goods_cost")
    assert found["goods_cost"] == pytest.approx(17 - (8 + 2.5) / 3, abs=0.01)


@pytest.mark.slow
def test_a_line_refunded_twice_gives_its_cost_back_once(tmp_path: Path) -> None:
    rows = tea_shop()  # line 1-tea: two teas at cost 4
    rows["refunds"] = [
        refund("z", "1", "9", on="2026-02-01", line_id="1-tea", restocked=True),
        refund("b", "1", "5", on="2026-02-02", line_id="1-tea", restocked=True),
        # The whole order: the cup is still to come back.
        refund("a", "1", "5", on="2026-02-03", restocked=True),
    ]
    assert goods_back(small_shop(tmp_path, rows)) == [8.0, 0.0, 2.5]


def test_pieces_coming_back_one_by_one_give_the_cost_back_to_the_cent(tmp_path: Path) -> None:
    rows: Rows = {
        "products": [{"product_id": "tea", "unit_cost": Decimal("3.3333")}],
        "orders": [order("1", "ann", "2026-01-05T10:00:00")],
        "order_lines": [line("1", "tea", "10", 3)],  # cost 10.00
        "refunds": [
            refund(
                str(n), "1", "9", on=f"2026-02-0{n}", line_id="1-tea", quantity=1, restocked=back
            )
            for n, back in enumerate((True, False, True, True, True), start=1)
        ],
    }
    # The second piece was lost: money back, no goods. Nothing is left for a fifth.
    assert goods_back(small_shop(tmp_path, rows)) == [3.33, 0.0, 3.34, 3.33, 0.0]


def goods_back(shop: SmallShop) -> list[float]:
    """Goods cost that came back, day by day."""
    with closing(shop.open()) as store:
        ledger = store.table("ledger")
        rows = store.fetch(ledger.filter(ledger.entry == "refund"))
    return [round(-part["goods_cost"].sum(), 9) for _, part in rows.groupby("day")]


@pytest.mark.slow
def test_a_refund_of_a_line_nobody_knows_is_money_all_the_same(tmp_path: Path) -> None:
    rows = tea_shop()
    rows["refunds"] = [
        refund("r", "1", "9.99", line_id="nowhere"),
        refund("s", "2", "1", line_id="2-tea"),
    ]
    assert totals(small_shop(tmp_path, rows), "refunds") == {"refunds": pytest.approx(10.99)}


@pytest.mark.slow
def test_an_order_without_lines_is_nobodys_first_order(tmp_path: Path) -> None:
    rows = tea_shop()
    rows["orders"].append(order("0", "ann", "2026-01-01T10:00:00"))
    shop = small_shop(tmp_path, rows)
    assert totals(shop, "orders", "new_buyers") == {"orders": 3.0, "new_buyers": 1.0}
    store = shop.open()
    facts = store.fetch(store.table("order_facts"))
    assert len(facts) == 3
    assert store.meta.first_day == day("2026-01-05")


@pytest.mark.slow
def test_spend_typed_for_a_month_adds_up_to_the_cent(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, tea_shop())
    spend = {"2026-01": {"ads": Decimal("100")}, "2026-02": {"ads": Decimal("0.10")}}
    told = replace(shop.records.shop_settings(), marketing_spend=spend)
    apply(shop, told)
    assert totals(shop, "marketing_cost") == {"marketing_cost": pytest.approx(100.1)}
    store = shop.open()
    by = measure(store, ("marketing_cost",), rows=scope(store, Selection()), by=("day",)).rows
    assert by["marketing_cost"].max() < 3.24
    assert len(by[by["day"] < "2026-02-01"]) == 31


@pytest.mark.slow
def test_a_state_counts_or_not_however_it_is_written(tmp_path: Path) -> None:
    rows = tea_shop()
    rows["orders"][2]["status"] = "Cancelled"
    assert totals(small_shop(tmp_path, rows), "orders") == {"orders": 3.0}


def given_back() -> Rows:
    rows = tea_shop()
    rows["refunds"] = [
        refund("a", "1", "9.50", on="2026-02-20", line_id="1-tea", quantity=1, restocked=True),
        refund("b", "2", "3.33", on="2026-03-01"),
    ]
    return rows


def test_refunds_count_on_their_own_day_or_on_their_orders(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, given_back())
    names = list(METRICS)
    own, own_days = totals(shop, *names), by_day(shop)
    apply(shop, replace(shop.records.shop_settings(), refund_date="order"))
    assert totals(shop, *names) == pytest.approx(own)  # over all time both tell the same
    assert (own["orders"], own["refunds"]) == (3.0, pytest.approx(12.83))
    assert own_days == {"2026-02-20": 9.5, "2026-03-01": 3.33}
    assert by_day(shop) == {"2026-01-05": 9.5, "2026-02-05": 3.33}


def by_day(shop: SmallShop) -> dict[str, float]:
    """Money given back, by the day it counts on."""
    with closing(shop.open()) as store:
        rows = scope(store, Selection())
        found = measure(store, ("refunds",), rows=rows, by=("day",)).rows
    counted = found[found["refunds"] != 0]
    return {f"{row.day:%Y-%m-%d}": row.refunds for row in counted.itertuples()}


def test_nobody_knows_of_a_refund_before_it_happened(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, given_back())
    apply(shop, replace(shop.records.shop_settings(), refund_date="order"))
    with closing(shop.open()) as store:
        for as_of, refunds in (("2026-02-19", 0.0), ("2026-02-20", 9.5)):
            features = store.fetch(build_features(store.at(day(as_of)), ("refunds",)))
            assert features["refunds"].tolist() == [refunds]
