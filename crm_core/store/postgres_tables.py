"""Whole tables between a DuckDB file and a PostgreSQL schema, both ways, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString, cast

import duckdb
import pyarrow as pa
from psycopg import sql

from crm_core.errors import CrmError
from crm_core.store.answers import arrow_schema
from crm_core.store.postgres_link import AnyConnection, Link, write_rows
from crm_core.store.postgres_reader import PostgresReader
from crm_core.store.postgres_reader import sql_of as query_of

_BATCH_ROWS = 50_000
_TYPES = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "HUGEINT": "numeric(38,0)",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}
# What pages look one thing up by. Days are asked for in stretches, of rows that lie by day.
_LOOKED_UP = ("customer_key", "order_id", "order_key")
_BY_DAY = "ledger_by_day"


def copy_in(
    connection: AnyConnection, schema: str, root: duckdb.DuckDBPyConnection, catalog: str
) -> Iterator[float]:
    """Makes a schema with every table of an attached file, indexed; gives the share done.

    Inside a transaction of the caller it is all or nothing; else each table is one.
    """
    with connection.transaction():
        collation = _collation(connection)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    tables = _columns(root, catalog)
    whole = sum(rows for rows, _ in tables.values()) or 1
    done = 0
    for table, (_, columns) in tables.items():
        place = sql.Identifier(schema, table)
        listed = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), _type(kind, collation))
            for name, kind in columns.items()
        )
        with connection.transaction():
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(place, listed))
            for rows in write_rows(
                connection, place.as_string(connection), _rows(root, catalog, table, columns)
            ):
                done += rows
                yield done / whole
            for statement in _indexes(place, table, list(columns)):
                connection.execute(statement)
            connection.execute(sql.SQL("ANALYZE {}").format(place))


def copy_out(
    link: Link, schema: str, root: duckdb.DuckDBPyConnection, catalog: str
) -> Iterator[float]:
    """Makes every table of a schema in an attached file; gives the share done."""
    reader = PostgresReader(link, {"work": schema})
    tables = reader.tables()
    for place, (name, table) in enumerate(tables.items()):
        types = arrow_schema(table)
        batches = link.batches(query_of(table), types, _BATCH_ROWS)
        root.register("incoming_rows", pa.RecordBatchReader.from_batches(types, batches))
        root.execute(f'CREATE TABLE {catalog}.main."{name}" AS SELECT * FROM incoming_rows')
        root.unregister("incoming_rows")
        yield (place + 1) / len(tables)


def _columns(
    root: duckdb.DuckDBPyConnection, catalog: str
) -> dict[str, tuple[int, dict[str, str]]]:
    """Each table's rows and its columns' types."""
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for table, rows, column, kind in root.execute(
        "SELECT t.table_name, t.estimated_size, c.column_name, c.data_type FROM duckdb_tables() t "
        "JOIN duckdb_columns() c USING (database_name, schema_name, table_name) "
        "WHERE t.database_name = ? AND t.schema_name = 'main' "
        "ORDER BY t.table_name, c.column_index",
        [catalog],
    ).fetchall():
        found.setdefault(table, (rows, {}))[1][column] = kind
    return found


def _rows(
    root: duckdb.DuckDBPyConnection, catalog: str, table: str, columns: dict[str, str]
) -> Iterator[pa.RecordBatch]:
    # No text of PostgreSQL can hold the character with number zero.
    cells = ", ".join(
        f'replace("{name}", chr(0), \'\') AS "{name}"' if kind == "VARCHAR" else f'"{name}"'
        for name, kind in columns.items()
    )
    with root.cursor() as cursor:
        yield from cursor.execute(f'SELECT {cells} FROM {catalog}.main."{table}"').to_arrow_reader(
            _BATCH_ROWS
        )


def _type(kind: str, collation: str) -> sql.SQL:
    told = _TYPES.get(kind)
    if kind == "VARCHAR":
        told = f'text COLLATE "{collation}"'
    elif kind.startswith("DECIMAL"):
        told = kind.lower().replace("decimal", "numeric")
    if told is None:
        raise CrmError("store_damaged", file=kind)
    return sql.SQL(cast("LiteralString", told))


def _collation(connection: AnyConnection) -> str:
    """Text in the order of its bytes, as on DuckDB; and where the server can, É and é are one
    letter in two cases."""
    return "pg_c_utf8" if connection.info.server_version >= 170_000 else "C"


def _indexes(place: sql.Identifier, table: str, columns: list[str]) -> Iterator[sql.Composed]:
    for name in _LOOKED_UP:
        if name in columns:
            yield sql.SQL("CREATE INDEX ON {} ({})").format(place, sql.Identifier(name))
    if table == _BY_DAY:
        yield sql.SQL("CREATE INDEX ON {} USING brin (day)").format(place)
