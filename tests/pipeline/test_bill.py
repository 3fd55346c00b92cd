"""The bill beside a store: what is there already, what is corrected, and stopping on what is found."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.pipeline.imports import Wishes, run_import
from crm_core.selection import Selection
from crm_core.store.imports import recognise
from crm_core.store.imports.describe import finding_codes, finding_text, remedy_key
from crm_core.store.snapshots import folder_of, read_pointer
from crm_core.text import has
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop, write_rows

PRODUCTS = ("tea", "pot", "mug")


def orders(*numbers: int, price: int = 10, **more: Any) -> Rows:
    day = datetime(2026, 1, 1, 10)
    return {
        "orders": [
            order(str(n), f"c{n}", (day + timedelta(n)).isoformat(), **more) for n in numbers
        ],
        "order_lines": [line(str(n), PRODUCTS[n % 3], str(price)) for n in numbers],
    }


def bill(shop: SmallShop, rows: Rows, name: str = "next") -> dict[str, dict[str, Any]]:
    report = shop.load(rows, name=name)
    return {found["code"]: found for found in report["quality"]["findings"]}


@pytest.mark.slow
def test_the_same_orders_again_are_told_and_change_nothing(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1, 2, 3, 4))
    found = bill(shop, orders(3, 4, 5))
    assert (found["already_stored"]["count"], found["already_stored"]["share"]) == (2, 0.6667)
    assert "corrected_orders" not in found
    assert "already_stored" not in bill(small_shop(tmp_path / "new"), orders(1, 2))


@pytest.mark.slow
def test_a_refund_of_an_order_in_the_store_has_its_order(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1, 2))
    back = [
        {"refund_id": f"r{n}", "order_id": str(n), "refunded_at": datetime(2026, 1, 9), "amount": Decimal(n)}
        for n in (2, 9)
    ]  # fmt: skip
    report = shop.load({"refunds": back}, name="back")
    (found,) = [f for f in report["quality"]["findings"] if f["code"] == "refunds_without_order"]
    assert (found["count"], found["money"]) == (1, 9)
    store = shop.open()
    kept = measure(store, ("refunds",), rows=scope(store, Selection())).totals["refunds"]
    store.close()
    assert report["quality"]["totals"]["refunds"] == kept == 2


@pytest.mark.slow
def test_corrected_orders_are_told_with_what_they_change(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1, 2, 3, 4))
    again = orders(2, 3, 4)
    again["order_lines"][0]["unit_price"] = Decimal("12.50")
    again["orders"][1]["status"] = "cancelled"
    found = bill(shop, again)
    assert (found["corrected_orders"]["count"], found["corrected_orders"]["money"]) == (2, 2.5)
    assert found["already_stored"]["count"] == 1


@pytest.mark.slow
def test_a_file_in_cents_is_found_by_the_store_s_prices(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1, 2, 3))
    found = bill(shop, orders(11, 12, 13, price=1050))
    assert found["other_unit_than_store"]["severity"] == "stop"
    assert found["other_unit_than_store"]["facts"] == {"factor": 105}


def stopping(shop: SmallShop, folder: Path, *codes: str) -> None:
    run_import(
        recognise([folder]),
        url=shop.url,
        settings=shop.settings,
        records=shop.records,
        now=NOW,
        wishes=Wishes(stop_on=codes),
    )


@pytest.mark.slow
def test_an_import_stops_on_what_it_was_told_to(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(1, 2, 3))
    before = read_pointer(folder_of(shop.url))
    cents = write_rows(tmp_path / "cents", orders(11, 12, 13, price=1000))
    for codes in (("warn",), ("stop",), ("zero_prices", "other_unit_than_store")):
        with pytest.raises(CrmError) as stopped:
            stopping(shop, cents, *codes)
        assert stopped.value.code == "import_stopped"
        assert stopped.value.facts["codes"] == "other_unit_than_store"
        assert stopped.value.facts["quality"]["adds_up"]
        assert read_pointer(folder_of(shop.url)) == before
    stopping(shop, cents, "zero_prices", "import_bad_date")
    assert read_pointer(folder_of(shop.url)) != before


def test_a_misspelt_code_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    folder = write_rows(tmp_path / "files", orders(1))
    with pytest.raises(CrmError) as refused:
        stopping(shop, folder, "zero_price")
    assert (refused.value.code, refused.value.facts["match"]) == (
        "import_unknown_finding",
        "zero_prices",
    )


def test_every_finding_is_worded_in_both_languages() -> None:
    facts = dict.fromkeys(
        ("file", "from", "to", "other", "again_from", "again_to", "factor", "month", "currencies",
         "rates", "orders_share", "ids", "last", "shop", "gaps", "codes", "words"), "7")  # fmt: skip
    own = [code for code in finding_codes() if has(f"quality.{code}.text", "en")]
    for code in own:
        told = {"code": code, "count": 1, "money": 2.0, "share": 0.5, "facts": facts}
        for language in ("en", "zh"):
            assert finding_text(told, currency="EUR", language=language)
            assert has(str(remedy_key(code)), language)
