"""Something found in files before they are merged: what, how grave, how much, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import duckdb

from crm_core.schema import TABLES
from crm_core.store.columns import has_old
from crm_core.store.imports.contract import Job, Part, Plan
from crm_core.store.imports.synonyms import AMOUNTS, names_of, plain_name

Severity = Literal["stop", "warn", "info"]
SEVERITIES: tuple[Severity, ...] = ("stop", "warn", "info")
EXAMPLES = 3


@dataclass(frozen=True)
class Place:
    """A row of a file, and the column meant; no value, for it may be personal."""

    file: str
    row: int
    column: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing found. Words: `quality.<code>.text` and `.remedy`, filled from all of this.

    `stop`: the numbers would be wrong; `warn`: look before you go on; `info`: good to know.
    `money` is how much revenue it is about, `share` how much of the whole; `facts` name codes,
    days and counts, never a person.
    """

    code: str
    severity: Severity
    count: int
    money: float | None = None
    share: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Look:
    """What checks look at: the staged rows, the day, and the store's currency and zone.

    `unread` are columns that no field was read from and whose names speak of money.
    `bill_orders`, `bill_lines` and `bill_refunds` are there (see `totals.prepare`); catalogue `old` when `stored`.
    """

    con: duckdb.DuckDBPyConnection
    now: datetime
    currency: str | None
    timezone: str
    files: tuple[str, ...]
    columns: tuple[Mapping[str, str], ...]
    unread: tuple[str, ...]
    stored: bool

    @property
    def today(self) -> date:
        """The day of the import."""
        return self.now.date()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Every row of a query that answers with few."""
        return self.con.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        """The one row of an aggregate."""
        return self.con.execute(query).fetchone() or ()

    def places(self, query: str, column: str = "") -> tuple[Place, ...]:
        """Where the first rows of a query (source_file, source_row) are."""
        found = self.rows(
            f"select source_file, source_row from ({query}) order by all limit {EXAMPLES}"
        )
        return tuple(self.place(file, row, column) for file, row in found)

    def place(self, file: int | None, row: int, column: str = "") -> Place:
        """A row's place, in the words of its file."""
        if file is None or file >= len(self.files):
            return Place("", row, column)
        return Place(self.files[file], row, self.columns[file].get(column, ""))


def look_at(job: Job, plan: Plan) -> Look:
    """A look at what a job has staged."""
    columns = [_columns(part) for part in plan.parts for _ in part.files]
    return Look(
        con=job.con,
        now=job.now,
        currency=job.currency,
        timezone=job.timezone,
        files=tuple(file.name for file in plan.files),
        columns=tuple(columns),
        unread=tuple(name for part in plan.parts for name in _unread(part)),
        stored=has_old(job.con, "orders"),
    )


def _columns(part: Part) -> Mapping[str, str]:
    """A part's columns by field; a folder of the product's own calls them as we do."""
    own = (
        {}
        if part.texts
        else {column.name: column.name for t in TABLES.values() for column in t.columns}
    )
    return part.mapping.columns if part.mapping else own


def _unread(part: Part) -> list[str]:
    """The columns of a part that its mapping leaves out though their names speak of money."""
    if part.mapping is None or part.mapping.table not in AMOUNTS:
        return []
    names = names_of("order_lines") | names_of("orders")
    amounts = [name for name, (field, _) in names.items() if field in AMOUNTS["order_lines"]]
    read = set(part.mapping.columns.values())
    return [
        column
        for text in part.texts
        for column in text.header
        if column not in read and any(name in plain_name(column) for name in amounts)
    ]


def money(value: Any) -> float:
    """An amount of the engine as a plain number, nothing as zero.

    >>> money(None)
    0.0
    """
    return round(float(value or 0), 2)


def share(part: Any, whole: Any) -> float:
    """A part of a whole; of nothing it is zero.

    >>> share(1, 4), share(1, 0)
    (0.25, 0.0)
    """
    return round(float(part or 0) / float(whole), 4) if whole else 0.0
