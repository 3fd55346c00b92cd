"""Finished snapshots as schemas of a PostgreSQL database, and the row that names the current ones.

A snapshot `facts_000004` is built as a DuckDB file, copied into a schema of that name, and made
current by one transaction on the connection that holds the writer's lock: whoever lost the lock
cannot publish. Numbers come from a sequence, so no two snapshots, finished or not, share a name,
and a file on any machine that has a snapshot's name holds that snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import ibis.expr.types as ir
import psycopg
import pyarrow as pa
from psycopg import errors, sql

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store.connection import connect, limits, quoted
from crm_core.store.postgres_link import AnyConnection, Link, understood
from crm_core.store.postgres_reader import PostgresReader
from crm_core.store.postgres_tables import copy_in, copy_out
from crm_core.store.postgres_views import lead, statements
from crm_core.store.snapshots import Pointer
from crm_core.store.tables import Tables

HOME = "clientele"
_WRITER = 7_261_002  # one number for all that write to a store in the same database
_ENCODING = "SELECT current_setting('server_encoding')"
_HOME = f"""
    CREATE SCHEMA IF NOT EXISTS {HOME};
    CREATE SEQUENCE IF NOT EXISTS {HOME}.snapshot_number;
    CREATE TABLE IF NOT EXISTS {HOME}.current (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        facts text, facts_before text, scores text, scores_before text,
        pending boolean NOT NULL DEFAULT false);
    INSERT INTO {HOME}.current DEFAULT VALUES ON CONFLICT DO NOTHING;
"""
# The snapshot before stays for those who still read it.
_POINT = f"""
    UPDATE {HOME}.current SET
        facts_before = CASE WHEN facts IS DISTINCT FROM %s THEN facts ELSE facts_before END,
        facts = %s,
        scores_before = CASE WHEN scores IS DISTINCT FROM %s THEN scores ELSE scores_before END,
        scores = %s
"""
_PATIENCE_SECONDS = 60
_SNAPSHOT = re.compile(r"(facts|scores)_\d+")

ViewMaker = Callable[[Tables], Mapping[str, ir.Table]]
Progress = Callable[[str, float], None]


@contextmanager
def writer_place(link: Link) -> Iterator[AnyConnection]:
    """The one writer place of a database, held as long as this connection lives.

    Raises: CrmError("store_busy") while another writes, on whatever machine,
    ("store_encoding") for a database that cannot hold every text.
    """
    with link.connected() as holder:
        row = holder.execute("SELECT pg_try_advisory_lock(%s)", (_WRITER,)).fetchone()
        if not (row and row[0]):
            raise CrmError("store_busy")
        encoding = holder.execute(_ENCODING).fetchone()
        if not (encoding and encoding[0] == "UTF8"):
            raise CrmError("store_encoding")
        holder.execute(_HOME.encode())
        try:
            yield holder
        finally:
            # The server notices a closed connection a little later: the next writer need not wait.
            with suppress(psycopg.Error):
                holder.execute("SELECT pg_advisory_unlock(%s)", (_WRITER,))


def read_pointer(link: Link) -> tuple[Pointer, bool]:
    """What is current, and whether an import's consents are pending; empty in a new database."""
    query = f"SELECT facts, scores, pending FROM {HOME}.current"
    try:
        rows = link.rows(query)
    except CrmError as error:
        if error.code != "store_moved_on":
            raise
        return Pointer(), False
    facts, scores, pending = rows[0] if rows else (None, None, False)
    return Pointer(facts, scores), bool(pending)


