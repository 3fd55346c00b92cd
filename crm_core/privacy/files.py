"""Writes rows as files that open safely in a spreadsheet: CSV and XLSX, a batch at a time."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

import pyarrow as pa
import xlsxwriter

from crm_core.errors import CrmError
from crm_core.privacy.escape import escape_cell, one_line, plain, would_run

FileFormat = Literal["csv", "xlsx"]
XLSX_ROWS = 1_048_575
_XLSX_TEXT = 32_767
_EXACT = 2**53
_NAME_LENGTH = 60
_SHEET_LENGTH = 31
_HEADING_LENGTH = 80
_XLSX_SAFE = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


class ListFile(Protocol):
    """A file in the making: rows are added, then it is closed."""

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Adds rows, given as columns of plain values."""
        ...

    def close(self) -> None:
        """Finishes the file; the stream stays open."""
        ...


def open_list(
    file_format: str, stream: BinaryIO, headings: Sequence[str], *, title: str, now: datetime
) -> ListFile:
    """A file of that format with its heading row written.

    Raises: CrmError("privacy_format_unknown").
    """
    tidy = [plain(heading, _HEADING_LENGTH) or "-" for heading in headings]
    if file_format == "csv":
        return CsvFile(stream, tidy)
    if file_format == "xlsx":
        return XlsxFile(stream, tidy, title, now)
    raise CrmError("privacy_format_unknown", formats="csv, xlsx")


