from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from crm_core.errors import CrmError
from crm_core.privacy.files import file_name, open_list, sheet_name

NOW = datetime(2026, 6, 30, 8, 0, tzinfo=UTC)


def written(file_format: str, headings: list[str], columns: list[list[object]]) -> bytes:
    stream = io.BytesIO()
    file = open_list(file_format, stream, headings, title="list", now=NOW)
    file.write(columns)
    file.close()
    return stream.getvalue()


def test_numbers_stay_numbers_and_text_stays_text() -> None:
    columns = [["00123"], [Decimal("-5.00")], [2**60], [date(2026, 6, 1)], [True], [None]]
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", list("abcdef"), columns)))
    row = next(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert row == ("00123", -5, str(2**60), datetime(2026, 6, 1), True, None)
    text = written("csv", list("abcdef"), columns).decode("utf-8-sig")
    assert text.splitlines()[1] == f'"00123","-5.00","{2**60}","2026-06-01","True",""'


def test_the_same_list_gives_the_same_bytes() -> None:
    columns: list[list[object]] = [["a", "b"]]
    assert written("xlsx", ["x"], columns) == written("xlsx", ["x"], columns)
    assert written("csv", ["x"], columns) == written("csv", ["x"], columns)


def test_numbers_that_are_none_are_empty_cells() -> None:
    columns: list[list[object]] = [[float("nan"), float("inf"), Decimal("NaN")]]
    assert written("csv", ["x"], columns).decode("utf-8-sig").splitlines()[1:] == ['""'] * 3
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", ["x"], columns)))
    assert {row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)} <= {None}


@pytest.mark.parametrize(
    "title",
    [
        "../../etc/passwd",
        "=cmd|'/C calc'!A0",
        "a\nb",
        "CON",
        "..",
        "",
        "\u202egpj.exe",
        "名单：新客",
    ],
)
def test_a_file_name_is_a_name_and_no_path(title: str) -> None:
    name = file_name(title, now=NOW, export_id="0a1b2c", file_format="csv")
    assert name.endswith("-20260630-0a1b2c.csv")
    assert not set(name) & set("/\\:*?\"<>|=\n\r\u202e'")
    assert not name.startswith(("-", ".", "@", "+"))


@pytest.mark.parametrize("title", ["[a]:b*?/\\", "x" * 90, "'quoted'", "History", "", "=1+1"])
def test_a_sheet_name_is_one_a_spreadsheet_takes(title: str) -> None:
    name = sheet_name(title)
    assert 1 <= len(name) <= 31
    assert not set(name) & set("[]:*?/\\")
    assert not name.startswith("'")
    assert not name.endswith("'")
    assert name.casefold() != "history"


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(CrmError, match="privacy_format_unknown"):
        open_list("xls", io.BytesIO(), ["a"], title="list", now=NOW)
