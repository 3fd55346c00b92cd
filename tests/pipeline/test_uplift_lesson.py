"""What uplift is learned from: margin where all costs are known, else what was paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.audiences.measurement import touched_assignment
from crm_core.pipeline.uplift_lesson import Read, read_lesson
from crm_core.pipeline.uplift_steps import taught
from tests.audiences.test_measurement import spring
from tests.small_shop import small_shop


def lesson_of(folder: Path, *, costed: bool) -> tuple[Read, dict[str, object]]:
    rows = spring()
    if not costed:  # of one thing sold in the window nobody told what it cost
        del rows["order_lines"][4]["unit_cost"]
        del rows["order_lines"][3]["unit_cost"]
    store = small_shop(folder, rows).open()
    assignment = touched_assignment(store, "spring")
    return read_lesson(store, assignment), taught(store, assignment)[0][0]


@pytest.mark.parametrize("costed", [pytest.param(True, marks=pytest.mark.slow), False])
def test_revenue_is_never_taken_for_margin(tmp_path: Path, costed: bool) -> None:
    read, told = lesson_of(tmp_path, costed=costed)
    assert read.costs_known is told["costs_known"] is costed
    ann = 67.0 if costed else 75.0
    assert sorted(read.lesson.margin[read.lesson.treated]) == [-40.0, ann]
