"""Groups of rows that were put into an engine's words once: asked many ways without Ibis.

For a small store putting an expression into words takes longer than answering it. So the wide rows
of a question (keys, marks, amounts) are worded once and kept; what differs from question to
question, which groups of which rows, is a plain statement around them that every engine knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import itemgetter
from typing import Any, Final, Literal

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from sqlglot import exp

from crm_core.store.answers import arrow_kind

Dialect = Literal["duckdb", "postgres", "spark"]
Value = str | int | date | None
#: What rows and groups are called in a statement.
ROWS: Final = "prepared"
GROUPS: Final = "grouped"
_APART: Final = "\x1f"
_NUMBER: Final[Mapping[str, str]] = {"duckdb": "DOUBLE", "postgres": "FLOAT8", "spark": "DOUBLE"}
_TEXT: Final[Mapping[str, str]] = {"duckdb": "VARCHAR", "postgres": "TEXT", "spark": "STRING"}


@dataclass(frozen=True)
class Prepared:
    """An expression in an engine's words."""

    words: str
    expr: ir.Table

    @cached_property
    def kinds(self) -> Mapping[str, dt.DataType]:
        """The types of its columns."""
        return dict(self.expr.schema().items())


@dataclass(frozen=True)
class Figure:
    """A column added up over the rows that the column `of` marks, or over all; with `is_count` how
    many different values it has there."""

    name: str
    column: str
    of: str = ""
    is_count: bool = False


@dataclass(frozen=True)
class Between:
    """Rows whose day is one of a period's."""

    column: str
    first: date
    last: date


@dataclass(frozen=True)
class Among:
    """Rows whose values of some columns are among these, or (`inside` false) are not; None is
    unknown."""

    columns: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    inside: bool = True


@dataclass(frozen=True)
class Grouped:
    """Figures of the groups of some keys, of the rows that meet all conditions."""

    keys: tuple[str, ...]
    figures: tuple[Figure, ...]
    where: tuple[Between | Among, ...] = ()


def statement(
    rows: Prepared, asked: Grouped, dialect: Dialect, *, then: str = "", limit: int
) -> str:
    """The groups in an engine's words, no more than `limit`; `then` asks something of `GROUPS`."""
    words = f"WITH {ROWS} AS ({rows.words})"
    groups = _groups(asked, dialect, asked.where)
    if then:
        cells = [f"{key} AS {place_name(place)}" for place, key in enumerate(asked.keys)]
        cells += [each.name for each in asked.figures]
        groups = f"SELECT {', '.join(cells)} FROM ({groups}) AS named"
        return f"{words}, {GROUPS} AS ({groups}) {then} LIMIT {limit}"
    return f"{words} {groups} LIMIT {limit}"


def place_name(place: int) -> str:
    """What the key at a place is called by whoever asks something of `GROUPS`.

    >>> place_name(0)
    'key_0'
    """
    return f"key_{place}"


def at_once(
    rows: Prepared, asked: Sequence[Grouped], dialect: Dialect, *, limit: int
) -> tuple[str, pa.Schema]:
    """Several groupings as one statement, and the types of its answer: the place of a row's
    grouping, then every key and figure, empty where that grouping has none.

    The rows that meet the conditions of all are read once.
    """
    keys = tuple(dict.fromkeys(key for each in asked for key in each.keys))
    figures = tuple(dict.fromkeys(figure for each in asked for figure in each.figures))
    shared = tuple(each for each in asked[0].where if all(each in one.where for one in asked))
    others = [tuple(each for each in one.where if each not in shared) for one in asked]
    read = [*keys, *(name for each in figures for name in (each.column, each.of))]
    read += [name for where in others for each in where for name in columns_of(each)]
    narrow = ", ".join(dict.fromkeys(filter(None, read)))
    words = f"SELECT {narrow} FROM ({rows.words}) AS wide{_where(shared, dialect)}"
    every = [
        f"(SELECT {place} AS place, {_cells(each, dialect, keys, figures)} FROM {ROWS}"
        f"{_where(where, dialect)}{_by(each)} LIMIT {limit})"
        for place, (each, where) in enumerate(zip(asked, others, strict=True))
    ]
    schema = answer_of(rows, Grouped(keys, figures))
    schema = schema.insert(0, pa.field("place", pa.int64()))
    return f"WITH {ROWS} AS MATERIALIZED ({words}) {' UNION ALL '.join(every)}", schema


