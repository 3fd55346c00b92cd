"""WooCommerce's Analytics exports: orders (a row an order) and customers.

The order file names the customer without an e-mail and gives amounts as text with a currency
sign. N. Revenue and Net Sales are after coupons and refunds, without tax and shipping; the units
of an order are told, their prices are not. Customers of the other file are known by e-mail; the
two are joined by name where the name is one customer's only.
Source: the column lists of WooCommerce Analytics' exports.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_ORDERS = Mapping(
    name="woocommerce_orders",
    table="orders",
    complete_orders=True,
    date_order="ymd",
    columns={
        "order_id": "Order #",
        "ordered_at": "Date",
        "status": "Status",
        "customer_id": "Customer key",
        "email": "Customer email",
        "name": "Customer",
        "acquisition_source": "Attribution",
        "coupon_code": "Coupon(s)",
        "product_name": "Product(s)",
        "amount": "Goods",
    },
)


def _orders(job: Job) -> str:
    """The net sales; the buyer by name, as the customers' file knows it."""
    del job
    return """
        select f.*, coalesce(nullif(trim(f."Net Sales"), ''), f."N. Revenue (formatted)") as "Goods",
               k.email as "Customer email",
               case when k.email is null and trim(coalesce(f."Customer", '')) <> ''
                    then 'name:' || lower(trim(f."Customer")) end as "Customer key"
        from file_rows f left join (
            select lower(trim("Name")) as name, min(lower(trim("Email"))) as email
            from kept_customers where trim(coalesce("Name", '')) <> ''
            group by all having count(distinct lower(trim("Email"))) = 1
        ) k on k.name = lower(trim(f."Customer"))
    """


_CUSTOMERS = Mapping(
    name="woocommerce_customers",
    table="customers",
    date_order="ymd",
    columns={
        "customer_id": "Username",
        "name": "Name",
        "email": "Email",
        "first_seen_at": "Sign Up",
        "postal_code": "Postal Code",
        "city": "City",
        "region": "Region",
        "country": "Country/Region",
    },
)


def _customers(job: Job) -> str:
    """Guests have neither a user name nor a day of signing up: "–" stands for nothing."""
    del job
    plain = "case when trim({0}) not in ('', '-', '–', '—') then {0} end as {0}"
    return (
        "select * replace ("
        + ", ".join(plain.format(f'"{each}"') for each in ("Username", "Sign Up", "Email"))
        + ") from file_rows"
    )


FORMAT = Mapped(
    "woocommerce",
    42,
    (
        Kind(
            "customers",
            ("Name", "Username", "Last Active", "Sign Up", "Email", "Orders", "Total Spend"),
            (Reading(_CUSTOMERS, _customers),),
            keep=True,
        ),
        Kind(
            "orders",
            ("Date", "Order #", "Status", "Customer", "Product(s)", "Items sold", "Net Sales"),
            (Reading(_ORDERS, _orders, uses=("N. Revenue (formatted)",)),),
        ),
    ),
)
