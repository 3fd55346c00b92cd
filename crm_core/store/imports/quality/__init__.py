"""The bill of an import, before anything is merged: every row accounted for, totals, what is odd.

Made of the staged rows, and of the store's own where there is one. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crm_core.store.imports.contract import Job, Notice, Plan
from crm_core.store.imports.quality import buyers, days, kinds, prices, repeats, stored
from crm_core.store.imports.quality.finding import (
    EXAMPLES,
    SEVERITIES,
    Finding,
    Look,
    Place,
    look_at,
    money,
    share,
)
from crm_core.store.imports.quality.repeats import Repeats, find_repeats
from crm_core.store.imports.quality.rows import Rows, account, line_rows
from crm_core.store.imports.quality.totals import by_month, lines_add_up, prepare, totals

__all__ = [
    "SEVERITIES",
    "Bill",
    "Finding",
    "Place",
    "Repeats",
    "Rows",
    "account",
    "find_repeats",
    "line_rows",
    "make_bill",
    "stops",
]

_MUCH_ASIDE = 0.05
_NOTICES_TO_LOOK_AT = {
    "import_encoding_guessed",
    "import_no_currency",
    "import_order_amount_spread",
    "import_order_of_several_customers",
    "import_suspect_ids",
}


@dataclass(frozen=True)
class Bill:
    """Rows by what became of them, control totals of those kept, and what was found.

    `rows`: read = good + duplicate + quarantined + skipped (titles, totals, repeated headers).
    `months` add up to `totals`. `set_aside_money` is what the rows set aside say, where their
    amount could be read. `adds_up`: every row and every amount is accounted for.
    """

    rows: Mapping[str, int]
    totals: Mapping[str, float]
    months: Sequence[Mapping[str, Any]]
    set_aside_money: float
    adds_up: bool
    findings: tuple[Finding, ...]


def make_bill(job: Job, plan: Plan, *, rows: Rows, found_before: Repeats) -> Bill:
    """The bill of what a job has staged, repeats dropped and kinds settled.

    `found_before`: what `find_repeats` saw before repeats were dropped.
    """
    prepare(job.con, job.timezone)
    look = look_at(job, plan)
    found = [
        *_lost(rows.lost),
        *_set_aside(look, rows.read),
        *repeats.findings(look, found_before, rows.duplicate),
        *stored.findings(look),
        *prices.findings(look),
        *buyers.findings(look),
        *days.findings(look),
        *kinds.findings(look),
        *_noticed(job.notices),
    ]
    aside = look.row("select sum(amount) from staging.quarantine")[0]
    made = Bill(
        rows={name: count for name, count in asdict(rows).items() if name != "lost"},
        totals=totals(job.con),
        months=by_month(job.con, job.timezone),
        set_aside_money=money(aside),
        adds_up=rows.lost == 0 and lines_add_up(job.con),
        findings=tuple(sorted(found, key=_gravity)),
    )
    job.con.execute("drop table bill_lines; drop table bill_orders; drop table bill_refunds")
    return made


def stops(findings: Sequence[Finding], wanted: Sequence[str]) -> tuple[Finding, ...]:
    """The findings that an import is to stop on: by code, or of a severity and what is graver.

    >>> stops([Finding("zero_prices", "info", 3), Finding("other_unit", "stop", 9)], ["warn"])
    (Finding(code='other_unit', severity='stop', count=9, money=None, share=None, facts={}, examples=()),)
    """
    graver = {
        severity
        for name in wanted
        if name in SEVERITIES
        for severity in SEVERITIES[: SEVERITIES.index(name) + 1]
    }
    return tuple(each for each in findings if each.severity in graver or each.code in wanted)


def _gravity(finding: Finding) -> tuple[int, float, int]:
    return (SEVERITIES.index(finding.severity), -abs(finding.money or 0), -finding.count)


def _lost(lost: int) -> Iterator[Finding]:
    if lost:
        yield Finding("rows_unaccounted", "stop", lost)


def _set_aside(look: Look, read: int) -> Iterator[Finding]:
    """Each reason for which rows were set aside, with the first of them."""
    found = look.rows(
        "select reason, count(*), sum(amount) from staging.quarantine group by 1 order by 2 desc, 1"
    )
    for code, count, amount in found:
        where = look.con.execute(
            "select source_file, source_row, coalesce(column_name, '') from staging.quarantine "
            f"where reason = ? order by all limit {EXAMPLES}",
            [code],
        ).fetchall()
        part = share(count, read)
        yield Finding(
            code,
            "warn" if part >= _MUCH_ASIDE else "info",
            count,
            None if amount is None else money(amount),
            part,
            examples=tuple(Place(*place) for place in where),
        )


def _noticed(notices: Sequence[Notice]) -> Iterator[Finding]:
    """What reading itself found worth telling; orders without a buyer are told by `buyers`."""
    told = {str(notice): notice for notice in notices if notice.code != "import_no_customer"}
    for notice in told.values():
        count = notice.facts.get("count")
        yield Finding(
            notice.code,
            "warn" if notice.code in _NOTICES_TO_LOOK_AT else "info",
            count if isinstance(count, int) else 1,
            facts=dict(notice.facts),
        )
