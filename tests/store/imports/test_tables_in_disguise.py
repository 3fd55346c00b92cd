"""HTML called .xls, JSON and any Parquet file: tables all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crm_core.errors import CrmError
from crm_core.store.imports import Limits, recognise
from crm_core.store.imports.limits import MB
from tests.store.imports.conftest import Staged
from tests.store.imports.tables import HEADER, LINES, ROWS, html

Stage = Callable[..., Staged]
OBJECTS: list[dict[str, Any]] = [
    dict(zip(HEADER, (row[0], row[1].isoformat(), *row[2:]), strict=True)) for row in ROWS
]


def lines(staged: Staged) -> list[tuple[object, ...]]:
    return staged.rows(
        "order_lines",
        "order_id, product_id, quantity, line_total::double",
        "source_file, source_row",
    )


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(CrmError) as failure:
        recognise([path], limits=limits)
    return failure.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_page_with_a_table_is_read_in_any_encoding(
    staged: Stage, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "orders.xls"
    path.write_bytes(html().replace("Tea pot", "茶壶与茶杯").encode(encoding))
    found = staged(path)
    assert lines(found) == LINES
    assert found.result.files[0].name == "orders.xls"
    assert ("茶壶与茶杯",) in found.rows("products", "product_name")


def test_cells_that_reach_down_count_for_each_row_and_scripts_for_none(
    staged: Stage, tmp_path: Path
) -> None:
    (order, day, *_), path = ROWS[0], tmp_path / "orders.xls"
    path.write_text(
        f"<table><tr><th colspan=3>Export<tr>{''.join(f'<th>{name}' for name in HEADER)}"
        f"<tr><td rowspan=2>{order}<td rowspan=2>{day}<td rowspan=2>77"
        "<td>t1<td>Tea,&nbsp;green<script>document.write('9')</script><td>2<td>12.5"
        "<tr><td>t2<td>Tea<br>pot<td>1<td>39.00</table>"
    )
    found = staged(path)
    assert lines(found) == LINES[:2]
    assert found.rows("products", "product_name") == [("Tea\npot",), ("Tea, green",)]


def test_pages_without_a_table_or_with_endless_tags_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.xls"
    for page, code in (
        ("<html><body>Log in</body></html>", "import_not_text"),
        ("<table><tr><td>a</td></tr></table>", "import_not_text"),
        ("<table>" * 9, "import_html_broken"),
        ("<table><tr><td>" + "<!-- " + "x" * 2 * MB, "import_html_broken"),
        ('<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
         "<Worksheet><Table/></Worksheet></Workbook>", "import_not_text"),
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
         "import_not_text"),
    ):  # fmt: skip
        path.write_text(page)
        assert refusal(path) == code
    wide = "<td colspan=2000 rowspan=9>x" * 20
    path.write_text(f"<table><tr>{wide}" + "<tr>" * 50)
    assert refusal(path, Limits(cells=100_000)) == "import_sheet_too_large"


@pytest.mark.parametrize("layout", ["lines", "array", "pretty"])
def test_json_rows_are_a_table(staged: Stage, tmp_path: Path, layout: str) -> None:
    path = tmp_path / "orders.json"
    text = "\n".join(map(json.dumps, OBJECTS))
    if layout != "lines":
        text = json.dumps(OBJECTS, indent=2 if layout == "pretty" else None)
    path.write_text(text)
    assert lines(staged(path)) == LINES


def test_a_bad_line_of_json_is_set_aside_by_its_number(staged: Stage, tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    nested = [{**row, "buyer": {"Email": "a@example.org"}, "tags": ["x"]} for row in OBJECTS]
    first, *rest = map(json.dumps, nested)
    bad = json.dumps({**OBJECTS[0], "Price": "twelve"})
    path.write_text("\n".join([first, '{"Order ID": 10', "", "[1]", bad, *rest]))
    found = staged(path)
    assert lines(found) == LINES
    assert found.rows("quarantine", "source_row, reason", "1") == [
        (2, "import_bad_json"), (4, "import_bad_json"), (5, "import_bad_number"),
    ]  # fmt: skip
    assert found.result.rows_read == 6
    told = {notice.code: notice.facts for notice in found.result.notices}
    assert told["import_lists_left_out"]["columns"] == "tags"


def test_json_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    for text, code in (
        ("{}", "import_json_layout"),
        ('{"orders": [{"id": 1}]}', "import_json_layout"),
        (json.dumps(OBJECTS)[:-20], "import_json_broken"),
        ('[{"a": ' + "[" * 100_000, "import_json_broken"),
        ('[{"a": 1}, oops]', "import_json_broken"),
    ):
        path.write_text(text)
        assert refusal(path) == code


def parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_any_parquet_file_is_a_table(staged: Stage, tmp_path: Path) -> None:
    columns: dict[str, Any] = {name: [row[n] for row in ROWS] for n, name in enumerate(HEADER)}
    columns["Price"] = pa.array([12.5, 39.0, 12.5], pa.float64())
    columns["When"] = pa.array([datetime(2026, 2, 3)] * 3, pa.timestamp("us", tz="Asia/Tokyo"))
    columns["ship"] = [{"to": {"city": "Bath"}}] * 3
    columns["tags"] = [["a"]] * 3
    found = staged(parquet(tmp_path / "mine.parquet", **columns))
    assert lines(found) == LINES
    told = {notice.code: notice.facts for notice in found.result.notices}
    assert told["import_lists_left_out"]["columns"] == "tags"


def test_texts_with_decimal_commas_do_not_spoil_real_numbers(staged: Stage, tmp_path: Path) -> None:
    columns: dict[str, Any] = {name: [row[n] for row in ROWS] for n, name in enumerate(HEADER)}
    columns["Price"] = ["12,50", "39,00", "12,50"]
    columns["Tax"] = [1.25, 0.5, 3.0]
    found = staged(parquet(tmp_path / "mine.parquet", **columns))
    assert lines(found) == LINES
    assert found.rows("order_lines", "tax::double", "source_row") == [(1.25,), (0.5,), (3.0,)]


def test_parquet_is_refused_when_damaged_or_when_it_would_unpack_too_far(tmp_path: Path) -> None:
    path = parquet(tmp_path / "mine.parquet", a=["x" * 1000] * 5000, b=[1] * 5000)
    assert refusal(path, Limits(unpacked_mb=2)) == "import_archive_too_large"
    path.write_bytes(path.read_bytes()[:-20])
    assert refusal(path) == "import_parquet_broken"


def test_rows_of_json_and_parquet_keep_their_numbers(staged: Stage, tmp_path: Path) -> None:
    columns: dict[str, Any] = {name: [row[n] for row in ROWS] for n, name in enumerate(HEADER)}
    columns["Quantity"] = [2, None, 1]
    found = staged(parquet(tmp_path / "mine.parquet", **columns))
    assert found.rows("quarantine", "source_row, reason") == [(2, "import_missing_value")]
