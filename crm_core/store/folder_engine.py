"""A store that is a folder of DuckDB files: the default, and what every other is built as."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store.connection import open_files, version_of
from crm_core.store.engines import Deciders, Decisions, Progress, Views
from crm_core.store.snapshots import Pointer, folder_of, read_pointer
from crm_core.store.tables import Store
from crm_core.store.write import Change, write_decisions, writing

_PENDING = "decisions.pending"
_MIRRORS = ("decisions", "members")


class FolderEngine:
    """`duckdb:///FOLDER`."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.folder = folder_of(url).absolute()
        self.records_url = f"sqlite:///{self.folder / 'records.sqlite'}"
        self.shown = url
        self._settings = settings

    def pointer(self) -> Pointer:
        """What `current.json` names."""
        return read_pointer(self.folder)

    def version(self) -> int | None:
        """The schema version of the current facts file."""
        facts = self.pointer().facts
        return version_of(self.folder / facts) if facts else None

    def open(self, decisions: Decisions | None = None) -> Store:
        """The current files, hardened and read-only."""
        pointer = self.pointer()
        if pointer.facts is None:
            raise CrmError("store_empty")
        return open_files(
            self.folder / pointer.facts,
            settings=self._settings,
            snapshot=pointer.facts,
            scores=self.folder / pointer.scores if pointer.scores else None,
            decisions=Path(decisions) if decisions else None,
        )

    def facts_file(self) -> Path:
        """The file the pointer names."""
        facts = self.pointer().facts
        if facts is None:
            raise CrmError("store_empty")
        return self.folder / facts

    def writing(
        self, *, views: Views | None = None, progress: Progress | None = None
    ) -> AbstractContextManager[Change]:
        """The folder's lock; files are shown to no other tool."""
        del views, progress
        return writing(self.folder, self._settings)

    def mirrored(self, records: Deciders, folder: Path) -> Decisions:
        """A small file that is attached beside the facts."""
        return mirror_file(records, folder)

    def forget_mirrors(self, folder: Path) -> None:
        """All files but the newest of each kind."""
        for kind in _MIRRORS:
            _leave_newest(folder, kind, 1)

    def pending(self) -> bool:
        """Whether the mark lies in the folder."""
        return self._mark.exists()

    def set_pending(self, pending: bool) -> None:
        """Lays the mark or removes it."""
        if pending:
            self._mark.touch()
        else:
            self._mark.unlink(missing_ok=True)

    @property
    def _mark(self) -> Path:
        return self.folder / _PENDING


def mirror_file(records: Deciders, folder: Path) -> Path:
    """The decisions as a DuckDB file in `folder`, of the revision they are at.

    Campaign members may be millions and seldom change: they have a file of their own, which the
    decisions name and which is made anew only when one of them moved.
    """
    path = folder / f"decisions-{records.decisions_revision():09d}.duckdb"
    if not path.exists():
        mirror = records.mirror()
        path = folder / f"decisions-{mirror.revision:09d}.duckdb"
        beside = (
            {"members": members_file(records, folder, mirror.members)} if mirror.members else {}
        )
        write_decisions(path, mirror.tables, {"revision": str(mirror.revision), **beside})
        for kind in _MIRRORS:
            _leave_newest(folder, kind, 2)
    return path


def members_file(records: Deciders, folder: Path, revision: int) -> str:
    """The name of the file with campaign members of this revision, or of a later one."""
    path = folder / f"members-{revision:09d}.duckdb"
    if not path.exists():
        mirror = records.mirror_members()
        path = folder / f"members-{mirror.members:09d}.duckdb"
        write_decisions(path, mirror.tables, {"revision": str(mirror.members)})
    return path.name


def _leave_newest(folder: Path, kind: str, count: int) -> None:
    for older in sorted(folder.glob(f"{kind}-*.duckdb"))[:-count]:
        older.unlink(missing_ok=True)
