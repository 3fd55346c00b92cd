"""UCI Online Retail and Online Retail II: a row a line, credit notes with a leading C.

A credit note is an invoice of its own and names no invoice it takes back: its lines are returns
of the buyer's earlier orders of the product, newest first. What no earlier order explains stays
aside with its reason. Source: the data sets' pages in the UCI Machine Learning Repository.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Facts, Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_FIRST = {
    "order_id": "InvoiceNo", "product_id": "StockCode", "product_name": "Description",
    "quantity": "Quantity", "ordered_at": "InvoiceDate", "amount": "UnitPrice",
    "customer_id": "CustomerID", "country": "Country", "region": "Country",
}  # fmt: skip
_SECOND = _FIRST | {"order_id": "Invoice", "amount": "Price", "customer_id": "Customer ID"}


def _mapping(name: str, columns: dict[str, str]) -> Mapping:
    return Mapping(
        name=name, columns=columns, amount_is="unit_price", complete_orders=True, currency="GBP",
        timezone="Europe/London", starts_with_shop=False,
    )  # fmt: skip


def _linked(invoice: str, customer: str) -> str:
    """Credit lines get the number of the buyer's latest earlier invoice with that product."""
    return f"""
        select f.* replace (coalesce(s.invoice, f."{invoice}") as "{invoice}",
                            regexp_replace(f."{customer}", '[.]0$', '') as "{customer}")
        from (select *, try_cast("InvoiceDate" as timestamp) as at from file_rows) f
        asof left join (
            select "{customer}" as who, "StockCode" as what,
                   try_cast("InvoiceDate" as timestamp) as sold_at, min("{invoice}") as invoice
            from file_rows where upper(left("{invoice}", 1)) <> 'C' group by all
        ) s on f."{customer}" = s.who and f."StockCode" = s.what and f.at >= s.sold_at
           and upper(left(f."{invoice}", 1)) = 'C'
    """


def _first(job: Job) -> str:
    del job
    return _linked("InvoiceNo", "CustomerID")


def _second(job: Job) -> str:
    del job
    return _linked("Invoice", "Customer ID")


FORMAT = Mapped(
    "online_retail",
    46,
    (
        Kind(
            "first",
            ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"),
            (Reading(_mapping("online_retail", _FIRST), _first),),
        ),
        Kind(
            "second",
            ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"),
            (Reading(_mapping("online_retail_ii", _SECOND), _second),),
        ),
    ),
    told=Facts("GBP", "Europe/London", starts_with_shop=False),
)
