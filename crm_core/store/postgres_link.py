"""Connections to a PostgreSQL database: rows out as Arrow, rows in from Arrow, both by COPY.

COPY in CSV form is the one way in which rows reach Arrow without being Python objects first.
"""

from __future__ import annotations

import io
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
import pyarrow as pa
import pyarrow.csv as csv
from psycopg import Connection, errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from crm_core.errors import CrmError

PREFIX = "postgresql+psycopg://"
_IDLE = 4
_BLOCK = 8 << 20
# Our days, numbers and texts must not depend on what a server or a role is set to.
_SESSION = (
    "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET client_encoding = 'UTF8';"
    " SET extra_float_digits = 1; SET search_path = pg_catalog; SET bytea_output = 'hex';"
    " SET standard_conforming_strings = on; SET synchronize_seqscans = off; SET jit = off;"
    " SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0;"
)
_DEFAULTS = {
    "application_name": "clientele",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_GONE = ("08", "57P")
T = TypeVar("T")
AnyConnection = Connection[tuple[Any, ...]]


class Link:
    """A database's address, and a few idle connections to it.

    Idle connections are closed with the link.
    """

    def __init__(self, url: str) -> None:
        self.parts = parts_of(url)
        self._info = make_conninfo("", **{**_DEFAULTS, **self.parts})
        self._idle: list[tuple[AnyConnection, int]] = []
        self._guard = threading.Lock()
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def connected(self, *, read_only: bool = False) -> Iterator[AnyConnection]:
        """A connection of one's own; each statement is a transaction unless one is begun."""
        with understood(), psycopg.connect(self._info, autocommit=True) as connection:
            _prepare(connection, read_only=read_only)
            yield connection

    def rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """The few rows of a plain statement."""
        with understood():
            return self._twice(lambda: self._rows(sql, parameters))

    def _rows(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lent(60) as connection:
            return connection.execute(sql.encode(), parameters or None).fetchall()

    def table(self, sql: str, schema: pa.Schema, *, seconds: float) -> pa.Table:
        """All rows of a query, stopped after `seconds`."""
        with understood(seconds):
            return self._twice(lambda: self._table(sql, schema, seconds))

    def _twice(self, read: Callable[[], T]) -> T:
        """What is read; once more if the server was restarted while its connection lay idle."""
        try:
            return read()
        except psycopg.OperationalError as error:
            if error.sqlstate is not None and not error.sqlstate.startswith(_GONE):
                raise
        with self._guard:
            _close_all(self._idle)
        return read()

    def _table(self, sql: str, schema: pa.Schema, seconds: float) -> pa.Table:
        with (
            self._lent(seconds) as connection,
            connection.cursor() as cursor,
            cursor.copy(_copied(sql)) as rows,
        ):
            text = b"".join(rows)
        if not text:
            return schema.empty_table()
        return csv.read_csv(
            io.BytesIO(text),
            csv.ReadOptions(use_threads=False, column_names=schema.names, block_size=len(text)),
            _PARSE,
            _convert(schema),
        )

    def batches(self, sql: str, schema: pa.Schema, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """All rows of a query; in memory are some megabytes of them."""
        with (
            understood(),
            self._lent(0) as connection,
            connection.cursor() as cursor,
            cursor.copy(_copied(sql)) as rows,
        ):
            file = _Incoming(iter(rows))
            if not file.has_more:
                return
            reader = csv.open_csv(
                pa.PythonFile(file, mode="r"),
                csv.ReadOptions(use_threads=False, column_names=schema.names, block_size=_BLOCK),
                _PARSE,
                _convert(schema),
            )
            for batch in reader:
                for start in range(0, batch.num_rows, batch_rows):
                    yield batch.slice(start, batch_rows)

    @contextmanager
    def _lent(self, seconds: float) -> Iterator[AnyConnection]:
        """A connection for one read; one that failed, or was left half-way, is thrown away."""
        limit = int(seconds * 1000)
        connection, known = self._taken()
        try:
            if known != limit:
                connection.execute(f"SET statement_timeout = {limit}".encode())
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._guard:
            if len(self._idle) < _IDLE:
                self._idle.append((connection, limit))
                return
        connection.close()

    def _taken(self) -> tuple[AnyConnection, int]:
        with self._guard:
            if self._idle:
                return self._idle.pop()
        connection = psycopg.connect(self._info, autocommit=True)
        try:
            _prepare(connection, read_only=True)
        except BaseException:
            connection.close()
            raise
        return connection, -1


def write_rows(
    connection: AnyConnection, table: str, batches: Iterator[pa.RecordBatch]
) -> Iterator[int]:
    """Copies Arrow rows into a table made in this transaction; gives each batch's rows."""
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    statement = f"COPY {table} FROM STDIN (FORMAT csv, FREEZE)"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for batch in batches:
            text = io.BytesIO()
            csv.write_csv(batch, text, options)
            copy.write(text.getbuffer())
            yield batch.num_rows


def parts_of(url: str) -> dict[str, str]:
    """What an address says, by libpq's names.

    Raises: CrmError("store_url") for one that cannot be read; it is not repeated.

    >>> parts_of("postgresql+psycopg://ann:secret@db.example.com/shop")["dbname"]
    'shop'
    """
    try:
        told = conninfo_to_dict("postgresql://" + url.removeprefix(PREFIX))
    except psycopg.ProgrammingError:
        raise CrmError("store_url", scheme="postgresql") from None
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


@contextmanager
def understood(seconds: float = 0) -> Iterator[None]:
    """Turns what the server says into words; addresses, values and statements are not repeated."""
    try:
        yield
    except errors.QueryCanceled:
        raise CrmError("query_timeout", seconds=seconds) from None
    except (errors.OutOfMemory, errors.ProgramLimitExceeded):
        raise CrmError("query_too_large") from None
    except errors.DiskFull:
        raise CrmError("store_disk_full") from None
    except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction):
        raise CrmError("store_denied") from None
    except (errors.InvalidSchemaName, errors.UndefinedTable):
        raise CrmError("store_moved_on") from None
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise CrmError("store_unreachable") from None


class _Incoming(io.RawIOBase):
    """What a server sends, as a file that is read once."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._held = bytearray()
        self._ended = False
        self._fill(1)

    @property
    def has_more(self) -> bool:
        """Whether anything is left to read."""
        return bool(self._held)

    def readable(self) -> bool:
        """Always: this is what it is for."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        self._fill(size)
        end = len(self._held) if size < 0 else size
        found = bytes(self._held[:end])
        del self._held[:end]
        return found

    def _fill(self, size: int) -> None:
        while not self._ended and (size < 0 or len(self._held) < size):
            row = next(self._rows, None)
            if row is None:
                self._ended = True
            else:
                self._held += row


# A single column that is NULL is an empty line; a text may hold line ends.
_PARSE = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)


def _convert(schema: pa.Schema) -> csv.ConvertOptions:
    return csv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t"],
        false_values=["f"],
    )


def _copied(sql: str) -> bytes:
    return f"COPY ({sql}) TO STDOUT (FORMAT csv)".encode()


def _prepare(connection: AnyConnection, *, read_only: bool) -> None:
    only = " SET default_transaction_read_only = on;" if read_only else ""
    connection.execute((_SESSION + only).encode())


def _close_all(idle: list[tuple[AnyConnection, int]]) -> None:
    while idle:
        idle.pop()[0].close()
