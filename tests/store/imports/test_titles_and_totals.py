"""Where the table in a text file begins, what its columns are called, and what is no row of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from crm_core.store.imports import Mapping, SourceFile, propose
from crm_core.store.imports.layout import find_layout
from crm_core.store.imports.textfile import read_text
from tests.examples import first
from tests.store.imports.conftest import NOW, Staged
from tests.store.imports.tables import HEADER, LINES, ROWS, csv_text

Stage = Callable[..., Staged]


def lines(staged: Staged) -> list[tuple[object, ...]]:
    return staged.rows(
        "order_lines",
        "order_id, product_id, quantity, line_total::double",
        "source_file, source_row",
    )


def told(staged: Staged, code: str) -> object:
    return next((n.facts for n in staged.result.notices if n.code == code), None)


@pytest.mark.parametrize(
    "titles",
    first(
        [
            "Orders of February\n",
            "sep=;\n",
            "Report, January to March; all shops\nMade: 2026-03-01\n\n\n",
            '"A title, with ""marks""\nin two lines";;;;;;\n',
            'Size 5" boards\n',
            '"Bad "mark" here";x\n',
            "\n\n",
            "# one; two\n# three; four; five\n",
            "Shop;Tea House;;;;;\nFrom;2026-02-01;To;2026-02-28;;;\n",
            ";;;Order;;;\n",
        ],
        4,
    ),
)
def test_the_header_is_found_below_titles_and_rows_keep_their_numbers(
    staged: Stage, tmp_path: Path, titles: str
) -> None:
    path = tmp_path / "orders.csv"
    bad = (1003, "never", 79, "t1", "Tea", 1, 1)
    path.write_text(titles + csv_text([*ROWS, bad], mark=";"))
    found = staged(path)
    assert lines(found) == LINES
    above = titles.count("\n") - ("\nin" in titles)
    assert found.rows("order_lines", "source_row") == [(above + 2,), (above + 3,), (above + 4,)]
    assert found.rows("quarantine", "source_row, reason") == [(above + 5, "import_bad_date")]
    if titles.strip() and "sep=" not in titles:
        assert told(found, "import_title_rows") is not None


@pytest.mark.parametrize(
    "records",
    [
        ["name,city", "Smith, John,Bath", "Miller, Ann,York"],
        ["a;b;c", "1;x, y, z, w, v;3", "2;x, y, z, w, v;3"],
        ["a,b,c", "1,2", "1,2,3,4"],
        ["2024,2025", "1,2"],
        ["a,b"],
    ],
)
def test_a_first_row_is_the_header_unless_another_names_twice_as_much(records: list[str]) -> None:
    layout = find_layout(records)
    assert layout is not None
    assert layout.row == 1


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("a,b,a,A", ("a", "b", "a (2)", "A")),
        ("a,a,a (2)", ("a", "a (3)", "a (2)")),
        ("a,b,,", ("a", "b")),
        ("a,b,,d", ("a", "b", "d")),
        (" a , b\u200b,\tc", ("a", "b", "c")),
        ('"a\nx",b', ("a x", "b")),
    ],
)
def test_names_of_columns(tmp_path: Path, header: str, names: tuple[str, ...]) -> None:
    path = tmp_path / "orders.csv"
    row = ",".join("" if not name.strip() else "1" for name in header.split(","))
    path.write_text(f"{header}\n{row}\n")
    assert read_text(SourceFile(path, "orders.csv")).header[: len(names)] == names


def test_columns_without_a_name_stay_when_they_hold_something(
    staged: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    rows = [(*row, None, note, None) for row, note in zip(ROWS, ("", "gift", ""), strict=True)]
    path.write_text(csv_text(rows, header=(*HEADER, "", "", "")))
    assert read_text(SourceFile(path, "orders.csv")).header == (*HEADER, "column 9")
    found = staged(path)
    assert lines(found) == LINES
    assert told(found, "import_unnamed_columns") == {"file": "orders.csv", "columns": "column 9"}


def test_a_mark_after_every_row_spoils_none(staged: Stage, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    head, *rows = csv_text().splitlines()
    path.write_text("\n".join([head, *(f"{row},," for row in rows)]))
    assert lines(staged(path)) == LINES
    path.write_text("\n".join([f"{head},,", *rows]))
    assert lines(staged(path)) == LINES


@pytest.mark.parametrize(
    "total",
    first(
        [
            ("Total", "", "", "", "", 4, 76.5),
            ("", "", "", "", "Subtotal", 4, "76,50"),
            ("Grand total:", "", "", "", "", "", "EUR 76.50"),
            ("2026-02-03", "Zwischensumme", "", "", "", 3, 64),
            ("Total (3 orders)", "", "", "", "", "", ""),
            ("合计", "", "", "", "", "4", "¥76.50"),
            ("小计：", "", "", "", "", "4", "76.50元"),
        ],
        3,
    ),
)
def test_totals_are_left_out(staged: Stage, tmp_path: Path, total: tuple[object, ...]) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([*ROWS, total]), encoding="utf-8")
    found = staged(path)
    assert lines(found) == LINES
    assert told(found, "import_total_rows") == {"file": "orders.csv", "count": 1, "rows": "5"}
    assert (found.result.quarantined, found.result.rows_read) == (0, 3)


@pytest.mark.parametrize(
    "total",
    [
        ("Insgesamt", "", "", "", "", 4, 76.5),
        ("", "", "77 Total", "", "", 3, 64),
        ("Total for customer 77", "", "", "", "", 3, 64),
        ("", "", "", "", "Tea pot Ergebnis", 1, 39),
    ],
)
def test_a_total_of_a_value_that_other_rows_have_is_left_out(
    staged: Stage, tmp_path: Path, total: tuple[object, ...]
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([*ROWS, total]), encoding="utf-8")
    found = staged(path)
    assert lines(found) == LINES
    assert told(found, "import_total_rows") == {"file": "orders.csv", "count": 1, "rows": "5"}
    assert found.result.quarantined == 0


@pytest.mark.parametrize("padded", ["", ",,,,,,"])
def test_a_footer_is_left_out(staged: Stage, tmp_path: Path, padded: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(f"{csv_text()}Generated by Shop Reports 4.2{padded}\n")
    found = staged(path)
    assert lines(found) == LINES
    assert told(found, "import_footer_rows") == {"file": "orders.csv", "count": 1, "rows": "5"}
    assert (found.result.quarantined, found.result.rows_read) == (0, 3)


def test_a_total_of_nothing_that_is_known_is_set_aside(staged: Stage, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    rows = [*ROWS, ("", "", "", "", "Cereal Total", 1, 3.5), ("Free words", "", "", "", "", "", "")]
    path.write_text(csv_text(rows))
    found = staged(path)
    assert (lines(found), found.result.quarantined) == (LINES, 2)


@pytest.mark.parametrize(
    "row",
    [
        (1003, datetime(2026, 2, 3, 10), 77, "Total", "Total", 1, 3.5),
        ("Total", datetime(2026, 2, 3, 10), 77, "t1", "Tea", 1, 3.5),
        ("Total", datetime(2026, 2, 3, 10), "", "", "Total cereal", 1, 3.5),
        (1003, datetime(2026, 2, 3, 10), "", "", "Total", 1, 3.5),
    ],
)
def test_what_may_be_a_sale_is_never_taken_for_a_total(
    staged: Stage, tmp_path: Path, row: tuple[object, ...]
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([*ROWS, row]))
    assert len(lines(staged(path))) == 4


def test_rows_without_a_value_and_the_header_again_are_left_out(
    staged: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    empty = ("",) * 7
    path.write_text(csv_text([ROWS[0], empty, HEADER, *ROWS[1:], empty, empty]) + "\n\n")
    found = staged(path)
    assert lines(found) == LINES
    assert told(found, "import_empty_rows") == {"file": "orders.csv", "count": 3, "rows": "3, 7, 8"}
    assert told(found, "import_repeated_header") == {"file": "orders.csv", "count": 1, "rows": "4"}
    assert found.result.rows_read == 3


def test_a_preview_sees_what_the_import_sees(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    text = csv_text([*ROWS, ("Total", "", "", "", "", 4, 76.5)])
    path.write_text(f"Report\n\n{text}")
    proposal = propose(SourceFile(path, "orders.csv"), now=NOW)
    assert [row["row"] for row in proposal.rows] == ["4", "5", "6"]
    assert proposal.mapping.missing() == Mapping(columns=proposal.mapping.columns).missing() == ()
