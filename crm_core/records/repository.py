"""What every part of the records shares: the connection, counters, and checks of what is typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import Connection, Engine, Insert, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from crm_core.errors import CrmError
from crm_core.records.models import Base, Counter, CustomerMove

CONTACT_CHANNELS = ("email", "sms", "phone", "post", "ads")
PURPOSES = ("marketing", "ad_user_data", "ad_personalization")
NAME_LENGTH = 120
IN_ONE_QUESTION = 10_000
CounterName = Literal["decisions", "audit", "members", "goals", "set_aside"]


class Repository:
    """A part of the records. `Records` is all of them on one connection.

    `lasts` tells whether they outlive the process: what must not be forgotten (a consent, who is
    held out) is refused where they do not.
    """

    def __init__(self, engine: Engine, *, lasts: bool = True) -> None:
        self._engine = engine
        self._lasts = lasts

    def _must_last(self) -> None:
        """Raises: CrmError("records_do_not_last")."""
        if not self._lasts:
            raise CrmError("records_do_not_last")


def insert_new(connection: Connection, table: type[DeclarativeBase]) -> Insert:
    """An INSERT that passes over rows that are already there; its `rowcount` is the new ones."""
    module = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = module.insert(table).on_conflict_do_nothing()
    return statement.execution_options(preserve_rowcount=True)


def load_new(connection: Connection, table: type[DeclarativeBase], rows: pa.RecordBatch) -> int:
    """Adds many rows, passing over those that are already there; tells how many were new."""
    if connection.dialect.name != "postgresql":
        return connection.execute(insert_new(connection, table), rows.to_pylist()).rowcount
    # One statement with a column an array: a row a statement costs a message each.
    columns = [table.__table__.columns[name] for name in rows.schema.names]
    arrays = [
        func.unnest(bindparam(None, rows[column.name].to_pylist(), postgresql.ARRAY(column.type)))
        for column in columns
    ]
    statement = insert_new(connection, table).from_select(columns, select(*arrays))
    return connection.execute(statement).rowcount


def upsert(
    connection: Connection, table: type[Base], keys: Sequence[str], row: dict[str, Any]
) -> None:
    """Writes a row, in place of the one with the same keys where there is one."""
    module = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = module.insert(table).values(**row)
    changed = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changed))


def bump(connection: Connection, name: CounterName) -> int:
    """The counter's next number. Locks it, so that two writers take turns."""
    connection.execute(update(Counter).where(Counter.name == name).values(value=Counter.value + 1))
    return counter(connection, name)


def counter(connection: Connection, name: CounterName) -> int:
    """The counter's number now."""
    return connection.execute(select(Counter.value).where(Counter.name == name)).scalar_one()


def follow_home(connection: Connection, table: Any, survivors: Mapping[int, int]) -> int:
    """Rows of a table with `told_key` (whom it was about) and `customer_key` (who that is now) follow
    customers who were found to be one, and go back with those who are two after all; how many changed.
    """
    told, key = table.told_key, table.customer_key
    moved = told.in_(select(CustomerMove.old_key)) | (told != key)
    changed = 0
    for meant, now_of in connection.execute(select(told, key).where(moved).distinct()).all():
        home = survivors.get(meant, meant)
        if home != now_of:
            follow = update(table).where(told == meant).values(customer_key=home)
            changed += connection.execute(follow).rowcount
    return changed


def checked_name(text: str) -> str:
    """A name as it is kept: trimmed, one line.

    Raises: CrmError("records_name_invalid") when empty, too long or holding control characters.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    hidden = any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in name)
    if not name or len(name) > NAME_LENGTH or hidden:
        raise CrmError("records_name_invalid", length=NAME_LENGTH)
    return name


def name_key(name: str) -> str:
    """The form in which two names are the same name."""
    return unicodedata.normalize("NFKC", name).casefold()[: 2 * NAME_LENGTH]


def checked_channel(contact_channel: str, *, also: tuple[str, ...] = ()) -> str:
    """A contact channel that this program knows.

    Raises: CrmError("records_channel_unknown").
    """
    if contact_channel not in (*CONTACT_CHANNELS, *also):
        raise CrmError("records_channel_unknown", channels=", ".join(CONTACT_CHANNELS))
    return contact_channel


def checked_moment(moment: datetime) -> datetime:
    """A moment with its zone.

    Raises: CrmError("records_time_naive") for one that could be any of 24 hours.
    """
    if moment.tzinfo is None:
        raise CrmError("records_time_naive")
    return moment


def in_chunks(keys: Iterable[int], size: int = IN_ONE_QUESTION) -> Iterator[list[int]]:
    """Keys in lists short enough for one question to the engine."""
    source = iter(keys)
    while chunk := list(islice(source, size)):
        yield chunk
