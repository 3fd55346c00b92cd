from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.imports.conftest import Staged


def test_the_whole_log_has_its_published_totals(
    staged: Callable[..., Staged], cdnow_master: Path
) -> None:
    result = staged(cdnow_master).result
    assert result.format == "cdnow"
    assert (result.rows_read, result.quarantined) == (69_659, 0)
    assert result.totals["customers"] == 23_570
    assert result.totals["orders"] == 69_659
    assert result.totals["units"] == 167_881
    assert result.totals["net"] == 2_500_315.63
    assert (result.currency, result.starts_with_shop) == ("USD", True)


def test_the_sample_names_customers_by_their_master_id(
    staged: Callable[..., Staged], cdnow_sample: Path, cdnow_master: Path
) -> None:
    sample = staged(cdnow_sample)
    assert sample.result.totals["customers"] == 2_357
    orders = set(sample.contents("orders"))
    assert len(orders) == 6_919
    assert orders <= set(staged(cdnow_master).contents("orders"))


@pytest.mark.slow
def test_a_shuffled_log_and_overlapping_halves_give_the_same_rows(
    staged: Callable[..., Staged], cdnow_sample: Path, tmp_path: Path
) -> None:
    lines = cdnow_sample.read_text().splitlines()
    whole = staged(cdnow_sample)
    tables = ("orders", "order_lines", "customers")
    expected = {table: whole.contents(table) for table in tables}
    random.Random(7).shuffle(lines)
    shuffled = tmp_path / "shuffled.txt"
    shuffled.write_text("\r\n".join(lines))
    again = staged(shuffled)
    assert {table: again.contents(table) for table in tables} == expected
    lines.sort()
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    # Overlap at the border of a customer: equal lines of one day must lie in one file.
    border = next(n for n in range(3000, 4000) if lines[n].split()[0] != lines[n - 1].split()[0])
    later = next(n for n in range(5000, 6000) if lines[n].split()[0] != lines[n - 1].split()[0])
    first.write_text("\n".join(lines[:later]))
    second.write_text("\n".join(lines[border:]))
    both = staged(first, second)
    assert {table: both.contents(table) for table in tables} == expected
    assert both.result.duplicates == later - border


def test_days_are_the_days_of_the_file(staged: Callable[..., Staged], cdnow_sample: Path) -> None:
    con = staged(cdnow_sample, timezone="America/New_York").con
    row = con.execute(
        "select min(day), max(day) from (select timezone('America/New_York', "
        "timezone('UTC', ordered_at))::date as day from staging.orders)"
    ).fetchone()
    assert [str(day) for day in row or ()] == ["1997-01-01", "1998-06-30"]


def test_bad_lines_are_set_aside_and_zero_dollars_stay(
    staged: Callable[..., Staged], tmp_path: Path
) -> None:
    path = tmp_path / "log.txt"
    path.write_text(
        " 00001 19970101  1   11.77\n 00002 19970230  1   12.00\n\n 00002 19970112  5   x\n"
        " 00003 19970112  5\n 00003 19970112  0    0.00\n 00003 20990112  1    5.00\n"
        " 00004 19970112  1    5.00\n 00005 19970112  1    5.00\n"
    )
    done = staged(path)
    assert done.rows("quarantine", "source_row, column_name, reason", "1") == [
        (2, "date", "import_bad_date"),
        (4, "dollars", "import_bad_number"),
        (5, None, "import_ragged_row"),
        (7, "date", "import_future_date"),
    ]
    assert [row[0] for row in done.rows("orders", "customer_id", "1")] == [
        "00001",
        "00003",
        "00004",
        "00005",
    ]
