"""A store of an earlier version keeps its rows and opens in this one."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.pipeline.upgrade import ensure_version
from crm_core.selection import Selection
from crm_core.store.snapshots import folder_of, read_pointer
from tests.small_shop import SmallShop, line, order, small_shop


def aged(shop: SmallShop, version: int) -> Path:
    """The store's facts as an older program would have left them: a column and a table fewer."""
    facts = folder_of(shop.url) / (read_pointer(folder_of(shop.url)).facts or "")
    con = duckdb.connect(str(facts))
    con.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", [str(version)])
    con.execute("ALTER TABLE orders DROP COLUMN seller_note")
    con.execute("DROP TABLE coupons")
    con.close()
    return facts


def shop_of_one(tmp_path: Path) -> SmallShop:
    return small_shop(
        tmp_path,
        {
            "orders": [order("1", "ann", "2026-01-05T10:00:00", seller_note="gift")],
            "order_lines": [line("1", "tea", "10")],
        },
    )


def test_an_older_store_is_brought_up_with_its_rows(tmp_path: Path) -> None:
    shop = shop_of_one(tmp_path)
    aged(shop, 0)
    with pytest.raises(CrmError, match="store_version"):
        shop.open()
    assert ensure_version(shop.url, settings=shop.settings, records=shop.records)
    store = shop.open()
    assert measure(store, ("revenue",), rows=scope(store, Selection())).totals["revenue"] == 10
    assert store.fetch(store.table("orders"))["seller_note"].isna().all()
    assert store.has("coupons")
    assert not ensure_version(shop.url, settings=shop.settings, records=shop.records)


@pytest.mark.slow
def test_an_import_into_an_older_store_brings_it_up_first(tmp_path: Path) -> None:
    shop = shop_of_one(tmp_path)
    aged(shop, 0)
    shop.load({"orders": [order("2", "ann", "2026-02-05T10:00:00")]}, name="later")
    store = shop.open()
    assert len(store.fetch(store.table("orders"))) == 2


@pytest.mark.slow
def test_addresses_found_shared_by_an_older_version_stay_shared(tmp_path: Path) -> None:
    shop = shop_of_one(tmp_path)
    con = duckdb.connect(str(aged(shop, 1)))
    con.execute("DROP TABLE shared_addresses; DROP TABLE keys_given")
    con.execute("ALTER TABLE identity_links DROP COLUMN first_key")
    con.execute("CREATE TABLE shared_emails AS SELECT 'desk@x.org' AS email, 1::BIGINT AS batch_id")
    con.close()
    shop.load({"orders": [order("2", None, "2026-02-05T10:00:00", email="desk@x.org")]}, name="b")
    store = shop.open()
    assert store.fetch(store.table("shared_addresses"))["value"].tolist() == ["desk@x.org"]
    links = store.fetch(store.table("identity_links"))
    assert links[["value", "first_key"]].values.tolist() == [["ann", 1]]


def test_a_newer_store_is_left_alone_and_says_so(tmp_path: Path) -> None:
    shop = shop_of_one(tmp_path)
    aged(shop, 99)
    assert not ensure_version(shop.url, settings=shop.settings, records=shop.records)
    with pytest.raises(CrmError, match="store_version"):
        shop.open()
