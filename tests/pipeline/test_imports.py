"""Files in: once, wholly, told plainly, and nobody who reads is disturbed."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.pipeline.imports import Wishes, batches, run_import
from crm_core.selection import Selection
from crm_core.store.imports import recognise
from crm_core.store.snapshots import folder_of, read_pointer
from crm_core.store.write import writing
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop, write_rows


def orders(*numbers: int, price: str = "10") -> Rows:
    day = datetime(2026, 1, 1, 10)
    return {
        "orders": [
            order(str(number), f"c{number}", (day + timedelta(number)).isoformat())
            for number in numbers
        ],
        "order_lines": [line(str(number), "tea", price) for number in numbers],
    }


def revenue(shop: SmallShop) -> float | None:
    store = shop.open()
    try:
        return measure(store, ("revenue",), rows=scope(store, Selection())).totals["revenue"]
    finally:
        store.close()


def published(shop: SmallShop) -> list[str]:
    return sorted(path.name for path in folder_of(shop.url).glob("facts-*"))


@pytest.mark.slow
def test_a_dry_run_tells_all_and_changes_nothing(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1, 2))
    before = read_pointer(folder_of(shop.url)), published(shop), revenue(shop)
    decided = shop.records.decisions_revision()
    rows = orders(2, 3)
    rows["consents"] = [
        {
            "customer_id": "c1",
            "contact_channel": "email",
            "purpose": "marketing",
            "state": "denied",
            "at": datetime(2026, 1, 1),
        }
    ]
    report = run_import(
        recognise([write_rows(tmp_path / "dry", rows)]),
        url=shop.url,
        settings=shop.settings,
        records=shop.records,
        now=NOW,
        wishes=Wishes(dry_run=True),
    )
    assert (report["batch"], report["loaded"]["orders"]) == (None, 1)
    assert (report["rows"]["loaded"], report["rows"]["duplicate"]) == (1, 1)
    assert (read_pointer(folder_of(shop.url)), published(shop), revenue(shop)) == before
    assert shop.records.decisions_revision() == decided


def test_each_file_is_published_once_and_kept_in_the_log_of_imports(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1))
    assert read_pointer(folder_of(shop.url)).facts == "facts-000001.duckdb"
    assert shop.load(orders(2, 3), name="more")["batch"] == 2
    assert read_pointer(folder_of(shop.url)).facts == "facts-000002.duckdb"
    assert shop.load(orders(2, 3), name="again")["batch"] is None
    assert read_pointer(folder_of(shop.url)).facts == "facts-000002.duckdb"
    store = shop.open()
    log = batches(store)
    assert [entry["batch_id"] for entry in log] == [2, 1]
    assert log[0]["report"]["totals"]["orders"] == 2
    assert store.fetch(store.table("orders").order_by("order_id"))["batch_id"].tolist() == [1, 2, 2]
    store.close()


HEADER = "Order ID,Order Date,Customer ID,SKU,Product Name,Quantity,Price"


def from_csv(shop: SmallShop, *rows: str) -> dict[str, Any]:
    path = shop.folder / "orders.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return run_import(
        recognise([path]),
        url=shop.url,
        settings=shop.settings,
        records=shop.records,
        now=NOW,
        wishes=Wishes(currency="EUR", timezone="UTC"),
    )


def test_rows_set_aside_are_kept_with_their_reason(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    report = from_csv(shop, "1,2026-01-15,c,p,P,1,2.50", "2,2026-01-16,c,p,P,1,free")
    assert (report["rows"]["read"], report["rows"]["quarantined"]) == (2, 1)
    assert report["reasons"] == {"import_bad_number": 1}
    store = shop.open()
    aside = store.fetch(store.table("quarantine"))
    assert aside[["source_row", "reason", "batch_id"]].values.tolist() == [
        [3, "import_bad_number", 1]
    ]
    assert revenue(shop) == 2.5
    store.close()


@pytest.mark.slow
def test_what_was_said_of_a_shop_once_stays_said(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1), currency="CNY", timezone="Asia/Shanghai")
    with pytest.raises(CrmError) as refused:
        shop.load(orders(2), name="euros", currency="EUR")
    assert refused.value.code == "import_currency_other"
    shop.load(orders(2), name="utc", currency="CNY", timezone="UTC", starts_with_shop=False)
    store = shop.open()
    assert (store.meta.currency, store.meta.timezone) == ("CNY", "Asia/Shanghai")
    assert store.meta.starts_with_shop
    store.close()


@pytest.mark.slow
def test_pages_go_on_while_files_come_in(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1, 2))
    page = shop.open()
    rows, answers, stop = scope(page, Selection()), [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            answers.append(measure(page, ("revenue",), rows=rows).totals["revenue"])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        shop.load(orders(3), name="third")
        shop.load(orders(4), name="fourth")
    finally:
        stop.set()
        thread.join()
    assert set(answers) == {20.0}
    assert revenue(shop) == 40.0
    page.close()


@pytest.mark.slow
def test_a_second_import_at_the_same_time_is_told_to_wait(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1))
    with writing(folder_of(shop.url), shop.settings):
        with pytest.raises(CrmError, match="store_busy"):
            shop.load(orders(2), name="second")
        assert revenue(shop) == 10.0
    assert shop.load(orders(2), name="third")["batch"] == 2


def test_a_file_without_a_good_row_changes_nothing_and_names_the_first_fault(
    tmp_path: Path,
) -> None:
    shop = small_shop(tmp_path, orders(1))
    with pytest.raises(CrmError) as refused:
        from_csv(shop, "7,2026-01-15,c7,tea,Tea,1,-10", "8,,c8,tea,Tea,1,10")
    assert refused.value.code == "import_nothing_good"
    told = refused.value.facts
    assert (told["file"], told["row"], told["column"]) == ("orders.csv", 2, "Price")
    assert (told["reason"], told["count"]) == ("import_negative_amount", 2)
    assert published(shop) == ["facts-000001.duckdb"]
    assert not list(folder_of(shop.url).glob("*.building*"))


@pytest.mark.slow
def test_a_file_that_tells_no_currency_changes_nothing_the_second_time(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    file = tmp_path / "orders.csv"
    file.write_text(
        "order_id,date,customer_id,product,quantity,price\n"
        "1,2026-01-05 10:00,ann,tea,2,10\n"
        "2,nonsense,ann,tea,2,10\n"
    )
    found = [
        run_import(
            recognise([file]), url=shop.url, settings=shop.settings, records=shop.records, now=NOW
        )["batch"]
        for _ in range(2)
    ]
    assert found == [1, None]


@pytest.mark.slow
def test_goods_sent_back_in_a_later_file_are_a_refund_of_the_order_before(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    sold = csv(tmp_path, "sold", "1,2026-01-05,ann,tea,Tea,3,2.00", "2,2026-01-06,bob,cup,Cup,1,5")
    back = csv(
        tmp_path, "back", "1,2026-02-10,ann,tea,Tea,-1,2.00", "7,2026-02-10,eve,tea,Tea,-1,2.00"
    )
    bring(shop, sold)
    before = figures(shop)
    report = bring(shop, back)
    assert report["reasons"] == {"import_negative_quantity": 1}  # an order that nobody knows
    assert report["totals"]["refunds"] == 2.0
    after = figures(shop)
    assert after == {**before, "refunds": 2.0, "net_revenue": before["net_revenue"] - 2.0}
    assert after["orders"] == 2.0
    with closing(shop.open()) as store:
        refunds = store.fetch(store.table("refunds"))
        lines = store.fetch(store.table("order_lines"))
        assert refunds["order_id"].tolist() == ["1"]
        assert refunds["line_id"].tolist() == lines[lines["order_id"] == "1"]["line_id"].tolist()
    assert bring(shop, back)["batch"] is None  # the same file again is no news


def csv(folder: Path, name: str, *rows: str) -> Path:
    path = folder / f"{name}.csv"
    header = "Order ID,Order Date,Customer ID,SKU,Product,Quantity,Price"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def bring(shop: SmallShop, path: Path) -> Any:
    return run_import(
        recognise([path]), url=shop.url, settings=shop.settings, records=shop.records, now=NOW
    )


def figures(shop: SmallShop) -> dict[str, Any]:
    with closing(shop.open()) as store:
        names = ("orders", "buyers", "revenue", "refunds", "net_revenue", "repeat_orders")
        return measure(store, names, rows=scope(store, Selection())).totals
