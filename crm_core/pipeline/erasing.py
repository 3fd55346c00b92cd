"""Erasing a customer: from facts, marts, scores, what imports told, uploads and decisions.

First it is decided, in one line of the records with the tombstones; from then on whoever opens the
store completes it, should the process end at any moment. Sums stay: orders are nobody's then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError
from crm_core.pipeline.facts import (
    old_meta,
)
from crm_core.pipeline.marts_anew import marts_anew
from crm_core.pipeline.rules import people_rules
from crm_core.pipeline.shared_views import shared_views
from crm_core.pipeline.without import forget_without
from crm_core.privacy import audit
from crm_core.privacy.erasure_key import erasure_key, key_id, tombstones
from crm_core.privacy.policy import Access, mask
from crm_core.records import Erasure, Records
from crm_core.records.erasures import DECIDED, OUT_OF_STORE
from crm_core.settings import Settings
from crm_core.store import Change, Engine
from crm_core.store.batches import read_log
from crm_core.store.erased import (
    batches_with,
    carry_without,
    keys_buried,
    leaving,
    scores_without,
)
from crm_core.store.kept_out import raws_of_buried
from crm_core.store.people import PeopleRules
from crm_core.store.told_without import find_told, left_parts, without_told
from crm_core.store.tombstones import Tombstones, digest
from crm_core.store.uploads import forget_uploads

Progress = Callable[[str, float], None]
Counts = dict[str, int]
_MARK = "erased"


def erase_customer(
    engine: Engine,
    key: int,
    *,
    settings: Settings,
    records: Records,
    access: Access,
    now: datetime,
    progress: Progress = lambda step, share: None,
) -> dict[str, Any]:
    """Erases a customer, by the key they have now or one they had before; how many rows went of
    each table.

    Raises: CrmError("no_such_customer"), ("store_busy"), ("store_empty"), ("store_read_only"),
    ("erasure_key_missing"), ("erasure_key_short"), ("store_still_read"): then all is decided, and
    completed when the store is opened next.
    """
    with engine.writing(views=shared_views, progress=progress) as change:
        if change.pointer.facts is None:
            raise CrmError("store_empty")
        tombstones(records, settings)  # nothing begins where the key of earlier ones is missing
        secret = erasure_key(settings, make=True) or b""
        with change.looking() as con:
            who = leaving(con, key)
            digests = {digest(secret, kind, value): kind for kind, value in who.traces}
            theirs = Tombstones(secret, frozenset(digests))
            raws = raws_of_buried(con, "old.main.quarantine", theirs, _rules(records))
            batches = batches_with(con, raws)
        audit.append(records, access, "erase", {"traces": len(digests)}, now=now)
        begun = records.begin_erasure(
            who.keys, digests, key_id=key_id(secret), batches=batches, user=access.user, now=now
        )
        told = _carry_out(engine, change, settings, records, progress)
    return {"erasure": begun.id, "rows": told}


def finish_erasures(engine: Engine, records: Records, settings: Settings) -> bool:
    """Completes what an erasure that was cut off had left to do, and takes erased people out of
    copies of what imports told that lie on this machine; whether there was anything to do.

    Raises: CrmError("erasure_key_missing").
    """
    known = records.erasures()
    if not known or _is_done(engine, records, known):
        return False
    try:
        with engine.writing(views=shared_views) as change:
            _carry_out(engine, change, settings, records, lambda step, share: None)
    except CrmError as error:
        if error.code not in ("store_busy", "store_read_only", "store_read_only_engine"):
            raise
        return False
    return True


def check_forgotten(folder: Path, records: Records) -> None:
    """Stops a writer that is about to read what imports told, where somebody in it was erased
    while the writer waited for its turn.

    Raises: CrmError("store_busy").
    """
    if _mark_of(folder) != records.erased_mark():
        raise CrmError("store_busy")


def forget_mark(folder: Path) -> None:
    """Says that copies in a folder may hold people who were erased."""
    (folder / _MARK).unlink(missing_ok=True)


def _is_done(engine: Engine, records: Records, known: Sequence[Erasure]) -> bool:
    done = all(each.is_done for each in known)
    return done and _mark_of(engine.folder) == records.erased_mark()


def _mark_of(folder: Path) -> str:
    path = folder / _MARK
    return path.read_text(encoding="ascii") if path.exists() else ""


def _rules(records: Records) -> PeopleRules:
    return people_rules(records.shop_settings(), records.identity_overrides())


def _carry_out(
    engine: Engine, change: Change, settings: Settings, records: Records, progress: Progress
) -> Counts:
    """May be done again from the start until the last line was reached."""
    stones, mark = tombstones(records, settings), records.erased_mark()
    begun = [each for each in records.erasures() if not each.is_done]
    ids = [each.id for each in begun]
    counted: Counts = {}
    progress("erase", 0.0)
    keys = _keys(change, records, begun, stones)
    if change.pointer.facts is not None:
        counted |= _forget_files(change, records, begun, stones)
        if any(each.step == DECIDED for each in begun):
            counted |= _forget_scores(change, keys)
            counted |= _forget_rows(change, records, keys, stones, progress)
            change.forget_older()
    if begun:
        records.advance_erasures(ids, OUT_OF_STORE)
        gone = records.erase_decisions(keys, lambda trace: stones.cover(*trace))
        counted |= {f"records.{name}": rows for name, rows in gone.items()}
        records.scrub()
        mirrors = records.folder or engine.folder
        engine.mirrored(records, mirrors)
        engine.forget_mirrors(mirrors)
        forget_without(mirrors)
    records.finish_erasures(dict.fromkeys(ids, counted))
    (change.folder / _MARK).write_text(mark, encoding="ascii")
    progress("erase", 1.0)
    return counted


def _keys(
    change: Change, records: Records, begun: Sequence[Erasure], stones: Tombstones
) -> list[int]:
    """Whose rows are to go: as it was decided, and who is there again since a backup was put
    back."""
    keys = {key for each in begun for key in each.keys}
    if change.pointer.facts is not None and any(not each.keys for each in begun):
        with change.looking() as con:
            keys |= set(keys_buried(con, stones))
        records.advance_erasures([each.id for each in begun], DECIDED, keys=sorted(keys))
    return sorted(keys)


def _forget_files(
    change: Change, records: Records, begun: Sequence[Erasure], stones: Tombstones
) -> Counts:
    """Originals of uploads with something of theirs, and rows of what imports told."""
    folder = change.folder
    with change.looking() as con:
        log = [batch for batch in read_log(con) if batch.undone_at is None]
        found = find_told(con, folder, log, stones, _rules(records))
        aside = {number for each in begun for number in each.batches}
        untold = {batch.number for batch in log if batch.token is None}
        uploads = forget_uploads(folder, {*found.values(), *aside, *untold})
        without_told(con, found)
    for path in left_parts(folder):
        path.unlink(missing_ok=True)
    return {name: n for name, n in (("told_files", len(found)), ("uploads", uploads)) if n}


def _forget_scores(change: Change, keys: Sequence[int]) -> Counts:
    """The next scores without them; none where they cannot be read: those can be made anew."""
    if change.pointer.scores is None:
        return {}
    try:
        past = change.file(change.pointer.scores)
        with change.building("scores") as build:
            return {"scores": scores_without(build.connection, past, keys)}
    except CrmError as error:
        if error.code != "store_damaged":
            raise
        change.pointer = replace(change.pointer, scores=None)
        return {}


def _forget_rows(
    change: Change, records: Records, keys: Sequence[int], stones: Tombstones, progress: Progress
) -> Counts:
    """The next facts without them."""
    with change.building("facts") as build:
        con, before, said = build.connection, old_meta(build), records.shop_settings()
        raws = raws_of_buried(con, "old.main.quarantine", stones, _rules(records))
        counted = carry_without(con, keys, raws=raws, mask=mask)
        build.refresh_tables()
        progress("marts", 0.3)
        marts_anew(build, before, said)
    progress("marts", 1.0)
    return counted
