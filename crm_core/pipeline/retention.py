"""Letting go of what is older than a shop keeps it: counted first, then in one go that may end at any
moment.

It is decided in one line of the records; from then on whoever opens the store completes it, and
nothing of before that day comes in any more: not by the same file, an undo or a backup.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.errors import CrmError
from crm_core.pipeline.facts import (
    old_meta,
)
from crm_core.pipeline.marts_anew import marts_anew
from crm_core.pipeline.shared_views import shared_views
from crm_core.privacy import audit
from crm_core.privacy.policy import Access, mask, require
from crm_core.records import AuditEntry, LettingGo, Records
from crm_core.schema import TABLES
from crm_core.store import Change, Engine, Store
from crm_core.store.batches import read_log
from crm_core.store.erased import carry_without
from crm_core.store.expired import emptied, find_expired, without_expired
from crm_core.store.told_without import left_parts
from crm_core.store.uploads import forget_uploads

Progress = Callable[[str, float], None]
Counts = dict[str, int]
LOG = "audit"


@dataclass(frozen=True)
class Due:
    """What of one kind is to go: for how many months it is kept, the first day that stays, and how
    many rows are older."""

    kind: str
    months: int
    before: date
    rows: int


def cut_of(today: date, months: int) -> date:
    """The first day that stays when so many months are kept.

    >>> cut_of(date(2026, 3, 31), 1), cut_of(date(2026, 6, 30), 24)
    (datetime.date(2026, 2, 28), datetime.date(2024, 6, 30))
    """
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(today.day, last))


def due(store: Store, records: Records, access: Access, *, today: date) -> list[Due]:
    """What would go today, by kind that has months; changes nothing.

    Raises: CrmError("privacy_denied", action="erase").
    """
    require(access, "erase")
    months = records.retention_months()
    return [
        Due(kind, number, cut, _older(store, records, kind, cut))
        for kind, number in months.items()
        for cut in [cut_of(today, number)]
    ]


def _older(store: Store, records: Records, kind: str, cut: date) -> int:
    if kind == LOG:
        return records.audit_before(_moment(cut))
    if not store.has(kind):
        return 0
    rows = store.table(kind)
    if kind == "quarantine":
        log = store.table("import_batches")
        old = log.filter(log.imported_at < ibis.literal(_moment(cut).replace(tzinfo=None)))
        rows = rows.semi_join(old, "batch_id")
    else:
        rows = rows.filter(_still(rows, kind, cut))
    return int(store.fetch(rows.agg(rows=rows.count()))["rows"].iloc[0])


def _still(rows: ir.Table, kind: str, cut: date) -> ir.BooleanValue:
    """Rows of days before the cut that hold something to let go of."""
    old = rows.day < ibis.literal(cut)
    if TABLES[kind].stays_nameless:
        old &= ibis.or_(*[rows[name].notnull() for name in emptied(TABLES[kind], rows.columns)])
    return old


def let_go(
    engine: Engine,
    *,
    records: Records,
    access: Access,
    now: datetime,
    progress: Progress = lambda step, share: None,
) -> dict[str, Any]:
    """Lets go of all that is older than the shop's settings say; how many rows of each table.

    Raises: CrmError("privacy_denied", action="erase"), ("retention_not_set"), ("store_busy"),
    ("store_read_only"), ("store_still_read"): then all is decided, and completed when the store is
    opened next.
    """
    require(access, "erase")
    months = records.retention_months()
    if not months:
        raise CrmError("retention_not_set")
    with engine.writing(views=shared_views, progress=progress) as change:
        cuts = {kind: cut_of(now.date(), number) for kind, number in months.items()}
        told = {kind: day.isoformat() for kind, day in cuts.items()}
        audit.append(records, access, "let_go", {}, now=now, as_is={"before": told})
        records.begin_letting_go(cuts, user=access.user, role=access.role, now=now)
        rows = _carry_out(engine, change, records, progress)
    return {"before": told, "rows": rows}


def finish_letting_go(engine: Engine, records: Records) -> bool:
    """Completes what a run that was cut off had left to do; whether there was anything."""
    if all(each.is_done for each in records.let_go()):
        return False
    try:
        with engine.writing(views=shared_views) as change:
            _carry_out(engine, change, records, lambda step, share: None)
    except CrmError as error:
        if error.code not in ("store_busy", "store_read_only", "store_read_only_engine"):
            raise
        return False
    return True


def _carry_out(engine: Engine, change: Change, records: Records, progress: Progress) -> Counts:
    """May be done again from the start until the last line was reached."""
    begun = [each for each in records.let_go() if not each.is_done]
    cuts = records.retention_cuts()
    counted: Counts = {}
    progress("let_go", 0.0)
    if change.pointer.facts is not None:
        counted |= _let_go_of_files(change, cuts)
        counted |= _let_go_of_rows(change, records, cuts, progress)
        change.forget_older()
    if LOG in cuts and begun:
        counted[LOG] = _shorten(records, begun[0], cuts[LOG])
    records.finish_letting_go([each.id for each in begun], counted)
    progress("let_go", 1.0)
    return {name: rows for name, rows in counted.items() if rows}


def _shorten(records: Records, asked: LettingGo, cut: date) -> int:
    about = {"before": cut.isoformat()}
    entry = AuditEntry(asked.at, asked.user, asked.role, audit.SHORTENED, about)
    gone = records.shorten_audit(entry, _moment(cut))
    records.scrub()
    return gone


def _let_go_of_files(change: Change, cuts: Mapping[str, date]) -> Counts:
    """Rows of what imports told, and originals of uploads that told some of them."""
    with change.looking() as con:
        zone = dict(con.execute("SELECT key, value FROM old.main.meta").fetchall())
        log = [batch for batch in read_log(con) if batch.undone_at is None]
        timezone = zone.get("timezone", "UTC")
        found = find_expired(con, change.folder, log, cuts, timezone)
        uploads = forget_uploads(change.folder, set(found.values()))
        without_expired(con, found, cuts, timezone)
    for path in left_parts(change.folder):
        path.unlink(missing_ok=True)
    return {"told_files": len(found), "uploads": uploads}


def _let_go_of_rows(
    change: Change, records: Records, cuts: Mapping[str, date], progress: Progress
) -> Counts:
    """The next facts without them."""
    with change.building("facts") as build:
        before, said = old_meta(build), records.shop_settings()
        nobody: Sequence[int] = ()
        counted = carry_without(build.connection, nobody, raws=(), mask=mask, cuts=cuts)
        build.refresh_tables()
        progress("marts", 0.3)
        marts_anew(build, before, said)
    progress("marts", 1.0)
    return counted


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
