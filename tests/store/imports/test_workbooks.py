"""Workbooks: every sheet with rows is read, and what is no row of a table is told."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from crm_core.errors import CrmError
from crm_core.store.imports import (
    Limits,
    Mapping,
    SourceFile,
    propose,
    recognise,
    sheet_reader,
)
from crm_core.store.imports.sheet_reader import cell_text, number_text
from tests.store.imports.conftest import NOW, Staged
from tests.store.imports.tables import HEADER, LINES, ROWS, book, ods, saved, zip_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "imports"
Stage = Callable[..., Staged]


def lines(staged: Staged) -> list[tuple[object, ...]]:
    return staged.rows(
        "order_lines",
        "order_id, product_id, quantity, line_total::double",
        "source_file, source_row",
    )


def notices(staged: Staged) -> dict[str, object]:
    return {
        each.code: each.facts.get("count", each.facts.get("file")) for each in staged.result.notices
    }


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls", "book.csv", "book"])
def test_a_workbook_is_read_whatever_its_name_says(
    staged: Stage, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(book(Orders=[HEADER, *ROWS]))
    found = staged(path)
    assert lines(found) == LINES
    assert [file.name for file in found.result.files] == [f"{name} › Orders"]
    assert found.rows("orders", "customer_id, ordered_at") == [
        ("77", datetime(2026, 2, 3, 10, 15)),
        ("78", datetime(2026, 2, 17, 9)),
    ]


def test_an_old_xls_is_read(staged: Stage) -> None:
    found = staged(FIXTURES / "orders.xls")
    assert lines(found) == LINES
    assert notices(found)["import_title_rows"] == 1
    assert notices(found)["import_total_rows"] == 1


def test_an_opendocument_sheet_is_read(staged: Stage, tmp_path: Path) -> None:
    path = tmp_path / "orders.ods"
    path.write_bytes(ods([HEADER, *[(row[0], "2026-02-03", *row[2:]) for row in ROWS]]))
    assert lines(staged(path)) == LINES


def test_titles_totals_and_headers_again_are_no_rows(staged: Stage, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(
        book(
            May=[
                ["Sales report"],
                ["Period:", "2026-02"],
                [],
                HEADER,
                ROWS[0],
                [None, None, None, None, "Subtotal", 2, 25],
                HEADER,
                ROWS[1],
                [],
                (1003, "no day", 79, "t1", "Tea", 1, 1),
                ROWS[2],
                ["Total", None, None, None, None, 4, 76.5],
            ]
        )
    )
    found = staged(path)
    assert lines(found) == LINES
    assert notices(found) | {"import_no_currency": ""} == {
        "import_title_rows": 2, "import_repeated_header": 1, "import_total_rows": 2,
        "import_no_currency": "",
    }  # fmt: skip
    assert found.rows("quarantine", "source_file, source_row, reason") == [
        ("book.xlsx › May", 10, "import_bad_date")
    ]
    assert found.result.rows_read == 4


def test_sheets_of_one_layout_are_one_log_and_others_are_told(
    staged: Stage, tmp_path: Path
) -> None:
    made = openpyxl.load_workbook(io.BytesIO(book(Notes=[["by hand"]], Empty=[])))
    for name, rows in (("March", [(1002, date(2026, 3, 1), 78, "t1", "Tea, green", -1, 12.5)]),
                       ("February", ROWS)):  # fmt: skip
        sheet = made.create_sheet(name)
        for row in (HEADER, *rows):
            sheet.append(row)
    made["March"].sheet_state = "hidden"
    path = tmp_path / "book.xlsx"
    path.write_bytes(saved(made))
    found = staged(path)
    assert lines(found) == LINES
    assert found.rows("refunds", "order_id, amount::double") == [("1002", 12.5)]
    assert notices(found)["import_part_left_out"] == "book.xlsx › Notes"
    assert notices(found)["import_hidden_sheet"] == 1
    assert found.result.quarantined == 0


def test_a_mapping_is_used_for_the_sheets_that_have_its_columns(
    staged: Stage, tmp_path: Path
) -> None:
    names = ("No", "When", "Who", "What", "Label", "Pieces", "Each")
    path = tmp_path / "book.xlsx"
    path.write_bytes(book(Pivot=[["Region", "Sum"], ["North", 5]], Orders=[names, *ROWS]))
    columns = dict(
        zip(
            ("order_id", "ordered_at", "customer_id", "product_id", "product_name", "quantity",
             "amount"), names, strict=True)
    )  # fmt: skip
    found = staged(path, mapping=Mapping(columns=columns, amount_is="unit_price", decimal="comma"))
    assert lines(found) == LINES
    assert notices(found)["import_part_left_out"] == "book.xlsx › Pivot"


def test_texts_and_real_values_in_one_column_say_the_same(staged: Stage, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(
        book(
            Orders=[
                HEADER,
                (1001, datetime(2026, 2, 3, 10, 15), 77.0, "t1", "Tea", "2", 12.5),
                ("1001", "03.02.2026 10:15", "77", "t2", "Pot", 1.0, "39,00"),
                (1002, "17.02.2026", 78, "t1", "Tea", 1, 1.125),
                (1003, date(2026, 2, 18), 78, "t3", "Set", 1, "1.250,00"),
            ]
        )
    )
    found = staged(path)
    assert lines(found) == [
        ("1001", "t1", 2, 25.0), ("1001", "t2", 1, 39.0), ("1002", "t1", 1, 1.13),
        ("1003", "t3", 1, 1250.0),
    ]  # fmt: skip
    assert found.rows("orders", "order_id, customer_id, ordered_at::date::varchar") == [
        ("1001", "77", "2026-02-03"), ("1002", "78", "2026-02-17"), ("1003", "78", "2026-02-18"),
    ]  # fmt: skip


def test_merged_errors_and_numbers_cut_short_are_told(staged: Stage, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    for row in (HEADER, *ROWS, (4200000000001234567, date(2026, 2, 3), 1, "t1", "Tea", 1, "#N/A")):
        sheet.append(row)
    for column in "ABC":
        sheet.merge_cells(f"{column}2:{column}3")
    sheet["H5"] = "=1+1"
    sheet["H1"] = "Sum"
    path = tmp_path / "book.xlsx"
    path.write_bytes(saved(made))
    found = staged(path)
    assert lines(found) == LINES
    told = notices(found)
    assert (told["import_merged_cells"], told["import_error_cells"]) == (3, 1)
    assert (told["import_lost_digits"], told["import_unsaved_formulas"]) == (1, 1)
    assert found.result.reasons == {"import_missing_value": 1}


def test_numbers_as_they_would_be_typed() -> None:
    values = [12345.0, 0.1 + 0.2, 1.125, -2.5, 1e-7, 5.4e18, True, time(9, 5), timedelta(hours=30)]
    assert [cell_text(value, neutral=False) for value in values] == [
        "12345", "0.3", "1.1250", "-2.5", "0.0000001", "5.4E+18", "true", "09:05:00", "30:00:00",
    ]  # fmt: skip
    assert [number_text(value, neutral=True) for value in (12.5, -0.75, 3.0)] == [
        "125e-1", "-75e-2", "3",
    ]  # fmt: skip


def test_the_first_sheet_is_proposed_to_whoever_maps_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(book(Orders=[["Report"], HEADER, *ROWS]))
    proposal = propose(SourceFile(path, "book.xlsx"), now=NOW)
    assert proposal.result is not None
    assert proposal.result.totals["gross"] == 76.5
    assert [row["row"] for row in proposal.rows] == ["3", "4", "5"]
    assert proposal.text.source.name == "book.xlsx › Orders"


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(CrmError) as failure:
        recognise([path], limits=limits)
    return failure.value.code


def packed(*names: str) -> bytes:
    """A ZIP file of members without content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return out.getvalue()


