"""All decisions as files of rows, and back: the same for SQLite and PostgreSQL, from one to the
other too."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from crm_core.records.connection import HEAD, connect, migrate, reading, writing
from crm_core.records.models import AuditRow, Base
from crm_core.records.repository import CounterName, Repository, counter

_ROWS = 5_000
# What a place holds before anybody decided anything.
_ALWAYS = ("counters", "secrets")
# Whom a backup must not bring back: of these tables the rows stay, and those of the backup come to
# them. What was erased or let go of may be there again, so that all of it is gone through anew.
_STAY = ("erasures", "tombstones", "retention")
# The log of what people did is only ever added to: of these the rows stay, too, unless the backup
# goes on where they end.
_LOG = "audit"
# What mirrors are named after: no number of another past may come again.
_REVISIONS: tuple[CounterName, ...] = ("decisions", "members", "set_aside")


class Copying(Repository):
    """The records as a whole: whether they hold anything, out to files, in from files."""

    version = HEAD

    def is_blank(self) -> bool:
        """Whether nobody has decided anything here."""
        with reading(self._engine) as connection:
            return not any(
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in Base.metadata.sorted_tables
                if table.name not in (*_ALWAYS, *_STAY)
            )

    def rows_by_table(self) -> dict[str, int]:
        """How many rows each table has."""
        with reading(self._engine) as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in Base.metadata.sorted_tables
            }

    def dump(self, folder: Path) -> None:
        """Writes `<table>.jsonl` for each table, all of one moment."""
        folder.mkdir(parents=True, exist_ok=True)
        _dump(self._engine, folder)

    def replace_all(self, folder: Path, version: str) -> None:
        """Puts the rows of `dump` in place of all there is, wholly or not at all.

        Rows of an earlier `version` of the tables are brought up first. The revision of decisions
        rises, so that nothing shows what was decided before.
        Raises: CrmError("records_newer") for rows of a later version.
        """
        if version == HEAD:
            _load(self._engine, folder)
            return
        with tempfile.TemporaryDirectory(prefix="clientele-records-") as place:
            passing = connect(f"sqlite:///{place}/records.sqlite")
            try:
                migrate(passing, version)
                _load(passing, folder)
                migrate(passing)
                brought_up = Path(place) / "rows"
                brought_up.mkdir()
                _dump(passing, brought_up)
            finally:
                passing.dispose()
            _load(self._engine, brought_up)


def _tables(connection: Connection) -> list[Table]:
    """The tables as they are here, whatever version they have. A database that is not ours alone
    may hold others': those are left alone."""
    found = MetaData()
    alone = connection.dialect.name == "sqlite"
    found.reflect(connection, only=lambda name, _: alone or name in Base.metadata.tables)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _dump(engine: Engine, folder: Path) -> None:
    with reading(engine) as connection:
        for table in _tables(connection):
            with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8") as file:
                query = select(table).execution_options(yield_per=_ROWS)
                for row in connection.execute(query).mappings():
                    values = {name: _plain(value) for name, value in row.items()}
                    file.write(json.dumps(values, ensure_ascii=False) + "\n")


def _load(engine: Engine, folder: Path) -> None:
    with writing(engine) as connection:
        tables = _tables(connection)
        counters = next(table for table in tables if table.name == "counters")
        there = select(counters.c.name, counters.c.value).where(counters.c.name.in_(_REVISIONS))
        before = {row.name: row.value for row in connection.execute(there)}
        log = _log_that_stays(connection, folder)
        stays = (*_STAY, _LOG) if log else _STAY
        for table in reversed(tables):
            if table.name not in stays:
                connection.execute(delete(table))
        for table in tables:
            if log and table.name == _LOG:
                continue
            kept = _primary_keys(connection, table) if table.name in _STAY else set[Any]()
            for rows in _in_parts(_rows(folder / f"{table.name}.jsonl")):
                values = [
                    {name: _value(table.c[name], value, connection) for name, value in row.items()}
                    for row in rows
                ]
                fresh = [row for row in values if _primary_key(table, row) not in kept]
                if fresh:
                    connection.execute(insert(table), fresh)
            _go_on_numbering(connection, table)
        _reopen(connection, tables)
        if log:
            written = counters.c.name == _LOG
            connection.execute(update(counters).where(written).values(value=log))
        for name, value in before.items():
            risen = max(value, counter(connection, name)) + 1
            mine = counters.c.name == name
            connection.execute(update(counters).where(mine).values(value=risen))


def _log_that_stays(connection: Connection, folder: Path) -> int:
    """How many lines the log here ever had, if they stay: whoever puts an older copy of everything
    back must not shorten it. 0 if there are none, or the log that comes goes on where it ends."""
    last = select(AuditRow.id, AuditRow.hash).order_by(AuditRow.id.desc()).limit(1)
    here = connection.execute(last).one_or_none()
    if here is None:
        return 0
    coming = _rows(folder / f"{_LOG}.jsonl")
    goes_on = any(row["id"] == here.id and row["hash"] == here.hash for row in coming)
    return 0 if goes_on else counter(connection, "audit")


def _primary_key(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def _primary_keys(connection: Connection, table: Table) -> set[tuple[Any, ...]]:
    rows = connection.execute(select(*table.primary_key))
    return {tuple(row) for row in rows}


def _reopen(connection: Connection, tables: Iterable[Table]) -> None:
    for table in tables:
        if table.name == "erasures":
            connection.execute(update(table).values(step=0, keys=[]))
        if table.name == "retention":
            connection.execute(update(table).values(step=0))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with path.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file)


def _in_parts(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    source = iter(rows)
    while part := list(islice(source, _ROWS)):
        yield part


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _value(column: Column[Any], value: Any, connection: Connection) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DateTime):
        moment = datetime.fromisoformat(value)
        return moment if connection.dialect.name == "postgresql" else moment.replace(tzinfo=None)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    return base64.b64decode(value) if isinstance(column.type, LargeBinary) else value


def _go_on_numbering(connection: Connection, table: Table) -> None:
    """Lets PostgreSQL number new rows after those that came with their numbers."""
    numbered = "id" in table.c and isinstance(table.c.id.type, Integer)
    if connection.dialect.name == "postgresql" and numbered:
        sequence = "pg_get_serial_sequence(:table, 'id')"
        connection.execute(
            text(f"SELECT setval({sequence}, max(id)) FROM {table.name} HAVING max(id) > 0"),
            {"table": table.name},
        )
