"""Denials that a file states without saying when: news once, and not with every import."""

from __future__ import annotations

import duckdb

from crm_core.store.people import columns_of, person_sql


def forget_known_denials(con: duckdb.DuckDBPyConnection, known: bool) -> None:
    """Removes undated denials from `staging.consents` where files had told the same last.

    Each import would otherwise date the same no anew, later than a yes given in between. `known`:
    the snapshot before has consents. Needs what `resolve_people` makes.
    """
    columns = columns_of(con, "consents")
    if not known or "undated" not in columns:
        return
    key, joins = person_sql("s", columns)
    con.execute(f"""
        DELETE FROM staging.consents WHERE rowid IN (
            SELECT s.rowid FROM staging.consents s {joins}
            JOIN (
                SELECT coalesce(m.new_key, o.customer_key) AS customer_key, contact_channel,
                       purpose, arg_max(state, {{'at': "at", 'no': state = 'denied'}}) AS state
                FROM old.main.consents o LEFT JOIN people.moved m ON m.old_key = o.customer_key
                GROUP BY ALL
            ) told ON told.customer_key = {key} AND told.contact_channel = s.contact_channel
                AND told.purpose = s.purpose
            WHERE s.undated AND s.state = 'denied' AND told.state = 'denied')
    """)
