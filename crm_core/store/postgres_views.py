"""The views that other tools read: made once, then led from snapshot to snapshot in place.

A view that is replaced keeps who may read it and what others built on it, which PostgreSQL
allows as long as its columns stay what they are; new ones come at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString, cast

import ibis.expr.types as ir
from psycopg import errors, sql

from crm_core.store.postgres_link import AnyConnection
from crm_core.store.postgres_reader import postgres_type, sql_of

VIEWS = "clientele_v1"
# Another tool may be reading a view: it is waited for a while, never for ever.
_PATIENCE = "SET LOCAL lock_timeout = '10s'"
_NOT_OURS = (
    errors.LockNotAvailable,
    errors.InvalidTableDefinition,
    errors.WrongObjectType,
    errors.InsufficientPrivilege,
)
_SCHEMA = f"CREATE SCHEMA IF NOT EXISTS {VIEWS}"
_COLUMNS = """
    SELECT c.relname, a.attname FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = to_regnamespace(%s) ORDER BY c.relname, a.attnum
"""


def statements(connection: AnyConnection, shared: Mapping[str, ir.Table]) -> list[sql.Composed]:
    """What leads the views to the tables of these expressions."""
    made = [sql.SQL(_SCHEMA).format()] if shared else []
    before: dict[str, list[str]] = {}
    for view, column in connection.execute(_COLUMNS, (VIEWS,)).fetchall():
        before.setdefault(view, []).append(column)
    for name, expr in shared.items():
        kinds = {column: str(kind) for column, kind in expr.schema().items()}
        known = [column for column in before.get(name, ()) if column in kinds]
        columns = dict.fromkeys((*known, *kinds))
        made.append(
            sql.SQL("CREATE OR REPLACE VIEW {} AS SELECT {} FROM ({}) AS shared").format(
                sql.Identifier(VIEWS, name),
                sql.SQL(", ").join(_column(column, kinds[column]) for column in columns),
                sql.SQL(cast("LiteralString", sql_of(expr))),
            )
        )
    return made


def lead(connection: AnyConnection, made: list[sql.Composed]) -> bool:
    """Runs the statements, all or none, inside a transaction of the caller's; whether it could.

    A view that somebody reads without end, or that has another form or another's name on it by
    now, holds up no import.
    """
    try:
        with connection.transaction():
            connection.execute(_PATIENCE)
            for statement in made:
                connection.execute(statement)
    except _NOT_OURS:
        return False
    return True


def _column(name: str, kind: str) -> sql.Composed:
    # Said anew for each column: what a NULL or a table's column brings along may change.
    told = postgres_type(kind)
    collation = ' COLLATE "C"' if told == "text" else ""
    typed = sql.SQL(cast("LiteralString", f"{{}}::{told}{collation} AS {{}}"))
    return typed.format(sql.Identifier(name), sql.Identifier(name))
