"""A store as readers see it: one pinned snapshot, hardened, expressions in and small frames out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from crm_core.errors import CrmError, close_match
from crm_core.schema import VERSION
from crm_core.settings import Settings
from crm_core.store.snapshots import Pointer, folder_of, read_pointer

FETCH_LIMIT = 50_000
_CATALOGS = ("facts", "scores", "decisions", "work")
# Consents belong to the records: `consents` is their mirror, what files brought is apart.
_ALIASES = {("facts", "consents"): "imported_consents"}
# What goes on growing after a row's own day: refunds of an order, a person's last day.
_LATE = {"customer_facts": ("last_day",), "order_facts": ("refund", "goods_cost")}
_FULL = ("No space left on device", "Disk quota exceeded")
_DAMAGED = ("Corrupt database file", "Could not read enough bytes", "not a valid DuckDB")
_SAFE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}


@dataclass(frozen=True)
class StoreMeta:
    """What a store says of itself."""

    name: str
    kind: Literal["demo", "shop"]
    snapshot: str
    schema_version: int
    currency: str
    timezone: str
    starts_with_shop: bool
    first_day: date
    last_day: date
    as_of: date
    already_until: date | None
    rules: str


class Tables:
    """Named tables of attached catalogues, as unbound expressions; `.fetch` runs them.

    An expression cannot run itself: only this class holds a connection. Each call takes a
    cursor of its own, since a shared one hands a thread the rows of another.
    """

    def __init__(self, root: duckdb.DuckDBPyConnection, file: str = "") -> None:
        self._root = root
        self._file = file
        self._schemas: dict[str, ir.Table] = {}
        self.refresh_tables()

    def refresh_tables(self) -> None:
        """Learns the tables' columns anew, after some were made."""
        self._schemas = {}
        self._learn()

    def _learn(self, name: str = "") -> None:
        """Learns the columns of one table, or of all."""
        rows = self._root.execute(
            "SELECT database_name, table_name, column_name, data_type "
            "FROM duckdb_columns() WHERE schema_name = 'main' AND list_contains(?, database_name) "
            "AND ? IN ('', table_name) ORDER BY database_name, table_name, column_index",
            [list(_CATALOGS), name],
        ).fetchall()
        columns: dict[tuple[str, str], dict[str, str]] = {}
        for catalog, table, column, kind in rows:
            columns.setdefault((catalog, table), {})[column] = _ibis_type(kind)
        self._schemas |= {
            _ALIASES.get((catalog, table), table): ibis.table(
                ibis.schema(cols), name=table, catalog=catalog, database="main"
            )
            for (catalog, table), cols in columns.items()
        }

    def has(self, name: str) -> bool:
        """Whether a table of that name is there."""
        return name in self._schemas

    def table(self, name: str) -> ir.Table:
        """The table as an expression.

        Raises: CrmError("no_such_table").
        """
        if name not in self._schemas:
            raise CrmError("no_such_table", name=name, match=close_match(name, self._schemas))
        return self._schemas[name]

    def fetch(
        self, expr: ir.Table, limit: int = FETCH_LIMIT, seconds: float = 60.0
    ) -> pd.DataFrame:
        """The rows of an expression: money as float, days as timestamps.

        Raises: CrmError("too_many_rows") above `limit`, ("query_timeout") after `seconds`,
        ("query_too_large") for memory, ("store_damaged") where the file fails its checksums.
        """
        sql = sql_of(expr.limit(limit + 1))
        cursor = self._root.cursor()
        timer = threading.Timer(seconds, cursor.interrupt)
        with understood(self._file, seconds):
            timer.start()
            try:
                # Rows come while they are asked for: the clock runs until the last is here.
                frame = cursor.execute(sql).df()
            finally:
                timer.cancel()
        if len(frame) > limit:
            raise CrmError("too_many_rows", limit=limit)
        return frame

    def stream(
        self,
        expr: ir.Table,
        batch_rows: int = 100_000,
        *,
        purpose: Literal["fit", "score", "export"],
    ) -> Iterator[pa.RecordBatch]:
        """All rows of an expression in batches: bounded memory, no bound on rows."""
        del purpose  # stated by the caller for whoever reads the code, and by import contract
        with understood(self._file), self._root.cursor() as cursor:
            yield from cursor.execute(sql_of(expr)).to_arrow_reader(batch_rows)

    def close(self) -> None:
        """Lets go of the files."""
        self._root.close()


class Store(Tables):
    """One pinned snapshot of a shop's facts, its scores and the decisions beside them."""

    def __init__(
        self,
        root: duckdb.DuckDBPyConnection,
        meta: StoreMeta,
        *,
        scores_as_of: date | None = None,
        scores_snapshot: str | None = None,
        scores_facts: str | None = None,
        scores_damaged: bool = False,
        decisions_revision: int = 0,
    ) -> None:
        super().__init__(root, meta.snapshot)
        self.meta = meta
        self.snapshot = meta.snapshot
        self.scores_as_of = scores_as_of
        self.scores_snapshot = scores_snapshot
        self.scores_facts = scores_facts
        self.scores_damaged = scores_damaged
        self.decisions_revision = decisions_revision

    def fetch(
        self, expr: ir.Table, limit: int = FETCH_LIMIT, seconds: float = 60.0
    ) -> pd.DataFrame:
        """Also raises CrmError("scores_damaged"); the store then goes on without scores."""
        try:
            return super().fetch(expr, limit, seconds)
        except CrmError as error:
            if error.code != "store_damaged" or '"scores"."main"' not in sql_of(expr):
                raise
            file, self.scores_snapshot = self.scores_snapshot, None
            self.scores_as_of, self.scores_damaged = None, True
            self._schemas = {
                n: t for n, t in self._schemas.items() if t.op().namespace.catalog != "scores"
            }
            raise CrmError("scores_damaged", file=file) from None

    def at(self, as_of: date) -> StoreAt:
        """The same tables, cut to what had happened by the end of `as_of`."""
        return StoreAt(self, as_of)


