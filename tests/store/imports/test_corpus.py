"""Bad files of every kind: each is read as far as it can be, or refused in words.

No file ends in anything but a result or a `CrmError`; no good row is lost; every other row has a
reason.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.store.imports import StageResult, recognise, stage
from crm_core.text import error_text
from tests.examples import examples, fast
from tests.store.imports.conftest import NOW
from tests.store.imports.tables import HEADER, ROWS, book, csv_text, html, ods, zip_of

TEXT = csv_text()
HEAD, A, B, C = TEXT.splitlines()
Outcome = str | tuple[int, dict[str, int]]


def text(*rows: str, head: str = HEAD, end: str = "\n") -> bytes:
    return (end.join([head, *rows]) + end).encode()


def parquet() -> bytes:
    out = io.BytesIO()
    columns = {name: [str(row[n]) for row in ROWS] for n, name in enumerate(HEADER)}
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


WIDE = ",".join(f"c{n}" for n in range(10_000))
OBJECTS = [dict(zip(HEADER, map(str, row), strict=True)) for row in ROWS]
JSON_LINES = "\n".join(map(json.dumps, OBJECTS)).encode()
WORKBOOK = book(Orders=[HEADER, *ROWS])
RAGGED, QUOTE, NUL = "import_ragged_row", "import_bad_quote", "import_nul_byte"
OPEN = "import_unclosed_quote"

# name of the file -> content, and the lines kept with the reasons of the rest, or the refusal
FILES: dict[str, tuple[bytes, Outcome]] = {
    # Bytes that are no text
    "nothing.csv": (b"", "import_empty_file"),
    "only a mark.csv": (b"\xef\xbb\xbf", "import_empty_file"),
    "only empty lines.csv": (b"\r\n" * 99, "import_empty_file"),
    "only NUL.csv": (bytes(500), "import_empty_file"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(99), "import_not_text"),
    "photo.csv": (b"\xff\xd8\xff\xe0" + bytes(99), "import_not_text"),
    "paper.csv": (b"%PDF-1.7\n1 0 obj", "import_not_text"),
    "database.csv": (b"SQLite format 3\0" + bytes(99), "import_not_text"),
    "seven.csv": (b"7z\xbc\xaf\x27\x1c" + bytes(99), "import_not_text"),
    "roshal.csv": (b"Rar!\x1a\x07\0" + bytes(99), "import_not_text"),
    "tape.csv": (b"a.csv".ljust(257, b"\0") + b"ustar" + bytes(300), "import_not_text"),
    "noise.csv": (bytes(range(1, 32)) * 99, "import_not_text"),
    "machine code.csv": (b"\x7fELF" + bytes(range(1, 9)) * 99, "import_not_text"),
    # Texts that are no table
    "letter.csv": (b"Dear all,\nhere they are.\nYours\n", "import_one_column"),
    "one column.csv": (b"Order ID\n1\n2\n", "import_one_column"),
    "no rows.csv": (text(), "import_header_only"),
    "no rows but titles.csv": (b"Orders\n\n" + text(), "import_header_only"),
    "other table.csv": (b"a,b,c\n1,2,3\n", "import_unclear_columns"),
    "no header.csv": (f"{A}\n{B}\n{C}\n".encode(), "import_unclear_columns"),
    "page.csv": (b"<!doctype html><html><body>Log in</body></html>", "import_not_text"),
    "error.csv": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
                  "import_not_text"),
    "xml.xls": (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:'
                b'spreadsheet"><Worksheet/></Workbook>', "import_not_text"),
    "laughs.xls": (b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
                   b"<l>&b;</l>", "import_not_text"),
    # Rows that are not like the others
    "short row.csv": (text(A, "1001,2026-02-03", B, C), (3, {RAGGED: 1})),
    "long row.csv": (text(A, B + ",x", C), (2, {RAGGED: 1})),
    "long rows but one.csv": (text(A, B + ",x", C + ",y", A), (2, {RAGGED: 2})),
    "open mark.csv": (text(A, '1002,2026-02-03,1,t1,"Tea,1,2', B, C), (3, {OPEN: 1})),
    "open marks.csv": (text('1001,2026-02-03,1,t1,"Tea,1,2', A, '"1002,2026-02-03,1,t1,Tea,1,2', B,
                            '1003,2026-02-03,1,t1,Tea,1,"2', '1003,2026-02-03,1,t1,"Tea\n\nfor ""two""",1,2', C),
                       (4, {OPEN: 3})),
    "open mark closed below.csv": (text('1002,2026-02-03,1,t1,"Tea,1,2', A, B,
                                        '1003,2026-02-03,1,t1,Pipe 6",1,2', C), (4, {OPEN: 1})),
    "mark in a value.csv": (text(A, '1002,2026-02-03,1,t1,"Tea"s,1,2', B, C), (3, {QUOTE: 1})),
    "mark inside.csv": (text(A, '1002,2026-02-03,1,t1,5" board,1,2', B, C), (4, {})),
    "lines in a value.csv": (text(A, '1003,2026-02-03,1,t1,"Tea\n\nfor ""two""",1,2', B), (3, {})),
    "NUL in a value.csv": (text(A, B.replace("pot", "p\0t"), C), (2, {NUL: 1})),
    "NUL after each row.csv": (text(A, B, C, end="\0\n"), (0, {NUL: 3})),
    "two ends.csv": (f"{HEAD}\r\n{A}\n{B}\r\n{C}\n".encode(), (3, {})),
    "old Mac.csv": (text(A, B, C, end="\r"), (3, {})),
    "no end.csv": (text(A, B, C)[:-1], (3, {})),
    "cut in a row.csv": (text(A, B, C)[:-12], (2, {QUOTE: 1})),
    "empty lines.csv": (text("", A, "", "", B, C, ""), (3, {})),
    "spaces.csv": (text("   ", A, "\t", B, C), (3, {})),
    "end of file.csv": (text(A, B, C, "\x1a"), (3, {RAGGED: 1})),
    "bad byte.csv": (text(A, B, C).replace(b"pot", b"p\xc3\xff")
                     + "1004,2026-02-03,1,t1,Café,1,2\n".encode() * 2, (4, {"import_bad_encoding": 1})),
    "formulas.csv": (text(A, "=cmd|'/C calc'!A0,2026-02-03,1,t1,=1+1,1,2", C), (3, {})),
    "apostrophes.csv": (text(A, "'1003,2026-02-03,'77,'t1,Tea,1,2", C), (3, {})),
    # Headers
    "names twice.csv": (text(*(f"{row},x" for row in (A, B, C)), head=f"{HEAD},SKU"), (3, {})),
    "names in capitals twice.csv": (text(*(f"{row},x" for row in (A, B)), head=f"{HEAD},sku"),
                                    (2, {})),
    "no name.csv": (text(*(f"{row},x" for row in (A, B, C)), head=f"{HEAD},"), (3, {})),
    "no name no value.csv": (text(*(f"{row},," for row in (A, B, C)), head=f"{HEAD},,"), (3, {})),
    "a thousand without.csv": (text(*(row + "," * 1000 for row in (A, B, C)),
                                    head=HEAD + "," * 1000), (3, {})),
    "10,000 columns.csv": (f"{WIDE}\n{'1,' * 9_999}1\n".encode(), "import_too_many_columns"),
    "30,000 columns.csv": (b"a,b" + b"," * 30_000 + b"\n1,2\n", "import_unclear_columns"),
    "header in a quote.csv": (text(A, head=HEAD.replace("SKU", '"SKU')), "import_header_only"),
    "titles.csv": (b'Report "May";;\n\n' + text(A, B, C), (3, {})),
    "header again.csv": (text(A, HEAD, B, HEAD, C), (3, {})),
    # Encodings
    "wrong bytes.csv": (text(A, B, C).replace(b"pot", b"p\x81\x8d\x90"),
                        (2, {"import_bad_encoding": 1})),
    "half a letter.csv": (text(A, B, C).decode().encode("utf-16")[:-1], (2, {"import_bad_encoding": 1})),
    "latin.csv": (text(A, B.replace("pot", "p\u00f6t"), C).decode().encode("latin-1"), (3, {})),
    # Workbooks
    "book.xlsx": (WORKBOOK, (3, {})),
    "book called.csv": (WORKBOOK, (3, {})),
    "text called.xlsx": (text(A, B, C), (3, {})),
    "tabs called.xls": (csv_text(mark="\t").encode(), (3, {})),
    "page called.xls": (html().encode(), (3, {})),
    "page cut short.xls": (html().encode()[:-40], (2, {RAGGED: 1})),
    "cut short.xlsx": (WORKBOOK[:3000], "import_workbook_broken"),
    "cut shorter.xlsx": (WORKBOOK[:4], "import_workbook_broken"),
    "no sheets.xlsx": (zip_of({"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<a/>"}),
                       "import_workbook_broken"),
    "letter.docx": (zip_of({"[Content_Types].xml": "<?xml version='1.0'?><a/>",
                            "word/document.xml": "<?xml version='1.0'?><a/>"}), "import_not_text"),
    "empty sheet.xlsx": (book(Orders=[]), "import_workbook_empty"),
    "header sheet.xlsx": (book(Orders=[HEADER]), "import_header_only"),
    "bad rows.xlsx": (book(Orders=[HEADER, ROWS[0], (1, "x", 1, "t", "T", 1, 1), ROWS[1]]),
                      (2, {"import_bad_date": 1})),
    "sheet.ods": (ods([HEADER, (1001, "2026-02-03", 77, "t1", "Tea", 1, 2.5)]), (1, {})),
    # Packed and other kinds
    "packed.csv": (gzip.compress(text(A, B, C)), (3, {})),
    "packed twice.gz": (gzip.compress(gzip.compress(text(A, B, C))), (3, {})),
    "packed cut.gz": (gzip.compress(text(A, B, C))[:-9], "import_archive_broken"),
    "packed and noise.gz": (gzip.compress(text(A, B, C)) + b"noise", "import_archive_broken"),
    "two packed.gz": (gzip.compress(text(A, B)) + gzip.compress(C.encode()), (3, {})),
    "zip and photo.zip": (zip_of({"a.csv": text(A, B, C), "b.jpg": b"\xff\xd8\xff" + bytes(9)}),
                          (3, {})),
    "zip and bad rows.zip": (zip_of({"a.csv": text(A, "x", B), "b.csv": text(C)}), (3, {RAGGED: 1})),
    "rows.jsonl": (JSON_LINES, (3, {})),
    "rows cut.jsonl": (JSON_LINES[:-20], (2, {"import_bad_json": 1})),
    "rows and noise.jsonl": (JSON_LINES + b"\nnull\n[]\n{", (3, {"import_bad_json": 3})),
    "table.parquet": (parquet(), (3, {})),
    "table cut.parquet": (parquet()[:-9], "import_parquet_broken"),
    "table called.csv": (parquet(), (3, {})),
    "mark alone.parquet": (b"PAR1", "import_parquet_broken"),
}  # fmt: skip


