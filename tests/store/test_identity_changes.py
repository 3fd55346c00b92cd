"""What a customer was called, and lived at, before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_core.store.identity_changes import FIELDS, changes_between_batches
from tests.small_shop import Rows, SmallShop, line, order, small_shop

JULY = datetime(2026, 7, 31, 12, tzinfo=UTC)


def ann(**more: Any) -> Rows:
    told = {"customer_id": "ann", "name": "Ann Lee", "email": "ann@example.com", "city": "Bonn"}
    return {
        "identities": [{**told, **more}],
        "orders": [order("1", "ann", "2026-01-05T10:00:00")],
        "order_lines": [line("1", "tea", "10")],
    }


def changes(shop: SmallShop) -> list[tuple[Any, ...]]:
    store = shop.open()
    frame = store.fetch(store.table("identity_changes"))
    store.close()
    named = frame[["field", "old_value", "new_value", "batch_id"]]
    return sorted(named.itertuples(index=False, name=None))


@pytest.mark.slow
def test_what_was_replaced_is_kept_with_its_time(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, ann())
    assert changes(shop) == []
    shop.load(ann(city="Köln", name="Ann  Lee", email="ANN@example.com"), name="july", now=JULY)
    assert changes(shop) == [("city", "Bonn", "Köln", 2), ("name", "Ann Lee", "Ann  Lee", 2)]
    store = shop.open()
    times = store.fetch(store.table("identity_changes"))["changed_at"]
    store.close()
    assert set(times.dt.strftime("%Y-%m-%d")) == {"2026-07-31"}


@pytest.mark.slow
def test_an_empty_cell_and_the_same_file_again_replace_nothing(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, ann())
    shop.load(ann(city=None, name=None), name="empty")
    shop.load(ann(), name="again")
    assert changes(shop) == []


@pytest.mark.slow
def test_a_joined_customer_keeps_both_names(tmp_path: Path) -> None:
    rows = ann(phone="+49 30 23125 001")
    rows["identities"].append({"customer_id": "lee", "name": "A. Lee", "city": "Bonn"})
    shop = small_shop(tmp_path, rows)
    rows["identities"] = [{"customer_id": "lee", "phone": "+49 (0)30 23125001"}]
    shop.load(rows, name="joined", now=JULY)
    assert ("name", "Ann Lee", "A. Lee", 2) in changes(shop)


def test_all_changes_follow_from_what_each_import_told() -> None:
    con = duckdb.connect(config={"threads": 1})
    cells = ", ".join(f"{field} VARCHAR" for field in FIELDS)
    con.execute(f"CREATE TABLE told (customer_key BIGINT, batch_id BIGINT, {cells})")
    con.execute("CREATE TABLE times AS SELECT unnest([1, 2, 3]) AS batch_id, now() AS imported_at")
    con.execute(
        "INSERT INTO told (customer_key, batch_id, name, city) VALUES "
        "(1, 1, 'Ann Lee', 'Bonn'), (1, 2, NULL, 'bonn'), (1, 3, 'Ann Ott', NULL)"
    )
    rows = con.execute(
        "SELECT customer_key, field, old_value, new_value, batch_id FROM "
        f"({changes_between_batches('told', 'times')})"
    ).fetchall()
    assert rows == [(1, "name", "Ann Lee", "Ann Ott", 3)]
