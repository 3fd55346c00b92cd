"""What becomes of a click on a list, whichever thread is first."""

from __future__ import annotations

from crm_core.privacy.export import ExportResult
from crm_core.ui.export_button import (  # pyright: ignore[reportPrivateUsage]
    Outcome,
    _is_over,  # pyright: ignore[reportPrivateUsage]
    _wait,  # pyright: ignore[reportPrivateUsage]
)


def test_a_list_written_before_the_page_is_drawn_anew_counts() -> None:
    written = ExportResult("x7", 3, {}, "sum", "list.csv")
    outcome = Outcome(begun="x7", result=written)
    _wait(outcome, "x7")
    assert outcome.result == written
    _wait(outcome, "y8")  # the next click
    assert (outcome.waiting, outcome.result) == (True, None)


def test_a_written_list_is_told_at_the_second_look() -> None:
    """Until then the server keeps the file for a browser that is slow to fetch it."""
    outcome = Outcome(waiting=True, begun="x7")
    assert not _is_over(outcome)
    outcome.result = ExportResult("x7", 3, {}, "sum", "list.csv")
    assert [_is_over(outcome), _is_over(outcome)] == [False, True]
    assert not outcome.waiting


def test_a_click_that_nobody_began_is_told() -> None:
    outcome = Outcome(waiting=True)
    looks = next(n for n in range(1, 100) if _is_over(outcome))
    assert outcome.error is not None
    assert (outcome.error.code, looks) == ("export_not_begun", 9)
