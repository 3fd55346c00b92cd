"""Packed files (gzip, xz, bzip2, zip) into the tables they hold, never more than was allowed."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, Any

from crm_core.errors import CrmError
from crm_core.store.imports.contract import SourceFile
from crm_core.store.imports.limits import Budget
from crm_core.store.imports.zips import is_encrypted, member_name, members, open_zip

_BLOCK = 1024 * 1024
_OPENERS: dict[str, Callable[[Path], Any]] = {
    "gzip": gzip.GzipFile,
    "xz": lzma.LZMAFile,
    "bz2": bz2.BZ2File,
}
PACKED = tuple(_OPENERS)
_BROKEN = (EOFError, OSError, lzma.LZMAError, zlib.error, zipfile.BadZipFile,
           NotImplementedError, RuntimeError)  # fmt: skip
_ENDINGS = {".xlsx", ".xlsm", ".ods"}
_BINARY = "xl/workbook.bin"  # XLSB: its cells are in no layout that is checked here
_WORKBOOKS = {"[content_types].xml": "xl/workbook.", "mimetype": "content.xml"}


def is_workbook(file: SourceFile) -> bool:
    """Whether a ZIP file is a spreadsheet program's own.

    Raises: CrmError import_workbook_binary, import_workbook_broken, import_archive_broken,
    import_archive_members.
    """
    try:
        with open_zip(file.path, file.name) as archive:
            names = [name.lower() for name in archive.namelist()]
    except CrmError as failure:
        if file.path.suffix.lower() in _ENDINGS and failure.code == "import_archive_broken":
            raise CrmError("import_workbook_broken", file=file.name) from None
        raise
    if _BINARY in names:
        raise CrmError("import_workbook_binary", file=file.name)
    return any(
        mark in names and any(name.startswith(part) for name in names)
        for mark, part in _WORKBOOKS.items()
    )


def check_workbook(file: SourceFile, budget: Budget) -> None:
    """Raise the refusals of an archive for a workbook that would unpack beyond the limits."""
    with open_zip(file.path, file.name) as archive:
        for info in archive.infolist():
            budget.spend(info.file_size, file.name)
            budget.check_ratio(info.compress_size, info.file_size, file.name)


def unpacked(file: SourceFile, kind: str, folder: Path, budget: Budget) -> SourceFile:
    """The one file that gzip, xz or bzip2 packed; it keeps the name it was given under.

    Raises: CrmError import_archive_broken, import_archive_too_large, import_archive_ratio.
    """
    name = file.path.name
    inner = name.rsplit(".", 1)[0] if name.lower().endswith((".gz", ".xz", ".bz2")) else name
    target = folder / (inner or "table")
    packed = file.path.stat().st_size
    try:
        with _OPENERS[kind](file.path) as stream:
            _copy(stream, target, packed, file.name, budget)
    except _BROKEN as failure:
        raise _refusal(failure, file.name) from None
    return replace(file, path=target)


def unzipped(file: SourceFile, folder: Path, budget: Budget) -> list[SourceFile]:
    """Every table of a ZIP archive as `orders.zip › folder/orders.csv`, folders kept.

    Raises: CrmError import_archive_broken, import_archive_locked, import_archive_members,
    import_archive_too_large, import_archive_ratio, import_archive_empty.
    """
    with open_zip(file.path, file.name) as archive:
        wanted = members(archive)
        budget.add_members(len(wanted), file.name)
        if not wanted:
            raise CrmError("import_archive_empty", file=file.name)
        found: list[SourceFile] = []
        for info in wanted:
            if is_encrypted(info):
                raise CrmError("import_archive_locked", file=file.name)
            inside = member_name(info)
            target = _target(folder, inside)
            try:
                with archive.open(info) as stream:
                    _copy(stream, target, info.compress_size, file.name, budget)
            except _BROKEN as failure:
                raise _refusal(failure, file.name) from None
            found.append(replace(file, path=target, name=f"{file.name} › {inside}", inner=True))
    return found


def _refusal(failure: Exception, name: str) -> Exception:
    """A damaged archive in words; a full disk is what it is."""
    if isinstance(failure, OSError) and failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return failure
    return CrmError("import_archive_broken", file=name)


def _target(folder: Path, inside: str) -> Path:
    """Where a packed file goes: below the folder, and nothing is written over."""
    path = folder.joinpath(*PurePosixPath(inside).parts)
    number = 2
    while path.exists() or any(above.is_file() for above in path.parents):
        path, number = folder / f"{number}" / PurePosixPath(inside).name, number + 1
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _copy(stream: IO[bytes], target: Path, packed: int, name: str, budget: Budget) -> None:
    total = 0
    with target.open("wb") as out:
        while block := stream.read(_BLOCK):
            total += len(block)
            budget.spend(len(block), name)
            budget.check_ratio(packed, total, name)
            out.write(block)
