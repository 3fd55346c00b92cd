"""Expressions run in PostgreSQL: the same tables, the same answers, the same types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.store.answers import arrow_schema, values_of
from crm_core.store.connection import Frames
from crm_core.store.grouped import Dialect
from crm_core.store.postgres_link import Link
from crm_core.store.tables import CATALOGS, named

_TYPES = {
    "text": "string",
    "bigint": "int64",
    "integer": "int32",
    "double precision": "float64",
    "real": "float32",
    "boolean": "boolean",
    "date": "date",
    "timestamp without time zone": "timestamp",
}
_COLUMNS = """
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = ANY(%s) ORDER BY n.nspname, c.relname, a.attnum
"""


class PostgresReader:
    """Tables of some schemas, each standing for a catalogue (facts, scores, decisions)."""

    dialect: Dialect = "postgres"
    is_small = False

    def __init__(self, link: Link, schemas: Mapping[str, str]) -> None:
        self._link = link
        self._schemas = {name: schemas[name] for name in sorted(CATALOGS) if name in schemas}
        self._frames = Frames()
        self._tables: Mapping[str, ir.Table] = {}

    def names(self) -> Iterable[str]:
        """The tables of all schemas, asked of the server at once."""
        self._tables = self.tables()
        return self._tables

    def described(self, name: str) -> ir.Table:
        """A table as the server last told it."""
        return self._tables[name]

    def tables(self) -> Mapping[str, ir.Table]:
        """The tables of all schemas."""
        columns: dict[tuple[str, str], dict[str, str]] = {}
        for schema, table, column, kind in self._link.rows(
            _COLUMNS, (list(self._schemas.values()),)
        ):
            columns.setdefault((schema, table), {})[column] = ibis_type(kind)
        return {
            named(catalog, table): ibis.table(ibis.schema(types), name=table, database=schema)
            for catalog, place in self._schemas.items()
            for (schema, table), types in columns.items()
            if schema == place
        }

    def frame(self, expr: ir.Table, seconds: float) -> pd.DataFrame:
        """All rows of an expression."""
        schema = arrow_schema(expr, decimals=False)
        return self._frames.of(self._link.table(sql_of(expr), schema, seconds=seconds))

    def words(self, expr: ir.Table) -> str:
        """The expression in PostgreSQL's words."""
        return sql_of(expr)

    def rows(self, words: str, schema: pa.Schema, seconds: float) -> list[tuple[Any, ...]]:
        """The few rows of a statement."""
        return values_of(self._link.table(words, schema, seconds=seconds))

    def batches(self, expr: ir.Table, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """All rows of an expression, a batch at a time."""
        yield from self._link.batches(sql_of(expr), arrow_schema(expr), batch_rows)

    def close(self) -> None:
        """Connections are the link's."""
        self._frames.close()


def sql_of(expr: ir.Table) -> str:
    """The expression in PostgreSQL's words."""
    return str(ibis.to_sql(expr, dialect="postgres", pretty=False))


def ibis_type(kind: str) -> str:
    """A column type of the server as Ibis spells it.

    >>> ibis_type("numeric(18,2)"), ibis_type("text")
    ('decimal(18,2)', 'string')
    """
    if kind in _TYPES:
        return _TYPES[kind]
    if kind.startswith("numeric("):
        return kind.replace("numeric", "decimal")
    raise CrmError("store_damaged", file=kind)


def postgres_type(kind: str) -> str:
    """The other way round.

    >>> postgres_type("decimal(18, 2)"), postgres_type("string")
    ('numeric(18, 2)', 'text')
    """
    told = {ours: theirs for theirs, ours in _TYPES.items()}
    return told.get(kind) or kind.replace("decimal", "numeric")
