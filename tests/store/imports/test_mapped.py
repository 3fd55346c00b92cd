"""The base of the platforms' formats: known by header, rewritten, joined, staged in order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from crm_core.store.imports import FORMATS, Mapping, SourceFile, stage
from crm_core.store.imports.contract import Facts, Job, Plan
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from tests.store.imports.conftest import NOW, Staged


def filled_down(job: Job) -> str:
    """The order's facts stand on its first row; rows of totals are no lines."""
    assert job.currency == "EUR"
    return """
        select * replace (
            first_value("Mail" ignore nulls) over whole as "Mail",
            first_value("Created" ignore nulls) over whole as "Created"),
            concat_ws(' ', "Item", "Size") as "Full item"
        from file_rows where "Order" <> 'Total'
        window whole as (partition by "Order" order by source_row
                         rows between unbounded preceding and unbounded following)
    """


def with_product(_job: Job) -> str:
    return """
        select r.source_row, r."Order", r."SKU", r."Price", r."Created", p."Title"
        from file_rows r left join kept_products p using ("SKU")
    """


ONE_FILE = Reading(
    Mapping(
        name="one_file",
        columns={
            "order_id": "Order",
            "ordered_at": "Created",
            "email": "Mail",
            "product_name": "Full item",
            "amount": "Price",
            "order_discount": "Off",
        },
        complete_orders=True,
    ),
    filled_down,
    uses=("Size",),
)
JOINED = Reading(
    Mapping(
        columns={
            "order_id": "Order",
            "ordered_at": "Created",
            "product_id": "SKU",
            "product_name": "Title",
            "amount": "Price",
        }
    ),
    with_product,
)
RETURNS = Reading(
    Mapping(
        table="refunds",
        columns={"order_id": "Order", "refunded_at": "Created", "amount": "Back"},
    ),
    lambda _job: 'select * from file_rows where "Back" is not null',
)
PLATFORM = Mapped(
    "platform",
    41,
    (
        Kind("products", ("SKU", "Title"), keep=True, without=("Price",)),
        Kind("orders", ("Order", "Created", "Item", "Price"), (ONE_FILE,)),
        Kind("lines", ("Order", "SKU", "Price"), (JOINED, RETURNS)),
    ),
    told=Facts(starts_with_shop=True),
)


@pytest.fixture
def platform(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Staged]:
    monkeypatch.setitem(FORMATS, PLATFORM.name, PLATFORM)

    def run(*paths: Path) -> Staged:
        parts = PLATFORM.claim(tuple(SourceFile(path, path.name) for path in paths))
        result = stage(
            con,
            Plan(parts),
            currency="EUR",
            timezone=None,
            now=NOW,
            progress=lambda _step, _share: None,
        )
        return Staged(con, result)

    return run


def test_rows_are_rewritten_before_they_are_read_and_quarantined_as_written(
    platform: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1,a@b.example,2026-01-05,Tea,3.50,x",
        "1,,,Pot,20.00,y",
        "2,c@d.example,2026-01-06,Cup,dear,z",
        "Total,,,,23.50,",
        header="order,MAIL ,Created,Item,Price,Unasked",
        name="orders.csv",
    )
    done = platform(path)
    assert done.rows("orders", "order_id, email, whole") == [("1", "a@b.example", True)]
    # The file has no sizes and no discounts: what it lacks is left out.
    assert done.rows("products", "product_id") == [("Pot",), ("Tea",)]
    assert done.rows("quarantine", "source_row, column_name, raw") == [
        (4, "Price", "2,c@d.example,2026-01-06,Cup,dear,z")
    ]
    (read,) = done.result.files
    assert (read.rows, read.decisions["mapping"]) == (3, "one_file")  # the total is no row
    assert done.result.starts_with_shop is True
    assert (read.skipped, done.result.bill.rows["good"]) == (0, 2)


def test_files_are_joined_whatever_their_order_and_fill_several_tables(
    platform: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    lines = written(
        "1,tea,3.50,2026-01-05,",
        "1,pot,20.00,2026-01-05,4.00",
        header="Order,SKU,Price,Created,Back",
        name="lines.csv",
    )
    products = written("tea,Green tea", header="SKU,Title", name="products.csv")
    done = platform(lines, products)
    assert done.rows("products", "product_id, product_name") == [
        ("pot", None),
        ("tea", "Green tea"),
    ]
    assert done.rows("refunds", "order_id, amount") == [("1", Decimal("4.00"))]
    assert [(f.name, f.rows, f.lookup) for f in done.result.files] == [
        ("products.csv", 1, True),
        ("lines.csv", 2, False),
    ]
    assert done.result.rows_read == 2


def test_a_list_alone_is_nothing_to_import(written: Callable[..., Path]) -> None:
    path = written("tea,Green tea", header="SKU,Title", name="products.csv")
    assert PLATFORM.claim((SourceFile(path, path.name),)) == ()


def test_lines_without_their_list_are_read_all_the_same(
    platform: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written("1,tea,3.50,2026-01-05", header="Order,SKU,Price,Created", name="lines.csv")
    done = platform(path)
    assert done.result.good["order_lines"] == 1
    assert "refunds" not in done.result.good


def test_superstore_is_such_a_platform(staged: Callable[..., Staged]) -> None:
    path = Path(__file__).parents[2] / "fixtures" / "imports" / "superstore.csv"
    assert staged(path).result.format == "superstore"
