"""What became of every row read: kept, a repeat, set aside, or a title; nothing else may happen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from crm_core.store.imports.contract import FileRead, Job, Plan
from crm_core.store.imports.staging import quote

Lines = dict[int, int]


@dataclass(frozen=True)
class Rows:
    """read = good + duplicate + quarantined + skipped + lost; lost is always to be zero."""

    read: int
    good: int
    duplicate: int
    quarantined: int
    skipped: int
    lost: int


def line_rows(con: duckdb.DuckDBPyConnection, files: Iterable[int] | None = None) -> Lines:
    """How many rows are order lines or returns by now, of the files given or that have lines."""
    chosen = (
        "source_file in (select distinct source_file from staging.order_lines)"
        if files is None
        else f"source_file in ({', '.join(map(str, files)) or 'null'})"
    )
    found = con.execute(
        f"""
        select source_file, count(distinct source_row) from (
            select source_file, source_row from staging.order_lines
            union all select source_file, source_row from staging.refunds)
        where source_row > 0 and {chosen} group by 1
        """
    ).fetchall()
    return dict(found)


def account(job: Job, plan: Plan, before: Lines, after: Lines, other_repeats: int) -> Rows:
    """The rows of a job's logs, by what became of them.

    `before` and `after` repeats were dropped. In a file of lines each row must be a line, a
    return or set aside; a file of anything else (people, heads, products) may tell one thing in
    several rows, and `other_repeats` are those among them that say nothing new.
    """
    log = {place: file for place, file in _reads(job, plan).items() if not file.lookup}
    # Rows that broke when the file was opened were rows of it, too.
    told = {place: file.rows + len(plan.files[place].lost) for place, file in log.items()}
    aside = _aside(job, {place: file.name for place, file in log.items()})
    lost = sum(
        told[place] - log[place].skipped - lines - aside.get(place, 0)
        for place, lines in before.items()
        if place in log
    )
    duplicate = sum(before.values()) - sum(after.values()) + other_repeats
    read, skipped = sum(told.values()), sum(file.skipped for file in log.values())
    set_aside = sum(aside.values())
    return Rows(
        read, read - duplicate - set_aside - skipped - lost, duplicate, set_aside, skipped, lost
    )


def _reads(job: Job, plan: Plan) -> dict[int, FileRead]:
    """What was read, by the file's place in the plan: a format takes files in its own order."""
    left = list(job.files)
    found: dict[int, FileRead] = {}
    for place, file in enumerate(plan.files):
        read = next((each for each in left if each.name == file.name), None)
        if read is not None:
            left.remove(read)
            found[place] = read
    return found


def _aside(job: Job, names: dict[int, str]) -> Lines:
    """Rows in quarantine by file, each once, and none that is a line all the same."""
    if not names:
        return {}
    listed = ", ".join(f"({place}, {quote(name)})" for place, name in names.items())
    found = job.con.execute(
        f"""
        with aside as (
            select distinct place as source_file, q.source_row
            from staging.quarantine q join (values {listed}) f(place, name)
              on q.source_file = f.name)
        select source_file, count(*) from aside
        anti join staging.order_lines using (source_file, source_row)
        anti join staging.refunds using (source_file, source_row) group by 1
        """
    ).fetchall()
    return dict(found)
