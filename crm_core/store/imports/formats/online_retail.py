"""UCI Online Retail and Online Retail II: a row a line, credit notes with a leading C.

A credit note is an invoice of its own and names no invoice it takes back: its lines are returns
of the buyer's earlier orders of the product, newest first. What no earlier order explains stays
aside with its reason. Source: the data sets' pages in the UCI Machine Learning Repository.
"""

from __future__ import annotations

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Facts, Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.ways import date_order

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


def _linked(job: Job, invoice: str, customer: str) -> str:
    """Credit lines get the number of the buyer's latest earlier invoice with that product."""
    at = _moment(job)
    return f"""
        select f.* replace (coalesce(s.invoice, f."{invoice}") as "{invoice}",
                            regexp_replace(f."{customer}", '[.]0$', '') as "{customer}")
        from (select *, {at} as at from file_rows) f
        asof left join (
            select "{customer}" as who, "StockCode" as what,
                   {at} as sold_at, min("{invoice}") as invoice
            from file_rows where upper(left("{invoice}", 1)) <> 'C' group by all
        ) s on f."{customer}" = s.who and f."StockCode" = s.what and f.at >= s.sold_at
           and upper(left(f."{invoice}", 1)) = 'C'
    """


def _moment(job: Job) -> str:
    """SQL for when an invoice was written, in the file's own order of day and month: the copy
    that most people have says 12/5/2010 9:26."""
    try:
        order = job.said.date_order or date_order(job, {'"InvoiceDate"': ""}, "", "file_rows")
    except CrmError:  # asked about with its place when the rows are read
        order = "ymd"
    days = {"dmy": "%d{0}%m{0}", "mdy": "%m{0}%d{0}", "ymd": ""}[order]
    formats = ", ".join(
        f"'{days.format(mark)}{year}{clock}'"
        for mark in "/.-"
        for year in ("%y", "%Y")
        for clock in (" %H:%M", " %H:%M:%S", "")
    )
    moment = 'try_cast("InvoiceDate" as timestamp)'
    return f'coalesce({moment}, try_strptime(trim("InvoiceDate"), [{formats}]))' if days else moment


def _first(job: Job) -> str:
    return _linked(job, "InvoiceNo", "CustomerID")


def _second(job: Job) -> str:
    return _linked(job, "Invoice", "Customer ID")


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
