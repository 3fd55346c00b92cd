"""The form of a table's description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "int", "key", "money", "price", "rate", "time", "date", "bool"]

SQL_TYPES: dict[Type, str] = {
    "text": "VARCHAR",
    "int": "BIGINT",
    "key": "BIGINT",
    "money": "DECIMAL(18,2)",
    "price": "DECIMAL(18,4)",
    "rate": "DOUBLE",
    "time": "TIMESTAMP",
    "date": "DATE",
    "bool": "BOOLEAN",
}


@dataclass(frozen=True)
class Column:
    """One column: `required` rows without it are quarantined; `pii` names what it reveals.

    `staging_only` columns help to load (a guest's e-mail finds the customer) and are not kept.
    `stored_only` columns are made while loading (the customer key).
    """

    name: str
    type: Type
    required: bool = False
    pii: str | None = None
    staging_only: bool = False
    stored_only: bool = False


@dataclass(frozen=True)
class Table:
    """One table: what a row is (`grain`) and the stored columns that tell rows apart (`key`).

    `event` names the time a row happened at; the stored table then has `day`, the shop's day.
    `number` names the integer key given to a row at first sight and kept ever after.
    `needs_person`: a row without a source id, an e-mail and a phone is about nobody.
    `stays_nameless`: the shop's sums need a row of this table when its customer is erased: it stays
    as nobody's. Rows of the other tables about a person go.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    event: str | None = None
    number: str | None = None
    needs_person: bool = False
    stays_nameless: bool = False

    def staging(self) -> tuple[Column, ...]:
        """The columns an import format fills."""
        return tuple(column for column in self.columns if not column.stored_only)

    def stored(self) -> tuple[Column, ...]:
        """The columns of the published table, `batch_id` last."""
        kept = [column for column in self.columns if not column.staging_only]
        if self.number:
            kept.insert(0, Column(self.number, "key", required=True, stored_only=True))
        if self.event:
            kept.append(Column("day", "date", required=True, stored_only=True))
        return (*kept, Column("batch_id", "int", required=True, stored_only=True))

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)
