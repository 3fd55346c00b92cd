"""Several shops in one store: whose an order is, and numbers that two shops have both given.

People are the same in every shop, orders are not: each shop counts its orders from one.
"""

from __future__ import annotations

import duckdb

from crm_core.store.columns import has_old
from crm_core.store.connection import quoted

_REFERRING = ("order_lines", "refunds", "contacts", "reviews")


def settle_shop(con: duckdb.DuckDBPyConnection, staged: set[str], shop: str | None) -> None:
    """Gives staged orders that tell no shop to `shop`, and makes orders of two shops two orders.

    An order number that another shop's order has in the store gets the shop's name behind it
    (`1001@Nord`), as do the refunds of it; the same file again finds it by that name. A stored
    order of no shop is another one if it was placed at another moment.
    """
    if shop and "orders" in staged:
        con.execute("UPDATE staging.orders SET shop = ? WHERE shop IS NULL", [shop])
    tables = [table for table in ("orders", *_REFERRING) if table in staged]
    if not tables or not _tells_shops(con):
        return
    _find_taken(con, tables, shop)
    for table in tables:
        also = ", refund_id = concat(refund_id, '@', shop)" if table == "refunds" else ""
        con.execute(
            f"UPDATE staging.{table} s SET order_id = taken.own{also} "
            "FROM taken WHERE s.order_id = taken.order_id"
        )
    con.execute("DROP TABLE taken")


def _tells_shops(con: duckdb.DuckDBPyConnection) -> bool:
    return has_old(con, "orders", "shop")


def _find_taken(con: duckdb.DuckDBPyConnection, tables: list[str], shop: str | None) -> None:
    """Makes `taken`: staged order numbers that are another shop's, and what they become."""
    told: list[str] = []
    if "orders" in tables:
        told.append("SELECT order_id, shop, ordered_at FROM staging.orders")
    if shop:
        known = "ANTI JOIN staging.orders USING (order_id)" if "orders" in tables else ""
        told += [
            f"SELECT order_id, {quoted(shop)}, NULL FROM staging.{table} {known}"
            for table in tables
            if table != "orders"
        ]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE taken AS
        SELECT DISTINCT t.order_id, t.shop, concat(t.order_id, '@', t.shop) AS own
        FROM ({" UNION ALL ".join(told) or "SELECT NULL AS order_id, NULL, NULL WHERE false"})
            AS t(order_id, shop, ordered_at)
        JOIN old.main.orders o USING (order_id)
        WHERE t.shop IS NOT NULL
        AND (o.shop <> t.shop OR (o.shop IS NULL AND o.ordered_at <> t.ordered_at))
    """)
