"""What becomes of a click on a list, whichever thread is first."""

from __future__ import annotations

from crm_core.privacy.export import ExportResult
from crm_core.ui.export_button import Outcome, _wait  # pyright: ignore[reportPrivateUsage]


def test_a_list_written_before_the_page_is_drawn_anew_counts() -> None:
    written = ExportResult("x7", 3, {}, "sum", "list.csv")
    outcome = Outcome(begun="x7", result=written)
    _wait(outcome, "x7")
    assert outcome.result == written
    _wait(outcome, "y8")  # the next click
    assert (outcome.waiting, outcome.result) == (True, None)
