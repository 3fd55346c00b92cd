"""The numbers without what was set aside are those of a shop where it had never come in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import METRICS, measure, scope
from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.without import Without, make_without, without_of
from crm_core.pipeline.workspace import mirror_folder, open_workspace, remake_without, workspace
from crm_core.records import Item, Records
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store, engine_of
from tests.small_shop import Rows, SmallShop, no_forecast, small_shop
from tests.spring_shop import spring_rows

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ORDERS = ("c3-1", "c7-0", "c8-0", "c8-1")  # all that c8 ever bought
REVIEW = "R-2"


def shop_rows() -> Rows:
    rows = spring_rows(40)
    rows["reviews"] = [
        {
            "review_id": f"R-{number}",
            "customer_id": f"c{number}",
            "product_id": "tea",
            "order_id": f"c{number}-0",
            "reviewed_at": datetime(2026, 6, 20, 12),
            "stars": 1 + number % 5,
        }
        for number in range(6)
    ]
    return rows


def without_rows(rows: Rows) -> Rows:
    told = {
        name: [row for row in part if row.get("order_id") not in ORDERS]
        for name, part in rows.items()
    }
    told["reviews"] = [row for row in rows["reviews"] if row["review_id"] != REVIEW]
    return told


def set_aside(records: Records, *items: Item) -> None:
    records.propose_set_aside(items, reason="made up", user="mia", vouched=True, now=NOW)
    records.approve_set_aside(items, user="bo", vouched=True, now=NOW)


ITEMS = (*(Item("order", order) for order in ORDERS), Item("review", REVIEW))


def made(shop: SmallShop) -> Without | None:
    return make_without(
        shop.url, settings=shop.settings, records=shop.records, folder=folder_of(shop)
    )


def folder_of(shop: SmallShop) -> Path:
    records_url = workspace(shop.settings, shop.url).records_url
    return mirror_folder(records_url, engine_of(shop.url, shop.settings))


def opened(shop: SmallShop) -> tuple[Store, Records]:
    settings = replace(shop.settings, without_set_aside=True)
    return open_workspace(settings, workspace(shop.settings, shop.url))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SmallShop]:
    found = small_shop(tmp_path, shop_rows())
    yield found
    found.records.close()


@pytest.mark.slow
def test_every_number_is_as_if_it_had_never_come_in(shop: SmallShop, tmp_path: Path) -> None:
    never = small_shop(tmp_path / "never", without_rows(shop_rows()))
    set_aside(shop.records, *ITEMS)
    found = made(shop)
    assert found is not None
    assert (found.is_made, found.orders, found.reviews) == (True, 4, 1)
    store, records = opened(shop)
    with closing(store), closing(never.open()) as other, closing(shop.open()) as whole:
        assert store.meta.without == found.name
        assert whole.meta.without == ""
        assert numbers(store) == numbers(other)
        assert numbers(whole) != numbers(other)
        buyers = store.table("customer_days").customer_key.nunique().name("n").as_table()
        assert int(store.fetch(buyers)["n"].iloc[0]) == 39
        assert len(store.fetch(store.table("reviews"))) == 5
    records.close()
    never.records.close()


@pytest.mark.slow
def test_every_score_is_as_if_it_had_never_come_in(shop: SmallShop, tmp_path: Path) -> None:
    never = small_shop(tmp_path / "never", without_rows(shop_rows()))
    with no_forecast():
        for each in (shop, never):
            refresh_scores(each.url, settings=each.settings)
        set_aside(shop.records, *ITEMS)
        made(shop)
    with closing(opened(shop)[0]) as store, closing(never.open()) as other:
        assert store.scores_as_of == other.scores_as_of
        for table in ("rfm", "lifecycle", "loyalty"):
            mine, theirs = (each.fetch(each.table(table)) for each in (store, other))
            same = [column for column in mine.columns if column != "customer_key"]
            pd.testing.assert_frame_equal(
                mine[same].sort_values(same, ignore_index=True),
                theirs[same].sort_values(same, ignore_index=True),
            )
    never.records.close()


def numbers(store: Store) -> dict[str, float | None]:
    found = measure(store, list(METRICS), rows=scope(store, Selection())).totals
    return {name: None if value is None else round(value, 6) for name, value in found.items()}


def test_it_is_right_or_it_is_not_there(shop: SmallShop) -> None:
    engine = engine_of(shop.url, shop.settings)
    assert made(shop) is None
    with pytest.raises(CrmError) as raised:
        opened(shop)
    assert raised.value.code == "without_nothing"
    set_aside(shop.records, *ITEMS)
    with pytest.raises(CrmError) as raised:
        opened(shop)
    assert raised.value.code == "without_not_made"
    first = made(shop)
    assert first is not None
    assert made(shop) == first
    shop.load({"products": [{"product_id": "tea", "unit_cost": 5}]}, name="later")
    now = without_of(engine, shop.records, folder_of(shop))
    assert now is not None
    assert not now.is_made
    assert now.name != first.name
    remake_without(
        shop.url, settings=shop.settings, records=shop.records, progress=lambda step, share: None
    )
    with closing(opened(shop)[0]) as store:
        assert store.meta.without == now.name
    places = [path.name for path in (folder_of(shop) / "without").iterdir()]
    assert places == [now.name]  # nobody's numbers stay in what is out of date


def test_what_is_brought_back_counts_again_and_nothing_is_left_behind(shop: SmallShop) -> None:
    set_aside(shop.records, *ITEMS)
    made(shop)
    shop.records.keep_counted(ITEMS, reason="", user="bo", vouched=True, now=NOW)
    assert made(shop) is None
    assert not (folder_of(shop) / "without").exists()


def test_the_log_ends_on_the_same_day_whatever_is_set_aside(shop: SmallShop) -> None:
    with closing(shop.open()) as store:
        meta = store.meta
        last = store.fetch(store.table("order_facts").filter(lambda t: t.day == meta.last_day))
    set_aside(shop.records, *(Item("order", each) for each in last["order_id"]))
    made(shop)
    with closing(opened(shop)[0]) as store:
        assert (store.meta.first_day, store.meta.last_day, store.meta.as_of) == (
            meta.first_day,
            meta.last_day,
            meta.as_of,
        )


def test_a_shop_is_not_left_without_an_order(shop: SmallShop) -> None:
    with closing(shop.open()) as store:
        everything = store.fetch(store.table("orders").select("order_id"))["order_id"]
    set_aside(shop.records, *(Item("order", each) for each in everything))
    with pytest.raises(CrmError) as raised:
        made(shop)
    assert raised.value.code == "no_orders"


@pytest.mark.slow
def test_a_store_in_postgresql_has_it_as_a_file_beside(database: str, tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var", single_user=True)
    whole = small_shop(tmp_path, shop_rows())
    place = SmallShop(settings, database, whole.records, tmp_path / "pg")
    place.load(shop_rows())
    set_aside(whole.records, *ITEMS)
    engine = engine_of(database, settings)
    found = make_without(database, settings=settings, records=whole.records, folder=engine.folder)
    assert found is not None
    with (
        closing(engine_of(found.url, settings).open()) as store,
        closing(whole.open()) as all_of_it,
    ):
        mine: dict[str, Any] = measure(store, ["orders"], rows=scope(store, Selection())).totals
        theirs = measure(all_of_it, ["orders"], rows=scope(all_of_it, Selection())).totals
        assert mine["orders"] == (theirs["orders"] or 0) - len(ORDERS)
    whole.records.close()
