"""Files in: recognise, stage, merge, build marts, publish. All good rows of a file or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis

from crm_core.errors import CrmError
from crm_core.pipeline.decisions import sync_consents, sync_pending
from crm_core.pipeline.facts import StoreFacts, build_marts, old_meta, starts_found
from crm_core.pipeline.rules import money_rules
from crm_core.pipeline.upgrade import ensure_version
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store import Build, Change, folder_of, writing
from crm_core.store.imports import Plan, StageResult, describe, stage
from crm_core.store.merge import Merged, merge
from crm_core.store.shops import settle_shop

Progress = Callable[[str, float], None]


class _Abandoned(Exception):
    """The build ends here on purpose: nothing new, or only a dry run."""


@dataclass(frozen=True)
class Wishes:
    """What the person importing says beyond the files; None leaves it to the files.

    `shop` is the shop or brand of orders that tell none themselves.
    """

    name: str | None = None
    kind: str = "shop"
    currency: str | None = None
    timezone: str | None = None
    starts_with_shop: bool | None = None
    shop: str | None = None
    dry_run: bool = False


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
    Raises: CrmError of the formats, ("no_orders"), ("import_nothing_good"), ("store_busy").
    """
    wishes = wishes or Wishes()
    report: dict[str, Any] = {}
    ensure_version(url, settings=settings, records=records, progress=progress)
    with writing(folder_of(url), settings) as change:
        mark = sync_pending(url)
        if not wishes.dry_run:
            mark.touch()
        try:
            with change.building("facts") as build:
                _fill(build, change, plan, wishes, records, now, progress, report)
        except _Abandoned:
            if wishes.dry_run:
                return report
        else:
            progress("publish", 1.0)
        # Cut off here, the mark stays: whoever opens the store next completes it.
        report["consents"] = sync_consents(url, settings=settings, records=records)
        mark.unlink(missing_ok=True)
    return report


def _fill(
    build: Build,
    change: Change,
    plan: Plan,
    wishes: Wishes,
    records: Records,
    now: datetime,
    progress: Progress,
    report: dict[str, Any],
) -> None:
    before: Mapping[str, str] = old_meta(build) if change.pointer.facts else {}
    result = stage(
        build.connection,
        plan,
        currency=before.get("currency") or wishes.currency,
        timezone=before.get("timezone") or wishes.timezone,
        now=now,
        progress=progress,
    )
    report.update(describe(result))
    if not result.good:
        raise CrmError("import_nothing_good", **_first_issue(result))
    progress("merge", 0.0)
    said = records.shop_settings()
    facts = _facts(before, wishes, result, said.starts_with_shop)
    _settle_currency(build, facts.currency)
    settle_shop(build.connection, set(result.good), wishes.shop)
    batch = _next_batch(build, change)
    merged = merge(
        build.connection, set(result.good) - {"quarantine"}, batch=batch, timezone=facts.timezone
    )
    loaded = sum(merged.loaded.values()) + merged.replaced
    _report_rows(report, merged, result, batch)
    if wishes.dry_run or (loaded == 0 and change.pointer.facts):
        report["batch"] = None
        raise _Abandoned
    _write_batch(build, change, plan, report, batch, now)
    build.refresh_tables()
    progress("marts", 0.3)
    build_marts(build, facts, money_rules(said, build))
    progress("marts", 1.0)


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


def _next_batch(build: Build, change: Change) -> int:
    if not change.pointer.facts:
        return 1
    row = build.connection.execute("SELECT max(batch_id) FROM old.main.import_batches").fetchone()
    return int(row[0]) + 1 if row and row[0] else 1


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
    report["lookalike_emails"] = merged.lookalike_emails


def _write_batch(
    build: Build, change: Change, plan: Plan, report: dict[str, Any], batch: int, now: datetime
) -> None:
    """Appends this import to the log of imports, and its bad rows to quarantine."""
    con = build.connection
    has_old = change.pointer.facts is not None
    past = "SELECT * FROM old.main.import_batches UNION ALL BY NAME " if has_old else ""
    con.execute(
        f"CREATE TABLE facts.main.import_batches AS {past}SELECT ?::BIGINT AS batch_id, "
        "?::TIMESTAMP AS imported_at, ?::VARCHAR AS files, ?::VARCHAR AS format, "
        "?::VARCHAR AS report",
        [
            batch,
            now.replace(tzinfo=None),
            ", ".join(Path(file.name).name for file in plan.files[:5])[:200],
            plan.format,
            json.dumps(report, default=str, ensure_ascii=False),
        ],
    )
    past = "SELECT * FROM old.main.quarantine UNION ALL BY NAME " if has_old else ""
    fresh = (
        "staging.quarantine"
        if _has_staged(build, "quarantine")
        else (
            "(SELECT NULL::VARCHAR AS source_file, NULL::BIGINT AS source_row, NULL::VARCHAR AS "
            "table_name, NULL::VARCHAR AS column_name, NULL::VARCHAR AS reason, NULL::VARCHAR AS raw "
            "WHERE false)"
        )
    )
    con.execute(
        f"CREATE TABLE facts.main.quarantine AS {past}SELECT *, {batch}::BIGINT AS batch_id "
        f"FROM {fresh}"
    )


def _has_staged(build: Build, table: str) -> bool:
    row = build.connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'staging' AND table_name = ?",
        [table],
    ).fetchone()
    return bool(row and row[0])


def batches(build_or_store: Any) -> Sequence[dict[str, Any]]:
    """The imports so far, newest first: batch_id, imported_at, files, format and the report."""
    table = build_or_store.table("import_batches")
    frame = build_or_store.fetch(table.order_by(ibis.desc("batch_id")).limit(200))
    return [{**row, "report": json.loads(row["report"])} for row in frame.to_dict(orient="records")]
