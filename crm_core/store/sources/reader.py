"""Rows of a shop's database, from a watermark on, as files that an import takes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from crm_core.errors import CrmError
from crm_core.store.imports import Mapping, Part, Plan, SourceFile
from crm_core.store.imports.formats.order_lines import claim_with
from crm_core.store.imports.mapping import fields_of
from crm_core.store.sources.address import SourceAddress
from crm_core.store.sources.definition import SourceDefinition, SourceTable
from crm_core.store.sources.reflected import reflected

Marks = dict[str, str]
Progress = Callable[[str, float], None]

ROWS_AT_ONCE = 10_000
# Rows of a long transaction come to light after younger ones: a little is read twice.
_OVERLAP = timedelta(minutes=5)
_NOTHING = {"", "0000-00-00", "0000-00-00 00:00:00"}


@dataclass(frozen=True)
class Changes:
    """What was read: a file a table with the table it came from, and how far it goes now."""

    files: tuple[tuple[SourceTable, Path], ...]
    rows: dict[str, int]
    marks: Marks


def read_changes(
    address: SourceAddress,
    definition: SourceDefinition,
    *,
    marks: Marks,
    folder: Path,
    progress: Progress = lambda step, share: None,
) -> Changes:
    """Everything at or after the marks, one state of the database throughout.

    `marks` is table -> the greatest watermark read so far, as text; a table without one is read
    from its beginning. Rows stream through: memory does not grow with them. Rows shortly
    before the mark come again, which an import takes for the repeats that they are.
    Raises: CrmError source_dialect, source_unreachable, source_refused, source_query (naming the
    table), source_bad_definition for a watermark column that is not in the result.
    """
    if address.dialect not in definition.dialects:
        raise CrmError(
            "source_dialect", name=definition.name, needed=", ".join(definition.dialects)
        )
    files: list[tuple[SourceTable, Path]] = []
    rows: dict[str, int] = {}
    reached = dict(marks)
    engine = address.engine()
    try:
        with _understood(definition.name), engine.connect() as connection:
            _one_state(connection)
            tables = reflected(connection, definition) if definition.reflect else definition.tables
            for place, each in enumerate(tables):
                progress("source", place / max(len(tables), 1))
                path = folder / f"{definition.name}-{each.name}.csv"
                with _understood(each.name):
                    count, mark = _write(connection, each, marks.get(each.name), path)
                rows[each.name] = count
                if count:
                    files.append((each, path))
                if mark is not None:
                    reached[each.name] = mark
    finally:
        engine.dispose()
    progress("source", 1.0)
    return Changes(tuple(files), rows, reached)


def plan_of_changes(changes: Changes, definition: SourceDefinition) -> Plan:
    """How the files are imported: each with the fields its query named."""
    parts: list[Part] = []
    for told, path in changes.files:
        with path.open(encoding="utf-8", newline="") as stream:
            header = next(csv.reader(stream))
        wanted = _mapping(told, tuple(header), definition.currency)
        source = SourceFile(path, f"{definition.name}:{told.name}")
        parts.extend(claim_with((source,), wanted))
    return Plan(tuple(parts))


def _mapping(told: SourceTable, header: tuple[str, ...], currency: str | None) -> Mapping:
    """Columns are called as fields are; values are written as `_text` writes them."""
    plain: dict[str, Any] = {
        "encoding": "utf-8",
        "delimiter": ",",
        "date_order": "ymd",
        "decimal": "dot",
        "currency": currency,
    }
    columns = {name: name for name in header if name in fields_of(told.becomes)}
    return Mapping(columns=columns, table=told.becomes, name=told.name, **{**plain, **told.mapping})


def _one_state(connection: Connection) -> None:
    """A read-only transaction that sees one state, so that orders and lines belong together."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    else:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.commit()
        connection.execute(text("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"))


def _write(
    connection: Connection, told: SourceTable, mark: str | None, path: Path
) -> tuple[int, str | None]:
    """Writes what the query gives; the number of rows and the greatest watermark."""
    values = {"since": _since(mark or told.start, again=mark is not None)} if told.watermark else {}
    query = text(told.sql)
    result = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(
        query, values
    )
    names = list(result.keys())
    if told.watermark and told.watermark not in names:
        raise CrmError("source_bad_definition", file=told.name, key=told.watermark)
    place = names.index(told.watermark) if told.watermark else None
    zoned = {names.index(name) for name in told.utc if name in names}
    count, greatest = 0, None
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        for rows in result.partitions():
            writer.writerows(_texts(rows, zoned))
            count += len(rows)
            if place is not None:
                told_marks = [row[place] for row in rows if row[place] is not None]
                greatest = max([*told_marks, *([greatest] if greatest is not None else [])],
                               default=None)  # fmt: skip
    return count, None if greatest is None else _text(greatest, utc=False)


def _since(mark: str, *, again: bool) -> Any:
    """The mark as the driver compares it: a number, or a time, then a little earlier."""
    if mark.lstrip("-").isdigit():
        return int(mark)
    moment = datetime.fromisoformat(mark)
    return moment - _OVERLAP if again else moment


def _texts(rows: Sequence[Any], zoned: set[int]) -> Iterator[list[str]]:
    for row in rows:
        yield [_text(value, utc=place in zoned) for place, value in enumerate(row)]


def _text(value: Any, *, utc: bool) -> str:
    """A value as one text that means the same whatever the database is set to.

    >>> _text(datetime(2026, 3, 1, 9, 30), utc=True), _text(True, utc=False)
    ('2026-03-01T09:30:00Z', 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
        return value.isoformat() + ("Z" if utc else "")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    written = str(value)
    return "" if written in _NOTHING else written


@contextmanager
def _understood(name: str) -> Iterator[None]:
    """Turns what drivers say into words: their own may hold addresses, values or passwords."""
    try:
        yield
    except DBAPIError as failure:
        kind = type(failure).__name__
        words = str(failure.orig).lower()
        if "password" in words or "access denied" in words or "authentication" in words:
            raise CrmError("source_refused", name=name) from None
        if kind in ("OperationalError", "InterfaceError") and failure.statement is None:
            raise CrmError("source_unreachable", name=name) from None
        raise CrmError("source_query", name=name) from None
    except SQLAlchemyError:
        raise CrmError("source_query", name=name) from None
