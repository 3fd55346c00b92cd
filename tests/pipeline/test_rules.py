"""What a shop says of its costs and of what counts reaches every number."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.metrics import measure, scope
from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.contact_topics import USUAL_RULES
from crm_core.pipeline.rules import care_rules
from crm_core.pipeline.scores import refresh_marts
from crm_core.records import ShopSettings
from crm_core.selection import Selection
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop

NAMES = ("revenue", "orders", "margin", "shipping_cost", "fees", "marketing_cost", "buyers")


def rows() -> Rows:
    return {
        "identities": [
            {"customer_id": "ann", "email": "ann@example.com"},
            {"customer_id": "staff", "email": "Sam@shop.example"},
            {"customer_id": "boss", "email": "boss@else.example"},
        ],
        "products": [
            {"product_id": "tea", "category": "Tea"},
            {"product_id": "cup", "category": "Cups"},
        ],
        "orders": [
            order("1", "ann", "2026-01-05T10:00:00", sales_channel="web"),
            order("2", "ann", "2026-01-06T10:00:00", sales_channel="market"),
            order("3", "staff", "2026-01-07T10:00:00"),
            order("4", "boss", "2026-01-08T10:00:00"),
            order("5", "ann", "2026-01-09T10:00:00", status="pending"),
        ],
        "order_lines": [
            line("1", "tea", "100"),
            line("2", "cup", "50"),
            *(line(number, "tea", "10") for number in ("3", "4", "5")),
        ],
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return small_shop(tmp_path_factory.mktemp("rules"), rows())


def told(shop: SmallShop, said: ShopSettings) -> dict[str, float | None]:
    """The totals once the shop's numbers were worked out anew under these settings."""
    shop.records.save_shop_settings(said, "ann", NOW)
    refresh_marts(
        shop.url, settings=shop.settings, records=shop.records, progress=lambda step, share: None
    )
    store = shop.open()
    try:
        return measure(store, NAMES, rows=scope(store, Selection())).totals
    finally:
        store.close()


def test_nothing_said_leaves_margins_unknown(shop: SmallShop) -> None:
    found = told(shop, ShopSettings())
    assert (found["revenue"], found["orders"], found["buyers"]) == (170, 4, 3)
    assert found["margin"] is None


def test_margins_and_fees_stand_in_where_files_are_silent(shop: SmallShop) -> None:
    found = told(
        shop,
        ShopSettings(
            margin_by_category={"Tea": Decimal("0.4")},
            default_margin=Decimal("0.5"),
            shipping_cost_per_order=Decimal("4.50"),
            payment_fee_rate=Decimal("0.02"),
            payment_fee_fixed=Decimal("0.30"),
            marketplace_fee_rate={"market": Decimal("0.1")},
        ),
    )
    assert found["margin"] == pytest.approx(0.4 * 120 + 0.5 * 50)
    assert found["shipping_cost"] == pytest.approx(4 * 4.5)
    assert found["fees"] == pytest.approx(0.02 * 170 + 4 * 0.3 + 0.1 * 50)


@pytest.mark.parametrize(
    ("buyers", "revenue"),
    [
        pytest.param(("staff",), 160, marks=pytest.mark.slow),
        (("STAFF", "boss@ELSE.example"), 150),
        (("@shop.example",), 160),
        pytest.param(("@example",), 170, marks=pytest.mark.slow),
        pytest.param(("nobody",), 170, marks=pytest.mark.slow),
    ],
)
def test_the_shops_own_people_are_left_out(
    shop: SmallShop, buyers: tuple[str, ...], revenue: float
) -> None:
    assert told(shop, ShopSettings(internal_buyers=buyers))["revenue"] == revenue


@pytest.mark.slow
def test_states_that_count_are_the_shops_to_say(shop: SmallShop) -> None:
    assert told(shop, ShopSettings(uncounted_statuses=()))["orders"] == 5
    assert told(shop, ShopSettings(uncounted_statuses=("pending", "x")))["orders"] == 4


def test_tax_is_taken_out_of_prices_that_hold_it(shop: SmallShop) -> None:
    found = told(shop, ShopSettings(tax_included=True, tax_rate=Decimal("0.25")))
    assert found["revenue"] == pytest.approx(170 / 1.25)


