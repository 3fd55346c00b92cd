"""What lies in a ZIP file, told without trusting it: names, sizes, and how many."""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path, PurePosixPath

from crm_core.errors import CrmError
from crm_core.store.imports.limits import MOST_MEMBERS

_DIRECTORY_MB = 4  # names of a few hundred files; a directory of a million would fill the memory
_UTF8 = 0x800
_ENCRYPTED = 0x1
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]+')
_SKIPPED = ("__MACOSX",)


def open_zip(path: Path, name: str) -> zipfile.ZipFile:
    """The opened archive.

    Raises: CrmError import_archive_broken, import_archive_members.
    """
    try:
        if _directory_bytes(path) > _DIRECTORY_MB * 1024 * 1024:
            raise CrmError("import_archive_members", file=name, limit=MOST_MEMBERS)
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        raise CrmError("import_archive_broken", file=name) from None


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files worth reading: no folders, no hidden files, nothing that a Mac adds."""
    return [info for info in archive.infolist() if not info.is_dir() and _is_wanted(info)]


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member_name(info)).parts
    return bool(parts) and not any(
        part in _SKIPPED or part.startswith((".", "~$")) for part in parts
    )


def member_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: Chinese programs write GBK and do not say so."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            return _harmless(name)
        for encoding in ("utf-8", "gb18030", "cp437"):
            try:
                return _harmless(raw.decode(encoding))
            except UnicodeDecodeError:
                continue
    return _harmless(name)


def _harmless(name: str) -> str:
    """A relative path that stays in its folder and shows no control characters.

    >>> _harmless("../../etc/passwd"), _harmless("C:\\\\a\\\\b.csv")
    ('etc/passwd', 'C_/a/b.csv')
    """
    parts = [_UNSAFE.sub("_", part).strip()[-60:] for part in name.replace("\\", "/").split("/")]
    return "/".join(part for part in parts if part.strip(".")) or "file"


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether a password is needed."""
    return bool(info.flag_bits & _ENCRYPTED)


def _directory_bytes(path: Path) -> int:
    """How large the archive says its directory is, read before the directory itself."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 65_557))
        tail = stream.read()
        end = tail.rfind(b"PK\x05\x06")
        if end < 0:
            return 0  # no archive, as whoever opens it says
        (told,) = struct.unpack_from("<L", tail, end + 12)
        locator = end - 20
        if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
            (offset,) = struct.unpack_from("<Q", tail, locator + 8)
            stream.seek(min(offset, size))
            (told,) = struct.unpack_from("<Q", stream.read(56), 40)
    return told
