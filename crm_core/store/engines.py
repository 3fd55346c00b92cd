"""Which engine a store's address means, and what every engine can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import ibis.expr.types as ir
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store.snapshots import Pointer
from crm_core.store.tables import Store, Tables
from crm_core.store.write import Change

Decisions = Path | str
Progress = Callable[[str, float], None]
Views = Callable[[Tables], Mapping[str, ir.Table]]


class Mirror(Protocol):
    """Decisions as tables, and the revision they show."""

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """The rows, by table."""
        ...

    @property
    def revision(self) -> int:
        """Rises with every decision."""
        ...

    @property
    def members(self) -> int:
        """The revision of campaign members; 0 while there never were any."""
        ...


class Deciders(Protocol):
    """What an engine asks of the records: what was decided, and whether that changed."""

    def decisions_revision(self) -> int:
        """The revision of now."""
        ...

    def mirror(self) -> Mirror:
        """All that the engine must join but campaign members, of one moment."""
        ...

    def mirror_members(self) -> Mirror:
        """Who is in which arm of a campaign, and the revision of that."""
        ...

    def secret(self, name: str) -> bytes:
        """Random bytes of these records alone, the same ever after."""
        ...


class Engine(Protocol):
    """Where one store lives: how it is opened, written to and told of decisions.

    `folder` is where this machine keeps what belongs to the store but is not in it.
    `shown` is the address without what must not be seen. `records_url` is where decisions are
    kept unless the settings say otherwise.
    """

    folder: Path
    shown: str
    records_url: str

    def pointer(self) -> Pointer:
        """The current snapshots' names; empty while nothing was imported."""
        ...

    def version(self) -> int | None:
        """The schema version the current facts were written by; None while there are none."""
        ...

    def open(self, decisions: Decisions | None = None) -> Store:
        """The current snapshot for reading, pinned, with a mirror of decisions beside it.

        Raises: CrmError("store_empty"), ("store_damaged"), ("store_version"),
        ("store_unreachable").
        """
        ...

    def facts_file(self) -> Path:
        """The current facts as a DuckDB file on this machine, for what is made of them.

        Raises: CrmError("store_empty"), ("store_busy"), ("store_read_only_engine").
        """
        ...

    def writing(
        self, *, views: Views | None = None, progress: Progress | None = None
    ) -> AbstractContextManager[Change]:
        """The store's one writer place. `views` are what other tools may read, where an engine
        offers that.

        Raises: CrmError("store_busy"), ("store_read_only"), ("store_read_only_engine").
        """
        ...

    def mirrored(self, records: Deciders, folder: Path) -> Decisions:
        """Today's decisions as this engine can join them, made anew only when one changed.

        `folder` belongs to these records alone: two people's copies never share a mirror.
        """
        ...

    def forget_mirrors(self, folder: Path) -> None:
        """Removes all mirrors in a folder but the newest: what they show is no longer to be had."""
        ...

    def pending(self) -> bool:
        """Whether an import was cut off before what it told had reached the records."""
        ...

    def set_pending(self, pending: bool) -> None:
        """Sets or takes away that mark."""
        ...


def engine_of(url: str, settings: Settings) -> Engine:
    """The engine a store's address means; nothing is opened yet.

    Raises: CrmError("store_url") for an address of no engine.
    """
    scheme = url.split(":", 1)[0]
    if scheme == "duckdb":
        from crm_core.store.folder_engine import FolderEngine

        return FolderEngine(url, settings)
    if url.startswith("postgresql+psycopg://"):
        from crm_core.store.postgres_engine import PostgresEngine

        return PostgresEngine(url, settings)
    if scheme in ("spark-local", "spark", "sc"):
        from crm_core.store.spark_engine import SparkEngine

        return SparkEngine(url, settings)
    raise CrmError("store_url", scheme=scheme)


def open_store(url: str, *, settings: Settings, decisions: Decisions | None = None) -> Store:
    """Opens the current snapshot of a store for reading and pins it.

    Raises: CrmError of `Engine.open`.
    """
    return engine_of(url, settings).open(decisions)
