"""What a backup says of itself, and how its files become the store: done once it was decided,
whoever has to finish it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.pipeline.erasing import forget_mark
from crm_core.pipeline.shared_views import shared_views
from crm_core.privacy import audit
from crm_core.privacy.policy import Access
from crm_core.records import Records
from crm_core.schema import VERSION
from crm_core.store import Change, Engine
from crm_core.store.batches import synced
from crm_core.store.snapshots import forget_damaged

MANIFEST = "manifest.json"
ASKED = "asked.json"
READY = "restore.ready"
_FORMAT, _FORMAT_VERSION = "clientele-backup", 1
MEMBER = re.compile(
    r"(facts|scores)\.duckdb|batches/\d{6}-[0-9a-f]{12}/[a-z_]+\.parquet|records/[a-z_]+\.jsonl"
)


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself: versions, when it was made, every file with size and hash."""

    schema_version: int
    records_version: str
    created_at: str
    snapshot: str
    members: dict[str, tuple[int, str]]

    def document(self) -> bytes:
        """As JSON."""
        told = {"format": _FORMAT, "version": _FORMAT_VERSION, **vars(self)}
        return json.dumps(told, indent=1).encode()

    @classmethod
    def of(cls, document: bytes) -> Manifest:
        """Out of JSON, checked.

        Raises: CrmError("restore_unreadable"), ("restore_newer", version).
        """
        try:
            told = json.loads(document)
            kind, version = told.pop("format"), told.pop("version")
            members = {name: (int(m[0]), str(m[1])) for name, m in told.pop("members").items()}
            manifest = cls(**told, members=members)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CrmError("restore_unreadable") from None
        if kind != _FORMAT or not all(MEMBER.fullmatch(name) for name in members):
            raise CrmError("restore_unreadable")
        if version > _FORMAT_VERSION or manifest.schema_version > VERSION:
            raise CrmError("restore_newer", version=manifest.schema_version)
        if manifest.records_version > Records.version:
            raise CrmError("records_newer")
        return manifest


def keep_asked(aside: Path, access: Access, now: datetime) -> None:
    """Writes beside a backup that was unpacked who puts it back, for whoever completes that."""
    told = {"role": access.role, "user": access.user, "at": now.isoformat()}
    (aside / ASKED).write_text(json.dumps(told), encoding="utf-8")


def _write_down(records: Records, asked: Path, manifest: Manifest) -> None:
    """The log tells that what is here is a copy of another moment."""
    if not asked.exists():  # decided by an earlier version of this program
        return
    told = json.loads(asked.read_text(encoding="utf-8"))
    access, now = Access(told["role"], told["user"]), datetime.fromisoformat(told["at"])
    about = {"made_at": manifest.created_at, "snapshot": manifest.snapshot}
    audit.append(records, access, "restored", {}, now=now, as_is=about)


def finish_restore(engine: Engine, records: Records) -> bool:
    """Completes a restore that was killed after it had been decided; whether there was one."""
    if not (engine.folder / READY).exists():
        return False
    mend(engine)
    with engine.writing(views=shared_views) as change:
        put_in_place(engine, change, records)
    return True


def mend(engine: Engine) -> None:
    """A store that is too damaged to be opened is one to put the backup in place of."""
    try:
        engine.pointer()
    except CrmError as error:
        if error.code != "store_damaged":
            raise
        forget_damaged(engine.folder)


def put_in_place(engine: Engine, change: Change, records: Records) -> None:
    """May be done again from the start until the last line was reached."""
    ready = engine.folder / READY
    manifest = Manifest.of((ready / MANIFEST).read_bytes())
    forget_mark(engine.folder)
    records.replace_all(ready / "records", manifest.records_version)
    for path in sorted(ready.glob("batches/*/*.parquet")):
        target = engine.folder / path.relative_to(ready)
        target.parent.mkdir(parents=True, exist_ok=True)
        synced(Path(shutil.copyfile(path, target)))
    scores = ready / "scores.duckdb"
    change.put(ready / "facts.duckdb", scores if scores.exists() else None, manifest.snapshot)
    _write_down(records, ready / ASKED, manifest)
    for kind in ("decisions", "members"):
        for mirror in engine.folder.glob(f"{kind}-*.duckdb"):
            mirror.unlink(missing_ok=True)
    engine.set_pending(False)
    shutil.rmtree(ready)
