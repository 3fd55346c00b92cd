"""What later imports took back of what earlier ones told: the same rules as in a merge, for a store
that is made anew from all that was told.

Works on the views of `staging`, whose rows say which `batch_id` told them.
"""

from __future__ import annotations

import duckdb

from crm_core.store.people import columns_of, person_sql
from crm_core.store.whole_orders import HEAD_LINE, MADE_REFUNDS


def take_back(con: duckdb.DuckDBPyConnection, told: set[str]) -> None:
    """Leaves out lines and refunds of orders that were told anew without them, the single lines
    of order heads whose lines are known, and repeated denials without a date. Needs
    `people.links`."""
    if {"orders", "order_lines"} <= told:
        _leave_out_lines(con)
        if "refunds" in told:
            _leave_out_refunds(con)
    if "consents" in told and "undated" in columns_of(con, "consents"):
        _leave_out_denials(con)


def _leave_out_lines(con: duckdb.DuckDBPyConnection) -> None:
    whole = "whole" if "whole" in columns_of(con, "orders") else "false"
    # Only an import that tells orders and lines compares them with what is there.
    con.execute("""
        CREATE VIEW staging.comparing AS SELECT DISTINCT batch_id FROM staging.orders
        SEMI JOIN staging.lines_told USING (batch_id)
    """)
    con.execute(f"""
        CREATE TABLE staging.whole_told AS SELECT DISTINCT order_id, batch_id FROM staging.orders
        SEMI JOIN staging.comparing USING (batch_id) WHERE {whole}
    """)
    con.execute(f"""
        CREATE TABLE staging.real_lines AS SELECT DISTINCT order_id, batch_id
        FROM staging.lines_told WHERE line_id <> '{HEAD_LINE}'
    """)
    con.execute(f"""
        CREATE TABLE staging.lines_gone AS
        SELECT DISTINCT l.order_id, l.line_id, l.batch_id FROM staging.lines_told l
        JOIN (SELECT * FROM staging.whole_told SEMI JOIN staging.real_lines
              USING (order_id, batch_id)) w ON w.order_id = l.order_id AND w.batch_id > l.batch_id
        ANTI JOIN staging.lines_told again ON again.order_id = l.order_id
            AND again.line_id = l.line_id AND again.batch_id = w.batch_id
        UNION
        SELECT DISTINCT l.order_id, l.line_id, l.batch_id FROM staging.lines_told l
        JOIN staging.real_lines r ON r.order_id = l.order_id
        JOIN staging.comparing c ON c.batch_id = greatest(l.batch_id, r.batch_id)
        WHERE l.line_id = '{HEAD_LINE}' AND r.batch_id <> l.batch_id
    """)
    con.execute(
        "CREATE OR REPLACE VIEW staging.order_lines AS SELECT * FROM staging.lines_told "
        "ANTI JOIN staging.lines_gone USING (order_id, line_id, batch_id)"
    )


def _leave_out_refunds(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER VIEW staging.refunds RENAME TO refunds_told")
    made = " OR ".join(f"starts_with(r.refund_id, '{prefix}')" for prefix in MADE_REFUNDS)
    con.execute(f"""
        CREATE TABLE staging.refunds_gone AS
        SELECT DISTINCT r.refund_id, r.batch_id FROM staging.refunds_told r
        JOIN staging.whole_told w ON w.order_id = r.order_id AND w.batch_id > r.batch_id
        ANTI JOIN staging.refunds_told again
            ON again.refund_id = r.refund_id AND again.batch_id = w.batch_id
        WHERE {made}
    """)
    con.execute(
        "CREATE VIEW staging.refunds AS SELECT * FROM staging.refunds_told "
        "ANTI JOIN staging.refunds_gone USING (refund_id, batch_id)"
    )


def _leave_out_denials(con: duckdb.DuckDBPyConnection) -> None:
    """One import after the other: whether a no is news depends on what was news before it."""
    con.execute("ALTER VIEW staging.consents RENAME TO consents_told")
    person, joins = person_sql("s", columns_of(con, "consents_told"))
    con.execute(
        f"CREATE TABLE staging.consents AS SELECT s.*, {person} AS person "
        f"FROM staging.consents_told s {joins}"
    )
    undated = "undated AND state = 'denied'"
    batches = con.execute(
        f"SELECT DISTINCT batch_id FROM staging.consents WHERE {undated} ORDER BY batch_id"
    ).fetchall()
    for (batch,) in batches:
        con.execute(f"""
            DELETE FROM staging.consents c USING (
                SELECT person, contact_channel, purpose FROM (
                    SELECT person, contact_channel, purpose, "at", arg_max(state, batch_id) AS state
                    FROM staging.consents WHERE batch_id < {batch} GROUP BY ALL)
                GROUP BY ALL HAVING arg_max(state, ("at", state = 'denied')) = 'denied'
            ) last
            WHERE {undated} AND c.batch_id = {batch} AND c.person = last.person
                AND c.contact_channel = last.contact_channel AND c.purpose = last.purpose
        """)
