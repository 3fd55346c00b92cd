"""The log checked against what was seen of it before, which is kept beside the store."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.pipeline.jobs import Answer, url_of
from crm_core.pipeline.workspace import workspace
from crm_core.privacy.audit import Chain, Mark, require_whole, verify
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.store import Engine, engine_of

_SEEN = "audit.seen"


def audit(settings: Settings, store: str | None, *, seen: Iterable[str] = ()) -> Answer:
    """Checks the whole log; how many lines, and the last one for writing down elsewhere.

    What it finds whole it remembers beside the store: a log of less, or another, is told the next
    time, though it were whole in itself, as an older copy of the records is.
    Raises: CrmError of `require_whole`, ("privacy_mark_unreadable").
    """
    marks = [Mark.read(text) for text in seen]
    url = url_of(settings, store)
    records = open_records(workspace(settings, url).records_url)
    try:
        chain = look(engine_of(url, settings), records, marks)
    finally:
        records.close()
    require_whole(chain)
    return {"lines": chain.lines, "last": str(chain.last)}


def look(engine: Engine, records: Records, marks: Iterable[Mark] = ()) -> Chain:
    """The state of the log; one that is whole is remembered."""
    file = engine.folder / _SEEN
    chain = verify(records, [*_remembered(file), *marks])
    if chain.whole:
        with suppress(OSError):  # on a disk that cannot be written the next look compares less
            _remember(file, chain.last)
    return chain


def _remembered(file: Path) -> list[Mark]:
    try:
        return [Mark.read(file.read_text(encoding="ascii"))]
    except (OSError, UnicodeDecodeError, CrmError):
        return []


def _remember(file: Path, mark: Mark) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.part")
    fresh.write_text(f"{mark}\n", encoding="ascii")
    fresh.replace(file)
