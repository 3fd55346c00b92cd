"""Where the values of a dimension come from: columns of the ledger, or of what it joins to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_core.errors import CrmError
from crm_core.metrics.beginnings import first_bought, new_customers
from crm_core.metrics.catalog import dimension
from crm_core.metrics.definition import Dimension, Step
from crm_core.metrics.last_message import last_messages
from crm_core.store import Store
from crm_core.store.marts import without

#: The day of rows whose `day` was moved to meet another period's.
OWN_DAY: Final = "own_day"
_DIGITS: Final = 19
NEW, RETURNING = "new", "returning"
#: Dimensions that stand on a refresh of the scores.
SCORED: Final = ("lifecycle", "value_tiers", "rfm", "loyalty", "clusters")


def joined(store: Store, rows: ir.Table, names: Sequence[str]) -> ir.Table:
    """The rows with the columns of other tables that these dimensions are split by.

    Raises: CrmError("unknown_dimension"), ("no_scores") for a segment before the first refresh.
    """
    for found in map(dimension, names):
        column = column_of(found)
        if found.via and column not in rows.columns:
            told = _source(store, found).rename({column: found.column})
            rows = without(rows.left_join(told, found.key), f"{found.key}_right")
    return rows


def column_of(found: Dimension) -> str:
    """What the column of a dimension is called among joined rows."""
    return f"{found.column}_of_{found.via}" if found.via else found.column


def key_of(rows: ir.Table, name: str) -> ir.Value:
    """The value of a dimension for each of the joined rows."""
    found = dimension(name)
    is_own = found.step == "weekday" and OWN_DAY in rows.columns
    return stepped(rows[OWN_DAY if is_own else column_of(found)], found.step)


def stepped(day: ir.Value, step: Step) -> ir.Value:
    """A day's week, month, quarter or year by its first day, or its weekday (1 is Monday)."""
    if step in ("", "D"):
        return day
    if step == "weekday":
        return (day.cast("date").day_of_week.index() + 1).cast("int64")
    return begin_of(day, step)


def begin_of(day: ir.Value, step: str) -> ir.Value:
    """The first day of the day's week ("W", from Monday), month, quarter or year ("M", "Q", "Y").

    By way of a moment without a zone: PostgreSQL truncates a bare date to a moment of some zone.
    """
    return day.cast("timestamp").truncate(step).cast("date")


def having(rows: ir.Table, name: str, codes: Sequence[str]) -> ir.BooleanValue:
    """Whether the joined rows have one of these values of a dimension; "" is unknown."""
    key = key_of(rows, name)
    values = [
        value for code in codes if code and (value := read_code(key.type(), code)) is not None
    ]
    found: ir.BooleanValue = key.isin(values) if values else ibis.literal(False)
    return (found | key.isnull()) if "" in codes else found.fill_null(False)


def read_code(kind: dt.DataType, code: str) -> str | int | date | None:
    """A code as a value of a type; None where it can be none."""
    try:
        if kind.is_date():
            return date.fromisoformat(code)
        if kind.is_integer():
            return whole_number(code)
    except ValueError:
        return None
    return code


def whole_number(code: str) -> int | None:
    """A code as a whole number that an engine's column can hold; None where it is none.

    >>> whole_number("25"), whole_number("9" * 19), whole_number("\u00b2")
    (25, None, None)
    """
    if not (code.isascii() and code.isdigit()) or len(code) > _DIGITS:
        return None
    found = int(code)
    return found if found < 2**63 else None


def _source(store: Store, found: Dimension) -> ir.Table:
    """The table that has a row for each key of a dimension: the key and the column."""
    if made := MADE.get(found.via):
        return made(store)
    if not store.has(found.via):
        code = "no_scores" if found.via in SCORED else "no_such_table"
        raise CrmError(code, name=found.name, match="")
    return store.table(found.via).select(found.key, found.column)


def _newcomers(store: Store) -> ir.Table:
    """Who came in while the log was kept, with the day of their first order."""
    return new_customers(store).select("customer_key", "first_day")


def _order_kinds(store: Store) -> ir.Table:
    """Orders of customers: the first of somebody new, or another."""
    orders = store.table("order_facts")
    numbered = orders.filter(orders.order_no.notnull())
    kind = ibis.ifelse(numbered.is_new, ibis.literal(NEW), ibis.literal(RETURNING))
    return numbered.select("order_key", kind=kind)


def _first_categories(store: Store) -> ir.Table:
    return first_bought(store, "category").rename(first_category="category")


#: Tables that are put together when they are asked for.
MADE: Mapping[str, Callable[[Store], ir.Table]] = {
    "newcomers": _newcomers,
    "order_kinds": _order_kinds,
    "first_categories": _first_categories,
    "last_messages": last_messages,
}
