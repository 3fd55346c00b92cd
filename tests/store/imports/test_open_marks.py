"""A quotation mark left open costs its own row and no other."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.store.imports import Mapping
from crm_core.store.imports.contract import Job, SourceFile
from crm_core.store.imports.rows import load_rows
from crm_core.store.imports.staging import create_staging
from crm_core.store.imports.textfile import read_text
from tests.examples import examples
from tests.store.imports.conftest import HEADER, NOW, Staged


def row(order: int, product: str = "Tea") -> str:
    return f"{order},2026-01-15,c{order},p,{product},1,2.50"


def orders(staged: Staged) -> list[tuple[object, ...]]:
    return staged.rows("order_lines", "source_row, order_id", "source_row")


def aside(staged: Staged) -> list[tuple[object, ...]]:
    return staged.rows("quarantine", "source_row, reason, raw", "source_row")


def test_row_500_of_a_thousand_is_named_and_alone(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    rows = [row(n) for n in range(2, 1002)]
    rows[498] = row(500, '"Tea')
    found = staged(written(*rows), currency="EUR")
    assert aside(found) == [(500, "import_unclosed_quote", row(500, '"Tea'))]
    assert orders(found) == [(n, str(n)) for n in range(2, 1002) if n != 500]
    assert found.result.rows_read == 1000


def test_a_mark_that_another_one_far_below_closes_takes_no_row_along(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    rows = [row(n) for n in range(2, 102)]
    rows[48], rows[90] = row(50, '"Tea'), row(92, 'Pipe 6"')
    found = staged(written(*rows), currency="EUR")
    assert [place for place, *_ in aside(found)] == [50]
    assert [place for place, _ in orders(found)] == [n for n in range(2, 102) if n != 50]


def test_where_every_value_is_quoted_the_next_row_stays(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    rows = [",".join(f'"{cell}"' for cell in row(n).split(",")) for n in range(2, 12)]
    rows[3] = rows[3][:-1]
    found = staged(written(*rows), currency="EUR")
    assert [(place, reason) for place, reason, _ in aside(found)] == [(5, "import_unclosed_quote")]
    assert [place for place, _ in orders(found)] == [n for n in range(2, 12) if n != 5]


def test_long_texts_of_the_same_file_stay_whole(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    text = '"Tea,\n\nfor ""two"", or three\n1,2"'
    found = staged(
        written(
            row(2), row(3, text).replace(",p,", ",q,"), "", row(4, '"Tea'), row(5, text), row(6)
        ),
        currency="EUR",
    )
    assert [place for place, *_ in aside(found)] == [5]
    assert orders(found) == [(2, "2"), (3, "3"), (6, "5"), (7, "6")]
    assert ("q", 'Tea,\n\nfor "two", or three\n1,2') in found.rows(
        "products", "product_id, product_name"
    )


def test_a_row_of_several_lines_goes_as_a_whole(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    bad = '3,2026-01-15,c3,p,"two\nlines",1,"2.50'
    found = staged(written(row(2), bad, row(4), '5,2026-01-15,c5,p,"two\nlines",1,2.50', row(6)),
                   currency="EUR")  # fmt: skip
    assert aside(found) == [(3, "import_unclosed_quote", bad)]
    assert orders(found) == [(2, "2"), (4, "4"), (5, "5"), (6, "6")]


def test_rows_below_empty_lines_keep_their_numbers_whatever_marks_stand_in_cells(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    found = staged(
        written(row(2, '5" shelf'), "", row(4, '"two\n\nlines"'), "", row(6, "Tea")),
        currency="EUR",
    )
    assert orders(found) == [(2, "2"), (4, "4"), (6, "6")]


def test_in_two_columns_the_row_after_stays_too(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written("1,a@example.com", '2,"b@example.com', "3,c@example.com",
                   header="Customer ID,Email")  # fmt: skip
    columns = {"customer_id": "Customer ID", "email": "Email"}
    found = staged(path, mapping=Mapping(table="customers", columns=columns))
    assert [place for place, *_ in aside(found)] == [3]
    assert found.rows("customers", "customer_id") == [("1",), ("3",)]


GOOD = st.sampled_from(["Tea", "Tea, green", "two\nlines", '6" pipe', "", "a,b\nc,d,e\n"])


@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.tuples(GOOD, st.integers(0, 6) | st.none()), min_size=1, max_size=30),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_however_many_marks_are_open_the_good_rows_stay(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    rows: list[tuple[str, int | None]],
    quoting: int,
    end: str,
) -> None:
    """A row is spoiled by a mark before one of its plain cells that none after it closes."""
    lines: list[str] = []
    for place, (name, spoiled) in enumerate(rows, 2):
        out = io.StringIO(newline="")
        cells = [str(place), "2026-01-15", f"c{place}", "p", name, "1", "2.50"]
        csv.writer(out, lineterminator="\n", quoting=quoting).writerow(cells)
        if spoiled is not None:
            cells[4] = "Tea"
            cells[spoiled] = '"' + cells[spoiled]
        lines.append(out.getvalue()[:-1] if spoiled is None else ",".join(cells))
    path = tmp_path / "orders.csv"
    path.write_bytes((end.join([HEADER, *lines, row(99)]) + end).encode())
    create_staging(con)
    job = Job(con, tmp_path, NOW, "EUR", "UTC", lambda _step, _share: None)
    read = load_rows(job, read_text(SourceFile(path, path.name)), table="order_lines")
    told = con.execute("select source_row, reason from staging.quarantine order by 1").fetchall()
    kept = con.execute("select source_row, c4 from import_raw order by 1").fetchall()
    assert told == [
        (place, "import_unclosed_quote")
        for place, (_, spoiled) in enumerate(rows, 2)
        if spoiled is not None
    ]
    names = [(n, name) for n, (name, spoiled) in enumerate(rows, 2) if spoiled is None]
    assert [(n, name or "") for n, name in kept] == [*names, (len(rows) + 2, "Tea")]
    assert read == len(rows) + 1
