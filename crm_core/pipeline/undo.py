"""Taking an import back: the store is made anew from what every other import told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError
from crm_core.pipeline.decisions import mark_pending, sync_consents
from crm_core.pipeline.erasing import check_forgotten
from crm_core.pipeline.facts import StoreFacts, build_marts, leave_empty, old_meta
from crm_core.pipeline.held import tidy_held
from crm_core.pipeline.rules import account_rules, money_rules, people_rules
from crm_core.pipeline.shared_views import shared_views
from crm_core.pipeline.upgrade import ensure_version
from crm_core.records import IdentityOverride, Records
from crm_core.settings import Settings
from crm_core.store import Build, Change, engine_of
from crm_core.store.batches import Batch, read_log, unite_told, was_kept, write_log
from crm_core.store.changes import what_changed
from crm_core.store.expired import drop_expired
from crm_core.store.rebuild import rebuild

Progress = Callable[[str, float], None]


def undo_batch(
    url: str,
    batch: int,
    *,
    settings: Settings,
    records: Records,
    now: datetime,
    progress: Progress = lambda step, share: None,
) -> dict[str, Any]:
    """Publishes the store as it is without one import; what that changed.

    Rows that other imports told too stay, with what those told of them. Customers whom only this
    import joined come apart; keys stay what they were. Consents that no file tells any more leave
    the records, what people decided stays. Without an order that counts the store says that it
    is empty.
    Raises: CrmError("undo_unknown", batch, last), ("undo_twice", batch, at), ("undo_not_kept",
    batch) where what an import told is not there, ("store_busy"), ("store_empty").
    """
    return _rebuilt(url, batch, settings, records, now, progress)


def rebuild_store(
    url: str,
    *,
    settings: Settings,
    records: Records,
    now: datetime,
    progress: Progress = lambda step, share: None,
) -> dict[str, Any]:
    """Publishes the store made anew from all its imports, who is who decided anew; what that
    changed.

    Raises: CrmError("undo_not_kept", batch), ("store_busy"), ("store_empty"), ("no_orders").
    """
    return _rebuilt(url, None, settings, records, now, progress)


def _rebuilt(
    url: str,
    undone: int | None,
    settings: Settings,
    records: Records,
    now: datetime,
    progress: Progress,
) -> dict[str, Any]:
    ensure_version(url, settings=settings, records=records, progress=progress)
    report: dict[str, Any] = {"batch": undone}
    decided = records.identity_overrides()
    engine = engine_of(url, settings)
    with engine.writing(views=shared_views, progress=progress) as change:
        if change.pointer.facts is None:
            raise CrmError("store_empty")
        check_forgotten(change.folder, records)
        with change.building("facts") as build:
            log = read_log(build.connection)
            kept = _kept(log, undone, change.folder)
            mark_pending(engine, rebuilt=True)
            _read_again(log, undone, records, report)
            _fill(build, change, kept, log, records, decided, progress)
            write_log(build.connection, undone=None if undone is None else (undone, now))
            report["changed"] = what_changed(build.connection)
        progress("publish", 1.0)
        report["consents"] = sync_consents(engine, records)
        records.keep_rebuilt(decided, user="", now=now)
        tidy_held(change.folder, kept, records=records, now=now)
    return report


def _kept(log: Sequence[Batch], undone: int | None, folder: Path) -> list[Batch]:
    """The imports that stay. Raises: CrmError where one cannot be undone, or another not kept."""
    found = next((batch for batch in log if batch.number == undone), None)
    if undone is not None and found is None:
        raise CrmError("undo_unknown", batch=undone, last=max((b.number for b in log), default=0))
    if found is not None and found.undone_at is not None:
        raise CrmError("undo_twice", batch=undone, at=f"{found.undone_at:%Y-%m-%d %H:%M}")
    kept = [batch for batch in log if batch.undone_at is None and batch.number != undone]
    lost = next((batch for batch in kept if not was_kept(folder, batch)), None)
    if lost is not None:
        raise CrmError("undo_not_kept", batch=lost.number)
    return kept


def _read_again(
    log: Sequence[Batch], undone: int | None, records: Records, report: dict[str, Any]
) -> None:
    """A shop's own database is read from the beginning next time: what is taken back now is still
    there."""
    found = next((batch for batch in log if batch.number == undone), None)
    source = found.report.get("source") if found is not None else None
    if source:
        records.forget_source_marks(str(source))
        report["source"] = source


def _fill(
    build: Build,
    change: Change,
    kept: Sequence[Batch],
    log: Sequence[Batch],
    records: Records,
    decided: Sequence[IdentityOverride],
    progress: Progress,
) -> None:
    before: Mapping[str, str] = old_meta(build)
    progress("merge", 0.0)
    told = unite_told(build.connection, change.folder, kept)
    timezone = before.get("timezone", "UTC")
    # Copies of what imports told may lie on another machine than the one that let go of rows.
    drop_expired(build.connection, told, records.retention_cuts(), timezone)
    last = max(batch.number for batch in log)
    said = records.shop_settings()
    rebuild(
        build.connection,
        told,
        batch=last,
        timezone=timezone,
        rules=people_rules(said, decided),
    )
    build.refresh_tables()
    progress("marts", 0.5)
    try:
        if "currency" not in before:
            raise CrmError("no_orders")
        build_marts(
            build,
            StoreFacts.of(before, said.starts_with_shop),
            money_rules(said, build),
            account_rules(said),
        )
    except CrmError as error:
        if error.code != "no_orders":
            raise
        leave_empty(build, before, forget=not kept)
        # What was worked out from orders that are gone must not be shown beside no orders.
        change.pointer = replace(change.pointer, scores=None)
    progress("marts", 1.0)
