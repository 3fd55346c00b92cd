from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.store.imports import Mapping
from tests.examples import fast
from tests.store.imports.conftest import HEADER, Staged

SUPERSTORE = Path(__file__).parents[2] / "fixtures" / "imports" / "superstore.csv"
TABLES = ("orders", "order_lines", "customers", "identities", "products")


def test_superstore_is_known_by_its_columns(staged: Callable[..., Staged]) -> None:
    done = staged(SUPERSTORE)
    assert done.result.files[0].decisions["mapping"] == "superstore"
    assert done.result.good["order_lines"] == 7
    lines = done.rows("order_lines", "line_id, line_total, discount, unit_cost", "line_id::int")
    # Sales is after the discount: 191.5155 at 45 % off was 348.21; its cost is sales less profit.
    assert lines[0] == ("1", Decimal("348.21"), Decimal("156.69"), Decimal("268.1217"))
    assert lines[1] == ("2", Decimal("20.98"), Decimal("14.69"), Decimal("10.9096"))
    assert lines[2] == ("3", Decimal("41.96"), Decimal("0.00"), Decimal("10.9100"))
    # Given away (rate 1): what it would have cost the buyer is not told.
    assert lines[5] == ("6", Decimal("0.00"), Decimal("0.00"), Decimal("30.0000"))
    assert done.result.totals["net"] == 473.83


def test_superstore_people_and_products(staged: Callable[..., Staged]) -> None:
    done = staged(SUPERSTORE)
    assert done.rows("identities", "customer_id, name, city, postal_code", "1") == [
        ("AA-1", "Ann O'Hara", "Hill", "99999"),
        ("BB-2", "王芳", "Hill", "99999"),
        ("CC-3", "None", "Hill", "99999"),
    ]
    assert done.rows("products", "product_id, product_name", "1") == [
        ("FUR-1", "Chair, oak"),
        ("OFF-1", "Binder"),
        ("TEC-1", "Phone"),
    ]
    assert done.rows("orders", "distinct region", "1") == [("East",), ("West",)]


def test_the_published_superstore_file(staged: Callable[..., Staged], superstore: Path) -> None:
    result = staged(superstore).result
    assert (result.rows_read, result.quarantined) == (9_994, 0)
    assert (result.totals["orders"], result.totals["customers"]) == (5_009, 793)
    # The file's sales are 2,297,200.86; rounding 4,001 lines to the cent adds 0.21.
    assert result.totals["net"] == 2_297_201.07
    facts = next(n.facts for n in result.notices if n.code == "import_rounded")
    assert facts == {"count": 4_001, "difference": "0.21"}


def test_a_plain_order_file_needs_no_mapping(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1001,2026-01-05 10:15:00,00123,A-1,Tea,2,3.50",
        "1001,2026-01-05 10:15:00,00123,B-1,Pot,1,20.00",
        "1002,2026-01-06 23:30:00,1.2E+05,A-1,Tea,1,3.50",
        "1003,2026-01-07 08:00:00,,A-1,Tea,1,3.50",
    )
    done = staged(path, currency="EUR", timezone="Europe/Berlin")
    assert done.result.totals["net"] == 34.0
    assert done.rows("orders", "order_id, customer_id, ordered_at::varchar", "1") == [
        ("1001", "00123", "2026-01-05 09:15:00"),
        ("1002", "1.2E+05", "2026-01-06 22:30:00"),
        ("1003", None, "2026-01-07 07:00:00"),
    ]
    notices = {notice.code: notice.facts for notice in done.result.notices}
    assert notices["import_no_customer"] == {"count": 1}
    assert notices["import_suspect_ids"] == {"count": 1}
    assert done.result.quarantined == 0


