"""Which tables and columns a snapshot in the making can see.

The engine's own lists of tables go through every catalogue, some milliseconds a time; a table
asked for by its place is found or missing at once.
"""

from __future__ import annotations

import duckdb


def columns_at(con: duckdb.DuckDBPyConnection, place: str) -> list[str]:
    """The columns of a table, in order; none where there is no such table or catalogue.

    >>> con = duckdb.connect()
    >>> _ = con.execute("CREATE TABLE tea AS SELECT 1 AS cups")
    >>> columns_at(con, "tea"), columns_at(con, "old.main.tea")
    (['cups'], [])
    """
    try:
        asked = con.execute(f"FROM {place} LIMIT 0")
    except (duckdb.CatalogException, duckdb.BinderException):
        return []
    return [str(column[0]) for column in asked.description or ()]


def has_table(con: duckdb.DuckDBPyConnection, catalogue: str, table: str) -> bool:
    """Whether an attached catalogue has a table of that name."""
    return bool(columns_at(con, f"{catalogue}.main.{table}"))


def has_old(con: duckdb.DuckDBPyConnection, table: str, column: str | None = None) -> bool:
    """Whether the snapshot before has that table, or that column of it."""
    columns = columns_at(con, f"old.main.{table}")
    return column in columns if column else bool(columns)
