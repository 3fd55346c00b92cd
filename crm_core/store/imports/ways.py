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
from crm_core.store.imports.values import DATE, GAPS

_DAY_AND_CLOCK = "\\d{2}\\D\\d{2}\\D\\d{4} .*"
_AMOUNT = f"^\\D*[-+]?[\\d.,{''.join(GAPS)}]+\\D*$"
# One part in twenty of contradicting values is taken for slips of the pen, more for a real doubt.
_SLIPS = 20
# Years of a log take few values, days of a month many.
_FEW_YEARS, _MANY_DAYS = 3, 10


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

    A year of two digits may stand at either end: what most rows cannot be but a day decides, or
    one end that hardly changes beside one that does; else people are asked.
    Raises: CrmError("import_ambiguous_dates") when no day is above 12, or both orders occur,
    ("import_ambiguous_years").
    """
    if not columns:
        return "ymd"
    told = _counted(job, columns, table)
    if not told.dates:
        return "ymd"
    if told.short * 2 > told.dates and told.days_first > told.months_first * _SLIPS:
        first, last = told.years_at(told.start), told.years_at(told.end)
        if told.signed * 2 > told.short or (first and not last):
            return "ymd"
        if first and last and not told.is_steady(told.end, told.start):
            if told.is_steady(told.start, told.end):
                return "ymd"
            raise _doubt(job, columns, table, "import_ambiguous_years", file)
    if told.days_first > told.months_first * _SLIPS:
        return "dmy"
    if told.months_first > told.days_first * _SLIPS:
        return "mdy"
    raise _doubt(job, columns, table, "import_ambiguous_dates", file)


class _End(NamedTuple):
    """One end of short dates: in how many of them it can be a year, and how many it would be."""

    rows: int
    different: int


class _Counted(NamedTuple):
    """What dates show: rows, those whose days say which order; of those without a whole year
    (`short`) those with a 年 and their ends."""

    dates: int
    days_first: int
    months_first: int
    short: int
    signed: int
    start: _End
    end: _End

    def years_at(self, end: _End) -> bool:
        """Whether an end can be the year of all rows but slips."""
        return (self.short - end.rows) * _SLIPS <= self.short

    def is_steady(self, end: _End, other: _End) -> bool:
        """Whether an end hardly changes while the other does, as a year does beside days."""
        return end.different <= _FEW_YEARS and other.different >= _MANY_DAYS


def _counted(job: Job, columns: dict[str, str], table: str) -> _Counted:
    values = " union all ".join(_days(raw, table) for raw in columns)
    last = job.now.year - 2000 + 2  # promises lie ahead
    starts = f"(is_short and length(p.a) = 2 and a <= {last})"
    ends = f"(is_short and length(p.c) = 2 and c <= {last})"
    row = job.con.execute(
        f"""
        select sum(n), sum(n) filter (a > 12 and b <= 12), sum(n) filter (b > 12 and a <= 12),
               sum(n) filter (is_short), sum(n) filter (is_short and contains(v, '年')),
               sum(n) filter ({starts}), count(distinct a) filter ({starts}),
               sum(n) filter ({ends}), count(distinct c) filter ({ends})
        from (select *, try_cast(p.a as integer) as a, try_cast(p.b as integer) as b,
                     try_cast(p.c as integer) as c, length(p.c) <= 2 as is_short
              from (select regexp_extract(trim(v), '{DATE}', ['a', 'b', 'c', 'rest']) as p, v, n
                    from ({values})))
        where length(p.a) between 1 and 2 and least(a, b) <= 12
        """
    ).fetchone()
    dates, days, months, short, signed, *ends_told = (int(each or 0) for each in row or [0] * 9)
    return _Counted(dates, days, months, short, signed, _End(*ends_told[:2]), _End(*ends_told[2:]))


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
