"""Store and records as one file, and back from it: on this machine or on another.

A backup is a tar file packed with zstd: `manifest.json` first, then the current facts and scores,
what every import told, and the rows of the records. Originals of uploads are not in it: they are
held for a time, and a backup has none.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.pipeline.decisions import finish_sync
from crm_core.pipeline.forgetting import finish_forgetting
from crm_core.pipeline.restored import (
    MANIFEST,
    MEMBER,
    READY,
    Manifest,
    finish_restore,
    keep_asked,
    mend,
    put_in_place,
)
from crm_core.pipeline.shared_views import shared_views
from crm_core.pipeline.workspace import workspace
from crm_core.privacy.policy import Access
from crm_core.records import Records, open_records
from crm_core.schema import VERSION
from crm_core.settings import Settings
from crm_core.store import Change, Engine, engine_of

Progress = Callable[[str, float], None]
Answer = dict[str, Any]

_MOST_MANIFEST_BYTES = 50_000_000
_BLOCK = 1 << 20


def back_up(
    url: str, file: Path, *, settings: Settings, now: datetime, progress: Progress
) -> Answer:
    """Writes a store and its records into one file, in place of what the file was before.

    No import can begin meanwhile; pages go on.
    Raises: CrmError("store_empty"), ("store_busy"), ("backup_unwritable").
    """
    engine = engine_of(url, settings)
    records = open_records(workspace(settings, url).records_url)
    try:
        finish_sync(engine, records)
        with (
            engine.writing() as change,
            tempfile.TemporaryDirectory(prefix="clientele-backup-") as place,
        ):
            records.dump(Path(place))
            members = _members(change, Path(place))
            manifest = Manifest(
                engine.version() or VERSION,
                records.version,
                now.isoformat(),
                change.pointer.facts or "",
                {name: (path.stat().st_size, _sha256(path)) for name, path in members.items()},
            )
            _write(file, manifest, members, progress)
    finally:
        records.close()
    return {
        "file": str(file),
        "snapshot": manifest.snapshot,
        "members": len(members),
        "bytes": file.stat().st_size,
    }


def _members(change: Change, records: Path) -> dict[str, Path]:
    if change.pointer.facts is None:
        raise CrmError("store_empty")
    members = {"facts.duckdb": change.file(change.pointer.facts)}
    if change.pointer.scores:
        members["scores.duckdb"] = change.file(change.pointer.scores)
    told = sorted(change.folder.glob("batches/*/*.parquet"))
    members |= {path.relative_to(change.folder).as_posix(): path for path in told}
    members |= {f"records/{path.name}": path for path in sorted(records.glob("*.jsonl"))}
    return members


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(file: Path, manifest: Manifest, members: dict[str, Path], progress: Progress) -> None:
    fresh = file.with_name(f"{file.name}.part")
    whole = sum(size for size, _ in manifest.members.values()) or 1
    done = 0
    try:
        with (
            pa.OSFile(str(fresh), "wb") as raw,
            pa.CompressedOutputStream(raw, "zstd") as packed,
            tarfile.open(fileobj=cast("IO[bytes]", packed), mode="w|") as tar,
        ):
            head = manifest.document()
            tar.addfile(_entry(MANIFEST, len(head)), io.BytesIO(head))
            for name, path in members.items():
                with path.open("rb") as source:
                    tar.addfile(_entry(name, manifest.members[name][0]), source)
                done += manifest.members[name][0]
                progress("backup", done / whole)
        fresh.replace(file)
    except OSError:
        raise CrmError("backup_unwritable") from None
    finally:
        fresh.unlink(missing_ok=True)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def restore(
    url: str,
    file: Path,
    *,
    settings: Settings,
    replace: bool,
    access: Access,
    now: datetime,
    progress: Progress,
) -> Answer:
    """Brings back a store and its records from a backup, wholly or not at all.

    Everything is unpacked and compared with its hashes first. `replace` allows that the store, or
    its records, hold something; that is gone then, but for the log, which is never shortened and
    tells of it.
    Raises: CrmError("restore_not_empty"), ("restore_unreadable"), ("restore_damaged", file),
    ("restore_newer", version), ("records_newer"), ("store_disk_full"), ("store_busy").
    """
    place, engine = workspace(settings, url), engine_of(url, settings)
    records = open_records(place.records_url)
    aside = engine.folder / "restore.part"
    try:
        finish_restore(engine, records)
        _check_room(engine, records, replace=replace)
        shutil.rmtree(aside, ignore_errors=True)
        manifest = _unpack(file, aside, progress)
        keep_asked(aside, access, now)
        mend(engine)
        with engine.writing(views=shared_views, progress=progress) as change:
            _check_room(engine, records, replace=replace)
            aside.replace(engine.folder / READY)
            # From here on whoever opens the store finishes, should this process be killed.
            put_in_place(engine, change, records)
        finish_forgetting(engine, records, settings)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        records.close()
    return {
        "store": engine.shown,
        "created_at": manifest.created_at,
        "imports": len({name.split("/")[1] for name in manifest.members if name[:8] == "batches/"}),
        "snapshot": engine.pointer().facts,
    }


def _check_room(engine: Engine, records: Records, *, replace: bool) -> None:
    if replace:
        return
    if engine.pointer().facts is not None or not records.is_blank():
        raise CrmError("restore_not_empty")


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    """The backup's files one after the other; whatever is wrong with it is told in one way."""
    try:
        with (
            pa.OSFile(str(file), "rb") as raw,
            pa.CompressedInputStream(raw, "zstd") as unpacked,
            tarfile.open(fileobj=cast("IO[bytes]", unpacked), mode="r|") as tar,
        ):
            yield tar
    except (OSError, EOFError, tarfile.TarError, pa.ArrowException):
        raise CrmError("restore_unreadable") from None


def _unpack(file: Path, aside: Path, progress: Progress) -> Manifest:
    """Writes the backup's files under `aside`, only those that the manifest names and only as it
    says; a name never leads out of there."""
    with _opened(file) as tar:
        head = tar.next()
        if head is None or head.name != MANIFEST or not 0 < head.size < _MOST_MANIFEST_BYTES:
            raise CrmError("restore_unreadable")
        document = cast("IO[bytes]", tar.extractfile(head)).read()
        manifest = Manifest.of(document)
        whole = sum(size for size, _ in manifest.members.values())
        aside.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(aside.parent).free < whole:
            raise CrmError("store_disk_full")
        aside.mkdir()
        (aside / MANIFEST).write_bytes(document)
        left, done = dict(manifest.members), 0
        while entry := tar.next():
            known = left.pop(entry.name, None)
            if known is None or not entry.isreg() or entry.size != known[0]:
                raise CrmError("restore_damaged", file=_shown(entry.name))
            _copy(cast("IO[bytes]", tar.extractfile(entry)), aside / entry.name, known[1])
            done += entry.size
            progress("restore", done / (whole or 1))
    if left or "facts.duckdb" not in manifest.members:
        raise CrmError("restore_damaged", file=next(iter(left), "facts.duckdb"))
    return manifest


def _shown(name: str) -> str:
    """A member's name if it is one of ours; others may say anything."""
    return name if MEMBER.fullmatch(name) else "?"


def _copy(source: IO[bytes], target: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        while block := source.read(_BLOCK):
            digest.update(block)
            out.write(block)
    if digest.hexdigest() != sha256:
        raise CrmError("restore_damaged", file=target.name)