def test_marketing_typed_in_by_month_is_spent_by_the_day(shop: SmallShop) -> None:
    said = ShopSettings(marketing_spend={"2026-01": {"search": Decimal("310")}})
    assert told(shop, said)["marketing_cost"] == pytest.approx(310)
    store = shop.open()
    ledger = store.table("ledger")
    by_day = store.fetch(ledger.group_by("day").agg(spend=ledger.marketing_cost.sum()))
    store.close()
    assert len(by_day) == 31
    assert by_day["spend"].round(2).eq(10).all()


@pytest.mark.parametrize(
    ("last", "as_of"),
    [
        ("2026-06-30T10:00:00", date(2026, 6, 29)),
        pytest.param("2026-06-30T19:00:00", date(2026, 6, 30), marks=pytest.mark.slow),
    ],
)
def test_a_day_that_is_still_going_on_is_not_counted_from(
    tmp_path: Path, last: str, as_of: date
) -> None:
    shop = small_shop(
        tmp_path,
        {
            "orders": [
                order("1", "a", "2026-06-01T08:00:00"),
                order("2", "a", "2026-06-10T12:00:00"),
                order("3", "b", last),
            ],
            "order_lines": [line(number, "tea", "10") for number in ("1", "2", "3")],
        },
    )
    store = shop.open()
    assert (store.meta.last_day, store.meta.as_of) == (date(2026, 6, 30), as_of)
    store.close()


@pytest.mark.slow
def test_who_came_before_the_log_began_is_no_new_customer(tmp_path: Path) -> None:
    rows: Rows = {
        "orders": [
            order("1", "old", "2026-01-01T12:00:00"),
            order("2", "old", "2026-05-01T12:00:00"),  # back after 120 days
            order("3", "edge", "2026-04-30T12:00:00"),
            order("4", "new", "2026-05-02T12:00:00"),
        ],
        "order_lines": [line(str(number), "tea", "10") for number in range(1, 5)],
    }
    shop = small_shop(tmp_path, rows, starts_with_shop=False)
    store = shop.open()
    people = store.fetch(store.table("customer_facts").order_by("customer_key"))
    links = store.fetch(store.table("identity_links")).set_index("customer_key")["value"]
    already = dict(zip(links[people["customer_key"]], people["is_already_customer"], strict=True))
    # The first max(90, 90th percentile of gaps) days: here 120, the first being one of them.
    assert store.meta.already_until == date(2026, 4, 30)
    assert already == {"old": True, "edge": True, "new": False}
    store.close()


@pytest.mark.slow
def test_taken_back_what_was_said_of_the_beginning_leaves_what_the_files_said(
    tmp_path: Path,
) -> None:
    shop = small_shop(tmp_path, rows(), starts_with_shop=True)
    told(shop, ShopSettings(starts_with_shop=False))
    later: Rows = {
        "orders": [order("6", "ann", "2026-01-10T10:00:00")],
        "order_lines": [line("6", "tea", "1")],
    }
    shop.load(later, name="later")  # files that come meanwhile leave it so
    assert not starts(shop)
    told(shop, ShopSettings())
    assert starts(shop)


def starts(shop: SmallShop) -> bool:
    with closing(shop.open()) as store:
        return store.meta.starts_with_shop


def test_a_shop_that_promised_nothing_else_promises_a_day_and_three() -> None:
    assert care_rules(ShopSettings()) == CareRules(24, 72, 0, 0, (), USUAL_RULES)


def test_care_is_measured_by_what_the_shop_promised() -> None:
    said = ShopSettings(
        reply_hours=8,
        service_days=("5", "1"),
        service_opens="09:00",
        service_closes="18:30",
        contact_topics=("versand：包裹、快递", "a: b, c"),
    )
    rules = care_rules(said)
    assert (rules.reply_minutes, rules.opens, rules.closes, rules.weekdays) == (
        480,
        540,
        1110,
        (1, 5),
    )
    assert rules.has_hours
    assert rules.topics == (("versand", ("包裹", "快递")), ("a", ("b", "c")))
