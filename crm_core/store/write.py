"""The one way rows enter a store: build the next snapshot file, then publish it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import duckdb
import ibis.expr.types as ir
import pyarrow as pa
from ibis.expr.operations import Relation

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store.connection import (
    DuckReader,
    attach,
    connect,
    limits,
    open_files,
    quoted,
    sql_of,
    understood,
)
from crm_core.store.snapshots import (
    Pointer,
    next_name,
    read_pointer,
    tidy,
    write_pointer,
    writer_lock,
)
from crm_core.store.tables import Store, Tables, named

# How many times its size a packed file may have in the store.
_GROWTH = 10


class Build(Tables):
    """A snapshot in the making: catalogue `target` is being written, the others are read."""

    def __init__(self, root: duckdb.DuckDBPyConnection, target: str) -> None:
        self.target = target
        self._root = root
        self._helpers: set[str] = set()
        self._apart: ir.Table | None = None
        self._duck = DuckReader(root, words=_words)
        super().__init__(self._duck)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The raw connection, for import formats and the merge, which live in this room."""
        return self._root

    def table(self, name: str) -> ir.Table:
        """The table as an expression; within `without`, its rows of other customers."""
        found = super().table(name)
        if self._apart is None or "customer_key" not in found.columns:
            return found
        return found.anti_join(self._apart, "customer_key")

    @contextmanager
    def without(self, customers: ir.Table | None) -> Iterator[None]:
        """For as long as the block lasts, tables are read as if these customers (customer_key)
        had never been; None is nobody."""
        self._apart = customers
        try:
            yield
        finally:
            self._apart = None

    def upload(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Stores Arrow rows as a table of the snapshot in the making."""
        self._root.register("incoming_rows", rows)
        try:
            self._make(name, "SELECT * FROM incoming_rows")
        finally:
            self._root.unregister("incoming_rows")

    def load(self, name: str, file: Path, types: Mapping[str, str]) -> None:
        """Stores the rows of a Parquet file, its columns as these types of the engine (none named:
        as they are in the file).

        Raises: CrmError("store_damaged") for a file that cannot be read.
        """
        said = ", ".join(f'"{column}"::{kind} AS "{column}"' for column, kind in types.items())
        try:
            self._make(name, f"SELECT {said or '*'} FROM read_parquet({quoted(str(file))})")
        except duckdb.Error:
            raise CrmError("store_damaged", file=file.name) from None

    def materialise(self, name: str, expr: ir.Table, *, helper: bool = False) -> None:
        """Runs an expression in the engine and keeps its rows under `name`.

        A `helper` lies beside the snapshot, not in it, and ends with the build at the latest.
        """
        if helper:
            self._helpers.add(name)
        self._make(name, _words(expr))

    def append(self, name: str, expr: ir.Table) -> None:
        """Runs an expression in the engine and adds its rows to a table made before: what is too
        much at once is made in pieces."""
        catalog = self._catalog(name)
        self._root.execute(f"INSERT INTO {catalog}.main.{name} {_words(expr)}")

    def drop(self, name: str) -> None:
        """Forgets a table that only helped."""
        self._root.execute(f"DROP TABLE IF EXISTS {self._catalog(name)}.main.{name}")
        self._names.discard(name)
        self._schemas.pop(name, None)
        self._helpers.discard(name)

    def learn(self, *made: str) -> None:
        """Tables that were just made, found without going through all the others."""
        for table in made:
            catalog = self._catalog(table)
            name = named(catalog, table)
            self._names.add(name)
            self._schemas[name] = self._duck.made(catalog, table)

    def put_meta(self, pairs: Mapping[str, str]) -> None:
        """Writes what the snapshot says of itself."""
        self._root.execute(
            f"CREATE TABLE IF NOT EXISTS {self.target}.main.meta (key VARCHAR, value VARCHAR)"
        )
        told = [list(pairs), list(pairs.values())]
        self._root.execute(
            f"DELETE FROM {self.target}.main.meta WHERE key IN (SELECT unnest(?))", told[:1]
        )
        self._root.execute(f"INSERT INTO {self.target}.main.meta SELECT unnest(?), unnest(?)", told)
        self.learn("meta")

    def _catalog(self, name: str) -> str:
        return "work" if name in self._helpers else self.target

    def _make(self, name: str, select: str) -> None:
        catalog = self._catalog(name)
        self._root.execute(f"CREATE OR REPLACE TABLE {catalog}.main.{name} AS {select}")
        self.learn(name)


def _words(expr: ir.Table) -> str:
    """A mart is asked for alike at every import: put into words once. What people ask of a store,
    and with it whom they look for, is never kept."""
    return _words_of(expr.op())


@lru_cache(maxsize=128)
def _words_of(asked: Relation) -> str:
    return sql_of(asked.to_expr())


class Shelf(Protocol):
    """Where finished snapshots are kept for readers, and which of them are current."""

    def pointer(self) -> Pointer:
        """The current snapshots' names."""
        ...

    def next_name(self, kind: str) -> str:
        """A name for the next snapshot of a kind that no other ever had."""
        ...

    def file(self, name: str) -> Path:
        """A finished snapshot as a DuckDB file on this machine."""
        ...

    def publish(self, built: Path, name: str, pointer: Pointer) -> None:
        """Puts a finished file on the shelf under `name` and makes `pointer` current."""
        ...

    def forget_older(self) -> int:
        """Removes every snapshot but the current ones, whoever reads them; how many."""
        ...


class Change:
    """A writer's turn at a store: what is current, and how to publish the next snapshot.

    Whatever the shelf, snapshots are built in DuckDB, as a file in `folder`.
    """

    def __init__(self, shelf: Shelf, folder: Path, settings: Settings) -> None:
        self._shelf = shelf
        self.folder = folder
        self.settings = settings
        self.pointer = shelf.pointer()

    @contextmanager
    def building(self, kind: str, coming: int = 0, source: Path | None = None) -> Iterator[Build]:
        """A new file of `kind` to fill; published when the block ends well, else removed.
        `coming` is how many bytes of files are to be read into it.

        While facts are built, the current facts are readable as catalogue `old`; while scores
        are built, the current facts are catalogue `facts`. `source` is the facts file of another
        store, to be read in place of one's own.
        """
        name = self._shelf.next_name(kind)
        path = self.folder / f"{name}.building"
        root = connect()
        try:
            with understood(self.pointer.facts or name):
                build = self._begin(root, kind, path, coming * _GROWTH, source)
                yield build
                root.execute(f"CHECKPOINT {kind}")
                root.execute(f"DETACH {kind}")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            root.close()
        self._publish(kind, path, name)

    @contextmanager
    def looking(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that reads the current facts as catalogue `old` and keeps nothing."""
        facts = self._shelf.file(self.pointer.facts or "")
        with closing(connect()) as root, understood(self.pointer.facts or ""):
            limits(root, self.settings, facts.stat().st_size)
            root.execute("ATTACH ':memory:' AS work")
            root.execute("USE work")
            attach(root, facts, "old")
            yield root

    def forget_older(self) -> int:
        """Removes every snapshot but the current ones, also those that somebody still reads."""
        return self._shelf.forget_older()

    def adopt(self, kind: str, file: Path) -> None:
        """Publishes a copy of a finished file of another store."""
        name = self._shelf.next_name(kind)
        path = self.folder / f"{name}.building"
        try:
            shutil.copyfile(file, path)
            if kind == "scores":
                _name_facts(path, self.pointer.facts or "")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._publish(kind, path, name)

    def facts(self) -> Store:
        """The current facts, read where snapshots are built."""
        name = self.pointer.facts or ""
        return open_files(self._shelf.file(name), settings=self.settings, snapshot=name)

    def _publish(self, kind: str, path: Path, name: str) -> None:
        facts = name if kind == "facts" else self.pointer.facts
        scores = name if kind == "scores" else self.pointer.scores
        pointer = Pointer(facts, scores)
        self._shelf.publish(path, name, pointer)
        self.pointer = pointer

    def file(self, name: str) -> Path:
        """A finished snapshot as a DuckDB file on this machine."""
        return self._shelf.file(name)

    def put(self, facts: Path, scores: Path | None, made_from: str) -> None:
        """Publishes copies of finished files, both in one step. `made_from` is what the facts
        were called where they come from: scores of these facts name them by it."""
        name, scored = self._shelf.next_name("facts"), None
        if scores is not None:
            scored = self._shelf.next_name("scores")
            built = self._copied(scores, scored)
            with closing(connect()) as root:
                root.execute(f"ATTACH {quoted(str(built))} AS scores")
                root.execute(
                    "UPDATE scores.main.meta SET value = CASE value WHEN ? THEN ? ELSE '' END "
                    "WHERE key = 'facts'",
                    [made_from, name],
                )
                root.execute("DETACH scores")
            self._shelf.publish(built, scored, self.pointer)
        self._shelf.publish(self._copied(facts, name), name, Pointer(name, scored))
        self.pointer = Pointer(name, scored)

    def _copied(self, file: Path, name: str) -> Path:
        copy = self.folder / f"{name}.building"
        with file.open("rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target)
            os.fsync(target.fileno())
        return copy

    def _begin(
        self,
        root: duckdb.DuckDBPyConnection,
        kind: str,
        path: Path,
        size: int,
        source: Path | None = None,
    ) -> Build:
        own = self._shelf.file(self.pointer.facts) if self.pointer.facts else None
        facts = source or own
        limits(root, self.settings, size + (facts.stat().st_size if facts else 0))
        # Staged rows stay in memory up to its limit; what is more goes to the spill folder.
        root.execute("ATTACH ':memory:' AS work")
        root.execute("USE work")
        # A build that ends early is thrown away whole, so nobody would ever read its log.
        root.execute(f"ATTACH {quoted(str(path))} AS {kind} (RECOVERY_MODE NO_WAL_WRITES)")
        if facts:
            attach(root, facts, "old" if kind == "facts" else "facts")
        return Build(root, kind)


def _name_facts(scores: Path, facts: str) -> None:
    """Has a scores file say which facts it was made from."""
    with closing(connect()) as root:
        root.execute(f"ATTACH {quoted(str(scores))} AS scores (RECOVERY_MODE NO_WAL_WRITES)")
        root.execute("UPDATE scores.main.meta SET value = ? WHERE key = 'facts'", [facts])
        root.execute("CHECKPOINT scores")


class FolderShelf:
    """The files of a folder are both what is built and what is read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pointer(self) -> Pointer:
        """What `current.json` names."""
        return read_pointer(self._folder)

    def next_name(self, kind: str) -> str:
        """One more than the newest file's number."""
        return next_name(self._folder, kind, getattr(self.pointer(), kind))

    def file(self, name: str) -> Path:
        """The file itself."""
        return self._folder / name

    def publish(self, built: Path, name: str, pointer: Pointer) -> None:
        """Renames the file, then the pointer."""
        if self.pointer() == Pointer():
            # Cut off between file and pointer, a first import leaves a store that says it is
            # empty; a file without any pointer is a damaged one.
            write_pointer(self._folder, Pointer())
        built.replace(self._folder / name)
        write_pointer(self._folder, pointer)
        tidy(self._folder)

    def forget_older(self) -> int:
        """Files: whoever has one open reads on, and it is gone when they let go."""
        return tidy(self._folder, keep=1)


@contextmanager
def writing(folder: Path, settings: Settings) -> Iterator[Change]:
    """The writer place of a store that is a folder, for as long as the block lasts.

    Raises: CrmError("store_busy") while another process writes.
    """
    with writer_lock(folder):
        tidy(folder)
        yield Change(FolderShelf(folder), folder, settings)


def write_decisions(path: Path, tables: Mapping[str, pa.Table], meta: Mapping[str, str]) -> None:
    """Mirrors decisions into a small file that readers attach beside the facts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two visitors' runs are two threads of one process: each writes a file of its own.
    fresh = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.new")
    fresh.unlink(missing_ok=True)
    root = connect()
    try:
        with understood(path.name):
            root.execute(f"ATTACH {quoted(str(fresh))} AS decisions")
            build = Build(root, "decisions")
            for name, rows in tables.items():
                build.upload(name, rows)
            build.put_meta(meta)
            root.execute("CHECKPOINT decisions")
            root.execute("DETACH decisions")
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    finally:
        root.close()
    fresh.replace(path)
