"""The invented shop's order lines as one CSV file of any size, written block by block."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from crm_core.demo import generate

_ORDERS_A_CUSTOMER = 7.65
# The shop's orders have 2.38 lines; so many in a hundred get one more, which makes three.
_MORE_LINES = 62
TYPES = {
    "Order ID": "VARCHAR", "Line ID": "VARCHAR", "Order Date": "TIMESTAMP",
    "Customer ID": "VARCHAR", "E-mail": "VARCHAR", "Country": "VARCHAR",
    "Sales Channel": "VARCHAR", "SKU": "VARCHAR", "Product": "VARCHAR", "Category": "VARCHAR",
    "Quantity": "BIGINT", "Unit Price": "DECIMAL(18,2)", "Discount": "DECIMAL(18,2)",
    "Currency": "VARCHAR",
}  # fmt: skip
_LINES = f"""
    create or replace temp table lines as
    with placed as (select order_id, row_number() over () as place from orders),
         numbered as (select product_id, list_price, row_number() over () - 1 as number from products)
    select order_id, line_id, product_id, quantity, unit_price, discount from order_lines
    union all
    select order_id, 'X', product_id, 1 + place % 2, list_price, 0
    from placed join numbered on number = place % (select count(*) from products)
    where place % 100 < {_MORE_LINES}
"""
_ROWS = """
    select o.order_id as "Order ID", l.line_id as "Line ID",
           strftime(o.ordered_at, '%Y-%m-%d %H:%M:%S') as "Order Date",
           o.customer_id as "Customer ID", coalesce(o.email, i.email) as "E-mail",
           c.country as "Country", o.sales_channel as "Sales Channel", l.product_id as "SKU",
           p.product_name as "Product", p.category as "Category", l.quantity as "Quantity",
           l.unit_price as "Unit Price", l.discount as "Discount", o.currency as "Currency"
    from lines l join orders o using (order_id) join products p using (product_id)
    left join customers c using (customer_id) left join identities i using (customer_id)
"""


def write_order_lines(path: Path, orders: int, seed: int = 7) -> tuple[int, int]:
    """Writes the file; how many orders and lines it has."""
    part = path.with_suffix(".part")
    made_orders = made_lines = 0
    with duckdb.connect() as con, path.open("wb") as out:
        con.execute("set threads = 2; set timezone = 'UTC'")
        for name, rows in generate(max(1, round(orders / _ORDERS_A_CUSTOMER)), seed=seed):
            con.register(name, rows)
            if name != "order_lines":  # the last of a block's tables that is wanted here
                continue
            con.execute(_LINES)
            header = str(made_lines == 0).lower()
            con.execute(f"copy ({_ROWS}) to '{part}' (format csv, header {header})")
            with part.open("rb") as made:
                shutil.copyfileobj(made, out, 1 << 20)
            found = con.execute("select count(distinct order_id), count(*) from lines").fetchone()
            made_orders, made_lines = made_orders + found[0], made_lines + found[1]
    part.unlink()
    return made_orders, made_lines