def outcome(path: Path) -> Outcome | CrmError:
    """Lines kept and reasons of the rest, or the refusal; anything else fails the test."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("set memory_limit = '256MB'")
        try:
            result = stage(
                con,
                recognise([path]),
                currency="EUR",
                timezone="UTC",
                now=NOW,
                progress=lambda _step, _share: None,
            )
        except CrmError as refusal:
            return refusal
        assert_told(result)
        return result.good.get("order_lines", 0), result.reasons


def assert_told(result: StageResult) -> None:
    """Every row read was kept, or is in quarantine with a reason, or repeats another."""
    kept = result.good.get("order_lines", 0) + result.good.get("refunds", 0)
    if kept or not result.good:  # a damaged header may make another table of the file
        assert result.rows_read == kept + result.quarantined + result.duplicates
    assert sum(result.reasons.values()) == result.quarantined
    assert all(code.startswith("import_") for code in result.reasons)


#: Every refusal, and a file of each kind that is read; the others are among the slow tests.
AT_THE_GATE = (
    "short row.csv", "open mark.csv", "NUL in a value.csv", "two ends.csv", "bad byte.csv",
    "formulas.csv", "names twice.csv", "header again.csv", "half a letter.csv", "latin.csv",
    "book.xlsx", "page called.xls", "sheet.ods", "packed twice.gz", "zip and bad rows.zip",
    "rows and noise.jsonl", "table.parquet",
)  # fmt: skip
REFUSED = [name for name, (_, expected) in FILES.items() if isinstance(expected, str)]


@pytest.mark.parametrize("name", fast(list(FILES), *AT_THE_GATE, *REFUSED))
def test_bad_files_lose_no_good_row_and_say_why(tmp_path: Path, name: str) -> None:
    content, expected = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    found = outcome(path)
    if isinstance(found, CrmError):
        assert found.code == expected
        for language in ("en", "zh"):
            message = error_text(found, language)
            assert name in message
            assert str(tmp_path) not in message
            assert "{" not in message
    else:
        assert found == expected


SEEDS: dict[str, Callable[[], bytes]] = {
    "a.csv": lambda: TEXT.encode(),
    "b.csv": lambda: TEXT.encode("utf-16"),
    "c.csv.gz": lambda: gzip.compress(TEXT.encode()),
    "d.zip": lambda: zip_of({"a.csv": TEXT, "b.jsonl": JSON_LINES}),
    "e.xlsx": lambda: WORKBOOK,
    "f.xls": lambda: html().encode(),
    "g.jsonl": lambda: JSON_LINES,
    "h.parquet": parquet,
    "i.ods": lambda: ods([HEADER, *[(r[0], "2026-02-03", *r[2:]) for r in ROWS]]),
    "j.xls": lambda: (Path(__file__).parents[2] / "fixtures/imports/orders.xls").read_bytes(),
}


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(sorted(SEEDS)),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    cut=st.floats(0.2, 1),
)
@example(name="e.xlsx", flips=[], cut=1.0)
@example(name="j.xls", flips=[], cut=1.0)
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, name: str, flips: list[tuple[float, int]], cut: float
) -> None:
    content = bytearray(SEEDS[name]())
    content = content[: int(len(content) * cut)]
    for place, byte in flips:
        content[int(place * (len(content) - 1))] = byte
    path = tmp_path / name
    path.write_bytes(bytes(content))
    found = outcome(path)
    assert not isinstance(found, str)


@pytest.mark.slow
@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.filterwarnings("ignore:Duplicate name")  # as archives may have
@given(content=st.dictionaries(st.text(max_size=12), st.binary(max_size=60), max_size=4))
def test_archives_of_anything_are_read_or_refused(
    tmp_path: Path, content: dict[str, bytes]
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, value in content.items():
            archive.writestr(name.replace("\0", "") or "x", value)
        archive.writestr("orders.csv", TEXT)
    path = tmp_path / "a.zip"
    path.write_bytes(out.getvalue())
    found = outcome(path)
    assert isinstance(found, CrmError) or found == (3, {})
    assert {each.name for each in tmp_path.iterdir()} == {"a.zip"}
