"""Reads a workbook in a process of its own: every sheet with data becomes a delimited file.

`workbook.py` runs this file as a script. The reader takes some eighty bytes of memory a cell and
ends its whole process when a sheet claims more cells than memory can hold; here that ends the
child, and its memory goes back. So this file uses the standard library and calamine alone.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import python_calamine

_MOST_DIGITS = 10**15  # a spreadsheet keeps fifteen digits of a number
_EXACT = 2**53
_BLOCK = 1024 * 1024
_ERROR = b't="e"'
_UNSAVED = re.compile(rb"</f>(<v\s*/>|<v></v>)?</c>")
# A text that is a number with a comma, or with a point that may part thousands.
_DOUBTFUL = re.compile(r"\D{0,4}\d[\d .'\u00a0\u202f]*(,\d[\d.,]*|\.\d{3})\D{0,4}$")


class TooLarge(Exception):
    """A sheet has more cells than were allowed."""


def doubtful(text: str) -> bool:
    """Whether a text is a number that only its neighbours tell how to read.

    >>> doubtful("12,50"), doubtful("1.250"), doubtful("12.50"), doubtful("03.04.2026")
    (True, True, False, False)
    """
    return len(text) < 30 and _DOUBTFUL.match(text) is not None


def number_text(value: float, *, neutral: bool) -> str:
    """A number as it would be typed, so that nobody takes its point for thousands.

    `neutral` writes fractions without a point, for files whose texts hold decimal commas.

    >>> number_text(12345.0, neutral=False), number_text(1.25, neutral=False)
    ('12345', '1.25')
    >>> number_text(1.125, neutral=False), number_text(12.5, neutral=True)
    ('1.1250', '125e-1')
    """
    if isinstance(value, int) or (value.is_integer() and abs(value) < _EXACT):
        return str(int(value))
    text = format(value, ".15g")  # what a spreadsheet shows of 0.1 + 0.2
    if not isfinite(value) or abs(value) >= _EXACT:
        return text.upper()
    if "e" in text:
        text = format(Decimal(text), "f")
    fraction = text.partition(".")[2]
    if neutral:
        digits = text.replace(".", "")
        return f"{int(digits)}e-{len(fraction)}"
    return f"{text}0" if len(fraction) == 3 else text


def cell_text(value: Any, *, neutral: bool) -> str:
    """A cell as text: ISO dates, numbers without doubt, true and false."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value, neutral=neutral)
    if isinstance(value, datetime):
        return (value + timedelta(microseconds=500_000)).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("seconds")
    if isinstance(value, timedelta):
        hours, rest = divmod(round(value.total_seconds()), 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    return str(value)


def clean(text: str) -> str:
    """A text with one kind of line end, that can be written as UTF-8."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def read_workbook(path: Path, folder: Path, *, cells: int) -> dict[str, Any]:
    """Write the sheets' files into a folder; what was found.

    Raises: TooLarge, MemoryError, and whatever a broken workbook makes the reader raise.
    """
    sheets: list[dict[str, Any]] = []
    with python_calamine.load_workbook(path) as book:
        for place, meta in enumerate(book.sheets_metadata):
            if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(place)
            if sheet.width * sheet.total_height > cells:
                raise TooLarge
            target = folder / f"sheet-{place + 1}.csv"
            told = _write_sheet(sheet, target)
            if told:
                hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
                sheets.append({"name": meta.name, "file": target.name, "hidden": hidden, **told})
    errors, unsaved = _marks(path)
    return {"sheets": sheets, "errors": errors, "unsaved": unsaved}


def _write_sheet(sheet: python_calamine.CalamineSheet, target: Path) -> dict[str, Any]:
    """Rows to a file, each at its place in the sheet; nothing for a sheet without values."""
    width, neutral = _survey(sheet)
    if not width:
        return {}
    merged = _merged(sheet)
    lost_digits = 0
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        for row in merged.filled(sheet.iter_rows()):
            if not any(value != "" for value in row):
                out.write("\n")
                continue
            texts = [cell_text(value, neutral=neutral) for value in row[:width]]
            lost_digits += sum(type(v) is float and abs(v) >= _MOST_DIGITS for v in row)
            writer.writerow(texts)
    return {"neutral": neutral, "merged": merged.count, "lost_digits": lost_digits}


def _survey(sheet: python_calamine.CalamineSheet) -> tuple[int, bool]:
    """The last column with a value, and whether texts leave the decimal style in doubt."""
    width, neutral = 0, False
    for row in sheet.iter_rows():
        filled = len(row)
        while filled > width and row[filled - 1] == "":
            filled -= 1
        width = max(width, filled)
        if not neutral:
            neutral = any(type(value) is str and doubtful(value) for value in row)
    return width, neutral


class _Merged:
    """Cells merged downwards: their value counts for each of their rows."""

    def __init__(self, ranges: list[tuple[int, int, int]]) -> None:
        self.starting: dict[int, list[tuple[int, int]]] = {}
        for top, bottom, column in ranges:
            self.starting.setdefault(top, []).append((column, bottom))
        self.count = 0

    def filled(self, rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
        """The rows, with the value of a merged cell in all rows that it spans."""
        if not self.starting:
            yield from rows
            return
        spans: dict[int, tuple[int, Any]] = {}
        for place, row in enumerate(rows):
            for column, (bottom, value) in list(spans.items()):
                if place > bottom:
                    del spans[column]
                elif row[column] == "":
                    row[column] = value
                    self.count += 1
            for column, bottom in self.starting.get(place, ()):
                if 0 <= column < len(row) and row[column] != "":
                    spans[column] = (bottom, row[column])
            yield row


def _merged(sheet: python_calamine.CalamineSheet) -> _Merged:
    left = (sheet.start or (0, 0))[1]
    ranges = sheet.merged_cell_ranges or []
    return _Merged([(a[0], b[0], a[1] - left) for a, b in ranges if b[0] > a[0]])


def _marks(path: Path) -> tuple[int, int]:
    """Cells of an XLSX that hold an error, and formulas whose result was never saved."""
    errors = unsaved = 0
    if not zipfile.is_zipfile(path):
        return 0, 0
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            if not (name.startswith("xl/worksheets/") and name.endswith(".xml")):
                continue
            tail = b""
            with book.open(name) as stream:
                while block := stream.read(_BLOCK):
                    joined = tail + block
                    errors += joined.count(_ERROR) - tail.count(_ERROR)
                    unsaved += len(_UNSAVED.findall(joined)) - len(_UNSAVED.findall(tail))
                    tail = joined[-40:]
    return errors, unsaved


def main(arguments: list[str]) -> None:
    """`sheet_reader.py WORKBOOK FOLDER CELLS MEMORY_MB`: one JSON document on stdout."""
    path, folder, cells, memory_mb = arguments
    try:
        import resource

        most = int(memory_mb) * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (ImportError, ValueError, OSError):
        pass  # a system without such limits: the number of cells still is one
    try:
        told = read_workbook(Path(path), Path(folder), cells=int(cells))
    except (TooLarge, MemoryError):
        told = {"error": "too_large"}
    except python_calamine.PasswordError:
        told = {"error": "locked"}
    except BaseException:  # the reader's panics are no Exceptions
        told = {"error": "broken"}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
