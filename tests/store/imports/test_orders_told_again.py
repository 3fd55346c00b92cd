"""An order that comes again: whole, in parts, without its lines, or not at all changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.store.imports import Mapping
from crm_core.store.merge import Merged
from tests.store.imports.merged_shop import MergedShop, loaded

COLUMNS = {
    "order_id": "Order",
    "ordered_at": "Date",
    "email": "Mail",
    "product_id": "SKU",
    "quantity": "Qty",
    "amount": "Price",
}
LINES = Mapping(columns=COLUMNS, amount_is="unit_price", currency="EUR", complete_orders=True)
PARTS = LINES.with_(complete_orders=False)
HEADS = Mapping(
    table="orders",
    columns={"order_id": "Order", "ordered_at": "Date", "email": "Mail", "amount": "Total"},
    currency="EUR",
)


@pytest.fixture
def shop(tmp_path: Path) -> MergedShop:
    return MergedShop(tmp_path)


def load(shop: MergedShop, *files: str, mapping: Mapping = LINES) -> Merged:
    head = "Order,Date,Mail,Total" if mapping.table == "orders" else ",".join(COLUMNS.values())
    return shop.load(*[[head, *rows.split()] for rows in files], mapping=mapping)


def lines(shop: MergedShop) -> list[tuple[object, ...]]:
    return shop.rows("select order_id, product_id, quantity from order_lines order by all")


TEA, POT = "1,2026-01-05,a@b.example,tea,2,3.50", "1,2026-01-05,a@b.example,pot,1,20.00"


@pytest.mark.slow
def test_a_corrected_line_takes_the_place_of_the_old_one(shop: MergedShop) -> None:
    load(shop, f"{TEA} {POT}")
    report = load(shop, TEA.replace("tea,2", "tea,3") + f" {POT}")
    assert lines(shop) == [("1", "pot", 1), ("1", "tea", 3)]
    assert (report.loaded["order_lines"], report.replaced) == (1, 1)


def test_a_deleted_line_is_gone_though_nothing_new_came(shop: MergedShop) -> None:
    load(shop, f"{TEA} {POT} 2,2026-01-06,c@d.example,pot,1,20.00")
    report = load(shop, TEA)
    assert lines(shop) == [("1", "tea", 2), ("2", "pot", 1)]
    assert loaded(report) == 1


def test_the_same_file_twice_changes_nothing(shop: MergedShop) -> None:
    load(shop, f"{TEA} {POT}")
    report = load(shop, f"{POT} {TEA}")
    assert (loaded(report), report.duplicate["order_lines"]) == (0, 2)


def test_an_order_split_over_files_of_one_import_is_one_order(shop: MergedShop) -> None:
    load(shop, TEA, POT)
    assert lines(shop) == [("1", "pot", 1), ("1", "tea", 2)]


@pytest.mark.slow
def test_files_that_may_tell_a_part_take_nothing_away(shop: MergedShop) -> None:
    load(shop, f"{TEA} {POT}")
    load(shop, TEA.replace("tea,2", "tea,3"), mapping=PARTS)
    assert lines(shop) == [("1", "pot", 1), ("1", "tea", 2), ("1", "tea", 3)]


@pytest.mark.slow
def test_an_order_with_a_bad_row_is_not_known_whole(shop: MergedShop) -> None:
    load(shop, f"{TEA} {POT}")
    load(shop, TEA.replace("tea,2", "tea,3") + " " + POT.replace("20.00", "free"))
    assert ("1", "pot", 1) in lines(shop)


def test_a_return_that_is_told_no_more_is_refunded_no_more(shop: MergedShop) -> None:
    load(shop, f"{TEA} {POT} " + POT.replace("pot,1", "pot,-1"))
    load(shop, f"{TEA} {POT}")
    assert shop.rows("from refunds") == []


@pytest.mark.slow
@pytest.mark.parametrize("heads_first", [True, False])
def test_a_head_gives_way_to_lines_whichever_comes_first(
    shop: MergedShop, heads_first: bool
) -> None:
    head = "1,2026-01-05,a@b.example,27.00"
    steps = [(head, HEADS), (f"{TEA} {POT}", PARTS)]
    for rows, mapping in steps if heads_first else reversed(steps):
        load(shop, rows, mapping=mapping)
    assert lines(shop) == [("1", "pot", 1), ("1", "tea", 2)]
    assert loaded(load(shop, head, mapping=HEADS)) == 0


def test_heads_alone_are_revenue(shop: MergedShop) -> None:
    load(shop, "1,2026-01-05,a@b.example,27.00 2,2026-01-06,a@b.example,", mapping=HEADS)
    assert lines(shop) == [("1", "order", 1)]
    assert shop.rows("select sum(line_total) from order_lines") == [(27,)]
    assert shop.rows("select count(*) from orders") == [(2,)]
