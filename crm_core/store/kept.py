"""Expressions put together once for the same columns and rules.

To put a mart together and into words takes longer than a small shop's mart itself, and depends
on which tables there are, on their columns and on the rules alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec

import ibis.expr.types as ir

from crm_core.errors import CrmError
from crm_core.store.tables import Named, Tables

Given = ParamSpec("Given")


class Shape:
    """Tables as they were when asked: equal where their names and columns are."""

    def __init__(self, tables: Tables) -> None:
        self._tables = {name: tables.table(name) for name in tables.names()}
        self._key = frozenset((name, table.op()) for name, table in self._tables.items())

    def has(self, name: str) -> bool:
        """Whether a table of that name is there."""
        return name in self._tables

    def table(self, name: str) -> ir.Table:
        """The table as an expression.

        Raises: CrmError("no_such_table").
        """
        if name not in self._tables:
            raise CrmError("no_such_table", name=name, match="")
        return self._tables[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def kept(
    make: Callable[Concatenate[Named, Given], ir.Table],
) -> Callable[Concatenate[Tables, Given], ir.Table]:
    """The same function, whose last answers are kept for tables of the same shape.

    For what a build asks of every shop alike; never for what people ask, and with it whom they
    look for.
    """
    made = lru_cache(maxsize=8)(make)

    def of(tables: Tables, *given: Given.args, **named: Given.kwargs) -> ir.Table:
        return made(Shape(tables), *given, **named)

    return wraps(make)(of)
