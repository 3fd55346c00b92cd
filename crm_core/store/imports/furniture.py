"""Rows of a file that are no rows of its table: the header again, totals, empty rows.

Each kind is counted and told. A total is left out only when nothing else can be in its row: a
word for total, numbers and dates beside it, and a column empty that other rows fill. The word may
stand beside a value that other rows have (`c1 Total`, `Total for customer c1`). A footer is a line
without cells that says how the file came to be.
"""

from __future__ import annotations

import re

from crm_core.store.imports.contract import Job
from crm_core.store.imports.staging import counted, quote
from crm_core.store.imports.textfile import TextFile

_WORDS = (
    "(grand |sub|sub-|sous-|sous |zwischen|end)?(total|totals|totale|totales|totaux|totaal|"
    "summe|summen|sum|suma|somme|gesamt|gesamtsumme|gesamtergebnis|insgesamt)"
    "( (général|general|generale|amount|sales|orders|lines|items|eur|usd|gbp|chf|cny))?"
    "|(合计|小计|总计|总和|汇总|共计|合計|小計|總計|総計)(金额|数量)?"
)
_TOTAL = f"(?i)^[^\\pL\\d]*({_WORDS})[^\\pL\\d]*(\\(.*|（.*|[:：].*|\\d[\\d.,]*)?$"
_OF = "(?i)^(total|totals|sum|sub-?total|summe|gesamt|somme|suma|合计|小计|总计)[ :：]+(.+)$"
_BEHIND = "(?i)^(.+?)[ :：-]+(total|totals|sum|sub-?total|summe|ergebnis|gesamt|somme|suma|合计|小计|总计)$"
_FOOTER = (
    "(?i)^[^\\pL\\d]*(generated|exported|printed|report (generated|created)|end of (report|file)|"
    "erstellt|generiert|exportiert|gedruckt|généré|exporté|generado|exportado)\\b"
    "|^[^\\pL\\d]*(导出时间|导出人|生成时间|制表|打印时间)"
)
_PLAIN = (
    "^[^\\pL\\d]{0,4}([A-Za-z]{3}|RMB)?[^\\pL\\d]{0,4}\\d[\\d.,:/ '年月日-]*([eE]-?\\d+)?"
    "[^\\pL\\d]{0,4}([A-Za-z]{3}|元|件|个)?[^\\pL\\d]{0,2}$|^[^\\pL\\d]*$"
)
_DAY = "^\\d{1,4}[-/.年]\\d{1,2}([-/.月]\\d{1,4}日?)?$"
# A column filled this often, as a share of the one filled most, is one that a row of the table has.
_USUAL = 0.4
_ROWS_TOLD = 5


def drop_furniture(job: Job, text: TextFile) -> None:
    """Take such rows out of temporary table `import_raw` and say how many there were."""
    columns = [f"c{place}" for place in range(len(text.header))]
    _drop(job, text, "import_repeated_header", _again(text, columns))
    filled = job.con.execute(
        "select count(*), " + ", ".join(f"count(nullif({each}, ''))" for each in columns)
        + " from import_raw"
    ).fetchone()  # fmt: skip
    rows, *counts = filled or (0,)
    usual = [
        column
        for column, count in zip(columns, counts, strict=False)
        if max(counts) * _USUAL <= count < rows
    ]
    if not usual:
        return
    missing = "(" + " or ".join(f"{each} is null or {each} = ''" for each in usual) + ")"
    row = "[" + ", ".join(f"trim(coalesce({each}, ''))" for each in columns) + "]"
    if max(counts) < rows:
        empty = f"len(list_filter({row}, lambda x: x <> '')) = 0"
        _drop(job, text, "import_empty_rows", f"{missing} and {empty}")
    first = "coalesce(" + ", ".join(f"nullif(trim({each}), '')" for each in columns) + ")"
    one = f"len(list_filter({row}, lambda x: x <> '')) = 1"
    _drop(job, text, "import_footer_rows", f"{missing} and {one} and {_like(first, _FOOTER)}")
    labelled = f"({_labelled(first)}) or ({_labelled(columns[1])} and {_like(columns[0], _DAY)})"
    alone = f"len(list_filter({row}, lambda x: not {_like('x', _PLAIN)} and not {_like('x', _TOTAL)})) = 0"
    _drop(job, text, "import_total_rows", f"{missing} and ({labelled}) and {alone}")
    others = f"len(list_filter({row}, lambda x: not {_like('x', _PLAIN)} and not {_like('x', _TOTAL)})) = 1"
    of_one = f"{missing} and {others}"
    known = ", ".join(map(quote, _of_one(job, columns, first, of_one)))
    if known:
        _drop(job, text, "import_total_rows", f"{of_one} and trim({first}) in ({known})")


def footer(line: str, delimiter: str) -> str:
    """SQL: a line is no row of cells and says who made the file, or when.

    >>> footer("csv_line", ",")[:43]
    "not contains(trim(csv_line), ',') and regex"
    """
    return f"not contains(trim({line}), {quote(delimiter)}) and {_like(line, _FOOTER)}"


def _of_one(job: Job, columns: list[str], first: str, test: str) -> list[str]:
    """Labels among the rows of a test that are a word for total and a value other rows have.

    `Total for customer c1` may be of `for customer c1`, `customer c1` or `c1`: each is tried.
    """
    label = f"trim({first})"
    found = job.con.execute(
        f"select distinct {label}, regexp_extract({label}, {quote(_OF)}, 2), "
        f"regexp_extract({label}, {quote(_BEHIND)}, 1) from import_raw where {test} "
        f"and ({_like(first, _OF)} or {_like(first, _BEHIND)})"
    ).fetchall()
    known: list[str] = []
    for said, of, behind in found:
        words = of.split()
        tried = {behind, *(" ".join(words[place:]) for place in range(len(words)))} - {""}
        listed = ", ".join(quote(each) for each in sorted(tried))
        has = " or ".join(f"trim({column}) in ({listed})" for column in columns)
        if tried and counted(job.con, f"select count(*) from import_raw where {has}"):
            known.append(said)
    return known


def _labelled(cell: str) -> str:
    """SQL: a cell is a word for total. Most first cells are numbers, and told apart at once."""
    return f"trim({cell}) >= 'A' and {_like(cell, _TOTAL)}"


def _like(cell: str, pattern: str) -> str:
    return f"regexp_matches(trim({cell}), {quote(pattern)})"


def _again(text: TextFile, columns: list[str]) -> str:
    """SQL: the row says what the header says, in all columns whose names it was not given here."""
    named = zip(columns, text.header, strict=True)
    own = [(column, name) for column, name in named if not _given(name)]
    if len(own) < 2:
        return "false"
    first, says = own[0]
    same = " and ".join(f"trim({column}) = {quote(name)}" for column, name in own[:20])
    return f"contains({first}, {quote(says)}) and {same}"


def _given(name: str) -> bool:
    """Whether a name may have been made up here for a column without one, or with another's."""
    return re.search(r"^column \d+|\(\d+\)$", name) is not None


def _drop(job: Job, text: TextFile, code: str, test: str) -> None:
    """Delete the rows of a test and tell their number and the first of them."""
    if test == "false":
        return
    found = job.con.execute(
        f"select source_row from import_raw where {test} order by 1 limit {_ROWS_TOLD}"
    ).fetchall()
    if not found:
        return
    count = counted(job.con, f"select count(*) from import_raw where {test}")
    job.con.execute(f"delete from import_raw where {test}")
    rows = ", ".join(str(row[0]) for row in found) + (", …" if count > len(found) else "")
    job.notice(code, file=text.source.name, count=count, rows=rows)
