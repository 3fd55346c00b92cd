"""Files in: recognise, stage, merge, build marts, publish. All good rows of a file or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.pipeline.decisions import mark_pending, sync_consents
from crm_core.pipeline.facts import StoreFacts, build_marts, old_meta, starts_found
from crm_core.pipeline.held import tidy_held
from crm_core.pipeline.identity import identity_report
from crm_core.pipeline.rules import account_rules, money_rules, people_rules
from crm_core.pipeline.shared_views import shared_views
from crm_core.pipeline.upgrade import ensure_version
from crm_core.privacy.erasure_key import tombstones
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store import Build, Change, Store, engine_of
from crm_core.store.batches import Batch, keep_told, read_log, token_of, write_log
from crm_core.store.changes import what_changed
from crm_core.store.columns import columns_at
from crm_core.store.expired import drop_expired
from crm_core.store.imports import Plan, StageResult, describe, stage
from crm_core.store.imports.describe import finding_codes
from crm_core.store.imports.quality import SEVERITIES, stops
from crm_core.store.kept_out import keep_out
from crm_core.store.merge import Merged, merge
from crm_core.store.quarantine import Place, mark_healed
from crm_core.store.shops import settle_shop
from crm_core.store.uploads import keep_uploads

Progress = Callable[[str, float], None]


class _Abandoned(Exception):
    """The build ends here on purpose: nothing new, or only a dry run."""


@dataclass(frozen=True)
class Wishes:
    """What the person importing says beyond the files; None leaves it to the files.

    `stop_on`: codes of findings, or severities, on which nothing is to be changed. `healed`: the
    rows set aside earlier that these files bring mended.
    `keep_originals` keeps the files themselves for as long as the shop's setting says. `source`
    names the shop's own database that the rows come from.
    `shop` is the shop or brand of orders that tell none themselves; `user` is who says all this.
    """

    name: str | None = None
    kind: str = "shop"
    currency: str | None = None
    timezone: str | None = None
    starts_with_shop: bool | None = None
    shop: str | None = None
    dry_run: bool = False
    stop_on: tuple[str, ...] = ()
    healed: tuple[Place, ...] = ()
    keep_originals: bool = False
    source: str | None = None
    user: str = ""


def run_import(
    plan: Plan,
    *,
    url: str,
    settings: Settings,
    records: Records,
    now: datetime,
    wishes: Wishes | None = None,
    progress: Progress = lambda step, share: None,
) -> dict[str, Any]:
    """Imports a plan's files as one batch and publishes once; the report of `import --json`.

    Importing the same rows again changes nothing. Readers go on with the snapshot they have.
    Raises: CrmError of the formats, ("no_orders"), ("import_nothing_good"), ("store_busy"),
    ("import_stopped") with the bill when it holds what to stop on, ("import_unknown_finding").
    """
    wishes = wishes or Wishes()
    _check_codes(wishes.stop_on)
    report: dict[str, Any] = {}
    ensure_version(url, settings=settings, records=records, progress=progress)
    engine = engine_of(url, settings)
    with engine.writing(views=shared_views, progress=progress) as change:
        if not wishes.dry_run:
            mark_pending(engine)
        log: list[Batch] | None = None
        try:
            coming = sum(file.path.stat().st_size for file in plan.files)
            with change.building("facts", coming) as build:
                log = read_log(build.connection)
                after = _fill(build, change, log, plan, wishes, records, now, progress, report)
            log = after
        except _Abandoned:
            if wishes.dry_run:
                return report
        else:
            progress("publish", 1.0)
        finally:
            if log is not None:
                tidy_held(change.folder, log, records=records, now=now)
        if "consents" in report["tables"]:
            records.keep_consents_told(files=names_of(plan), now=now)
        # Cut off here, the mark stays: whoever opens the store next completes it.
        report["consents"] = sync_consents(engine, records)
    return report


def _fill(
    build: Build,
    change: Change,
    log: Sequence[Batch],
    plan: Plan,
    wishes: Wishes,
    records: Records,
    now: datetime,
    progress: Progress,
    report: dict[str, Any],
) -> list[Batch]:
    """Fills the facts with what was there and what the files add; the log of imports then."""
    before: Mapping[str, str] = old_meta(build) if change.pointer.facts else {}
    result = stage(
        build.connection,
        plan,
        currency=before.get("currency") or wishes.currency,
        timezone=before.get("timezone") or wishes.timezone,
        now=now,
        progress=progress,
    )
    if wishes.healed and _has_staged(build, "orders"):
        # A few rows of an order never stand for all of it.
        build.connection.execute("UPDATE staging.orders SET whole = NULL")
    report.update(describe(result))
    if wishes.source:
        report["source"] = wishes.source
    _stop(result, wishes, report)
    if not result.good:
        raise CrmError("import_nothing_good", **_first_issue(result))
    progress("merge", 0.0)
    said = records.shop_settings()
    rules = people_rules(said, records.identity_overrides())
    facts = _facts(before, wishes, result, said.starts_with_shop)
    _settle_currency(build, facts.currency)
    settle_shop(build.connection, set(result.good), wishes.shop)
    number = max((batch.number for batch in log), default=0) + 1
    batch = _batch(plan, report, number, now)
    tables = set(result.good) - {"quarantine"}
    erased = tombstones(records, change.settings)
    report["erased"] = keep_out(build.connection, tables, erased, rules)
    cuts = records.retention_cuts()
    report["too_old"] = drop_expired(build.connection, tables, cuts, facts.timezone)
    if facts.kind == "demo":  # what can be made anew need not be taken back
        batch = replace(batch, token=None)
    elif not wishes.dry_run:
        # Before the merge, which passes over what is known: another import may have told it, too.
        keep_told(build.connection, change.folder, batch, tables)
    merged = merge(
        build.connection,
        tables,
        batch=number,
        timezone=facts.timezone,
        now=now,
        rules=rules,
    )
    loaded = sum(merged.loaded.values()) + merged.replaced
    _report_rows(report, merged, result, number)
    if wishes.dry_run or (loaded == 0 and change.pointer.facts and not wishes.healed):
        report["batch"] = None
        raise _Abandoned
    build.refresh_tables()
    progress("marts", 0.3)
    build_marts(build, facts, money_rules(said, build), account_rules(said))
    report["changed"] = what_changed(build.connection)
    if wishes.keep_originals and said.raw_uploads_days:
        keep_uploads(change.folder, number, [file.path for file in plan.files])
    batch = replace(batch, report=report)
    write_log(build.connection, added=batch)
    mark_healed(build.connection, wishes.healed, number)
    progress("marts", 1.0)
    return [*log, batch]


def _check_codes(codes: Sequence[str]) -> None:
    known = (*SEVERITIES, *finding_codes())
    for code in codes:
        if code not in known:
            raise CrmError("import_unknown_finding", name=code, match=close_match(code, known))


def _stop(result: StageResult, wishes: Wishes, report: Mapping[str, Any]) -> None:
    """Ends an import whose bill holds what it was to stop on, the bill among the facts."""
    found = dict.fromkeys(each.code for each in stops(result.bill.findings, wishes.stop_on))
    if found:
        raise CrmError("import_stopped", codes=", ".join(found), quality=report["quality"])


def _first_issue(result: StageResult) -> dict[str, object]:
    issue = min(result.examples, key=lambda found: found.row or 0, default=None)
    return {
        "file": issue.file if issue else result.files[0].name,
        "row": issue.row if issue else 0,
        "column": issue.column if issue else "",
        "reason": issue.code if issue else "",
        "count": result.quarantined,
    }


def _facts(
    before: Mapping[str, str], wishes: Wishes, result: StageResult, starts_said: bool | None
) -> StoreFacts:
    """Once said, a store's facts stay; only what was never said is taken from the files."""
    told = (wishes.starts_with_shop, starts_found(before), result.starts_with_shop)
    found = next((each for each in told if each is not None), False)
    return StoreFacts(
        name=wishes.name or before.get("name") or "",
        kind=before.get("kind") or wishes.kind,
        currency=before.get("currency") or result.currency or "USD",
        timezone=before.get("timezone") or result.timezone,
        starts_found=found,
        starts_said=starts_said,
    )


