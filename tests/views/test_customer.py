from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from crm_core.metrics import BARS
from crm_core.models.rfm import segment_of
from crm_core.pipeline.scores import refresh_scores
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.customer import PLAIN_FACTS, Customer, customer
from tests.small_shop import line, order, small_shop

PARTS = [part for parts in BARS.values() for part in parts]
MONEY_COLUMNS = {
    "gross_sales": "gross",
    "discounts": "discount",
    "refunds": "refund",
    "goods_cost": "goods_cost",
    "shipping_income": "shipping_income",
    "shipping_cost": "shipping_cost",
    "fees": "fees",
    "service_cost": "service_cost",
    "marketing_cost": "marketing_cost",
}


def seen(store: Store, access: Access, key: int) -> Customer:
    view = customer(Selection(), store=store, access=access, key=key)
    assert view is not None
    return view


@pytest.fixture(scope="module")
def sample(features: pd.DataFrame) -> list[int]:
    """One-order buyers, the largest customers and some between."""
    by_orders = features.sort_values(["orders", "customer_key"])["customer_key"]
    return [int(key) for key in [*by_orders[:2], by_orders.iloc[2_000], *by_orders[-2:]]]


@pytest.fixture(scope="module")
def pages(store: Store, owner: Access, sample: list[int]) -> dict[int, Customer]:
    """Their pages."""
    return {key: seen(store, owner, key) for key in sample}


def test_money_adds_up_to_the_contribution_of_the_features(
    features: pd.DataFrame, pages: dict[int, Customer]
) -> None:
    stated = features.set_index("customer_key")["contribution"]
    for key, view in pages.items():
        parts = [part.amount for part in view.money[:-1]]
        assert sum(part for part in parts if part is not None) == pytest.approx(view.contribution)
        assert view.contribution == pytest.approx(float(stated[key]))


def test_money_is_that_of_the_ledger(store: Store, pages: dict[int, Customer]) -> None:
    ledger = store.table("ledger")
    for key, view in list(pages.items())[-3:]:
        rows = store.fetch(ledger.filter(ledger.customer_key == key))
        for part, (name, sign) in zip(view.money, PARTS, strict=False):
            assert part.amount == pytest.approx(sign * rows[MONEY_COLUMNS[name]].sum())


@pytest.mark.slow
def test_a_segment_follows_from_its_scores(
    features: pd.DataFrame, pages: dict[int, Customer]
) -> None:
    rows = features.set_index("customer_key")
    for key, view in pages.items():
        assert view.scores is not None
        scores = view.scores
        assert scores.segment == segment_of(scores.r, scores.f, scores.m) == view.facts["segment"]
        assert scores.recency_days == rows.loc[key, "recency_days"] == view.number("recency_days")
        assert scores.frequency == rows.loc[key, "purchase_days"]
        assert scores.monetary == pytest.approx(rows.loc[key, "revenue"])


@pytest.mark.slow
def test_links_tell_how_many_ids_but_not_which(store: Store, pages: dict[int, Customer]) -> None:
    table = store.table("identity_links")
    values = set(store.fetch(table.select("value"))["value"])
    for key, view in pages.items():
        rows = store.fetch(table.filter(table.customer_key == key))
        assert sum(link.count for link in view.links) == len(rows) > 0
        assert not {link.kind for link in view.links} & values
        assert not {link.rule for link in view.links} & values


def test_a_person_without_orders_has_no_scores(
    store: Store, owner: Access, features: pd.DataFrame
) -> None:
    people = store.fetch(store.table("customer_facts").select("customer_key", "first_day"))
    strangers = people.loc[people["first_day"].isna(), "customer_key"]
    view = seen(store, owner, int(strangers.iloc[0]))
    assert view.scores is None
    assert {name for name, fact in view.facts.items() if fact is not None} == {"stage"}
    assert view.fact_text("stage") == "prospect"
    assert view.rhythm_days is None
    assert view.links
    assert view.number("revenue") is None
    assert [part.amount for part in view.money[:3]] == [0, 0, 0]


def test_nobody_is_behind_an_unknown_key(store: Store, owner: Access) -> None:
    assert customer(Selection(), store=store, access=owner, key=987_654_321) is None


def test_without_scores_a_person_still_has_a_page(unscored: Store, owner: Access) -> None:
    view = seen(unscored, owner, 1)
    assert view.scores is None
    assert view.risk is None
    assert view.as_of == unscored.meta.as_of
    assert view.money[-1].part == "contribution"


def test_where_a_cost_comes_from_is_told(tmp_path: Path, owner: Access) -> None:
    """One order with its own costs and one without: shipping is partly assumed."""
    shop = small_shop(
        tmp_path,
        {
            "orders": [
                order("1", "a", "2026-01-05T10:00:00", shipping_cost=3, fees=1),
                order("2", "a", "2026-02-05T10:00:00", fees=1),
                order("3", "b", "2026-02-06T10:00:00"),
            ],
            "order_lines": [
                line("1", "tea", "10", unit_cost=4),
                line("2", "tea", "10", unit_cost=4),
                line("3", "cup", "20"),
            ],
        },
    )
    store = shop.open()
    links = store.fetch(store.table("identity_links")).set_index("value")["customer_key"]
    known, unknown = (seen(store, owner, int(links[name])) for name in ("a", "b"))
    basis = {part.part: part.basis for part in known.money}
    assert basis["goods_cost"] == basis["fees"] == "own"
    assert basis["shipping_cost"] == "mixed"
    assert basis["marketing_cost"] == "allocated"
    assert basis["contribution"] == "total"
    assert {part.part: part.basis for part in unknown.money}["fees"] == "assumed"
    assert unknown.contribution is None
    assert known.contribution == pytest.approx(20 - 8 - 3 - 2)
    store.close()


@pytest.mark.slow
def test_a_shop_too_small_to_learn_from_expects_nothing(tmp_path: Path, owner: Access) -> None:
    rows = {
        "orders": [order("1", "a", "2026-01-05T10:00:00")],
        "order_lines": [line("1", "tea", "10")],
    }
    shop = small_shop(tmp_path, rows)
    refresh_scores(shop.url, settings=shop.settings)
    store = shop.open()
    links = store.fetch(store.table("identity_links"))
    view = seen(store, owner, int(links["customer_key"].iloc[0]))
    assert view.risk is None
    assert view.number("expected_orders") is None
    assert view.facts["orders"] == 1
    assert view.facts["last_order_day"] == date(2026, 1, 5)
    assert view.scores is not None
    store.close()


def test_care_is_told_nothing_a_customer_is_rated_by(store: Store, sample: list[int]) -> None:
    view = seen(store, Access("care", "carla"), sample[-1])
    assert (view.risk, view.scores, view.rhythm_days, view.money) == (None, None, None, ())
    assert not view.ahead
    assert set(view.facts) == set(PLAIN_FACTS)
    assert view.number("orders")
