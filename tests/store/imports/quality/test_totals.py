"""Control totals that add up to the file, and every row accounted for."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.store.imports import Mapping
from crm_core.store.imports.quality import Bill
from tests.examples import examples
from tests.store.imports.conftest import Staged
from tests.store.imports.quality.conftest import codes, row, the

RETAIL = Path("tests/fixtures/imports/online_retail.csv")
MAPPING = Mapping(
    columns={
        "order_id": "InvoiceNo",
        "product_id": "StockCode",
        "product_name": "Description",
        "quantity": "Quantity",
        "ordered_at": "InvoiceDate",
        "amount": "UnitPrice",
        "customer_id": "CustomerID",
        "country": "Country",
    },
    amount_is="unit_price",
    currency="GBP",
)


@pytest.fixture
def retail(staged: Callable[..., Staged]) -> Staged:
    return staged(RETAIL, mapping=MAPPING)


def test_every_row_of_the_file_is_accounted_for(retail: Staged) -> None:
    bill = retail.result.bill
    assert bill.rows == {"read": 22, "good": 20, "duplicate": 0, "quarantined": 2, "skipped": 0}
    assert bill.adds_up
    assert "rows_unaccounted" not in codes(bill)


def test_money_goes_where_it_belongs_and_adds_up_to_the_file(retail: Staged) -> None:
    bill = retail.result.bill
    totals = bill.totals
    assert totals["shipping"] == pytest.approx(18.00 + 50.00 + 42.10)
    assert totals["fees"] == pytest.approx(136.40 + 16.88 - 15.00)
    assert totals["discount"] == pytest.approx(27.50 + 110.62 + 33.05)
    lines = csv.DictReader(RETAIL.read_text(encoding="utf-8").splitlines())
    said = sum(
        Decimal(line["Quantity"]) * Decimal(line["UnitPrice"])
        for line in lines
        if line["Quantity"].lstrip("-").isdigit() and line["InvoiceNo"] != "C900015"
    )
    kept = totals["net"] + totals["refunds"] + totals["shipping"] - totals["fees"]
    assert kept == pytest.approx(float(round(said, 2)))


def test_units_are_pieces_of_things(retail: Staged) -> None:
    pieces = 6 + 2 + 12 + 12 + 24 + 3 + 1 + 4 + 1 + 10
    assert retail.result.bill.totals["units"] == pieces


def test_months_add_up_to_the_totals(retail: Staged) -> None:
    bill = retail.result.bill
    assert [month["month"] for month in bill.months] == ["2010-12", "2011-01"]
    for name in (
        "rows",
        "orders",
        "gross",
        "discount",
        "tax",
        "refunds",
        "net",
        "shipping",
        "fees",
    ):
        assert sum(month[name] for month in bill.months) == pytest.approx(bill.totals[name])
    assert bill.totals["rows"] == bill.rows["good"]


def test_months_tell_their_rows_and_their_customers(billed: Callable[..., Bill]) -> None:
    bill = billed(
        row(1, "2026-01-05", customer="ann"),
        row(2, "2026-01-06", customer="bo"),
        row(2, "2026-01-06", "pot", customer="bo"),
        row(3, "2026-02-06", customer="bo"),
        row(4, "2026-02-07", customer=""),
    )
    told = [(each["month"], each["rows"], each["customers"]) for each in bill.months]
    assert told == [("2026-01", 3, 2), ("2026-02", 2, 1)]
    assert (bill.totals["rows"], bill.totals["customers"]) == (5, 2)


def test_money_of_rows_set_aside_is_told_where_it_can_be_read(retail: Staged) -> None:
    bill = retail.result.bill
    assert bill.set_aside_money == -4.95
    back = the(bill, "import_negative_quantity")
    assert (back.count, back.money) == (1, -4.95)
    assert (back.examples[0].row, back.examples[0].column) == (23, "Quantity")
    assert the(bill, "import_bad_number").money is None


def test_what_is_no_product_is_told_with_its_codes_and_money(retail: Staged) -> None:
    bill = retail.result.bill
    assert the(bill, "kind_postage").facts["codes"] == "C2, DOT, POST"
    assert (the(bill, "kind_postage").count, the(bill, "kind_postage").money) == (3, 110.10)
    assert the(bill, "kind_adjustment").facts["codes"] == "B, M, PADS"
    assert the(bill, "kind_voucher").money == 16.67
    assert the(bill, "kind_sample").money == -33.05


LINES = st.lists(
    st.tuples(
        st.integers(1, 4),  # order
        st.sampled_from(["tea", "pot", "POST", "M"]),
        st.integers(-2, 3),
        st.sampled_from(["2.50", "0", "-1.00", "x", ""]),
        st.sampled_from(["2026-01-31", "2026-02-01", "2026-02-30"]),
    ),
    min_size=1,
    max_size=12,
)


@given(lines=LINES)
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_rows_say_they_are_accounted_for(
    billed: Callable[..., Bill], lines: list[tuple[int, str, int, str, str]]
) -> None:
    bill = billed(
        *[row(order, day, product, units, price) for order, product, units, price, day in lines]
    )
    counts = Counter(bill.rows)
    assert counts["read"] == len(lines)
    assert counts["good"] + counts["duplicate"] + counts["quarantined"] == len(lines)
    assert bill.adds_up
    for name in ("orders", "gross", "discount", "refunds", "net", "shipping"):
        assert sum(month[name] for month in bill.months) == pytest.approx(bill.totals[name])
