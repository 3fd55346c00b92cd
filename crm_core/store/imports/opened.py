"""Files as given into files that formats can read: archives unpacked, workbooks and tables opened.

What comes out keeps the name and the checksum of what was given and the true numbers of its rows.
A plain delimited file is handed on as it is, without being read.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.store.imports.containers import (
    PACKED,
    check_workbook,
    is_workbook,
    unpacked,
    unzipped,
)
from crm_core.store.imports.contract import SourceFile
from crm_core.store.imports.html_tables import read_tables
from crm_core.store.imports.json_rows import read_json
from crm_core.store.imports.kinds import START, kind_of
from crm_core.store.imports.limits import Budget, Limits
from crm_core.store.imports.parquet_rows import read_parquet
from crm_core.store.imports.workbook import read_sheets

# Files that a folder may hold beside these (readme, pictures) are passed over.
IN_FOLDERS = {
    ".csv", ".txt", ".tsv", ".parquet", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsm",
    ".xls", ".ods", ".gz", ".xz", ".bz2", ".zip",
}  # fmt: skip
_DEPTH = 2  # an archive in an archive is opened, one in that is not
_WORKBOOKS = ("xls", "workbook")


class Workspace:
    """A folder for copies, made when first needed; it goes when nobody holds it any more."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent
        self._root: Path | None = None
        self._made = 0

    def folder(self) -> Path:
        """An empty folder of its own for one file's copies."""
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="clientele-open-", dir=self._parent))
            weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        self._made += 1
        folder = self._root / str(self._made)
        folder.mkdir()
        return folder


@dataclass
class Opener:
    """Opens the files of one import, within its limits."""

    limits: Limits = field(default_factory=Limits)
    workspace: Workspace = field(default_factory=Workspace)

    def __post_init__(self) -> None:
        self._budget = Budget(self.limits)

    def unpack(self, paths: Sequence[Path | SourceFile]) -> list[SourceFile]:
        """The files of paths, folders and archives; Parquet and JSON stay what they are.

        Raises: CrmError import_missing_file, import_empty_folder, and the refusals of archives.
        """
        found: dict[Path, SourceFile] = {}
        for given in paths:
            for file in _listed(given):
                for inner in self._unpacked(file, 0):
                    found[inner.path] = inner
        return list(found.values())

    def tabulate(self, file: SourceFile) -> list[SourceFile]:
        """The delimited files that a file holds: itself, or the tables in it.

        Raises: CrmError of workbooks, HTML, JSON and Parquet files that cannot be read.
        """
        kind = self._kind(file)
        if kind in _WORKBOOKS:
            if kind == "workbook":
                check_workbook(file, self._budget)
            return self._held(file, lambda one, folder: read_sheets(one, folder, self.limits))
        if kind == "html":
            return self._held(file, lambda one, folder: read_tables(one, folder, self.limits))
        if kind == "json":
            return self._held(file, lambda one, folder: [read_json(one, folder)])
        if kind == "parquet":
            return self._held(file, lambda one, folder: [read_parquet(one, folder, self.limits)])
        return [file]

    def copied(self, file: SourceFile, change: Callable[[Path], None]) -> SourceFile:
        """A changed copy of a file, under its name and with its checksum."""

        def read(one: SourceFile, folder: Path) -> list[SourceFile]:
            copy = folder / one.path.name
            shutil.copyfile(one.path, copy)
            change(copy)
            return [replace(one, path=copy)]

        return self._held(file, read)[0]

    def _unpacked(self, file: SourceFile, depth: int) -> list[SourceFile]:
        kind = self._kind(file)
        if kind not in (*PACKED, "zip"):
            return [file]
        if depth == _DEPTH:
            raise CrmError("import_archive_nested", file=file.name)
        if kind == "zip":
            inner = self._held(file, lambda one, to: unzipped(one, to, self._budget))
        else:
            inner = self._held(file, lambda one, to: [unpacked(one, kind, to, self._budget)])
        return [each for one in inner for each in self._unpacked(one, depth + 1)]

    def _held(
        self, file: SourceFile, read: Callable[[SourceFile, Path], list[SourceFile]]
    ) -> list[SourceFile]:
        """What comes out of a file, each part keeping its copy's folder from being removed."""
        if not file.sha256:
            with file.path.open("rb") as stream:
                file = replace(file, sha256=hashlib.file_digest(stream, "sha256").hexdigest())
        return [
            replace(each, keeper=self.workspace) for each in read(file, self.workspace.folder())
        ]

    def _kind(self, file: SourceFile) -> str:
        with file.path.open("rb") as stream:
            kind = kind_of(stream.read(START))
        return "workbook" if kind == "zip" and is_workbook(file) else kind


def open_tables(
    paths: Sequence[Path | SourceFile], *, limits: Limits | None = None
) -> list[SourceFile]:
    """Every delimited file there is in these files, folders and archives."""
    opener = Opener(limits or Limits())
    return [each for file in opener.unpack(paths) for each in opener.tabulate(file)]


def _listed(given: Path | SourceFile) -> list[SourceFile]:
    file = given if isinstance(given, SourceFile) else SourceFile(given, given.name)
    if file.path.is_dir():
        inside = sorted(
            path
            for path in file.path.rglob("*")
            if path.suffix.lower() in IN_FOLDERS and not path.name.startswith((".", "~$"))
        )
        if not inside:
            raise CrmError("import_empty_folder", file=file.name)
        return [SourceFile(path, str(path.relative_to(file.path))) for path in inside]
    if not file.path.is_file():
        raise CrmError("import_missing_file", file=file.name)
    return [file]
