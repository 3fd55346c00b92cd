"""Names, addresses and numbers that customers had before: kept when another takes their place."""

from __future__ import annotations

from datetime import datetime

import duckdb

from crm_core.store.columns import has_old

FIELDS = ("name", "email", "phone", "address", "postal_code", "city")


def write_changes(con: duckdb.DuckDBPyConnection, *, batch: int, now: datetime) -> None:
    """Makes `identity_changes`: those kept so far, and what this import replaced.

    Reads the identities of the snapshot before and those just made. Where two customers were
    found to be one, what the one record could not keep is kept here.
    """
    parts = [
        "SELECT NULL::BIGINT AS customer_key, NULL::VARCHAR AS field, NULL::TIMESTAMP AS changed_at, "
        "NULL::VARCHAR AS old_value, NULL::VARCHAR AS new_value, NULL::BIGINT AS batch_id WHERE false"
    ]
    moved = "LEFT JOIN people.moved m ON m.old_key = o.customer_key"
    if has_old(con, "identity_changes"):
        parts.append(
            "SELECT coalesce(m.new_key, o.customer_key), field, changed_at, old_value, new_value, "
            f"batch_id FROM old.main.identity_changes o {moved}"
        )
    moment = f"TIMESTAMP '{now.replace(tzinfo=None).isoformat(sep=' ')}'"
    if has_old(con, "identities"):
        parts += [
            f"SELECT n.customer_key, '{field}', {moment}, o.{field}, n.{field}, {batch}::BIGINT "
            f"FROM old.main.identities o {moved} JOIN facts.main.identities n "
            "ON n.customer_key = coalesce(m.new_key, o.customer_key) "
            f"WHERE {_differ(f'o.{field}', f'n.{field}')}"
            for field in FIELDS
        ]
    con.execute(
        f"CREATE TABLE facts.main.identity_changes AS SELECT DISTINCT * FROM "
        f"({' UNION ALL '.join(parts)}) ORDER BY customer_key, changed_at, field, old_value"
    )


def changes_between_batches(told: str, times: str) -> str:
    """SQL for all changes that identities told batch by batch hold.

    `told` has customer_key, batch_id and the fields, one row a customer and batch; `times` has
    batch_id and imported_at.
    """
    parts = [
        f"SELECT customer_key, '{field}' AS field, imported_at AS changed_at, before AS old_value, "
        f"{field} AS new_value, batch_id FROM (SELECT customer_key, batch_id, {field}, "
        f"lag({field}) OVER (PARTITION BY customer_key ORDER BY batch_id) AS before "
        f"FROM {told} WHERE {field} IS NOT NULL) JOIN {times} USING (batch_id) "
        f"WHERE {_differ('before', field)}"
        for field in FIELDS
    ]
    return " UNION ALL ".join(parts)


def _differ(old: str, new: str) -> str:
    """SQL: one value took another's place; case and blanks are no change."""
    return f"lower(trim({old})) <> lower(trim({new}))"
