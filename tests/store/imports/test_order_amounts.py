"""Amounts of a whole order, heads without lines, guests, accounts and what buyers agreed to."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm_core.store.imports import Mapping
from tests.examples import examples
from tests.store.imports.conftest import Staged, imported

LINES = Mapping(
    columns={
        "order_id": "Order",
        "ordered_at": "Date",
        "email": "Mail",
        "product_id": "SKU",
        "amount": "Price",
        "order_discount": "Off",
        "order_tax": "Tax",
        "refunded_amount": "Back",
    },
)
HEADER = ",".join(LINES.columns.values())
HEADS = Mapping(
    table="orders",
    columns={
        "order_id": "Order",
        "ordered_at": "Date",
        "customer_id": "Buyer",
        "product_name": "Items",
        "quantity": "Units",
        "amount": "Total",
        "fees": "Fees",
        "status": "Status",
    },
)
HEAD = ",".join(HEADS.columns.values())


@pytest.mark.parametrize("repeated", [True, False])
def test_discount_and_tax_of_an_order_are_spread_over_its_lines_to_the_cent(
    staged: Callable[..., Staged], written: Callable[..., Path], repeated: bool
) -> None:
    again = "1.00,0.50," if repeated else ",,"
    path = written(
        "1,2026-01-05,a@b.example,a,3.33,1.00,0.50,",
        *[f"1,2026-01-05,a@b.example,{sku},3.33,{again}" for sku in "bc"],
        "2,2026-01-05,a@b.example,a,3.33,,,",
        header=HEADER,
    )
    done = staged(path, mapping=LINES, currency="EUR")
    shares = done.rows("order_lines", "order_id, product_id, discount, tax")
    assert [row[2] for row in shares[:3]] == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]
    assert sum(row[3] for row in shares[:3]) == Decimal("0.50")  # type: ignore[misc]
    assert shares[3] == ("2", "a", Decimal("0.00"), None)


ORDERS = st.lists(
    st.tuples(st.lists(st.integers(0, 100_000), min_size=1, max_size=8), st.integers(0, 200_000)),
    min_size=20,
    max_size=60,
)


@pytest.mark.slow
@settings(max_examples=examples(8))
@example([([0, 574, 5853, 0, 0, 0, 2768, 19329], 21393)])
@given(ORDERS)
def test_shares_add_up_and_no_line_is_paid_to_take(orders: list[tuple[list[int], int]]) -> None:
    rows = [
        f"{order},2026-01-05,a@b.example,p{n},{price / 100:.2f},{off / 100:.2f},{off / 100:.2f},"
        for order, (prices, off) in enumerate(orders)
        for n, price in enumerate(prices)
    ]
    with imported("\n".join([HEADER, *rows]), mapping=LINES) as done:
        found = done.con.execute(
            """
            select (sum(discount) * 100)::int, (sum(coalesce(tax, 0)) * 100)::int,
                   bool_and(discount between 0 and line_total)
            from staging.order_lines group by order_id order by order_id::int
            """
        ).fetchall()
        assert found == [(min(off, sum(prices)), off, True) for prices, off in orders]
        beyond = sum(off > sum(prices) for prices, off in orders)
        facts = {notice.code: notice.facts for notice in done.result.notices}
        assert facts.get("import_discount_over_goods", {}).get("count", 0) == beyond


def test_money_given_back_for_an_order_is_its_refund_and_no_order(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1,2026-01-05,a@b.example,a,10.00,,,4.00",
        "1,2026-01-05,a@b.example,b,10.00,,,4.00",
        "2,2026-01-06,a@b.example,a,10.00,,,0.00",
        header=HEADER,
    )
    done = staged(path, mapping=LINES, currency="EUR")
    assert done.rows("refunds", "refund_id, order_id, refunded_at::date::varchar, amount") == [
        ("order-refund-1", "1", "2026-01-05", Decimal("4.00"))
    ]
    assert done.result.totals["net"] == 26.0


def test_heads_become_lines_where_no_file_tells_any(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    heads = written(
        "1,2026-01-05,ann,Tea and pot,3,27.00,1.10,completed",
        "2,2026-01-06,ann,,,5.00,0.20,completed",
        "3,2026-01-07,ben,Tea,1,,,cancelled",
        "4,2026-01-07,ben,Tea,1,much,,completed",
        header=HEAD,
        name="heads.csv",
    )
    done = staged(heads, mapping=HEADS, currency="EUR")
    assert done.rows("order_lines", "order_id, product_id, quantity, line_total") == [
        ("1", "Tea and pot", 3, Decimal("27.00")),
        ("2", "order", 1, Decimal("5.00")),
    ]
    assert done.rows("orders", "order_id, status, fees") == [
        ("1", "completed", Decimal("1.10")),
        ("2", "completed", Decimal("0.20")),
        ("3", "cancelled", None),
    ]
    assert [(i.code, i.row, i.column) for i in done.result.examples] == [
        ("import_bad_number", 5, "Total")
    ]
    assert done.rows("quarantine", "raw") == [("4,2026-01-07,ben,Tea,1,much,,completed",)]


def test_heads_beside_lines_only_add_facts(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    # Names that anybody would give: each file is known by itself.
    lines = written(
        "1,2026-01-05,ann,tea,Tea,2,3.50",
        "1,2026-01-05,ann,pot,Pot,1,20.00",
        "2,2026-01-06,ann,tea,Tea,1,3.50",
    )
    heads = written(
        "1,2026-01-05,26.50,2.90,card",
        "3,2026-01-07,9.00,0.00,card",
        header="Order Number,Order Date,Order Value,Shipping,Payment Method",
        name="heads.csv",
    )
    done = staged(lines, heads, currency="EUR")
    assert done.result.totals["gross"] == 39.5
    assert done.rows("orders", "order_id, customer_id, shipping_income, payment_method") == [
        ("1", "ann", Decimal("2.90"), "card"),
        ("2", "ann", None, None),
        ("3", None, Decimal("0.00"), "card"),
    ]


def test_a_guest_is_known_by_phone_and_a_company_by_its_number(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1,2026-01-05,+49 30 1234567,Ann,C-1,Acme,distributor,tea,2.00,Hamburg,yes,no",
        "2,2026-01-06,,,C-1,Acme Ltd,distributor,tea,2.00,Hamburg,,",
        "3,2026-01-07,+49 30 1234567,Ann B,,,,tea,2.00,Kiel,no,no",
        header="Order,Date,Phone,Name,Company ID,Company,Type,SKU,Price,Store,News,Texts",
    )
    mapping = Mapping(
        columns={
            "order_id": "Order",
            "ordered_at": "Date",
            "phone": "Phone",
            "name": "Name",
            "account_id": "Company ID",
            "account_name": "Company",
            "account_kind": "Type",
            "product_id": "SKU",
            "amount": "Price",
            "shop": "Store",
            "email_consent": "News",
            "sms_consent": "Texts",
        }
    )
    done = staged(path, mapping=mapping, currency="EUR")
    assert done.rows("orders", "order_id, phone, shop") == [
        ("1", "+49 30 1234567", "Hamburg"),
        ("2", None, "Hamburg"),
        ("3", "+49 30 1234567", "Kiel"),
    ]
    assert done.rows("identities", "customer_id, phone, name") == [
        (None, "+49 30 1234567", "Ann B")
    ]
    assert done.rows("accounts", "account_id, account_name, account_kind") == [
        ("C-1", "Acme Ltd", "distributor")
    ]
    # Said with each order, told once for each change of mind.
    said = done.rows("consents", 'contact_channel, state, "at"::date::varchar, undated')
    assert said == [
        ("email", "denied", "2026-01-07", False),
        ("email", "granted", "2026-01-05", False),
        ("sms", "denied", "2026-01-05", False),
    ]
