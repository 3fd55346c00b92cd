"""The bill of files of a few rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_core.store.imports import Mapping
from crm_core.store.imports.quality import Bill, Finding
from tests.store.imports.conftest import HEADER, Staged

COLUMNS = {
    "order_id": "Order ID",
    "ordered_at": "Order Date",
    "customer_id": "Customer ID",
    "product_id": "SKU",
    "product_name": "Product",
    "quantity": "Quantity",
    "amount": "Price",
}
BY_PIECE = Mapping(columns=COLUMNS, amount_is="unit_price", date_order="ymd", currency="EUR")


@pytest.fixture
def billed(staged: Callable[..., Staged], written: Callable[..., Path]) -> Callable[..., Bill]:
    """The bill of rows of one file, under the usual header, read by the piece."""

    def run(*rows: str, header: str = HEADER, mapping: Mapping = BY_PIECE) -> Bill:
        return staged(written(*rows, header=header), mapping=mapping).result.bill

    return run


def the(bill: Bill, code: str) -> Finding:
    """The one finding of that code."""
    (found,) = [finding for finding in bill.findings if finding.code == code]
    return found


def codes(bill: Bill) -> set[str]:
    return {finding.code for finding in bill.findings}


def row(
    order: object, day: str, product: str = "tea", quantity: int = 1, price: Any = 2, **more: str
) -> str:
    """A row under the usual header."""
    customer, name = more.get("customer", f"c{order}"), more.get("name", product)
    return f"{order},{day},{customer},{product},{name},{quantity},{price}"
