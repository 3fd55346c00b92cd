"""Lines that an order had and has no more: those a newer version of the order does not tell."""

from __future__ import annotations

import duckdb

# The one line of an order whose lines no file tells.
HEAD_LINE = "order"
# Refunds made out of an order's own file, which a newer version of the order makes anew.
MADE_REFUNDS = ("return-", "order-refund-")


def drop_replaced(con: duckdb.DuckDBPyConnection, staged: set[str], known: set[str]) -> int:
    """Makes `people.gone_lines` and `people.gone_refunds` of what is stored and no longer so.

    An order told whole (`staging.orders.whole`) loses what it does not tell again. The single
    line of an order head gives way to real lines, whichever comes first. Returns how many stored
    rows go.
    """
    con.execute("CREATE OR REPLACE TABLE people.gone_lines (order_id VARCHAR, line_id VARCHAR)")
    con.execute("CREATE OR REPLACE TABLE people.gone_refunds (refund_id VARCHAR)")
    if not {"orders", "order_lines"} <= staged or "order_lines" not in known:
        return 0
    con.execute(f"""
        DELETE FROM staging.order_lines WHERE line_id = '{HEAD_LINE}' AND order_id IN (
            SELECT order_id FROM old.main.order_lines WHERE line_id <> '{HEAD_LINE}')
    """)
    con.execute(f"""
        INSERT INTO people.gone_lines
        SELECT order_id, line_id FROM old.main.order_lines o SEMI JOIN (
            SELECT DISTINCT order_id FROM staging.order_lines WHERE line_id <> '{HEAD_LINE}'
        ) told USING (order_id)
        LEFT JOIN (SELECT order_id, whole FROM staging.orders WHERE whole) w USING (order_id)
        ANTI JOIN staging.order_lines s USING (order_id, line_id)
        WHERE w.whole OR line_id = '{HEAD_LINE}'
    """)
    if "refunds" in known:
        again = "ANTI JOIN staging.refunds USING (refund_id)" if "refunds" in staged else ""
        made = " OR ".join(f"starts_with(refund_id, '{prefix}')" for prefix in MADE_REFUNDS)
        con.execute(f"""
            INSERT INTO people.gone_refunds
            SELECT refund_id FROM old.main.refunds
            SEMI JOIN (SELECT order_id FROM staging.orders WHERE whole) w USING (order_id) {again}
            WHERE {made}
        """)
    row = con.execute(
        "SELECT (SELECT count(*) FROM people.gone_lines) + (SELECT count(*) FROM people.gone_refunds)"
    ).fetchone()
    return int(row[0]) if row else 0


def still_there(table: str, rows: str) -> str:
    """SQL for the stored rows of a table without those that are gone."""
    gone = {
        "order_lines": ("people.gone_lines", "order_id, line_id"),
        "refunds": ("people.gone_refunds", "refund_id"),
    }
    if table not in gone:
        return rows
    place, keys = gone[table]
    return f"SELECT * FROM ({rows}) ANTI JOIN {place} USING ({keys})"
