"""A store in PostgreSQL, for teams: built in DuckDB on whichever machine imports, read here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store.engines import Deciders, Decisions, Progress, Views
from crm_core.store.postgres_link import Link
from crm_core.store.postgres_reader import PostgresReader
from crm_core.store.postgres_shelf import (
    HOME,
    PostgresShelf,
    drop_or_empty,
    put_decisions,
    read_pointer,
    schemas_of,
    writer_place,
)
from crm_core.store.snapshots import Pointer, writer_lock
from crm_core.store.tables import Store, meta_of
from crm_core.store.write import Change

_PLACE = ("host", "hostaddr", "port", "dbname")


class PostgresEngine:
    """`postgresql+psycopg://USER:PASSWORD@HOST/DATABASE`: one database, one shop.

    `folder` is this machine's workshop: it may be lost at any time.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        self._link = Link(url)
        self._settings = settings
        self._mirrors: dict[Path, tuple[int, str]] = {}
        place = {name: self._link.parts.get(name, "") for name in _PLACE}
        digest = hashlib.sha256(json.dumps(place, sort_keys=True).encode()).hexdigest()
        self.folder = settings.var / "workshops" / digest[:16]
        self.shown = f"postgresql+psycopg://{place['host']}/{place['dbname']}"
        self.records_url = url

    def pointer(self) -> Pointer:
        """What the pointer's row names."""
        return read_pointer(self._link)[0]

    def version(self) -> int | None:
        """The schema version of the current facts."""
        facts = self.pointer().facts
        return int(self._meta(facts)["schema_version"]) if facts else None

    def open(self, decisions: Decisions | None = None) -> Store:
        """The current schemas; connections are lent from a few that stay open."""
        pointer = self.pointer()
        if pointer.facts is None:
            raise CrmError("store_empty")
        told = str(decisions) if decisions else None
        decided = self._meta(told) if told else None
        beside = (decided or {}).get("members")
        return Store(
            PostgresReader(self._link, schemas_of(pointer, told, beside)),
            meta_of(self._meta(pointer.facts), pointer.facts),
            scores_snapshot=pointer.scores,
            scores=self._meta(pointer.scores) if pointer.scores else None,
            decisions=decided,
        )

    def facts_file(self) -> Path:
        """The file that lies in the workshop, made from the database's rows if it does not."""
        with self.writing() as change:
            if change.pointer.facts is None:
                raise CrmError("store_empty")
            return change.file(change.pointer.facts)

    @contextmanager
    def writing(
        self, *, views: Views | None = None, progress: Progress | None = None
    ) -> Iterator[Change]:
        """The one writer place over all machines, and the workshop's own lock."""
        with writer_lock(self.folder), writer_place(self._link) as holder:
            shelf = PostgresShelf(
                self._link, holder, self.folder, self._settings, views=views, progress=progress
            )
            yield Change(shelf, self.folder, self._settings)

    def mirrored(self, records: Deciders, folder: Path) -> Decisions:
        """A schema beside the snapshots, named after whose decisions they are."""
        revision = records.decisions_revision()
        known = self._mirrors.get(folder)
        if known and known[0] == revision:
            return known[1]
        owner = hashlib.sha256(records.secret("mirror")).hexdigest()[:8]
        name = f"decisions_{owner}_{revision:09d}"
        if not self._has(name):
            mirror = records.mirror()
            revision, name = mirror.revision, f"decisions_{owner}_{mirror.revision:09d}"
            meta = {"revision": str(revision)}
            if mirror.members:
                meta["members"] = self._members(records, owner, mirror.members)
            put_decisions(self._link, name, mirror.tables, meta)
        self._mirrors[folder] = (revision, name)
        return name

    def forget_mirrors(self, folder: Path) -> None:
        """Of this store's own decisions: one owner's, since nobody has a private copy here."""
        del folder
        with self._link.connected() as connection:
            for kind in ("decisions", "members"):
                query = "SELECT nspname FROM pg_namespace WHERE nspname ~ %s ORDER BY nspname DESC"
                found = connection.execute(query, (rf"^{kind}_[0-9a-f]{{8}}_\d+$",)).fetchall()
                for (older,) in found[1:]:
                    drop_or_empty(connection, older)

    def pending(self) -> bool:
        """Whether the pointer's row says so."""
        return read_pointer(self._link)[1]

    def set_pending(self, pending: bool) -> None:
        """Says so in the pointer's row, for whoever opens the store next on any machine."""
        with self._link.connected() as connection:
            connection.execute(f"UPDATE {HOME}.current SET pending = %s".encode(), (pending,))

    def _members(self, records: Deciders, owner: str, revision: int) -> str:
        """The schema with campaign members, made anew only when one of them moved."""
        name = f"members_{owner}_{revision:09d}"
        if not self._has(name):
            mirror = records.mirror_members()
            name = f"members_{owner}_{mirror.members:09d}"
            put_decisions(self._link, name, mirror.tables, {"revision": str(mirror.members)})
        return name

    def _has(self, schema: str) -> bool:
        return bool(self._link.rows("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)))

    def _meta(self, schema: str) -> dict[str, str]:
        return dict(self._link.rows(f'SELECT key, value FROM "{schema}".meta'))
