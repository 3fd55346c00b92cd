"""What a store remembers of people from one snapshot to the next, beside the canonical tables."""

from __future__ import annotations

import duckdb

from crm_core.store.addresses import clean_address
from crm_core.store.columns import has_old

# Every customer key ever given up, the highest ever given, values that are nobody's own.
PEOPLE_KEPT = ("key_moves", "keys_given", "shared_addresses")

_LINKS = (
    "kind VARCHAR, value VARCHAR, customer_key BIGINT, first_key BIGINT, rule VARCHAR, "
    "batch_id BIGINT"
)
_SHARED = "kind VARCHAR, value VARCHAR, reason VARCHAR, batch_id BIGINT"


def people_before(con: duckdb.DuckDBPyConnection, *, rebuild: bool = False) -> None:
    """What catalogue `old` knew of people, as tables of schema `people`; empty at first.

    In a `rebuild` a link's key is the one its trace had when it was first seen, and addresses
    are judged anew.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS people")
    con.execute(f"CREATE OR REPLACE TABLE people.old_links ({_LINKS})")
    if has_old(con, "identity_links"):
        first = "first_key" if has_old(con, "identity_links", "first_key") else "NULL"
        first = f"coalesce({first}, customer_key)"
        key = first if rebuild else "customer_key"
        con.execute(
            f"INSERT INTO people.old_links SELECT kind, value, {key}, {first}, rule, batch_id "
            "FROM old.main.identity_links"
        )
    _keep(con, "old_moves", "key_moves", "old_key BIGINT, new_key BIGINT, batch_id BIGINT")
    _keep(con, "old_given", "keys_given", "last_key BIGINT")
    _keep(con, "old_shared", "shared_addresses", _SHARED, empty=rebuild)
    if has_old(con, "shared_emails") and not rebuild:  # as stores of version 1 called it
        con.execute(
            "INSERT INTO people.old_shared SELECT 'email', email, 'ids', batch_id "
            "FROM old.main.shared_emails"
        )
    values = "SELECT kind, value, customer_key FROM people.old_links WHERE kind <> 'source_id'"
    if has_old(con, "identities") and not rebuild:
        values += f" UNION SELECT 'email', {clean_address('email')}, customer_key "
        values += "FROM old.main.identities WHERE email IS NOT NULL"
    con.execute(f"CREATE OR REPLACE VIEW people.old_values AS {values}")


def _keep(
    con: duckdb.DuckDBPyConnection, name: str, table: str, columns: str, *, empty: bool = False
) -> None:
    told = has_old(con, table) and not empty
    body = f"AS SELECT * FROM old.main.{table}" if told else f"({columns})"
    con.execute(f"CREATE OR REPLACE TABLE people.{name} {body}")


def keep_people(con: duckdb.DuckDBPyConnection, *, batch: int) -> None:
    """Writes what the next snapshot must remember; a key that is somebody's again moved nowhere.

    Only a rebuild gives a key back, to the very traces it was first given to.
    """
    con.execute(f"""
        CREATE TABLE facts.main.key_moves AS
        SELECT o.* FROM people.old_moves o
        ANTI JOIN people.links l ON l.customer_key = o.old_key
        ANTI JOIN people.moved m ON m.old_key = o.old_key
        UNION ALL SELECT old_key, new_key, {batch}::BIGINT FROM people.moved ORDER BY old_key
    """)
    con.execute("CREATE TABLE facts.main.keys_given AS SELECT last_key FROM people.given")
    con.execute(f"""
        CREATE TABLE facts.main.shared_addresses AS SELECT * FROM people.old_shared UNION ALL
        SELECT kind, value, reason, {batch}::BIGINT FROM people.shared
        ANTI JOIN people.old_shared USING (kind, value) ORDER BY kind, value
    """)


def carry_people(con: duckdb.DuckDBPyConnection) -> None:
    """Copies what the snapshot before remembered, in today's form, where nothing is merged."""
    people_before(con)
    for name, table in zip(("old_moves", "old_given", "old_shared"), PEOPLE_KEPT, strict=True):
        con.execute(f"CREATE TABLE facts.main.{table} AS SELECT * FROM people.{name}")
