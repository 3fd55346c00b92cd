"""What a bill finds odd, and what it leaves in peace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core.store.imports.quality import Bill
from tests.store.imports.conftest import HEADER, Staged
from tests.store.imports.quality.conftest import BY_PIECE, codes, row, the

EMAILED = HEADER + ",Email,Name"
WITH_EMAIL = BY_PIECE.with_(columns={**BY_PIECE.columns, "email": "Email", "name": "Name"})


def days(count: int, start: str = "2026-01-01") -> list[str]:
    first = date.fromisoformat(start)
    return [(first + timedelta(number)).isoformat() for number in range(count)]


def test_a_plain_file_has_nothing_odd(billed: Callable[..., Bill]) -> None:
    rows = [row(n, day, price=5 + n % 3) for n, day in enumerate(days(40))]
    assert codes(billed(*rows)) == set()


def test_totals_read_as_prices_are_found_by_how_they_grow(billed: Callable[..., Bill]) -> None:
    rows = [row(n, day, "tea", 1 + n % 4, 2 * (1 + n % 4)) for n, day in enumerate(days(20))]
    found = the(billed(*rows), "total_taken_for_price")
    assert (found.severity, found.count, found.share) == ("stop", 15, 1.0)
    assert found.money == 5 * sum(2 * q * q - 2 * q for q in (1, 2, 3, 4))
    assert "total_taken_for_price" not in codes(
        billed(*rows, mapping=BY_PIECE.with_(amount_is="line_total"))
    )


def test_prices_read_as_totals_are_found_by_how_they_do_not_grow(
    billed: Callable[..., Bill],
) -> None:
    rows = [row(n, day, "tea", 1 + n % 4, 2) for n, day in enumerate(days(20))]
    found = the(
        billed(*rows, mapping=BY_PIECE.with_(amount_is="line_total")), "price_taken_for_total"
    )
    assert (found.severity, found.money) == ("stop", 5 * sum(2 * q - 2 for q in (1, 2, 3, 4)))
    assert "price_taken_for_total" not in codes(billed(*rows))


def test_a_month_in_cents_is_found(billed: Callable[..., Bill]) -> None:
    products = ("tea", "pot", "mug")
    rows = [
        row(
            f"{month}{product}",
            f"2026-0{month}-10",
            product,
            price=price * (100 if month == 3 else 1),
        )
        for month in (1, 2, 3)
        for product, price in zip(products, (5, 20, 8), strict=True)
    ]
    found = the(billed(*rows), "other_unit")
    assert (found.severity, found.count, found.facts["month"], found.facts["factor"]) == (
        "stop",
        3,
        "2026-03",
        100,
    )


@pytest.mark.parametrize(
    ("code", "last", "count"),
    [
        ("zero_prices", row(99, "2026-01-20", price=0), 1),
        ("dear_lines", row(99, "2026-01-20", price=45), 1),
        ("large_lines", row(99, "2026-01-20", quantity=500), 1),
        ("no_buyer", row(99, "2026-01-20", customer=""), 1),
        ("early_dates", row(99, "2016-01-20"), 1),
        ("import_future_date", row(99, "2036-01-20"), 1),
        ("import_old_date", row(99, "1970-01-20"), 1),
        ("import_negative_amount", row(99, "2026-01-20", price=-3), 1),
    ],
)
def test_one_odd_row_is_told_with_its_place(
    billed: Callable[..., Bill], code: str, last: str, count: int
) -> None:
    rows = [row(n, day) for n, day in enumerate(days(40))]
    found = the(billed(*rows, last), code)
    assert found.count == count
    assert [place.row for place in found.examples] == [42]


def test_outliers_are_told_never_dropped(billed: Callable[..., Bill]) -> None:
    rows = [row(n, day) for n, day in enumerate(days(40))]
    bill = billed(*rows, row(99, "2026-01-20", quantity=500, price=45))
    assert bill.totals["gross"] == 40 * 2 + 500 * 45


def test_days_without_orders_are_told_where_orders_were_to_be_expected(
    billed: Callable[..., Bill],
) -> None:
    open_days = [day for day in days(70) if date.fromisoformat(day).weekday() != 6]
    shut = {(date(2026, 2, 9) + timedelta(n)).isoformat() for n in range(6)}
    rows = [
        row(f"{day}-{n}", day, customer=f"c{day}{n}")
        for day in open_days
        if day not in shut
        for n in range(3)
    ]
    found = the(billed(*rows), "silent_days")
    assert (found.facts["from"], found.facts["to"], found.count) == ("2026-02-08", "2026-02-15", 8)
    assert "silent_days" not in codes(billed(*[row(n, day) for n, day in enumerate(open_days)]))


def test_one_buyer_of_very_many_orders_is_told(billed: Callable[..., Bill]) -> None:
    rows = [
        row(n, day, customer="till" if n % 3 == 0 else f"c{n}") for n, day in enumerate(days(30))
    ]
    found = the(billed(*rows), "one_buyer")
    assert (found.count, found.share, found.money) == (10, 0.3333, 20)


def test_tests_and_shared_addresses_are_told(billed: Callable[..., Bill]) -> None:
    people = [
        ("test@shop.example", "A"),
        ("b@shop.example", "qwerty"),
        ("testa@shop.example", "Testa Rossa"),
    ]
    rows = [f"{row(n, '2026-01-05')},{email},{name}" for n, (email, name) in enumerate(people)]
    shared = [f"{row(10 + n, '2026-01-06')},info@shop.example,C" for n in range(5)]
    bill = billed(*rows, *shared, header=EMAILED, mapping=WITH_EMAIL)
    assert the(bill, "test_orders").count == 2
    assert (the(bill, "shared_emails").count, the(bill, "shared_emails").facts["ids"]) == (1, 5)


def test_no_finding_names_a_person(billed: Callable[..., Bill]) -> None:
    rows = [
        f"{row(n, '2026-01-05', customer='Ann')},test{n}@shop.example,Qwerty" for n in range(30)
    ]
    bill = billed(*rows, header=EMAILED, mapping=WITH_EMAIL)
    said = " ".join(map(repr, bill.findings))
    assert codes(bill) >= {"one_buyer", "test_orders"}
    assert not any(word in said for word in ("Ann", "shop.example", "Qwerty"))


def test_two_tax_rates_are_told(billed: Callable[..., Bill]) -> None:
    taxed = BY_PIECE.with_(columns={**BY_PIECE.columns, "tax": "Tax"})
    rows = [f"{row(n, '2026-01-05', price=100)},{7 if n % 2 else 19}" for n in range(8)]
    assert the(billed(*rows, header=HEADER + ",Tax", mapping=taxed), "several_taxes").facts == {
        "rates": "7, 19"
    }
    rows = [f"{row(n, '2026-01-05', price=100)},19" for n in range(8)]
    assert "several_taxes" not in codes(billed(*rows, header=HEADER + ",Tax", mapping=taxed))


def test_states_without_sale_are_told(billed: Callable[..., Bill]) -> None:
    state = BY_PIECE.with_(columns={**BY_PIECE.columns, "status": "State"})
    rows = [
        f"{row(n, '2026-01-05', price=10)},{'cancelled' if n == 3 else 'paid'}" for n in range(4)
    ]
    found = the(billed(*rows, header=HEADER + ",State", mapping=state), "uncounted_orders")
    assert (found.count, found.money, found.share) == (1, 10, 0.25)


def test_states_that_nobody_knows_are_told_with_their_words(billed: Callable[..., Bill]) -> None:
    state = BY_PIECE.with_(columns={**BY_PIECE.columns, "status": "State"})

    def told(*words: str) -> Bill:
        rows = [f"{row(n, '2026-01-05', price=10)},{word}" for n, word in enumerate(words)]
        return billed(*rows, header=HEADER + ",State", mapping=state)

    no_sale = ("Pending payment", "On hold", "Draft", "Checkout draft", "Trash", "Zahlung ausstehend",
               "Fehlgeschlagen", "Shipped - Returned to Seller", "Shipped - Rejected by Buyer",
               "(删除)等待出库")  # fmt: skip
    bill = told("paid", "Shipped", "", *no_sale)
    assert the(bill, "uncounted_orders").count == len(no_sale)
    assert "unknown_states" not in codes(bill)
    odd = told("paid", "wibble", "wibble", "[x](http://e.vil)\x1b", "ann@mail.example")
    found = the(odd, "unknown_states")
    assert (found.severity, found.count, found.money, found.share) == ("warn", 4, 40, 0.8)
    assert found.facts == {"words": "“wibble” (2), “x(http://e.vil)” (1), “…” (1)"}
    assert (found.examples[0].row, found.examples[0].column) == (3, "State")


def test_refunds_of_orders_that_nobody_has_are_told_and_count_for_nothing(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    sales = written(row(1, "2026-01-05", price=10))
    back = written(
        "r1,1,2026-01-06,4.00", "r2,77,2026-01-06,5.00", "r3,78,2026-02-06,6.00",
        header="refund_id,order_id,refunded_at,amount", name="refunds.csv",
    )  # fmt: skip
    alone = staged(back, currency="EUR").result.bill
    assert (alone.totals["refunds"], alone.totals["net"]) == (0, 0)
    done = staged(sales, back, currency="EUR")
    assert done.result.good["refunds"] == 3  # kept: their orders may come
    bill = done.result.bill
    found = the(bill, "refunds_without_order")
    assert (found.severity, found.count, found.money, found.share) == ("warn", 2, 11, 0.6667)
    assert [(place.file, place.row) for place in found.examples] == [
        ("refunds.csv", 3), ("refunds.csv", 4),
    ]  # fmt: skip
    assert (bill.totals["refunds"], bill.totals["net"]) == (4, 6)
    assert sum(month["net"] for month in bill.months) == 6


def test_a_guessed_encoding_and_parts_of_a_cent_are_told(
    staged: Callable[..., Staged], tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    text = f"{HEADER}\n1,2026-01-05,c,tea,Tee grün,3,0.333\n2,2026-01-06,c,tea,Tee grün,1,1\n"
    path.write_bytes(text.encode("cp1252"))
    bill: Any = staged(path, mapping=BY_PIECE).result.bill
    assert the(bill, "import_encoding_guessed").severity == "warn"
    assert the(bill, "import_rounded").count == 1


def test_orders_without_any_amount_are_told_with_the_columns_that_may_hold_it(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    rows = [f"{n},{day},c{n}@mail.example,US$ 12.50" for n, day in enumerate(days(4))]
    lost = written(*rows, header="Order ID,Order Date,Email,Total charged")
    found = the(staged(lost).result.bill, "no_amounts")
    assert (found.severity, found.count) == ("stop", 4)
    assert found.facts["columns"] == "Total charged"
    read = staged(written(*rows, header="Order ID,Order Date,Email,Total"), currency="USD").result
    assert read.totals["net"] == 50.0
    assert "no_amounts" not in codes(read.bill)
