"""The original files of uploads, packed, for as long as the shop's setting says.

They lie under `uploads/<batch>/` in the store's folder, named by number: what people called a
file is in the log of imports, not on the disk.
"""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from crm_core.store.batches import Batch

_FOLDER = "uploads"
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")


@dataclass(frozen=True)
class Upload:
    """One original that is kept: its batch, what it was called, bytes on the disk, until when."""

    batch: int
    file: str
    size_bytes: int
    kept_until: datetime


def keep_uploads(folder: Path, batch: int, files: Sequence[Path]) -> None:
    """Packs the originals of a batch into the store's folder."""
    place = folder / _FOLDER / str(batch)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for number, file in enumerate(files, 1):
        ending = file.suffix.lower()
        name = f"{number:03d}{ending if _ENDING.fullmatch(ending) else ''}.gz"
        with file.open("rb") as source, gzip.open(place / name, "wb", compresslevel=3) as packed:
            shutil.copyfileobj(source, packed)


def kept_uploads(folder: Path, log: Iterable[Batch], days: int) -> list[Upload]:
    """What is kept now, newest batch first."""
    found: list[Upload] = []
    for batch in sorted(log, key=lambda batch: batch.number, reverse=True):
        names = [str(file["name"]) for file in batch.report.get("files", ())]
        for path in sorted((folder / _FOLDER / str(batch.number)).glob("*.gz")):
            place = int(path.name[:3]) - 1
            name = names[place] if place < len(names) else path.name
            until = batch.imported_at + timedelta(days)
            found.append(Upload(batch.number, name, path.stat().st_size, until))
    return found


def tidy_uploads(folder: Path, log: Iterable[Batch], *, days: int, now: datetime) -> None:
    """Removes originals of batches that are undone or gone, and all that were kept long enough."""
    since = now.replace(tzinfo=None) - timedelta(days)
    held = {
        str(batch.number)
        for batch in log
        if days and batch.undone_at is None and batch.imported_at >= since
    }
    for path in (folder / _FOLDER).glob("*"):
        if path.name not in held:
            shutil.rmtree(path, ignore_errors=True)


def forget_uploads(folder: Path, batches: Iterable[int]) -> int:
    """Removes the originals of some batches; how many files."""
    gone = 0
    for number in batches:
        place = folder / _FOLDER / str(number)
        gone += len(list(place.glob("*.gz")))
        shutil.rmtree(place, ignore_errors=True)
    return gone