def test_shuffled_and_overlapping_files_give_the_same_rows(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    rows = [
        f"{order},2026-02-{order % 27 + 1:02d},c{order % 11},p{item % 3},Thing {item % 3},"
        f"{1 + item % 2},{5 + item % 3}.25"
        for order in range(60)
        for item in range(1 + order % 5)
    ]
    expected = {t: staged(written(*rows)).contents(t) for t in TABLES[:3]}
    shuffled = random.Random(3).sample(rows, len(rows))
    again = staged(written(*shuffled))
    assert {t: again.contents(t) for t in TABLES[:3]} == expected
    by_order = [row for row in rows if int(row.split(",")[0]) < 40]
    rest = [row for row in rows if int(row.split(",")[0]) >= 20]
    both = staged(written(*by_order, name="a.csv"), written(*rest, name="b.csv"))
    assert {t: both.contents(t) for t in TABLES[:3]} == expected
    shared = [row for row in rows if 20 <= int(row.split(",")[0]) < 40]
    assert both.result.duplicates == len(shared)


def test_equal_lines_of_one_order_are_all_kept(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    done = staged(written(*["1,2026-01-15,c,p,P,1,2.00"] * 3))
    assert done.rows("order_lines", "line_id", "1") == [
        ("p|1|200#1",),
        ("p|1|200#2",),
        ("p|1|200#3",),
    ]


def test_a_return_becomes_a_refund_of_its_order(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1,2026-01-15,c,p,P,3,2.00",
        "1,2026-01-20,c,p,P,-1,2.00",
        "9,2026-01-20,c,p,P,-1,2.00",
    )
    done = staged(path)
    assert done.rows("refunds", "order_id, line_id, amount, quantity, refunded_at::date::text") == [
        ("1", "p|3|600#1", Decimal("2.00"), 1, "2026-01-20")
    ]
    assert done.rows("quarantine", "source_row, column_name, reason") == [
        (4, "Quantity", "import_negative_quantity")
    ]
    totals = done.result.totals
    assert (totals["gross"], totals["refunds"], totals["net"]) == (6.0, 2.0, 4.0)
    assert done.rows("orders", "ordered_at::date::text") == [("2026-01-15",)]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("1,2026-02-30,c,p,P,1,2.00", "Order Date", "import_bad_date"),
        pytest.param(
            "1,soon,c,p,P,1,2.00", "Order Date", "import_bad_date", marks=pytest.mark.slow
        ),
        ("1,,c,p,P,1,2.00", "Order Date", "import_missing_value"),
        ("1,1900-01-01,c,p,P,1,2.00", "Order Date", "import_old_date"),
        ("1,2027-11-23,c,p,P,1,2.00", "Order Date", "import_future_date"),
        pytest.param(
            "1,9999-12-31,c,p,P,1,2.00", "Order Date", "import_future_date", marks=pytest.mark.slow
        ),
        pytest.param(
            "1,2026-01-15 25:10,c,p,P,1,2.00",
            "Order Date",
            "import_bad_date",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ",2026-01-15,c,p,P,1,2.00", "Order ID", "import_missing_value", marks=pytest.mark.slow
        ),
        pytest.param(
            "1,2026-01-15,c,,P,1,", "Price", "import_missing_value", marks=pytest.mark.slow
        ),
        pytest.param(
            "1,2026-01-15,c,,,1,2.00", "SKU", "import_missing_value", marks=pytest.mark.slow
        ),
        pytest.param(
            "1,2026-01-15,c,p,P,1,NaN", "Price", "import_bad_number", marks=pytest.mark.slow
        ),
        ("1,2026-01-15,c,p,P,1,inf", "Price", "import_bad_number"),
        pytest.param(
            "1,2026-01-15,c,p,P,1,-Infinity", "Price", "import_bad_number", marks=pytest.mark.slow
        ),
        pytest.param(
            "1,2026-01-15,c,p,P,1,1e999", "Price", "import_bad_number", marks=pytest.mark.slow
        ),
        ('1,2026-01-15,c,p,P,1,"1.234,50"', "Price", "import_bad_number"),
        pytest.param(
            '1,2026-01-15,c,p,P,1,"12,5"', "Price", "import_bad_number", marks=pytest.mark.slow
        ),
        pytest.param(
            "1,2026-01-15,c,p,P,1,free", "Price", "import_bad_number", marks=pytest.mark.slow
        ),
        ("1,2026-01-15,c,p,P,1,-2.00", "Price", "import_negative_amount"),
        ("1,2026-01-15,c,p,P,1.5,2.00", "Quantity", "import_fractional_quantity"),
        pytest.param(
            "1,2026-01-15,c,p,P,many,2.00", "Quantity", "import_bad_number", marks=pytest.mark.slow
        ),
        pytest.param(
            "1,2026-01-15,c,p,P,99999999999999,2.00",
            "Quantity",
            "import_bad_number",
            marks=pytest.mark.slow,
        ),
        ("1,2026-01-15,c,p,P,1", None, "import_ragged_row"),
        pytest.param(
            "1,2026-01-15,c,p,P,1,2.00,4", None, "import_ragged_row", marks=pytest.mark.slow
        ),
        ('1,2026-01-15,c,"p" x,P,1,2.00', None, "import_bad_quote"),
        ("1,2026-01-15,c,p\0,P,1,2.00", None, "import_nul_byte"),
    ],
)
def test_a_bad_row_is_set_aside_and_its_neighbours_stay(
    staged: Callable[..., Staged],
    written: Callable[..., Path],
    row: str,
    column: str | None,
    reason: str,
) -> None:
    done = staged(written("8,2026-01-14,c,p,P,1,4.25", row, "9,2026-01-16,c,p,P,1,5.25"))
    assert done.rows("quarantine", "source_file, source_row, column_name, reason") == [
        ("orders.csv", 3, column, reason)
    ]
    assert done.rows("orders", "order_id", "1") == [("8",), ("9",)]
    assert done.result.reasons == {reason: 1}
    raw = done.rows("quarantine", "raw")[0][0]
    assert str(raw).replace("\u2400", "\0") == row


