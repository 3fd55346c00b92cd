"""A connection to the records: SQLite beside the app, or a team's PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from crm_core.errors import CrmError

BUSY_SECONDS = 30
HEAD = "r0022"
_MIGRATIONS = Path(__file__).parent / "migrations"
_ANY_LOCK = 7_261_001  # one number for all processes that migrate the same PostgreSQL database


def connect(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql+psycopg://…`, not yet connected.

    Raises: CrmError("records_url_unknown") for any other address.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise CrmError("records_url_unknown") from None
    if address.drivername == "postgresql+psycopg":
        return create_engine(address, pool_pre_ping=True)
    if address.drivername == "sqlite" and address.database not in (None, "", ":memory:"):
        return _sqlite(address)
    raise CrmError("records_url_unknown")


def _sqlite(address: URL) -> Engine:
    path = Path(str(address.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise CrmError("records_unreachable") from None
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where this program says so
    for pragma in ("journal_mode=WAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A reader that turns writer half-way is refused at once, whatever the time-out: writers
    # take their turn at the start.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the records throughout."""
    with _understood(), engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that changes the records, wholly or not at all."""
    options: dict[str, Any] = {"writes": True}
    with (
        _understood(),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def _understood() -> Iterator[None]:
    """Turns an engine's complaint into words without addresses or personal data."""
    try:
        yield
    except OperationalError as error:
        if "disk is full" in str(error.orig):
            raise CrmError("store_disk_full") from None
        busy = "locked" in str(error.orig)
        raise CrmError("records_busy" if busy else "records_unreachable") from None
    except DatabaseError as error:
        if isinstance(error.orig, sqlite3.DatabaseError) and type(error.orig) is (
            sqlite3.DatabaseError
        ):
            raise CrmError("records_damaged") from None
        raise


def migrate(engine: Engine, version: str = HEAD) -> None:
    """Brings the tables up to a version, this program's; two processes at once do it once.

    Raises: CrmError("records_newer") when a later version of the program wrote them.
    """
    with reading(engine) as connection:
        if _version(connection) == version:
            return
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ANY_LOCK})"))
        found = _version(connection)
        if max(found or "", version) > HEAD:
            raise CrmError("records_newer")
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def _version(connection: Connection) -> str | None:
    """The last migration that was run; names sort by age."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
