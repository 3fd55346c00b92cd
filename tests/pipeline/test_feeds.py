"""What data can feed: the same answer for files and for the store made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.models import forecast, lifetime_value, looking
from crm_core.pipeline.feeds import store_feeds
from crm_core.store import Store
from crm_core.store.imports import feeds as asked
from crm_core.store.imports.feeds import Evidence, judge
from crm_core.ui.navigation import PAGES
from tests.small_shop import Rows, line, order, small_shop

ALL = Evidence(
    orders=200, keyed_orders=200, buyers=60, repeat_buyers=20, lines=150, costed_lines=150,
    days=400, refunds=3, reachable=60, consents=40, web_events=9, stock=5,
    talks=4, promises=80, reviews=7, worded=5,
)  # fmt: skip

LISTS = ("audiences", "campaigns", "playbooks", "rules")
OFFERS = ("together", "coupons", "recommend")
CARE = ("call", "reviews", "review_queue")
NUMBERS = ("overview", "explore", "changes", "profit")


def test_with_everything_every_page_works() -> None:
    assert set(judge(ALL).pages.values()) == {"full"}
    assert judge(ALL).reasons == {}


def test_every_page_that_shows_the_shop_is_judged() -> None:
    shown = {page.stem for page in PAGES if page.needs_store and page.path.is_file()}
    # These tell what is held and left, how models did, what the segments page tells of two segments,
    # and one campaign of the board.
    told_elsewhere = {"privacy", "exports", "trust", "compare", "campaign"}
    assert shown - set(judge(ALL).pages) == told_elsewhere


@pytest.mark.parametrize(
    ("missing", "pages", "reason"),
    [
        ({"keyed_orders": 0, "buyers": 0, "repeat_buyers": 0},
         {"cohorts": "no", "rates": "no", "segments": "no", "customers": "no", "customer": "no", "value": "no", "churn": "no", "movement": "no",
          "acquisition": "no", "recommend": "no", "replenish": "no", **dict.fromkeys(CARE, "part"), **dict.fromkeys((*LISTS, "results"), "no")},
         "no_buyer_key"),
        ({"keyed_orders": 199}, dict.fromkeys((*CARE, "cohorts", "rates", "segments", "customers", "customer", "value", "churn", "movement", "acquisition", "recommend", "replenish", *LISTS, "results"), "part"),
         "no_buyer_key"),
        ({"costed_lines": 149}, {**dict.fromkeys((*NUMBERS, "cohorts", "rates"), "part"), "value": "part", "churn": "part", "acquisition": "part", "results": "part", "costs": "part", **dict.fromkeys(OFFERS, "part")}, "no_costs"),
        ({"consents": 0}, dict.fromkeys(LISTS, "part"), "no_consents"),
        ({"reachable": 0}, dict.fromkeys((*LISTS, "customer", "call"), "part"), "no_contacts"),
        ({"refunds": 0}, dict.fromkeys(NUMBERS, "part"), "no_refunds"),
        ({"web_events": 0}, {"funnel": "no"}, "no_visits"),
        ({"repeat_buyers": 9}, {"value": "no", "churn": "no", "recommend": "no"}, "few_repeat_buyers"),
        ({"stock": 0}, {"stock": "no", "recommend": "part"}, "no_stock"),
        ({"days": 364}, {"events": "part"}, "under_a_year"),
        ({"talks": 0}, {"service": "part", "call": "part"}, "no_talks"),
        ({"promises": 0}, {"service": "part", "call": "part"}, "no_promises"),
        ({"talks": 0, "promises": 0}, {"service": "no", "call": "part"}, "no_talks"),
        ({"reviews": 0, "worded": 0}, {"reviews": "no", "review_queue": "part"}, "no_reviews"),
        ({"worded": 0}, {"reviews": "part"}, "no_words"),
        ({"orders": 199, "keyed_orders": 199}, {"review_queue": "no"}, "few_orders_to_look"),
    ],
)  # fmt: skip
def test_what_is_missing_is_missed_where_it_matters(
    missing: dict[str, int], pages: dict[str, str], reason: str
) -> None:
    found = judge(replace(ALL, **missing))
    assert {page: level for page, level in found.pages.items() if level != "full"} == pages
    assert all(reason in found.reasons[page] for page in pages)


@pytest.mark.parametrize(
    ("days", "level", "reasons"),
    [
        (80, "part", ("short_history",)),
        (40, "no", ("few_days_of_forecast", "short_history")),
    ],
)
def test_a_young_shop_has_no_forecast_yet(days: int, level: str, reasons: tuple[str, ...]) -> None:
    found = judge(replace(ALL, days=days))
    assert (found.pages["forecast"], found.reasons["forecast"]) == (level, reasons)


def test_it_asks_what_the_models_ask() -> None:
    needed = lifetime_value._NEEDED
    assert (
        needed["buyers"], needed["repeat_buyers"], needed["history_days"],
    ) == (asked.VALUE_BUYERS, asked.VALUE_REPEAT_BUYERS, asked.VALUE_DAYS)  # fmt: skip
    assert asked.FORECAST_DAYS == forecast.LEAST_DAYS
    assert asked.LOOK_ORDERS == looking.LEAST_ORDERS


def test_files_and_the_store_made_of_them_are_judged_alike(tmp_path: Path) -> None:
    day = datetime(2026, 1, 1, 12)
    rows: Rows = {
        "orders": [
            order(str(n), f"c{n // 2}", (day + timedelta(n)).isoformat()) for n in range(120)
        ],
        "order_lines": [line(str(n), "tea", "10", unit_cost=Decimal(4)) for n in range(120)],
        "identities": [{"customer_id": f"c{n}", "email": f"c{n}@shop.example"} for n in range(60)],
    }
    shop = small_shop(tmp_path)
    report = shop.load(rows)
    assert report["feeds"]["value"] == "full"
    assert report["feed_details"] == {
        **{page: ["no_refunds"] for page in NUMBERS},
        "funnel": ["no_visits"],
        "events": ["under_a_year"],
        "stock": ["no_stock"],
        "recommend": ["no_stock"],
        "call": ["no_talks", "no_promises"],
        "service": ["no_service", "no_talks", "no_promises"],
        "reviews": ["no_reviews", "no_words"],
        "review_queue": ["few_orders_to_look", "no_reviews"],
        **{page: ["no_consents"] for page in LISTS},
    }
    store = shop.open()
    told = store_feeds(store).report()
    assert told == {name: report[name] for name in told}


def test_the_demo_feeds_every_page(store: Store) -> None:
    found = store_feeds(store)
    assert found.pages == judge(ALL).pages | dict.fromkeys(found.reasons, "part")
    assert set().union(*found.reasons.values()) <= {"no_buyer_key", "no_costs"}
