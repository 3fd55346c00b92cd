"""Whether a change is news, and the small line of a card: windows of days added up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm_core.views.variation import sparkline, usual_change


def _days(revenue: list[float], orders: list[float] | None = None) -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=len(revenue), freq="D", name="day")
    return pd.DataFrame({"revenue": revenue, "orders": orders or [1.0] * len(revenue)}, index=days)


def test_a_shop_that_doubles_every_week_usually_changes_by_all_of_it() -> None:
    parts = _days([2.0 ** (day // 7) for day in range(120)])
    before = pd.Timestamp("2026-05-01")
    assert usual_change(parts, "revenue", days=7, lag=7, before=before) == pytest.approx(1.0)


def test_what_lies_after_the_period_began_is_no_past() -> None:
    steady = [10.0] * 100
    wild = [*steady, *np.linspace(0.0, 1_000.0, 20)]
    before = pd.Timestamp("2026-04-11")
    assert usual_change(_days(wild), "revenue", days=7, lag=7, before=before) == 0.0


def test_a_few_weeks_tell_nothing_usual() -> None:
    parts = _days([10.0] * 20)
    assert usual_change(parts, "revenue", days=7, lag=7, before=pd.Timestamp("2026-02-01")) is None


def test_a_small_line_adds_up_equal_steps_and_leaves_out_what_is_no_whole_one() -> None:
    parts = _days([1.0] * 65)
    assert sparkline(parts, "revenue") == (3.0,) * 21
    assert sparkline(_days([5.0]), "revenue") == (5.0,)
    assert sparkline(_days([5.0]).iloc[:0], "revenue") == ()


def test_a_ratio_is_worked_out_of_added_up_parts_and_left_out_where_there_is_none() -> None:
    parts = _days([10.0, 20.0, 0.0], [1.0, 4.0, 0.0])
    assert sparkline(parts, "average_order_value") == (10.0, 5.0)
