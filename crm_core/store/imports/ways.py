"""How a file writes its numbers and dates: one decimal style and one order of day, month and year,
decided from whole columns and stated, or asked about.
"""

from __future__ import annotations

from typing import NamedTuple

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Job
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.staging import quote
from crm_core.store.imports.textfile import TextFile
from crm_core.store.imports.values import DATE

_DAY_AND_CLOCK = "\\d{2}\\D\\d{2}\\D\\d{4} .*"
_AMOUNT = "^\\D*[-+]?[\\d.,'\u2019 \\x{A0}\\x{202F}]+\\D*$"
# One part in twenty of contradicting values is taken for slips of the pen, more for a real doubt.
_SLIPS = 20
# What two digits can mean: so many years a log may hold, and so long ago may it have ended.
_YEARS = 20


def ways(
    job: Job, text: TextFile, mapping: Mapping, money: dict[str, str], times: dict[str, str]
) -> tuple[str, str]:
    """Decimal style and date order: as people said, as the mapping says, else as the values show."""
    # A workbook's numbers are no texts: nobody can say otherwise.
    decimal = text.source.decimal or job.said.decimal or mapping.decimal
    if decimal == "auto":
        decimal = decimal_style(job, money, text.source.name)
    order = job.said.date_order or mapping.date_order
    if not job.said.date_order and order in ("auto", "ymd"):
        # Years first are expected of a format, not taken for granted.
        order = date_order(job, times, text.source.name)
    return decimal, order


def decimal_style(job: Job, columns: dict[str, str], file: str) -> str:
    """The decimal style of a file: what its amounts speak for ("dot" or "comma").

    `columns` maps raw column names to the file's own names.
    Raises: CrmError("import_ambiguous_numbers") when only numbers like 1.234 tell.
    """
    if not columns:
        return "dot"
    values = " union all ".join(f"select {raw} as v from import_raw" for raw in columns)
    # Amounts repeat: each is looked at once and counted as often as it stands there. A `where`
    # would be moved before the counting.
    row = job.con.execute(
        f"""
        select sum(n) filter (told and (
                   regexp_matches(v, '(^|\\d)[.](\\d{{1,2}}|\\d{{4,}})\\D*$')
                   or regexp_matches(v, '(\\d{{4,}}|(^|\\D)0)[.]\\d+\\D*$')
                   or regexp_matches(v, ',\\d{{3}}[.]\\d*\\D*$'))),
               sum(n) filter (told and (
                   regexp_matches(v, '(^|\\d),(\\d{{1,2}}|\\d{{4,}})\\D*$')
                   or regexp_matches(v, '(\\d{{4,}}|(^|\\D)0),\\d+\\D*$')
                   or regexp_matches(v, '[.]\\d{{3}},\\d*\\D*$'))),
               sum(n) filter (told and regexp_matches(v, '\\d[.,]\\d{{3}}\\D*$'))
        from (select *, regexp_matches(v, {quote(_AMOUNT)}) as told
              from (select trim(v) as v, count(*) as n from ({values}) group by all))
        """
    ).fetchone()
    dot, comma, unsure = (each or 0 for each in row or (0, 0, 0))
    if not dot and not comma and unsure:
        raise CrmError("import_ambiguous_numbers", file=file, column=", ".join(columns.values()))
    return "comma" if comma > dot else "dot"


def date_order(job: Job, columns: dict[str, str], file: str, table: str = "temp.import_raw") -> str:
    """The order of day, month and year in a file: "ymd", "dmy" or "mdy", by days above 12.

    Dates with a whole year decide before those with two digits of one, whose year may stand at
    either end: where both ends could be years of a log that reaches up to now, people are asked.
    Raises: CrmError("import_ambiguous_dates") when no day is above 12, or both orders occur,
    ("import_ambiguous_years").
    """
    if not columns:
        return "ymd"
    whole = _counted(job, columns, table, "length(p.c) > 2")
    short = _counted(job, columns, table, "length(p.c) <= 2")
    if order := _by_days(whole.days_first, whole.months_first):
        return order
    if not whole.days_first and short.starts_with_year(job.now.year):
        if not short.ends_with_year(job.now.year):
            return "ymd"
        if not short.months_first:
            raise _doubt(job, columns, table, "import_ambiguous_years", file)
    if order := _by_days(
        whole.days_first + short.days_first, whole.months_first + short.months_first
    ):
        return order
    if not whole.dates and not short.dates:
        return "ymd"
    raise _doubt(job, columns, table, "import_ambiguous_dates", file)


def _by_days(days_first: int, months_first: int) -> str | None:
    if days_first > months_first * _SLIPS:
        return "dmy"
    return "mdy" if months_first > days_first * _SLIPS else None


class _End(NamedTuple):
    """One end of dates: its fewest digits, its least and its greatest value."""

    digits: int
    least: int
    most: int

    def is_year(self, now: int) -> bool:
        """Whether it can be the last two digits of years."""
        is_recent = 0 <= now - 2000 - self.most <= _YEARS
        return self.digits == 2 and self.most - self.least < _YEARS and is_recent


class _Counted(NamedTuple):
    """What the dates of a kind show: rows, those whose days say which order, those with a 年."""

    dates: int
    days_first: int
    months_first: int
    signed: int
    start: _End
    end: _End

    def starts_with_year(self, now: int) -> bool:
        return self.signed > 0 or self.start.is_year(now)

    def ends_with_year(self, now: int) -> bool:
        return not self.signed and self.end.is_year(now)


def _counted(job: Job, columns: dict[str, str], table: str, kind: str) -> _Counted:
    values = " union all ".join(_days(raw, table) for raw in columns)
    row = job.con.execute(
        f"""
        select sum(n), sum(n) filter (a > 12 and b <= 12), sum(n) filter (b > 12 and a <= 12),
               sum(n) filter (contains(v, '年')),
               min(length(p.a)), min(a), max(a), min(length(p.c)), min(c), max(c)
        from (select *, try_cast(p.a as integer) as a, try_cast(p.b as integer) as b,
                     try_cast(p.c as integer) as c
              from (select regexp_extract(trim(v), '{DATE}', ['a', 'b', 'c', 'rest']) as p, v, n
                    from ({values})))
        where length(p.a) between 1 and 2 and {kind}
        """
    ).fetchone()
    told = [int(each or 0) for each in row or [0] * 10]
    dates, days, months, signed, *ends = told
    return _Counted(dates, days, months, signed, _End(*ends[:3]), _End(*ends[3:]))


def _doubt(job: Job, columns: dict[str, str], table: str, code: str, file: str) -> CrmError:
    """The question about the first date that leaves it open."""
    raw, name = next(iter(columns.items()))
    sample = job.con.execute(
        f"select source_row, {raw} from {table} where regexp_matches({raw}, '^\\s*\\d{{1,2}}\\D')"
        " order by 1 limit 1"
    ).fetchone()
    row, value = sample or (2, "")
    return CrmError(code, file=file, column=name, row=row, value=str(value)[:10])


def _days(raw: str, table: str) -> str:
    """SQL for the texts of a time column that do not begin with a year, each once; the usual ones
    of one day lose their clock."""
    return (
        f"select case when regexp_full_match({raw}, '{_DAY_AND_CLOCK}') then left({raw}, 10) "
        f"else {raw} end as v, count(*) as n from {table} "
        f"where not regexp_matches({raw}, '^\\s*\\d{{4}}') group by all"
    )