def parted(
    rows: Iterable[tuple[Any, ...]], asked: Sequence[Grouped], schema: pa.Schema
) -> list[list[tuple[Any, ...]]]:
    """The answer of `at_once` for each grouping: its own keys and figures."""
    place_of = {name: place for place, name in enumerate(schema.names)}
    own = [
        itemgetter(0, *(place_of[name] for name in (*each.keys, *(f.name for f in each.figures))))
        for each in asked
    ]
    found: list[list[tuple[Any, ...]]] = [[] for _ in asked]
    for row in rows:
        found[row[0]].append(own[row[0]](row)[1:])
    return found


def columns_of(condition: Between | Among) -> tuple[str, ...]:
    """The columns that a condition asks about."""
    return condition.columns if isinstance(condition, Among) else (condition.column,)


def answer_of(rows: Prepared, asked: Grouped) -> pa.Schema:
    """The Arrow types of an answer: keys, then figures."""
    kinds = [(key, arrow_kind(rows.kinds[key], decimals=False)) for key in asked.keys]
    told = [(each.name, pa.int64() if each.is_count else pa.float64()) for each in asked.figures]
    return pa.schema([*kinds, *told])


def _groups(asked: Grouped, dialect: Dialect, where: Sequence[Between | Among]) -> str:
    cells = _cells(asked, dialect, asked.keys, asked.figures)
    return f"SELECT {cells} FROM {ROWS}{_where(where, dialect)}{_by(asked)}"


def _by(asked: Grouped) -> str:
    return f" GROUP BY {', '.join(asked.keys)}" if asked.keys else ""


def _cells(asked: Grouped, dialect: Dialect, keys: Sequence[str], figures: Sequence[Figure]) -> str:
    mine = set(asked.figures)
    cells = [key if key in asked.keys else f"NULL AS {key}" for key in keys]
    cells += [
        f"{_figure(each, dialect) if each in mine else 'NULL'} AS {each.name}" for each in figures
    ]
    return ", ".join(cells)


def _figure(asked: Figure, dialect: Dialect) -> str:
    cell = f"CASE WHEN {asked.of} THEN {asked.column} END" if asked.of else asked.column
    if asked.is_count:
        return f"COUNT(DISTINCT {cell})"
    return f"CAST(SUM({cell}) AS {_NUMBER[dialect]})"


def _where(conditions: Iterable[Between | Among], dialect: Dialect) -> str:
    words = [_condition(each, dialect) for each in conditions]
    return f" WHERE {' AND '.join(words)}" if words else ""


def _condition(asked: Between | Among, dialect: Dialect) -> str:
    if isinstance(asked, Between):
        first, last = asked.first.isoformat(), asked.last.isoformat()
        return f"{asked.column} BETWEEN DATE '{first}' AND DATE '{last}'"
    if len(asked.columns) == 1:
        found = _one_of(asked.columns[0], [value for (value,) in asked.values], dialect)
    else:
        kind = _TEXT[dialect]
        cells = [f"COALESCE(CAST({name} AS {kind}), '')" for name in asked.columns]
        text = f" || '{_APART}' || ".join(cells)
        known = [_APART.join(map(_code, values)) for values in asked.values]
        found = f"{text} IN {_listed(known, dialect)}" if known else "FALSE"
    return found if asked.inside else f"NOT ({found})"


def _one_of(column: str, values: Sequence[Value], dialect: Dialect) -> str:
    known = [value for value in values if value is not None]
    found = f"{column} IN {_listed(known, dialect)}" if known else "FALSE"
    if len(known) < len(values):
        return f"({found} OR {column} IS NULL)"
    # Nothing is not among something: neither is it outside.
    return f"COALESCE({found}, FALSE)"


def _listed(values: Iterable[str | int | date], dialect: Dialect) -> str:
    """Values as the engine reads them. Texts come from addresses: sqlglot sets the quotes."""
    told: list[exp.Literal | exp.Cast | exp.Neg] = []
    for value in values:
        if isinstance(value, date):
            told.append(exp.cast(exp.Literal.string(value.isoformat()), "date"))
        elif isinstance(value, int):
            told.append(exp.Literal.number(value))
        else:
            told.append(exp.Literal.string(value))
    return exp.Tuple(expressions=told).sql(dialect)


def _code(value: Value) -> str:
    return "" if value is None else str(value)
