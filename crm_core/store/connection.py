"""DuckDB as readers use it: read-only files, hardened, one cursor a call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store.grouped import Dialect
from crm_core.store.tables import CATALOGS, Store, meta_of, named

Answer = TypeVar("Answer")
_SMALL = 32 << 20
_FULL = ("No space left on device", "Disk quota exceeded")
_DAMAGED = ("Corrupt database file", "Could not read enough bytes", "not a valid DuckDB")
_SAFE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}


class DuckReader:
    """Attached DuckDB files, read by a cursor of its own for each call.

    A cursor shared between threads hands one the rows of another.
    """

    def __init__(
        self,
        root: duckdb.DuckDBPyConnection,
        file: str = "",
        words: Callable[[ir.Table], str] | None = None,
        *,
        is_small: bool = False,
    ) -> None:
        self._root = root
        self._file = file
        self._words = words or sql_of
        self.dialect: Dialect = "duckdb"
        self.is_small = is_small
        self._places: dict[str, tuple[str, str]] = {}

    def names(self) -> Iterable[str]:
        """The tables of all attached catalogues."""
        rows = self._root.execute(
            "SELECT database_name, table_name FROM duckdb_tables() WHERE schema_name = 'main' "
            "AND database_name IN (SELECT unnest(?)) ORDER BY database_name, table_name",
            [list(CATALOGS)],
        ).fetchall()
        self._places = {named(catalog, table): (catalog, table) for catalog, table in rows}
        return self._places

    def described(self, name: str) -> ir.Table:
        """A table's columns, asked one table at a time: all at once takes longer than any page's
        few."""
        return self.made(*self._places[name])

    def made(self, catalog: str, table: str) -> ir.Table:
        """A table of a catalogue, which may just have been made."""
        with self._root.cursor() as cursor:
            rows = cursor.execute(f"DESCRIBE {catalog}.main.{table}").fetchall()
        return _ibis_table(catalog, table, tuple((column, kind) for column, kind, *_ in rows))

    def frame(self, expr: ir.Table, seconds: float) -> pd.DataFrame:
        """All rows of an expression."""
        return _as_said(self._asked(self._words(expr), duckdb.DuckDBPyConnection.df, seconds), expr)

    def words(self, expr: ir.Table) -> str:
        """The expression in DuckDB's words."""
        return self._words(expr)

    def rows(self, words: str, schema: pa.Schema, seconds: float) -> list[tuple[Any, ...]]:
        """The rows of a statement: Python's own values, which come faster than a frame of few."""
        del schema  # the engine's own types are these
        return self._asked(words, duckdb.DuckDBPyConnection.fetchall, seconds)

    def _asked(
        self, words: str, taken: Callable[[duckdb.DuckDBPyConnection], Answer], seconds: float
    ) -> Answer:
        cursor = self._root.cursor()
        late = threading.Event()

        def stop() -> None:
            late.set()
            cursor.interrupt()

        timer = threading.Timer(seconds, stop)
        with understood(self._file, seconds):
            timer.start()
            try:
                # Rows come while they are asked for: the clock runs until the last is here.
                answer = taken(cursor.execute(words))
            finally:
                timer.cancel()
        if late.is_set():  # between two of the engine's steps it does not hear that it should stop
            raise CrmError("query_timeout", seconds=seconds)
        return answer

    def batches(self, expr: ir.Table, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """All rows of an expression, a batch at a time."""
        with understood(self._file), self._root.cursor() as cursor:
            yield from cursor.execute(self._words(expr)).to_arrow_reader(batch_rows)

    def close(self) -> None:
        """Lets go of the files."""
        self._root.close()


def _as_said(frame: pd.DataFrame, expr: ir.Table) -> pd.DataFrame:
    """The frame with whole numbers as such: DuckDB's sums of them come as floats."""
    for name, kind in expr.schema().items():
        if kind.is_integer() and frame[name].dtype == "float64":
            frame[name] = frame[name].astype("Int64" if frame[name].hasnans else "int64")
    return frame


class Frames:
    """Arrow rows as the frames that DuckDB makes, so that every engine's frames are alike."""

    def __init__(self) -> None:
        self._root = connect()

    def of(self, rows: pa.Table) -> pd.DataFrame:
        """The rows as a frame."""
        with self._root.cursor() as cursor:
            return cursor.from_arrow(rows).df()

    def close(self) -> None:
        """Lets go of the engine."""
        self._root.close()


@contextmanager
def understood(file: str, seconds: float = 0) -> Iterator[None]:
    """Turns what the engine says of `file` into words; paths and values are not repeated."""
    try:
        yield
    except RuntimeError as error:
        # Told to end while the engine was at work: it wraps whatever the signal's handler raised.
        if isinstance(error.__cause__, SystemExit | KeyboardInterrupt):
            raise error.__cause__ from None
        raise
    except duckdb.InterruptException:
        raise CrmError("query_timeout", seconds=seconds) from None
    except duckdb.OutOfMemoryException:
        raise CrmError("query_too_large") from None
    except duckdb.Error as error:
        words = str(error)
        if any(sign in words for sign in _FULL):
            raise CrmError("store_disk_full") from None
        if any(sign in words for sign in _DAMAGED):
            raise CrmError("store_damaged", file=file) from None
        raise


def sql_of(expr: ir.Table) -> str:
    """The expression in DuckDB's words."""
    # As `ibis.to_sql` does, less a walk over the expression (there is nothing to unbind: no
    # table of ours can run itself) and a copy of the query. Slow to load: for whoever asks first.
    compiler = import_module("ibis.backends.sql.compilers").duckdb.compiler
    query = compiler.to_sqlglot(expr)
    return str(query.sql(dialect=compiler.dialect, pretty=False, copy=False))


def hardened(root: duckdb.DuckDBPyConnection, settings: Settings, size: int) -> None:
    """Shuts every way out of the attached files of so many bytes, then locks the settings."""
    limits(root, settings, size)
    root.execute("SET enable_external_access=false")
    root.execute("SET lock_configuration=true")


def limits(root: duckdb.DuckDBPyConnection, settings: Settings, size: int | None = None) -> None:
    """Memory, threads, spill folder and UTC.

    A store of `size` bytes whose largest table is a block or two of rows is worked on by one
    thread: a second has nothing to do, and waiting for it takes a quarter more CPU.
    """
    spill = settings.var / "tmp"
    spill.mkdir(parents=True, exist_ok=True)
    root.execute(f"SET memory_limit='{settings.memory_limit_mb}MB'")
    root.execute(f"SET threads={1 if size is not None and size < _SMALL else settings.threads}")
    root.execute(f"SET temp_directory={quoted(str(spill))}")
    root.execute("SET TimeZone='UTC'")


def connect() -> duckdb.DuckDBPyConnection:
    """An empty in-memory root that installs and loads nothing by itself."""
    return duckdb.connect(":memory:", config=dict(_SAFE))


def quoted(text: str) -> str:
    """A SQL string literal.

    >>> quoted("o'clock")
    "'o''clock'"
    """
    return "'" + text.replace("'", "''") + "'"


def open_files(
    facts: Path,
    *,
    settings: Settings,
    snapshot: str,
    scores: Path | None = None,
    decisions: Path | None = None,
) -> Store:
    """Opens finished files for reading, as one store.

    Scores can be made anew: where their file is missing or fails its checksums the store opens
    without them. Raises: CrmError("store_damaged") when another file is missing or fails them,
    ("store_version") when it must be migrated first.
    """
    root = connect()
    try:
        attach(root, facts, "facts")
        pairs = {"facts": pairs_of(root, "facts")}
        if scores is not None:
            pairs["scores"] = _scores(root, scores)
        if decisions is not None:
            attach(root, decisions, "decisions")
            pairs["decisions"] = pairs_of(root, "decisions")
            if beside := pairs["decisions"].get("members"):
                attach(root, decisions.with_name(beside), "members")
        meta = meta_of(pairs["facts"], snapshot)
        size = facts.stat().st_size
        hardened(root, settings, size)
    except (duckdb.Error, KeyError):
        root.close()
        raise CrmError("store_damaged", file=facts.name) from None
    except CrmError:
        root.close()
        raise
    return Store(
        DuckReader(root, facts.name, is_small=size < _SMALL),
        meta,
        scores_snapshot=scores.name if scores and pairs["scores"] else None,
        scores=pairs.get("scores"),
        scores_damaged=scores is not None and not pairs["scores"],
        decisions=pairs.get("decisions"),
    )


def _scores(root: duckdb.DuckDBPyConnection, path: Path) -> Mapping[str, str]:
    """Attaches a scores file; what it says of itself, nothing where it is damaged."""
    try:
        attach(root, path, "scores")
        return pairs_of(root, "scores")
    except (duckdb.Error, CrmError):
        root.execute("DETACH DATABASE IF EXISTS scores")
        return {}


def attach(root: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attaches a file read-only under a catalogue's name."""
    if not path.exists():
        raise CrmError("store_damaged", file=path.name)
    root.execute(f"ATTACH {quoted(str(path))} AS {name} (READ_ONLY)")


def pairs_of(root: duckdb.DuckDBPyConnection, catalog: str) -> Mapping[str, str]:
    """What an attached file says of itself."""
    return dict(root.execute(f"SELECT key, value FROM {catalog}.main.meta").fetchall())


def version_of(path: Path) -> int:
    """The schema version a facts file was written by.

    Raises: CrmError("store_damaged").
    """
    root = connect()
    try:
        attach(root, path, "facts")
        return int(pairs_of(root, "facts")["schema_version"])
    except (duckdb.Error, KeyError, ValueError):
        raise CrmError("store_damaged", file=path.name) from None
    finally:
        root.close()


@lru_cache(maxsize=256)
def _ibis_table(catalog: str, table: str, kinds: tuple[tuple[str, str], ...]) -> ir.Table:
    types = {column: _ibis_type(kind) for column, kind in kinds}
    return ibis.table(ibis.schema(types), name=table, catalog=catalog, database="main")


def _ibis_type(kind: str) -> str:
    """An engine's column type as Ibis spells it."""
    plain = {
        "VARCHAR": "string",
        "BIGINT": "int64",
        "INTEGER": "int32",
        "HUGEINT": "decimal(38,0)",
        "DOUBLE": "float64",
        "FLOAT": "float32",
        "BOOLEAN": "boolean",
        "DATE": "date",
        "TIMESTAMP": "timestamp",
    }
    if kind in plain:
        return plain[kind]
    if kind.startswith("DECIMAL"):
        return kind.lower()
    if kind.startswith("TIMESTAMP"):
        return "timestamp"
    raise CrmError("store_damaged", file=kind)