class StoreAt:
    """Tables without a future: a feature that reads them cannot look ahead."""

    def __init__(self, store: Tables, as_of: date) -> None:
        self.store = store
        self.as_of = as_of

    def has(self, name: str) -> bool:
        """Whether a table of that name is there."""
        return self.store.has(name)

    def table(self, name: str) -> ir.Table:
        """The table with only the rows whose day is not after `as_of`.

        Tables without a day of their own (products, people) come whole; `customer_facts` keeps
        only people seen by then. Columns that sum up what came after are left out.
        """
        table = self.store.table(name)
        days = ("first_day",) if name == "customer_facts" else ("day", "known_on")
        for day in days:
            if day in table.columns:
                table = table.filter(table[day] <= ibis.literal(self.as_of))
        return table.drop(*[late for late in _LATE.get(name, ()) if late in table.columns])


@contextmanager
def understood(file: str, seconds: float = 0) -> Iterator[None]:
    """Turns what the engine says of `file` into words; paths and values are not repeated."""
    try:
        yield
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
    """The expression in the engine's words."""
    return str(ibis.to_sql(expr, dialect="duckdb", pretty=False))


def hardened(root: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Shuts every way out of the attached files, then locks the settings."""
    limits(root, settings)
    root.execute("SET enable_external_access=false")
    root.execute("SET lock_configuration=true")


def limits(root: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Memory, threads, spill folder and UTC."""
    spill = settings.var / "tmp"
    spill.mkdir(parents=True, exist_ok=True)
    root.execute(f"SET memory_limit='{settings.memory_limit_mb}MB'")
    root.execute(f"SET threads={settings.threads}")
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


def open_store(url: str, *, settings: Settings, decisions: Path | None = None) -> Store:
    """Opens the current snapshot of a store for reading and pins it.

    Scores can be made anew: where their file is missing or fails its checksums the store opens
    without them. Raises: CrmError("store_empty") when nothing was imported yet, ("store_damaged")
    when another file fails, ("store_version") when it must be migrated first.
    """
    folder = folder_of(url)
    pointer = read_pointer(folder)
    if pointer.facts is None:
        raise CrmError("store_empty")
    root = connect()
    try:
        attach(root, folder / pointer.facts, "facts")
        scores = _scores(root, folder / pointer.scores) if pointer.scores else {}
        if decisions is not None:
            attach(root, decisions, "decisions")
        meta = read_meta(root, pointer)
        hardened(root, settings)
    except duckdb.Error:
        root.close()
        raise CrmError("store_damaged", file=pointer.facts) from None
    except CrmError:
        root.close()
        raise
    revision = int(_pairs(root, "decisions").get("revision", 0)) if decisions else 0
    return Store(
        root,
        meta,
        scores_as_of=_day(scores.get("as_of")),
        scores_snapshot=pointer.scores if scores else None,
        scores_facts=scores.get("facts"),
        scores_damaged=pointer.scores is not None and not scores,
        decisions_revision=revision,
    )


def _scores(root: duckdb.DuckDBPyConnection, path: Path) -> Mapping[str, Any]:
    """Attaches a scores file; what it says of itself, nothing where it is damaged."""
    try:
        attach(root, path, "scores")
        return _pairs(root, "scores")
    except (duckdb.Error, CrmError):
        root.execute("DETACH DATABASE IF EXISTS scores")
        return {}


def attach(root: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attaches a file read-only under a catalogue's name."""
    if not path.exists():
        raise CrmError("store_damaged", file=path.name)
    root.execute(f"ATTACH {quoted(str(path))} AS {name} (READ_ONLY)")


def _pairs(root: duckdb.DuckDBPyConnection, catalog: str) -> Mapping[str, Any]:
    return dict(root.execute(f"SELECT key, value FROM {catalog}.main.meta").fetchall())


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def version_of(path: Path) -> int:
    """The schema version a facts file was written by.

    Raises: CrmError("store_damaged").
    """
    root = connect()
    try:
        attach(root, path, "facts")
        return int(_pairs(root, "facts")["schema_version"])
    except (duckdb.Error, KeyError, ValueError):
        raise CrmError("store_damaged", file=path.name) from None
    finally:
        root.close()


def read_meta(root: duckdb.DuckDBPyConnection, pointer: Pointer) -> StoreMeta:
    """What the attached facts file says of itself.

    Raises: CrmError("store_version") for another schema version.
    """
    pairs = _pairs(root, "facts")
    version = int(pairs["schema_version"])
    if version != VERSION:
        raise CrmError("store_version", found=version, needed=VERSION)
    return StoreMeta(
        name=pairs["name"],
        kind="demo" if pairs["kind"] == "demo" else "shop",
        snapshot=pointer.facts or "",
        schema_version=version,
        currency=pairs["currency"],
        timezone=pairs["timezone"],
        starts_with_shop=pairs["starts_with_shop"] == "true",
        first_day=date.fromisoformat(pairs["first_day"]),
        last_day=date.fromisoformat(pairs["last_day"]),
        as_of=date.fromisoformat(pairs["as_of"]),
        already_until=_day(pairs.get("already_until")),
        rules=pairs.get("rules", "{}"),
    )


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