def test_a_first_row_longer_than_the_header_shifts_nothing(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    done = staged(written("1,2026-01-15,c,p,P,1,2.00,extra", "2,2026-01-16,c,p,P,1,3.00"))
    assert done.rows("orders", "order_id") == [("2",)]
    assert done.rows("quarantine", "source_row") == [(2,)]


def test_rows_are_numbered_as_in_the_file(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1,2026-01-15,c,p,P,1,2.00",
        "",
        '2,2026-01-15,c,p,"two\nlines",1,2.00',
        "3,2026-01-15",
        "4,2026-01-15,c,p,P,1,x",
        "5,2026-01-15,c,p,P,1,2.00",
    )
    done = staged(path)
    assert done.rows("orders", "order_id, source_row", "1") == [("1", 2), ("2", 4), ("5", 7)]
    assert done.rows("quarantine", "source_row", "1") == [(5,), (6,)]
    assert done.result.rows_read == 5


@pytest.mark.parametrize(
    "encoding", fast(("utf-8", "utf-8-sig", "utf-16", "gb18030"), "utf-8-sig", "gb18030")
)
@pytest.mark.parametrize("end", fast(("\n", "\r\n", "\r"), "\r\n"))
def test_chinese_files_of_every_encoding(
    staged: Callable[..., Staged], tmp_path: Path, encoding: str, end: str
) -> None:
    lines = (
        "订单编号,下单时间,会员名,客户姓名,商品名称,数量,单价,订单状态",
        "T1,2026/1/5 10:15:00,u1,王芳,茶叶 红茶,2,39.90,交易成功",
        "T2,2026/1/16 10:15:00,u2,李雷,茶叶 绿茶,1,29.90,交易关闭",
    )
    text = end.join(lines)
    path = tmp_path / "订单.csv"
    path.write_bytes((text + end).encode(encoding))
    done = staged(path, timezone="Asia/Shanghai")
    assert done.rows("identities", "name", "1") == [("李雷",), ("王芳",)]
    assert done.rows("orders", "order_id, ordered_at::varchar, status", "1") == [
        ("T1", "2026-01-05 02:15:00", "completed"),
        ("T2", "2026-01-16 02:15:00", "cancelled"),
    ]
    assert done.result.totals["gross"] == 109.7


def test_western_letters_are_not_taken_for_chinese(
    staged: Callable[..., Staged], tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    rows = "Bestellnummer;Datum;Kundennummer;Kundenname;Artikel;Menge;Einzelpreis\n"
    rows += "1;31.12.2025;7;Jürgen Müßig;Käse;2;1.234,50 €\n2;1.2.2026;8;Zoë;Öl;1;12,50 €\n"
    path.write_bytes(rows.encode("cp1252"))
    done = staged(path)
    decisions = done.result.files[0].decisions
    assert (decisions["encoding"], decisions["delimiter"]) == ("cp1252", ";")
    assert (decisions["decimal"], decisions["date_order"]) == ("comma", "dmy")
    assert done.rows("identities", "name", "1") == [("Jürgen Müßig",), ("Zoë",)]
    assert done.result.totals["gross"] == 2481.5
    assert "import_encoding_guessed" in {notice.code for notice in done.result.notices}


def test_one_row_in_another_encoding_is_set_aside(
    staged: Callable[..., Staged], tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    rows = [HEADER, "1,2026-01-15,c,p,王芳,1,2.50", "2,2026-01-15,c,p,茶,1,2.50"]
    path.write_bytes("\n".join(rows).encode() + b"\n3,2026-01-15,c,p,caf\xe9,1,2.00\n")
    done = staged(path)
    assert done.rows("quarantine", "source_row, reason") == [(4, "import_bad_encoding")]
    assert done.rows("products", "product_name") == [("王芳",)]


def test_names_that_look_like_nothing_are_names(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    names = ["Null", "NA", "None", "NaN", "O'Brien", "n/a", "#N/A", "-", "王芳"]
    rows = [f"{n},2026-01-15,c{n},{name},p,1,2.50" for n, name in enumerate(names)]
    header = "Order ID,Date,Customer ID,Customer Name,SKU,Quantity,Price"
    done = staged(written(*rows, header=header))
    assert [row[0] for row in done.rows("identities", "name", "source_row")] == names


def test_long_ids_and_a_megabyte_of_text_survive(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    long_id, name = "12345678901234567890123", "x" * 1_000_000
    done = staged(written(f"{long_id},2026-01-15,0007,{long_id},{name},1,2.50"))
    assert done.rows("orders", "order_id, customer_id") == [(long_id, "0007")]
    assert done.rows("products", "length(product_name)") == [(1_000_000,)]


def test_currencies_are_never_added_up(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    rows = ["1,2026-01-15,c,p,P,1,2.50,EUR", "2,2026-01-15,c,p,P,1,2.50,usd"]
    path = written(*rows, "3,2026-01-15,c,p,P,1,2.50,€", header=f"{HEADER},Currency")
    done = staged(path)
    assert done.result.currency == "EUR"
    assert done.rows("orders", "order_id", "1") == [("1",), ("3",)]
    assert done.result.reasons == {"import_currency_mixed": 1}
    assert staged(path, currency="USD").rows("orders", "order_id") == [("2",)]


def test_a_mapping_in_another_currency_than_the_store_is_refused(
    staged: Callable[..., Staged],
) -> None:
    with pytest.raises(CrmError) as failure:
        staged(SUPERSTORE, currency="EUR")
    assert failure.value.code == "import_currency_other"


@pytest.mark.parametrize(
    ("price", "discount", "settings", "expected"),
    [
        ("10.00", "0.25", {"discount_is": "rate"}, ("20.00", "5.00")),
        pytest.param("10.00", "25%", {"discount_is": "rate"}, ("20.00", "5.00"), marks=pytest.mark.slow),
        pytest.param("10.00", "25", {"discount_is": "rate"}, ("20.00", "5.00"), marks=pytest.mark.slow),
        ("10.00", "3.10", {}, ("20.00", "3.10")),
        pytest.param("10.00", "-3.10", {}, ("20.00", "3.10"), marks=pytest.mark.slow),
        ("16.90", "3.10", {"amount_is": "line_total", "amount_after_discount": True},
         ("20.00", "3.10")),
        pytest.param("20.00", "", {"amount_is": "line_total"}, ("20.00", "0.00"), marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_discounts_are_read_as_the_mapping_says(
    staged: Callable[..., Staged],
    written: Callable[..., Path],
    price: str,
    discount: str,
    settings: dict[str, object],
    expected: tuple[str, str],
) -> None:
    path = written(f"1,2026-01-15,c,p,P,2,{price},{discount}", header=f"{HEADER},Discount")
    mapping = Mapping(
        columns={
            "order_id": "Order ID", "ordered_at": "Order Date", "product_id": "SKU",
            "quantity": "Quantity", "amount": "Price", "discount": "Discount",
        },
        **({"amount_is": "unit_price"} | settings),  # type: ignore[arg-type]
    )  # fmt: skip
    gross, off = staged(path, mapping=mapping).rows("order_lines", "line_total, discount")[0]
    assert (str(gross), str(off)) == expected


def test_a_discount_larger_than_its_line_is_set_aside(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    done = staged(written("1,2026-01-15,c,p,P,2,10.00,25.00", header=f"{HEADER},Discount"))
    assert done.result.reasons == {"import_bad_discount": 1}


@pytest.mark.parametrize(
    ("store", "net", "aside"),
    [
        ("EUR", 10.0, {"import_currency_mixed": 3}),
        ("GBP", 12.0, {"import_currency_mixed": 3}),
        ("CAD", 12.5, {"import_currency_mixed": 3}),  # a bare $ may be theirs
        ("USD", 15.0, {"import_currency_mixed": 2}),
    ],
)
def test_an_amount_is_in_the_currency_written_beside_it(
    staged: Callable[..., Staged],
    written: Callable[..., Path],
    store: str,
    net: float,
    aside: dict[str, int],
) -> None:
    amounts = ["€10.00", "$12.50", "£12.00", "USD 2.50"]
    path = written(*(f"{n},2026-01-15,c{n},p,P,1,{each}" for n, each in enumerate(amounts)))
    result = staged(path, currency=store).result
    assert (result.totals["net"], result.reasons) == (net, aside)


def test_a_currency_nobody_told_is_that_of_most_amounts(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        *(f"{n},2026-01-15,c{n},p,P,1,{each}" for n, each in enumerate(("€1", "€2", "£4")))
    )
    result = staged(path).result
    assert (result.currency, result.totals["net"]) == ("EUR", 3.0)