def test_refused_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    whole = book(Orders=[HEADER, *ROWS])
    locked = b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(99)
    corner = openpyxl.Workbook()
    corner.worksheets[0]["XFD1048576"] = 1
    corner.worksheets[0]["A1"] = 1
    for content, code in (
        (whole[:-30], "import_workbook_broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "import_workbook_broken"),
        (locked, "import_workbook_locked"),
        (saved(corner), "import_sheet_too_large"),
        (
            packed("[Content_Types].xml", "xl/workbook.bin", "xl/worksheets/sheet1.bin"),
            "import_workbook_binary",
        ),
        (book(Empty=[]), "import_workbook_empty"),
    ):
        path.write_bytes(content)
        assert refusal(path) == code
    path.write_bytes(whole)
    assert refusal(path, Limits(cells=20)) == "import_sheet_too_large"
    assert refusal(path, Limits(unpacked_mb=0)) == "import_archive_too_large"


def test_a_workbook_that_unpacks_without_end_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(book(Orders=[HEADER, *ROWS]))
    with zipfile.ZipFile(path, "a") as made:
        made.writestr("docProps/note.xml", "")
        made.getinfo("xl/worksheets/sheet1.xml").file_size = 150 << 20
    assert refusal(path) == "import_archive_ratio"


def test_days_counted_from_1904_are_the_days_they_were(staged: Stage, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.epoch = CALENDAR_MAC_1904
    for row in (HEADER, *ROWS):
        made.worksheets[0].append(row)
    path = tmp_path / "book.xlsx"
    path.write_bytes(saved(made))
    assert b"date1904" in zipfile.ZipFile(path).read("xl/workbook.xml")
    assert staged(path).rows("orders", "order_id, ordered_at::date::varchar", "1") == [
        ("1001", "2026-02-03"), ("1002", "2026-02-17"),
    ]  # fmt: skip


def test_a_workbook_reads_no_file_of_the_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("root:x:0:0")
    with zipfile.ZipFile(io.BytesIO(book(Orders=[HEADER, *ROWS]))) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert b"Tea pot" in sheet
    entity = f'<!DOCTYPE worksheet [<!ENTITY file SYSTEM "file://{secret}">]>'.encode()
    parts["xl/worksheets/sheet1.xml"] = entity + sheet.replace(b"Tea pot", b"Tea &file;")
    path = tmp_path / "book.xlsx"
    path.write_bytes(zip_of(parts))
    assert refusal(path) == "import_workbook_broken"


@pytest.mark.slow
def test_six_million_cells_take_less_than_600_mb(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as made:
        sheet = made.add_worksheet()
        for row in range(300_000):
            sheet.write_row(row, 0, [f"text {row} {place}" for place in range(8)])
            sheet.write_row(row, 8, [row + place / 4 for place in range(12)])
    # What getrusage tells of a child begins with the memory of the one that started it.
    program = (
        "import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__'); "
        "status = open('/proc/self/status').read().splitlines(); "
        "sys.stderr.write(next(x for x in status if x.startswith('VmHWM:')).split()[1])"
    )
    command = [sys.executable, "-I", "-c", program, sheet_reader.__file__, str(path), str(tmp_path)]
    read = subprocess.run(
        [*command, "10000000", "1700"], capture_output=True, text=True, check=True
    )
    assert '"error"' not in read.stdout
    assert int(read.stderr) < 600 * 1024
