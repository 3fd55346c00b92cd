from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.charts.base import (
    Numbers,
    canvas,
    check_size,
    day_axis,
    day_ticks,
    day_words,
    shorten,
    value_ticks,
)
from crm_core.errors import CrmError


@given(st.lists(st.floats(-1e9, 1e12), min_size=1, max_size=30))
def test_axis_marks_cover_every_value_and_zero(values: list[float]) -> None:
    ticks = value_ticks(values)
    assert ticks[0] <= min([0.0, *values]) + 1e-6
    assert ticks[-1] >= max([0.0, *values]) - 1e-6
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(set(ticks))


def test_an_axis_without_values_still_has_marks() -> None:
    assert value_ticks([]) == [0.0, 1.0]
    assert value_ticks([float("nan"), float("inf")]) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 6, 30), date(2026, 6, 30)),
        (date(2026, 6, 24), date(2026, 6, 30)),
        (date(2026, 6, 1), date(2026, 6, 30)),
        (date(2025, 7, 1), date(2026, 6, 30)),
        (date(2016, 1, 1), date(2026, 6, 30)),
    ],
)
def test_a_time_axis_has_few_marks_inside_its_span(first: date, last: date) -> None:
    marks = day_ticks(first, last)
    assert 1 <= len(marks) <= 10
    assert all(first <= mark <= last for mark in marks)


def test_months_are_written_in_the_readers_language() -> None:
    marks = [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert day_words(marks, "en") == ["Dec<br>2025", "Jan<br>2026", "Feb"]
    assert day_words(marks, "zh") == ["12月<br>2025年", "1月<br>2026年", "2月"]


def test_no_english_month_reaches_a_chinese_axis() -> None:
    figure = canvas(200)
    day_axis(figure, pd.Series(pd.date_range("2026-01-01", "2026-06-30")), "zh")
    shown = " ".join(figure.layout.xaxis.ticktext)
    assert not any(letter.isascii() and letter.isalpha() for letter in shown.replace("<br>", ""))


def test_values_are_written_by_unit_and_language() -> None:
    assert Numbers("money", "en", "EUR").write(472036) == "€472,036"
    assert Numbers("money", "zh", "CNY").short(1_234_567) == "¥123.5万"
    assert Numbers("rate", "en").short(0.25) == "25%"
    assert Numbers("count", "en").short(15_000) == "15k"
    assert Numbers("count", "zh").write(None) == "–"
    assert Numbers("days", "en").write(12) == "12 days"
    assert Numbers("per", "en").write(1.234) == "1.23"


def test_a_label_is_inert_and_short() -> None:
    assert shorten('<a href="x">R</a>') == '&lt;a href="x"&gt;R&lt;/a&gt;'
    assert len(shorten("x" * 5_000)) <= 40


def test_a_figure_too_heavy_for_a_browser_is_refused() -> None:
    check_size(2_000)
    with pytest.raises(CrmError) as refused:
        check_size(2_001)
    assert refused.value.code == "chart_too_many_points"
