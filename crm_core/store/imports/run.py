"""Runs a plan: fills the staging tables and says what came of it."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import duckdb

from crm_core.errors import CrmError
from crm_core.store.imports import staging
from crm_core.store.imports.codes import settle_kinds
from crm_core.store.imports.contract import Facts, Job, Notice, Part, Plan, Progress, StageResult
from crm_core.store.imports.feeds import judge, of_files
from crm_core.store.imports.formats import FORMATS
from crm_core.store.imports.order_settle import open_orders, settle_orders
from crm_core.store.imports.quality import (
    Repeats,
    Rows,
    account,
    find_repeats,
    line_rows,
    make_bill,
)

_FILES = 20  # whose pages are told one by one


def stage(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    *,
    currency: str | None,
    timezone: str | None,
    now: datetime,
    progress: Progress,
) -> StageResult:
    """Fill schema `staging` of the writer's connection from a plan's files.

    Good rows go to `staging.<table>` (the schema's columns, `source_row`, `source_file`), the
    others to `staging.quarantine`; tables without rows are not there. `currency` and `timezone`
    None mean what the format or the files say (else unknown, and UTC). Times are stored in UTC.
    Raises: CrmError for a whole file that cannot be read; what was staged until then is void.
    """
    staging.create_staging(con)
    open_orders(con)
    zone = timezone or _timezone(plan)
    _check_zone(con, zone)
    money = _currency(plan, currency)
    with tempfile.TemporaryDirectory(prefix="clientele-import-") as folder:
        job = Job(con, Path(folder), now, money, zone, progress, plan.said)
        job.notices.extend(plan.notices)
        for place, part in enumerate(plan.parts):
            progress("read", place / len(plan.parts))
            _opening(job, part)
            FORMATS[part.format].stage(job, part)
            job.first_file += len(part.files)
    progress("check", 0.9)
    repeating = len(plan.parts) > 1 or any(FORMATS[p.format].has_repeats for p in plan.parts)
    twice, lines = find_repeats(con, zone), line_rows(con)
    repeats = staging.drop_repeats(con) if repeating else 0
    kept = line_rows(con, lines) if repeats else lines
    rows = account(job, plan, lines, kept, (0 if lines else repeats) + settle_orders(job))
    settle_kinds(con)
    return _result(job, plan, rows, twice)


def _opening(job: Job, part: Part) -> None:
    """What was found out when a part's files were opened: notices, and rows lost on the way."""
    for file in part.files:
        job.notices.extend(file.notices)
        if file.lost:
            job.con.executemany(
                "insert into staging.quarantine (source_file, source_row, table_name, reason, "
                "raw) values (?, ?, 'order_lines', ?, ?)",
                [(file.name, lost.row, lost.code, lost.raw) for lost in file.lost],
            )
    for text in part.texts:
        job.notices.extend(text.notices)


def _result(job: Job, plan: Plan, rows: Rows, twice: Repeats) -> StageResult:
    con = job.con
    reasons = staging.reasons(con)
    bill = make_bill(job, plan, rows=rows, found_before=twice)
    unkeyed = staging.unkeyed_orders(con)
    if unkeyed:
        job.notice("import_no_customer", count=unkeyed)
    whole = judge(of_files(con))
    # A file alone feeds what the whole feeds.
    several = plan.files[:_FILES] if len(plan.files) > 1 else ()
    fed = {file.name: judge(of_files(con, place)) for place, file in enumerate(several)}
    fed = fed if len(fed) > 1 else {}
    staging.drop_empty(con)
    job.progress("check", 1.0)
    return StageResult(
        format=plan.format,
        files=tuple(job.files),
        rows_read=rows.read,
        good=staging.staged(con),
        quarantined=sum(reasons.values()),
        duplicates=rows.duplicate,
        reasons=reasons,
        examples=staging.examples(con),
        notices=_distinct(job.notices),
        currency=job.currency,
        timezone=job.timezone,
        starts_with_shop=_starts_with_shop(plan),
        totals=dict(bill.totals),
        feeds=dict(whole.pages),
        feed_reasons={page: codes[0] for page, codes in whole.reasons.items()},
        feed_details={page: list(codes) for page, codes in whole.reasons.items()},
        file_feeds={file: dict(each.pages) for file, each in fed.items()},
        feeds_with_orders=whole.with_orders,
        file_feeds_with_orders={file: each.with_orders for file, each in fed.items()},
        bill=bill,
    )


def _distinct(notices: list[Notice]) -> tuple[Notice, ...]:
    return tuple({str(notice): notice for notice in notices}.values())


def _facts(plan: Plan) -> list[Facts]:
    return [FORMATS[part.format].facts(part) for part in plan.parts]


def _timezone(plan: Plan) -> str:
    return next((facts.timezone for facts in _facts(plan) if facts.timezone), "UTC")


def _currency(plan: Plan, store: str | None) -> str | None:
    said = {facts.currency for facts in _facts(plan) if facts.currency} | ({store} - {None})
    if len(said) > 1:
        file = plan.files[0].name
        other = ", ".join(sorted(each for each in said if each and each != store))
        raise CrmError("import_currency_other", file=file, currency=other, store=store or "")
    return next(iter(said), None)


def _starts_with_shop(plan: Plan) -> bool | None:
    said = [facts.starts_with_shop for facts in _facts(plan)]
    return None if None in said else all(said)


def _check_zone(con: duckdb.DuckDBPyConnection, zone: str) -> None:
    found = con.execute(
        "select count(*) from pg_timezone_names() where name = ?", [zone]
    ).fetchone()
    if not found or not found[0]:
        raise CrmError("import_unknown_timezone", timezone=zone)
