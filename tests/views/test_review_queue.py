"""What the review queue says of a hand-made queue, and of decisions about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.privacy.policy import Access
from crm_core.records import Item, Records, open_records
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.views.review_queue import (
    FALSE_ALARMS,
    queue_rows,
    review_queue,
    stars_set_aside,
    totals,
)
from tests.looked_at_shop import PRODUCTS, with_queue

ALL = Selection()
OWNER = Access("single_user", "single_user")
NOW = datetime(2026, 11, 1, tzinfo=UTC)

Opened = Callable[[], Store]


@pytest.fixture(scope="module")
def own(copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(var=with_queue(copy_demo(tmp_path_factory.mktemp("looked"))))


@pytest.fixture
def records(own: Settings) -> Iterator[Records]:
    """The records, in the end as they were: nobody has decided anything."""
    found = open_records(workspace(own, demo_url(own)).records_url)
    yield found
    for state in ("proposed", "approved"):
        items = found.set_aside_in(state)
        found.keep_counted(items, reason="", user="test", vouched=True, now=NOW)
    found.close()


@pytest.fixture
def opened(own: Settings) -> Iterator[Opened]:
    """Opens the store with the decisions of now."""
    stores: list[Store] = []

    def open_() -> Store:
        store, records = open_workspace(own, workspace(own, demo_url(own)))
        records.close()
        stores.append(store)
        return store

    yield open_
    for store in stores:
        store.close()


def test_cases_hold_the_rows_and_the_money_of_what_needs_a_look(opened: Opened) -> None:
    store = opened()
    view = review_queue(ALL, store=store, access=OWNER)
    orders, reviews = view.kinds
    assert set(view.cases["product_id"]) == set(PRODUCTS)
    assert int(view.cases["orders"].sum()) == orders.states["open"] > 20
    assert int(view.cases["reviews"].sum()) == reviews.states["open"] > 10
    assert (view.cases["revenue"] > 0).all()
    named, of = FALSE_ALARMS["order"]
    assert orders.expected == pytest.approx(38336 * named / of)
    rows = queue_rows(ALL, store=store, access=OWNER, kind="order", case=1, size=5)
    assert len(rows.rows) == 5
    assert rows.total == len(rows.ids) == int(view.cases.set_index("case")["orders"][1])
    assert rows.rows["signs"][0]["rush"]["seen"] == 24
    assert rows.rows["against"][0]["history"]["orders"] == 12
    assert rows.rows["at"].dt.hour.between(1, 7).all()  # the shop's clock, not UTC


def test_rows_follow_what_was_decided(opened: Opened, records: Records) -> None:
    before = review_queue(ALL, store=opened(), access=OWNER)
    first = queue_rows(ALL, store=opened(), access=OWNER, kind="order", case=1)
    items = [Item("order", each) for each in first.ids[:3]]
    records.propose_set_aside(items, reason="made up", user="mia", vouched=True, now=NOW)
    store = opened()
    view = review_queue(ALL, store=store, access=OWNER)
    assert view.kinds[0].states["proposed"] == 3
    assert view.kinds[0].states["open"] == before.kinds[0].states["open"] - 3
    proposed = queue_rows(ALL, store=store, access=OWNER, kind="order", state="proposed")
    assert set(proposed.rows["id"]) == {item.id for item in items}
    assert proposed.rows["revenue"].notna().all()


def test_an_order_no_refresh_spoke_of_is_listed_with_its_facts(
    opened: Opened, records: Records
) -> None:
    plain = opened()
    quiet = plain.fetch(plain.table("order_facts").order_by("order_key").limit(1))["order_id"][0]
    records.propose_set_aside([Item("order", quiet)], reason="x", user="m", vouched=True, now=NOW)
    rows = queue_rows(ALL, store=opened(), access=OWNER, kind="order", state="proposed").rows
    assert rows["id"].tolist() == [quiet]
    assert rows["signs"].tolist() == [{}]
    assert rows["day"].notna().all()


def test_criticism_that_would_be_hit_harder_is_warned_of(opened: Opened, records: Records) -> None:
    store = opened()
    reviews = store.table("reviews")
    bad, good = (
        [Item("review", each) for each in store.fetch(reviews.filter(rows))["review_id"][:40]]
        for rows in (reviews.stars <= 2, reviews.stars == 5)
    )
    records.propose_set_aside(good, reason="bought", user="mia", vouched=True, now=NOW)
    even = stars_set_aside(ALL, store=opened(), access=OWNER)
    assert not even.buries
    assert even.low_share == 0.0
    records.propose_set_aside(bad, reason="bought", user="mia", vouched=True, now=NOW)
    hard = stars_set_aside(ALL, store=opened(), access=OWNER)
    assert hard.buries
    assert hard.low_share > hard.share > even.share
    assert int(hard.rows["proposed"].sum()) == len(bad) + len(good)
    assert int(hard.rows["reviews"].sum()) == int(
        store.fetch(reviews.agg(n=reviews.count()))["n"][0]
    )


def test_texts_are_hidden_while_others_watch_and_who_only_looks_sees_nothing(
    opened: Opened,
) -> None:
    store = opened()
    shown = queue_rows(ALL, store=store, access=OWNER, kind="review").rows
    assert shown["body"].notna().any()
    watched = Access("single_user", "single_user", present=True)
    assert queue_rows(ALL, store=store, access=watched, kind="review").rows["body"].isna().all()
    for asked in (review_queue, queue_rows, stars_set_aside):
        for role in ("viewer", "care"):
            with pytest.raises(CrmError) as raised:
                asked(ALL, store=store, access=Access(role, "v@example.test"))  # pyright: ignore[reportArgumentType]
            assert raised.value.code == "privacy_denied"


def test_totals_are_those_of_the_whole_log(opened: Opened) -> None:
    told = totals(Selection(period="all"), store=opened(), access=OWNER)
    assert told["orders"] == 38336
    assert 1 <= (told["mean_stars"] or 0) <= 5


def test_a_store_that_was_never_looked_at_says_so(unscored: Store) -> None:
    with pytest.raises(CrmError) as raised:
        review_queue(ALL, store=unscored, access=OWNER)
    assert raised.value.code == "no_scores"
