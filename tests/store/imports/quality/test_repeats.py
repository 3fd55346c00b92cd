"""Two files that overlap count once; two equal lines of one order count twice; a block is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from crm_core.store.imports.quality import Bill
from tests.store.imports.conftest import Staged
from tests.store.imports.quality.conftest import BY_PIECE, codes, row, the


def month(number: int, days: range) -> list[str]:
    """Two lines a day, each of an order of its own day."""
    return [
        row(f"{number}{day:02d}", f"2026-{number:02d}-{day:02d}", product, price=day)
        for day in days
        for product in ("tea", "pot")
    ]


def test_lines_of_two_files_that_overlap_count_once(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    first = written(*month(3, range(1, 21)), name="sheet-1.csv")
    second = written(*month(3, range(11, 29)), name="sheet-2.csv")
    found = staged(first, second, mapping=BY_PIECE)
    bill = found.result.bill
    assert dict(bill.rows) == {
        "read": 76,
        "good": 56,
        "duplicate": 20,
        "quarantined": 0,
        "skipped": 0,
    }
    assert len(found.rows("order_lines")) == 56
    block = the(bill, "repeated_block_dropped")
    assert (block.count, block.money) == (20, 2 * sum(range(11, 21)))
    assert block.facts == {
        "file": "sheet-1.csv", "from": 22, "to": 41,
        "other": "sheet-2.csv", "again_from": 2, "again_to": 21,
    }  # fmt: skip
    overlap = the(bill, "overlapping_files")
    assert (overlap.count, overlap.facts["from"], overlap.facts["to"]) == (
        10,
        "2026-03-11",
        "2026-03-20",
    )
    assert bill.adds_up


def test_a_block_that_one_file_holds_twice_is_kept_and_told(billed: Callable[..., Bill]) -> None:
    once = month(4, range(1, 11))
    bill = billed(*once, row("odd", "2026-04-11"), *once)
    block = the(bill, "repeated_block")
    assert (block.severity, block.count, block.money) == ("warn", 20, 2 * sum(range(1, 11)))
    assert (block.facts["from"], block.facts["to"]) == (2, 21)
    assert (block.facts["again_from"], block.facts["again_to"]) == (23, 42)
    assert (bill.rows["good"], bill.rows["duplicate"]) == (41, 0)


def test_a_block_with_a_return_and_a_bad_row_in_it_is_one_block(
    billed: Callable[..., Bill],
) -> None:
    once = month(4, range(1, 11))
    once[8:8] = [row("402", "2026-04-02", "tea", -1), row("x", "2026-02-30")]
    block = the(billed(*once, *once), "repeated_block")
    assert (block.facts["from"], block.facts["to"], block.count) == (2, 23, 20)


def test_equal_lines_of_one_order_are_two_lines_and_no_block(billed: Callable[..., Bill]) -> None:
    bill = billed(*[row(1, "2026-04-01")] * 12, *[row(2, "2026-04-02")] * 2)
    assert bill.rows["good"] == 14
    assert bill.totals["units"] == 14
    assert not codes(bill) & {"repeated_block", "repeated_block_dropped", "repeated_rows"}


def test_scattered_repeats_of_two_files_are_told_by_their_number(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    first = written(row(1, "2026-03-01"), row(2, "2026-03-02"), name="a.csv")
    second = written(row(2, "2026-03-02"), row(3, "2026-03-03"), name="b.csv")
    bill = staged(first, second, mapping=BY_PIECE).result.bill
    assert the(bill, "repeated_rows").count == 1
    assert bill.rows["duplicate"] == 1


def test_files_of_different_days_do_not_overlap(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    files = [written(*month(m, range(1, 9)), name=f"{m}.csv") for m in (3, 4)]
    assert "overlapping_files" not in codes(staged(*files, mapping=BY_PIECE).result.bill)


def test_of_many_files_of_the_same_days_five_pairs_are_told_and_how_many_more(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    files = [
        written(row(n, "2026-03-01"), row(99, "2026-03-02"), name=f"{n}.csv") for n in range(5)
    ]
    bill = staged(*files, mapping=BY_PIECE).result.bill
    told = [finding for finding in bill.findings if finding.code == "overlapping_files"]
    pairs = [(finding.facts["file"], finding.facts["other"]) for finding in told]
    assert pairs == [("0.csv", f"{n}.csv") for n in range(1, 5)] + [("1.csv", "2.csv")]
    assert [finding.count for finding in told] == [1] * 5  # order 99 is in every file
    assert the(bill, "overlapping_files_more").count == 10 - 5


def test_a_few_files_of_the_same_days_are_all_told(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    files = [written(row(n, "2026-03-01"), name=f"{n}.csv") for n in range(3)]
    bill = staged(*files, mapping=BY_PIECE).result.bill
    assert [finding.code for finding in bill.findings].count("overlapping_files") == 3
    assert "overlapping_files_more" not in codes(bill)
