"""Questions to a database whose tables are called and made like ours: asked is what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TableClause,
    bindparam,
    column,
    false,
    func,
    inspect,
    or_,
    select,
    table,
)

from crm_core.errors import CrmError
from crm_core.store.imports.mapping import MAPPED_TABLES, fields_of
from crm_core.store.sources.definition import SourceDefinition, SourceTable

# What a table may call its time of change.
_CHANGED = "updated_at"
_HEADS, _LINES = "orders", "order_lines"
# Amounts of an order's head say nothing of its lines.
_OF_HEADS = {"amount", "discount", "tax"}
_PRICE = {"unit_price": "amount"}


def reflected(connection: Connection, definition: SourceDefinition) -> tuple[SourceTable, ...]:
    """A question for each table that is called as one of ours, with the columns we know.

    Orders and their lines are asked together, as one file of lines: an order comes whole when it
    or one of its lines changed.
    Raises: CrmError("source_no_tables").
    """
    tables = _tables(connection, definition.schema or None)
    found: list[SourceTable] = []
    lines = tables.get(_LINES)
    if lines is not None and _HEADS in tables and "ordered_at" not in lines.c:
        heads = tables.pop(_HEADS)
        found.append(_question(connection, _LINES, _with_heads(lines, heads), tables.pop(_LINES)))
    for name, each in tables.items():
        known = _known(each, name)
        if known:
            query = select(*known, *_time(each)).select_from(each)
            if _CHANGED in each.c:
                query = query.where(_is_news(each)).order_by(each.c[_CHANGED])
            found.append(_question(connection, name, query, each))
    if not found:
        raise CrmError("source_no_tables", name=definition.name, tables=", ".join(MAPPED_TABLES))
    return tuple(found)


def _tables(connection: Connection, schema: str | None) -> dict[str, TableClause]:
    inspector = inspect(connection)
    present = {
        *inspector.get_table_names(schema=schema),
        *inspector.get_view_names(schema=schema),
        *inspector.get_materialized_view_names(schema=schema),
    }
    return {
        name: table(
            name,
            *(column(each["name"]) for each in inspector.get_columns(name, schema=schema)),
            schema=schema,
        )
        for name in MAPPED_TABLES
        if name in present
    }


def _known(each: TableClause, name: str) -> list[ColumnElement[Any]]:
    """The columns that are called as fields of a table; lines may tell the price of a piece."""
    fields = fields_of(name)
    known: list[ColumnElement[Any]] = [told for told in each.c if told.key in fields]
    if name == _LINES and "amount" not in each.c:
        known += [each.c[told].label(field) for told, field in _PRICE.items() if told in each.c]
    return known


def _with_heads(lines: TableClause, heads: TableClause) -> Select[Any]:
    """Lines with what their orders say; of changed orders every line."""
    of_lines = _known(lines, _LINES)
    told = {each.key for each in of_lines} | _OF_HEADS
    of_heads = [each for each in _known(heads, _HEADS) if each.key not in told]
    timed = [each for each in (heads, lines) if _CHANGED in each.c]
    query = select(*of_lines, *of_heads).select_from(
        lines.join(heads, lines.c.order_id == heads.c.order_id)
    )
    if not timed:
        return query
    latest = func.greatest(*(each.c[_CHANGED] for each in timed)).label(_CHANGED)
    changed = [
        lines.c.order_id.in_(select(other.c.order_id).where(_is_news(other)))
        for other in (each.alias() for each in timed)
    ]
    return query.add_columns(latest).where(or_(false(), *changed))


def _time(each: TableClause) -> list[ColumnElement[Any]]:
    return [each.c[_CHANGED]] if _CHANGED in each.c else []


def _is_news(each: Any) -> ColumnElement[bool]:
    # Many write the time only when a row changes: one without it may be new.
    return or_(each.c[_CHANGED] >= bindparam("since"), each.c[_CHANGED].is_(None))


def _question(
    connection: Connection, name: str, query: Select[Any], lines: TableClause
) -> SourceTable:
    sql = str(query.compile(connection)).replace("%(since)s", ":since")
    mapping: Mapping[str, Any] = {}
    if name == _LINES:
        price = "line_total" if "amount" in lines.c else "unit_price"
        mapping = {"amount_is": price, "complete_orders": True}
    return SourceTable(name, name, sql, _CHANGED if ":since" in sql else "", mapping=mapping)