def _settle_currency(build: Build, currency: str) -> None:
    """Orders of a file that tells no currency are in the store's: also of the first file, or
    the same file would look changed once the store has one."""
    if _has_staged(build, "orders"):
        build.connection.execute(
            "UPDATE staging.orders SET currency = ? WHERE currency IS NULL", [currency]
        )


def _report_rows(report: dict[str, Any], merged: Merged, result: StageResult, batch: int) -> None:
    """Rows of the file's main table: its lines, or else whatever it has most of."""
    main = (
        "order_lines"
        if "order_lines" in result.good
        else max(result.good, key=lambda name: result.good[name])
    )
    report["batch"] = batch
    report["rows"]["loaded"] = merged.loaded.get(main, 0)
    report["rows"]["duplicate"] += merged.duplicate.get(main, 0)
    report["loaded"] = merged.loaded
    report["replaced"] = merged.replaced
    report["lookalike_emails"] = merged.identity["lookalike"].count
    report["identity"] = identity_report(merged.identity)


def names_of(plan: Plan) -> str:
    """What people called the files."""
    return ", ".join(Path(file.name).name for file in plan.files[:5])[:200]


def _batch(plan: Plan, report: dict[str, Any], number: int, now: datetime) -> Batch:
    return Batch(
        number,
        now.replace(tzinfo=None),
        names_of(plan),
        plan.format,
        report,
        token_of(number, now, report),
    )


def _has_staged(build: Build, table: str) -> bool:
    return bool(columns_at(build.connection, f"staging.{table}"))


def batches(store: Store) -> Sequence[dict[str, Any]]:
    """The imports so far, newest first: batch_id, imported_at, files, format, the report, and
    when one was undone (`undone_at`)."""
    table = store.table("import_batches")
    frame = store.fetch(table.order_by(ibis.desc("batch_id")).limit(200))
    rows = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
    return [
        {
            "undone_at": None,
            **{str(name): value for name, value in row.items()},
            "report": json.loads(str(row["report"])),
        }
        for row in rows
    ]


def last_import(store: Store) -> datetime | None:
    """When rows last came in (UTC) and stayed."""
    log = store.table("import_batches")
    if "undone_at" in log.columns:
        log = log.filter(log.undone_at.isnull())
    found = store.fetch(log.agg(at=log.imported_at.max()))["at"].iloc[0]
    return None if pd.isna(found) else found.to_pydatetime().replace(tzinfo=UTC)
