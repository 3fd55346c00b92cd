"""Immutable snapshot files of a store, the pointer that names the current ones, one writer.

A store is a folder. `current.json` names a facts file and a scores file; publishing renames a
new pointer over the old one, so a kill at any moment leaves the state before or after.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from crm_core.errors import CrmError, disk_error

_POINTER = "current.json"
_KEEP = 2


@dataclass(frozen=True)
class Pointer:
    """The current files' names; `scores` may have been made from an earlier facts file."""

    facts: str | None = None
    scores: str | None = None


def folder_of(url: str) -> Path:
    """The folder a store URL names: `duckdb:///var/shop` is var/shop, four slashes are absolute.

    Raises: CrmError("store_url") for anything else.

    >>> folder_of("duckdb:///var/shop").as_posix()
    'var/shop'
    """
    prefix = "duckdb:///"
    if not url.startswith(prefix) or len(url) == len(prefix):
        raise CrmError("store_url", scheme=url.split(":", 1)[0])
    return Path(url.removeprefix(prefix))


def read_pointer(folder: Path) -> Pointer:
    """What is current; empty for a folder that holds no store yet.

    Raises: CrmError("store_damaged") for a pointer that cannot be read, or that is gone while
    the files it should name are there.
    """
    path = folder / _POINTER
    if not path.exists():
        if any(folder.glob("facts-*.duckdb")):
            raise CrmError("store_damaged", file=_POINTER)
        return Pointer()
    try:
        pointer = Pointer(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise CrmError("store_damaged", file=_POINTER) from None
    for kind, name in asdict(pointer).items():
        if name is not None and not re.fullmatch(rf"{kind}-\d+\.duckdb", str(name)):
            raise CrmError("store_damaged", file=_POINTER)
    return pointer


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """Makes `pointer` current, durably and in one step."""
    fresh = folder / f"{_POINTER}.new"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(pointer), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / _POINTER)
    _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def forget_damaged(folder: Path) -> None:
    """Makes a folder whose pointer cannot be read one of a store that holds nothing."""
    write_pointer(folder, Pointer())


def next_name(folder: Path, kind: str, current: str | None = None) -> str:
    """The next file name of a kind: `facts-000004.duckdb`.

    Never that of the `current` file, though it may be lost: a reader may still know it.
    """
    names = [current or "", *(path.name for path in folder.glob(f"{kind}-*.duckdb"))]
    numbers = [int(Path(name).stem.rsplit("-", 1)[1]) for name in names if name]
    return f"{kind}-{max(numbers, default=0) + 1:06d}.duckdb"


def tidy(folder: Path, *, keep: int = _KEEP) -> int:
    """Removes what an interrupted build left and all but the newest snapshots of each kind, never
    a current one; how many snapshots. To keep one only is to keep the current one."""
    pointer = read_pointer(folder)
    gone = 0
    for path in folder.glob("*.building*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for kind, current in (("facts", pointer.facts), ("scores", pointer.scores)):
        files = sorted(folder.glob(f"{kind}-*.duckdb"))
        newest = set(files[-keep:] if keep > 1 else ()) | {folder / current if current else folder}
        for path in files:
            if path not in newest:
                path.unlink(missing_ok=True)
                gone += 1
    return gone


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Holds the store's one writer place; readers are never kept waiting.

    Raises: CrmError("store_busy") while another process writes, ("store_disk_full"),
    ("store_read_only") where nothing may be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise disk_error(error) or CrmError("store_read_only") from None
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CrmError("store_busy") from None
        yield
