"""What a new snapshot changes: people and money by month, against the snapshot before it."""

from __future__ import annotations

from typing import Any

import duckdb

from crm_core.schema import TABLES
from crm_core.store.columns import has_table

_MONTHS = (
    "SELECT strftime(day, '%Y-%m') AS month, count(*) AS orders, sum(revenue) AS revenue "
    "FROM {catalogue}.main.order_facts GROUP BY month"
)
_NO_MONTHS = "SELECT '' AS month, 0 AS orders, 0 AS revenue WHERE false"


def what_changed(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """`orders`, `revenue` and `months` by how much they rose (fell: below zero); customers that
    are new or gone (not there any more, or found to be another); rows more or less by table.

    Compares catalogue `facts`, its marts made, with `old`; either may have none.
    """
    now, before = (_by_month(con, catalogue) for catalogue in ("facts", "old"))
    rows = con.execute(f"""
        SELECT month, coalesce(n.orders, 0) - coalesce(b.orders, 0) AS orders,
               coalesce(n.revenue, 0) - coalesce(b.revenue, 0) AS revenue
        FROM ({now}) n FULL JOIN ({before}) b USING (month)
        WHERE n.orders IS DISTINCT FROM b.orders OR n.revenue IS DISTINCT FROM b.revenue
        ORDER BY month
    """).fetchall()
    return {
        "orders": sum(int(row[1]) for row in rows),
        "revenue": float(sum(row[2] for row in rows)),
        "months": [
            {"month": month, "orders": int(orders), "revenue": float(revenue)}
            for month, orders, revenue in rows
        ],
        "customers": {
            "new": _keys_only_in(con, "facts", "old"),
            "gone": _keys_only_in(con, "old", "facts"),
        },
        "tables": _rows_more(con),
    }


def _by_month(con: duckdb.DuckDBPyConnection, catalogue: str) -> str:
    there = has_table(con, catalogue, "order_facts")
    return _MONTHS.format(catalogue=catalogue) if there else _NO_MONTHS


def _keys_only_in(con: duckdb.DuckDBPyConnection, here: str, there: str) -> int:
    links = f"(SELECT DISTINCT customer_key FROM {here}.main.identity_links)"
    if has_table(con, there, "identity_links"):
        links += f" ANTI JOIN {there}.main.identity_links USING (customer_key)"
    return _count(con, links) if has_table(con, here, "identity_links") else 0


def _rows_more(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    now, before = (_rows(con, catalogue) for catalogue in ("facts", "old"))
    more = {table: now.get(table, 0) - before.get(table, 0) for table in TABLES}
    return {table: rows for table, rows in more.items() if rows}


def _rows(con: duckdb.DuckDBPyConnection, catalogue: str) -> dict[str, int]:
    """How many rows each table has."""
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'main'",
        [catalogue],
    )
    there = sorted({name for (name,) in found.fetchall()} & set(TABLES))
    each = (f"SELECT '{table}', count(*) FROM {catalogue}.main.{table}" for table in there)
    return dict(con.execute(" UNION ALL ".join(each)).fetchall()) if there else {}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
