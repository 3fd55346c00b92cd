"""Visitors are counted once, no step has more than the one before, and nothing is made up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

import duckdb
import pandas as pd
import pytest

from crm_core.audiences import members
from crm_core.errors import CrmError
from crm_core.metrics import FUNNEL
from crm_core.pipeline.workspace import DEMO_DATA
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.funnel import LEFT, SPLITS, UNKNOWN, Funnel, funnel, left, left_rule
from tests.small_shop import Rows, line, order, small_shop

JUNE = Selection(period="custom", start=date(2026, 6, 16), end=date(2026, 6, 30))


def seen(store: Store, access: Access, selection: Selection, **asked: str) -> Funnel:
    return funnel(selection, store=store, access=access, **asked)


def event(number: int, at: str, step: str, browser: str | None, who: str | None = None, **more: object) -> dict[str, object]:  # fmt: skip
    return {
        "event_id": str(number),
        "occurred_at": datetime.fromisoformat(at),
        "event": step,
        "visitor_id": browser,
        "customer_id": who,
        **more,
    }


def rows() -> Rows:
    """Ann is known in one of two browsers and orders; two strangers share a family's browser with
    Bob and Cy; one event is nobody's. Before that, a quiet fortnight."""
    told = [
        ("2026-06-05T10:00:00", "view", "x", None, {"source": "ads"}),
        ("2026-06-20T10:00:00", "home", "anns", None, {"source": "ads"}),
        ("2026-06-20T10:10:00", "view_item", "anns", "ann", {"source": "ads", "product_id": "tea"}),
        ("2026-06-20T10:50:00", "view", "phone", "ann", {"source": "mail", "product_id": "tea"}),
        ("2026-06-20T10:55:00", "Purchase", "phone", "ann", {"source": "mail"}),
        ("2026-06-21T09:00:00", "view", "family", "bob", {"product_id": "cup"}),
        ("2026-06-21T09:20:00", "cart", "family", "cy", {"product_id": "cup"}),
        ("2026-06-21T09:40:00", "view", "family", None, {"product_id": "cup"}),
        ("2026-06-22T09:00:00", "home", None, None, {}),
        ("2026-06-22T12:00:00", "checkout", "last", None, {"source": "ads"}),
    ]
    return {
        "customers": [{"customer_id": who} for who in ("ann", "bob", "cy")],
        "products": [{"product_id": "tea"}, {"product_id": "cup"}],
        "orders": [
            order("1", "ann", "2026-06-20T10:55:00"),
            order("2", "bob", "2026-06-22T10:00:00", sales_channel="shop"),
            order("3", None, "2026-06-22T11:00:00", sales_channel="shop"),
            order("4", "cy", "2026-06-30T10:00:00"),
            order("0", "cy", "2026-05-01T10:00:00"),
        ],
        "order_lines": [line(number, "tea", "10") for number in "01234"],
        "web_events": [event(n, at, *step, **more) for n, (at, *step, more) in enumerate(told)],
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = small_shop(tmp_path_factory.mktemp("funnel"), rows()).open()
    yield store
    store.close()


def test_a_visitor_is_a_person_or_a_browser(small: Store, owner: Access) -> None:
    """Ann's two browsers are one visitor; the family's is Bob, Cy and somebody."""
    view = seen(
        small, owner, Selection(period="custom", start=date(2026, 6, 6), end=date(2026, 6, 30))
    )
    assert view.steps["visitors"].tolist() == [5, 5, 3, 1]
    assert (view.known, view.nameless) == (3, 1)
    assert view.steps["of_visits"].tolist() == [1, 1, 3 / 5, 1 / 5]
    # Ann came twice: forty minutes lie between
    assert {card.label_key: card.value for card in view.cards}["funnel.card.sessions"] == 6


def test_sources_are_measured_anew_and_unknown_ones_are_said(small: Store, owner: Access) -> None:
    view = seen(small, owner, JUNE)
    parts = view.parts.set_index("part")[list(FUNNEL)]
    assert parts.loc["ads"].tolist() == [2, 2, 1, 0]
    assert parts.loc["mail"].tolist() == [1, 1, 1, 1]
    assert parts.loc[UNKNOWN].tolist() == [3, 3, 1, 0]
    assert parts["visit"].sum() > view.steps["visitors"].iloc[0]
    for part in parts.index:
        alone = seen(small, owner, JUNE, part=str(part))
        assert alone.steps["visitors"].tolist() == parts.loc[part].tolist()


def test_orders_stand_beside_their_visits(small: Store, owner: Access) -> None:
    found = seen(small, owner, JUNE).orders.set_index("sales_channel")
    assert found.loc["web", ["orders", "keyed", "visited"]].tolist() == [1, 1, 1]
    assert found.loc["shop", ["orders", "keyed", "visited"]].tolist() == [2, 1, 0]


def test_days_without_known_visits_are_said(small: Store, owner: Access) -> None:
    cut = seen(small, owner, Selection(period="all"))
    assert cut.is_cut
    assert cut.period is not None
    assert (cut.period.start, cut.period.end) == (date(2026, 6, 5), date(2026, 6, 22))
    assert cut.compared is None
    may = Selection(period="custom", start=date(2026, 5, 1), end=date(2026, 5, 31))
    before = seen(small, owner, may)
    assert (before.since, before.period) == (date(2026, 6, 5), None)
    one = Selection(period="custom", start=date(2026, 6, 20), end=date(2026, 6, 20))
    day = seen(small, owner, one)
    assert day.days["visitors"].tolist() == [1]
    assert day.compared is not None
    assert day.steps["previous"].tolist() == [0, 0, 0, 0]
    assert day.steps["previous_of_visits"].isna().all()


@pytest.mark.slow
def test_a_shop_without_a_web_log_has_no_funnel(tmp_path_factory: pytest.TempPathFactory, owner: Access) -> None:  # fmt: skip
    told = {name: table for name, table in rows().items() if name != "web_events"}
    store = small_shop(tmp_path_factory.mktemp("no_log"), told).open()
    view = seen(store, owner, JUNE)
    assert (view.since, view.period, view.cards) == (None, None, ())
    assert left(JUNE, store=store, access=owner).people == dict.fromkeys(LEFT, 0)
    store.close()


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("days", [1, pytest.param(30, marks=pytest.mark.slow)])
def test_steps_never_grow(store: Store, owner: Access, split: str, days: int) -> None:
    end = date(2026, 10, 20)
    selection = Selection(period="custom", start=end - timedelta(days - 1), end=end)
    view = seen(store, owner, selection, split=split)
    assert view.steps["visitors"].is_monotonic_decreasing
    assert view.steps["previous"].is_monotonic_decreasing
    for before, after in pairwise(FUNNEL):
        assert (view.parts[after] <= view.parts[before]).all()
    assert len(view.days) == days
    assert view.days["visitors"].max() <= view.steps["visitors"].iloc[0]
    if split == "person":
        assert view.parts["visit"].sum() == view.steps["visitors"].iloc[0]
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(store, owner, selection, split="sauce")


@pytest.mark.slow
def test_the_demos_visitors_are_those_of_its_log(store: Store, owner: Access) -> None:
    """Against the imported rows, by plain SQL: every browser of the demo is one person's."""
    found = duckdb.sql(f"""
        with october as (
            from '{DEMO_DATA}/web_events.parquet'
            where timezone('Europe/Berlin', occurred_at)::date between '2026-10-02' and '2026-10-31'
        )
        select count(distinct visitor_id) as visit,
            count(distinct visitor_id) filter (event in ('cart', 'checkout', 'purchase')) as cart,
            count(distinct visitor_id) filter (event = 'purchase') as ordered
        from october
    """).fetchone()
    visitors = seen(store, owner, Selection()).steps.set_index("step")["visitors"]
    told = [visitors[step] for step in ("visit", "cart", "order")]
    # People with two accounts that were put together have two browsers.
    assert found is not None
    assert told == [pytest.approx(count, rel=0.01) for count in found]
    assert all(told[place] <= found[place] for place in range(3))


def test_what_was_left_behind_is_what_rules_find(store: Store, owner: Access) -> None:
    view = left(Selection(), store=store, access=owner)
    for kind, name in LEFT.items():
        picked = store.fetch(members(store, left_rule(kind), (name,)))
        assert 0 < len(picked) <= view.people[kind]
        assert (picked[name] >= 1).all()
    assert view.products["basket"].is_monotonic_decreasing
    assert isinstance(view.products, pd.DataFrame)
    assert set(view.products.columns) == {"name", *LEFT}


def test_who_sees_no_single_people_sees_no_few_visitors(
    small: Store, owner: Access, viewer: Access
) -> None:
    assert len(seen(small, owner, JUNE).parts) == 3
    assert seen(small, viewer, JUNE).parts.empty
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(small, viewer, JUNE, part="mail")
    found, kept = (left(JUNE, store=small, access=access) for access in (owner, viewer))
    assert set(found.products["name"]) == {"cup"}
    assert kept.products.empty


@pytest.mark.slow
def test_a_few_people_of_a_product_are_not_counted_to_everybody(
    store: Store, owner: Access, viewer: Access
) -> None:
    found, kept = (
        left(Selection(), store=store, access=access).products for access in (owner, viewer)
    )
    assert (found[list(LEFT)] < 5).any(axis=None)
    assert not ((kept[list(LEFT)] > 0) & (kept[list(LEFT)] < 5)).any(axis=None)
    assert kept["basket"].iloc[0] == found["basket"].iloc[0]
