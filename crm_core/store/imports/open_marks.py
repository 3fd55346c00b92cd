"""Rows with a quotation mark that never closes, taken out so that the rows after them stay.

An open mark makes one value of all that follows, up to the next mark in the file. What it took
in tells: a line of it is a whole row by itself, which lines of a long text are not. Only a file
that the engine stumbled over, or whose values look like rows, is gone through for this.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from crm_core.store.imports.contract import LostRow
from crm_core.store.imports.staging import quote
from crm_core.store.imports.textfile import TextFile

CODE = "import_unclosed_quote"
# In a table of two columns any line of a text with a comma would be taken for a row.
_LEAST_COLUMNS = 3
_MOST_COUNTED = 50
_LONGEST = 1024 * 1024  # characters of one row; a mark still open then is left open
_QUOTED = re.compile(r'"(?:[^"]|"")*"(?!")')


def _width(text: TextFile) -> int:
    """How many cells a row of the file has."""
    return len(text.header) + len(text.unused)


def swallowed(text: TextFile) -> str:
    """SQL: a value was read that has as many delimiters as a row in one of its later lines."""
    if _width(text) < _LEAST_COLUMNS:
        return "false"
    mark = re.escape(text.delimiter)
    least = min(_width(text), _MOST_COUNTED) - 1
    pattern = quote(f"\n([^\n{mark}]*{mark}){{{least}}}")
    return " or ".join(
        f"(strlen(c{place}) > {least} and contains(c{place}, chr(10)) and regexp_matches(c{place}, {pattern}))"
        for place in range(len(text.header))
    )


def left_open(row: str, text: TextFile) -> bool:
    """Whether a broken row of several lines holds a mark that never closes.

    The engine breaks off where it stumbles: a row that ends inside a value is left open too.
    """
    lines = _Lines(io.StringIO(row.strip("\r\n").replace("\r\n", "\n"), newline=None))
    rows = _Rows(text.delimiter, _width(text))
    return any(
        rows.is_open(line) and _followed(lines, rows, line, inside=True)[1] for line in lines
    )


def take_out(path: Path, copy: Path, text: TextFile) -> list[LostRow]:
    """Write a copy in which each row with an open mark is an empty line; the rows taken out."""
    lost: list[LostRow] = []
    with (
        path.open(encoding="utf-8", newline=None) as source,
        copy.open("w", encoding="utf-8", newline="\n") as out,
    ):
        lines = _Lines(source)
        rows = _Rows(text.delimiter, _width(text))
        row, begins = 0, True
        for line in lines:
            row += begins
            begins = line.endswith("\n")
            if '"' not in line or not rows.is_open(line):
                out.write(line)
                continue
            whole, is_left_open = _followed(lines, rows, line, inside=row > text.header_row)
            if is_left_open:
                lost.append(LostRow(row + text.source.row_shift, CODE, whole.rstrip("\n")))
                whole = "\n"
            out.write(whole)
            begins = whole.endswith("\n")
    return lost


def _followed(lines: _Lines, rows: _Rows, first: str, *, inside: bool) -> tuple[str, bool]:
    """The row that begins with a line whose value goes on below, and whether its mark is left open.

    Such a row ends with the line of that mark: what came after is put back.
    """
    taken: list[str] = [first]
    value = first
    for line in lines:
        taken.append(line)
        if inside and rows.is_whole(line):
            break
        if '"' in line:
            if not rows.is_regular(value + line):  # the mark met the next row's, as it was open
                break
            if not rows.is_open(value + line):
                return value + line, False
        value += line
        if len(value) > _LONGEST:
            break
    start = rows.opening(value)
    end = value.find("\n", start) + 1 or len(value)
    kept = value[:end].count("\n") or 1
    lines.put_back(taken[kept:])
    return "".join(taken[:kept]), True


class _Rows:
    """How a row of this many columns is written."""

    def __init__(self, delimiter: str, width: int) -> None:
        self._delimiter = delimiter
        self._width = width

    def is_open(self, row: str) -> bool:
        """Whether a quoted value of the row does not end in it."""
        return self._cells(row).opened_at >= 0

    def opening(self, row: str) -> int:
        """Where the mark stands that is still open at the end."""
        return self._cells(row).opened_at

    def is_regular(self, row: str) -> bool:
        """Whether each quoted value ends where its cell does."""
        return not self._cells(row).goes_on

    def is_whole(self, line: str) -> bool:
        """Whether a line is a row of the table with nothing odd about its marks."""
        if self._width < _LEAST_COLUMNS or line.count(self._delimiter) < self._width - 1:
            return False
        return self._cells(line) == _Cells(self._width)

    def _cells(self, row: str) -> _Cells:
        if '"' not in row:
            return _Cells(row.count(self._delimiter) + 1)
        row = row.rstrip("\n")
        count, at, goes_on, has_marks = 0, 0, False, False
        while at >= 0:
            count += 1
            end = at
            if row.startswith('"', at):
                found = _QUOTED.match(row, at)
                if found is None:
                    return _Cells(count, at, goes_on, has_marks)
                end = found.end()
                goes_on |= end < len(row) and not row.startswith(self._delimiter, end)
            after = row.find(self._delimiter, end)
            has_marks |= '"' in row[end : after if after >= 0 else None]
            at = after if after < 0 else after + len(self._delimiter)
        return _Cells(count, -1, goes_on, has_marks)


@dataclass(frozen=True)
class _Cells:
    """The cells of a row: how many, where the last one opened if it does not end, whether one goes
    on after its end, and whether a mark stands inside one that is not quoted."""

    count: int
    opened_at: int = -1
    goes_on: bool = False
    has_marks: bool = False


class _Lines:
    """The lines of a file, some of which may be put back to be read again."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._ahead: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        while line := self._ahead.popleft() if self._ahead else self._source.readline(_LONGEST):
            yield line

    def put_back(self, lines: list[str]) -> None:
        """Have these lines read once more, before the others."""
        self._ahead.extendleft(reversed(lines))