class CsvFile:
    """UTF-8 with its mark, every cell in quotes, one row a line; text escaped against formulas."""

    def __init__(self, stream: BinaryIO, headings: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(stream, "utf-8-sig", newline="", write_through=False)
        self._csv = csv.writer(self._text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._csv.writerow([escape_cell(heading) for heading in headings])

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Adds rows, given as columns of plain values."""
        cells = [[_csv_cell(value) for value in column] for column in columns]
        self._csv.writerows(zip(*cells, strict=True))

    def close(self) -> None:
        """Finishes the file; the stream stays open."""
        self._text.flush()
        self._text.detach()


class ToolCsv:
    """UTF-8 without a mark, as ad and mail tools read it: values as they are, one row a line.

    An apostrophe would stand in the letter that the tool writes, so none is put before anything;
    a text that a spreadsheet would run is no name and no place, and is left empty. `emptied`
    tells how many.
    """

    def __init__(self, stream: BinaryIO, headings: Sequence[str], most_bytes: int = 0) -> None:
        self._stream, self._most_bytes, self.emptied = stream, most_bytes, 0
        self._text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=False)
        self._csv = csv.writer(self._text, lineterminator="\r\n")
        self._csv.writerow([self._cell(heading) for heading in headings])

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Adds rows, given as columns of plain values."""
        if not self._most_bytes and all(_is_bare(column) for column in columns):
            lines = (",".join(row) for row in zip(*columns, strict=True))
            self._text.writelines(f"{line}\r\n" for line in lines)
            return
        cells = [[self._cell(value) for value in column] for column in columns]
        self._csv.writerows(zip(*cells, strict=True))

    def _cell(self, value: Any) -> str:
        if not isinstance(value, str):
            return _csv_cell(value, str)
        text = one_line(value)
        if would_run(text):
            self.emptied += 1
            return ""
        if self._most_bytes and len(text) * 4 > self._most_bytes:
            return text.encode()[: self._most_bytes].decode(errors="ignore")
        return text

    def size(self) -> int:
        """How many bytes are written so far."""
        self._text.flush()
        return self._stream.tell()

    def close(self) -> None:
        """Finishes the file; the stream stays open."""
        self._text.flush()
        self._text.detach()


def _is_bare(column: Sequence[Any]) -> bool:
    """Whether a column holds nothing but letters and digits, as hashes do: a million rows of them
    are written in a quarter of the time that asking each cell takes."""
    together = "".join(column) if all(type(value) is str for value in column) else "-"
    return not together or together.isalnum()


def _csv_cell(value: Any, escape: Callable[[str], str] = escape_cell) -> str:
    if isinstance(value, str):
        return escape(value)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else escape(str(value))


class XlsxFile:
    """One sheet; text is text whatever it looks like, numbers and days are numbers and days."""

    def __init__(
        self, stream: BinaryIO, headings: Sequence[str], title: str, now: datetime
    ) -> None:
        self._book = xlsxwriter.Workbook(stream, dict(_XLSX_SAFE))
        self._book.set_properties({"created": now.replace(tzinfo=None)})
        self._sheet = self._book.add_worksheet(sheet_name(title))
        # Marked as quoted, so that editing a cell does not turn its text into a formula.
        self._text = self._book.add_format({"quote_prefix": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        bold = self._book.add_format({"bold": True, "quote_prefix": True})
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, max(len(headings) - 1, 0), 18)
        for place, heading in enumerate(headings):
            self._sheet.write_string(0, place, heading, bold)
        self._rows = 0

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Adds rows, given as columns of plain values.

        Raises: CrmError("privacy_too_many_rows", limit) past what a sheet can hold.
        """
        for row in zip(*columns, strict=True):
            self._rows += 1
            if self._rows > XLSX_ROWS:
                raise CrmError("privacy_too_many_rows", limit=XLSX_ROWS)
            for place, value in enumerate(row):
                self._cell(self._rows, place, value)

    def _cell(self, row: int, place: int, value: Any) -> None:
        if isinstance(value, str):
            text = one_line(value)[:_XLSX_TEXT]
            if text:
                self._sheet.write_string(row, place, text, self._text)
        elif isinstance(value, bool):
            self._sheet.write_boolean(row, place, value)
        elif isinstance(value, int | float | Decimal):
            self._number(row, place, value)
        elif isinstance(value, date):
            moment = datetime.combine(value, getattr(value, "time", time)())
            self._sheet.write_datetime(row, place, moment, self._day)
        elif value is not None:
            self._sheet.write_string(row, place, one_line(str(value))[:_XLSX_TEXT], self._text)

    def _number(self, row: int, place: int, value: float | Decimal) -> None:
        if isinstance(value, int) and abs(value) > _EXACT:
            self._sheet.write_string(row, place, str(value), self._text)
        elif math.isfinite(value):
            self._sheet.write_number(row, place, float(value))

    def close(self) -> None:
        """Finishes the file; the stream stays open."""
        self._book.close()


@contextmanager
def appearing(target: Path) -> Iterator[BinaryIO]:
    """A file to write that appears whole when the block ends well, or not at all.

    Raises: CrmError("privacy_file_unwritable").
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
        part.replace(target)
    except OSError:
        raise CrmError("privacy_file_unwritable") from None
    finally:
        part.unlink(missing_ok=True)


def sheet_name(title: str) -> str:
    """A name that a spreadsheet takes for a sheet.

    >>> sheet_name("=Big/[spenders]")
    '=Big spenders'
    """
    tidy = re.sub(r"[\[\]:*?/\\]+", " ", plain(title, 200))
    name = " ".join(tidy.split())[:_SHEET_LENGTH].strip("' ")
    return name if name and name.casefold() != "history" else "list"


def file_name(title: str, *, now: datetime, export_id: str, file_format: str) -> str:
    """A safe name for a list: letters, digits and hyphens, the day, the export's own id.

    >>> file_name("../VIP: =cmd", now=datetime(2026, 6, 30), export_id="x7", file_format="csv")
    'VIP-cmd-20260630-x7.csv'
    """
    letters = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFKC", plain(title, 200)))
    name = letters.replace("_", "-").strip("-")[:_NAME_LENGTH].strip("-") or "list"
    return f"{name}-{now:%Y%m%d}-{export_id}.{file_format}"


def plain_values(column: pa.Array) -> list[Any]:
    """A column's cells as Python values; what is no number, day or switch becomes text."""
    values = column.to_pylist()
    kind = column.type
    known = (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_temporal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    )
    return values if known else [None if value is None else str(value) for value in values]