class PostgresShelf:
    """A writer's view of the database; `folder` is where this machine builds."""

    def __init__(
        self,
        link: Link,
        holder: AnyConnection,
        folder: Path,
        settings: Settings,
        *,
        views: ViewMaker | None,
        progress: Progress | None,
    ) -> None:
        self._link = link
        self._holder = holder
        self._folder = folder
        self._settings = settings
        self._views = views
        self._progress = progress or (lambda step, share: None)
        self._made: set[str] = set()
        self._tidy()

    def pointer(self) -> Pointer:
        """What the pointer's row names."""
        return self._current()[0]

    def next_name(self, kind: str) -> str:
        """A name no snapshot of this database ever had."""
        row = self._holder.execute(f"SELECT nextval('{HOME}.snapshot_number')".encode()).fetchone()
        return f"{kind}_{row[0] if row else 0:06d}"

    def file(self, name: str) -> Path:
        """The snapshot as a file: the one built here, else made from the database's rows."""
        path = self._path(name)
        if path.exists():
            return path
        fresh = path.with_name(f"{path.name}.building")
        fresh.unlink(missing_ok=True)
        with closing(connect()) as root:
            limits(root, self._settings)
            root.execute(f"ATTACH {quoted(str(fresh))} AS pulled (RECOVERY_MODE NO_WAL_WRITES)")
            for share in copy_out(self._link, name, root, "pulled"):
                self._progress("pull", share)
            root.execute("CHECKPOINT pulled")
            root.execute("DETACH pulled")
        fresh.replace(path)
        return path

    def publish(self, built: Path, name: str, pointer: Pointer) -> None:
        """Copies the file into its schema, then makes it current in one transaction."""
        path = self._path(name)
        built.replace(path)
        with closing(connect()) as root, self._link.connected() as connection:
            limits(root, self._settings)
            root.execute(f"ATTACH {quoted(str(path))} AS built (READ_ONLY)")
            for share in copy_in(connection, name, root, "built"):
                self._progress("publish", share)
        self._made.add(name)
        with understood():
            self._swap(pointer)
        self._tidy()

    def forget_older(self) -> int:
        """Schemas are dropped once nobody reads them any more; where somebody built a view of their
        own on a table of one, that is emptied.

        Raises: CrmError("store_still_read").
        """
        forget = f"UPDATE {HOME}.current SET facts_before = NULL, scores_before = NULL"
        self._holder.execute(forget.encode())
        _, kept = self._current()
        names = [name for (name,) in self._holder.execute("SELECT nspname FROM pg_namespace")]
        older = [name for name in names if _SNAPSHOT.fullmatch(name) and name not in kept]
        for name in older:
            drop_or_empty(self._holder, name)
        self._made &= kept
        self._tidy()
        return len(older)

    def _swap(self, pointer: Pointer) -> None:
        # Scores that are put back come before their facts: there is nothing to show yet.
        views = self._views if pointer.facts else None
        shared = views(Tables(self._reader(pointer))) if views else {}
        made = statements(self._holder, shared)
        with self._holder.transaction():
            told = (pointer.facts, pointer.facts, pointer.scores, pointer.scores)
            self._holder.execute(_POINT.encode(), told)
            if not lead(self._holder, made):
                self._progress("views_kept", 1.0)

    def _reader(self, pointer: Pointer) -> PostgresReader:
        return PostgresReader(self._link, schemas_of(pointer))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.duckdb"

    def _current(self) -> tuple[Pointer, set[str]]:
        """The pointer, and every snapshot's name that is to stay."""
        query = f"SELECT facts, scores, facts_before, scores_before FROM {HOME}.current"
        row = self._holder.execute(query.encode()).fetchone()
        facts, scores, *before = row or (None, None, None, None)
        return Pointer(facts, scores), {name for name in (facts, scores, *before) if name}

    def _tidy(self) -> None:
        """Drops what cut-off publications left and all but the current snapshots and those before.

        What this writer made may be about to become current together with what it makes next.
        What somebody still reads, or built a view of their own on, stays until another time.
        """
        pointer, kept = self._current()
        found = self._holder.execute("SELECT nspname FROM pg_namespace").fetchall()
        for (name,) in found:
            if _SNAPSHOT.fullmatch(name) and name not in kept | self._made:
                drop_schema(self._holder, name)
        for path in self._folder.iterdir():
            if _SNAPSHOT.match(path.name) and path.name != f"{pointer.facts}.duckdb":
                path.unlink(missing_ok=True)


def drop_schema(connection: AnyConnection, name: str) -> None:
    """Drops a schema of tables, unless one of them is being read or stands under a view."""
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace"
    tables = [sql.Identifier(name, row[0]) for row in connection.execute(query, (name,))]
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '1s'")
            if tables:
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.SQL(", ").join(tables)))
            connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(name)))
    except (errors.LockNotAvailable, errors.DependentObjectsStillExist):
        return


def drop_or_empty(connection: AnyConnection, name: str) -> None:
    """Drops a schema of tables, waiting for who reads them; or empties them where one stands under
    a view.

    Raises: CrmError("store_still_read").
    """
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace"
    found = [sql.Identifier(name, row[0]) for row in connection.execute(query, (name,))]
    tables, place = sql.SQL(", ").join(found), sql.Identifier(name)
    waits = sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(f"{_PATIENCE_SECONDS}s"))
    try:
        try:
            with connection.transaction():
                connection.execute(waits)
                if found:
                    connection.execute(sql.SQL("DROP TABLE {}").format(tables))
                connection.execute(sql.SQL("DROP SCHEMA {}").format(place))
        except errors.DependentObjectsStillExist:
            with connection.transaction():
                connection.execute(waits)
                connection.execute(sql.SQL("TRUNCATE {}").format(tables))
    except errors.LockNotAvailable:
        raise CrmError("store_still_read") from None


def schemas_of(
    pointer: Pointer, decisions: str | None = None, members: str | None = None
) -> dict[str, str]:
    """Which schema stands for which catalogue."""
    decided = {"decisions": decisions, "members": members}
    places = {"facts": pointer.facts, "scores": pointer.scores, **decided}
    return {catalog: name for catalog, name in places.items() if name}


def put_decisions(
    link: Link, name: str, tables: Mapping[str, pa.Table], meta: Mapping[str, str]
) -> None:
    """Mirrors decisions into a schema `<kind>_<owner>_<revision>`, whole or not at all; the kind's
    older ones of the owner are dropped."""
    with closing(connect()) as root, link.connected() as connection:
        for table, rows in tables.items():
            root.register("incoming_rows", rows)
            root.execute(f'CREATE TABLE "{table}" AS SELECT * FROM incoming_rows')
            root.unregister("incoming_rows")
        root.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
        root.executemany("INSERT INTO meta VALUES ($1, $2)", [list(pair) for pair in meta.items()])
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITER + 1,))
            if not has_schema(connection, name):
                for _ in copy_in(connection, name, root, "memory"):
                    pass
        pattern = f"{name.rpartition('_')[0]}_%"
        query = "SELECT nspname FROM pg_namespace WHERE nspname LIKE %s ORDER BY nspname DESC"
        for (older,) in connection.execute(query, (pattern,)).fetchall()[2:]:
            drop_schema(connection, older)


def has_schema(connection: AnyConnection, name: str) -> bool:
    """Whether a schema of that name is there."""
    query = "SELECT count(*) FROM pg_namespace WHERE nspname = %s"
    row = connection.execute(query, (name,)).fetchone()
    return bool(row and row[0])
