from __future__ import annotations

import pandas as pd
import pytest

from crm_core.charts import Numbers, month_lines, waterfall


def test_each_bar_begins_where_the_one_before_ends() -> None:
    frame = pd.DataFrame(
        {
            "label": ["Revenue", "Goods", "Postage", "Left"],
            "value": [100.0, -70.0, 5.0, 35.0],
            "code": ["revenue", "goods", "postage", ""],
            "shared": [False, True, False, False],
        }
    )
    chart = waterfall(frame, Numbers("money"))
    bar = chart.figure.data[0]
    ends = [(base, base + width) for base, width in zip(bar.base, bar.x, strict=True)]
    assert ends == [(0, 100), (30, 100), (30, 35), (0, 35)]
    assert [code for (code,) in bar.customdata] == ["revenue", "goods", "postage", ""]
    assert list(bar.marker.pattern.shape) == ["", "/", "", ""]
    assert "−€70" in bar.text[1]
    assert "Revenue" in chart.alt


def test_a_loss_ends_left_of_zero() -> None:
    frame = pd.DataFrame(
        {"label": ["Revenue", "Goods", "Left"], "value": [10.0, -15.0, -5.0], "shared": False}
    )
    bar = waterfall(frame, Numbers("money")).figure.data[0]
    assert [b + w for b, w in zip(bar.base, bar.x, strict=True)] == pytest.approx([10, 10, 0])
    assert list(bar.base) == pytest.approx([0, -5, -5])


def test_lines_over_months_mark_zero() -> None:
    frame = pd.DataFrame(
        {"month": [0, 1, 0, 1], "value": [-3.0, 2.0, -9.0, -1.0], "series": ["a", "a", "b", "b"]}
    )
    chart = month_lines(frame, Numbers("money"))
    assert [trace.name for trace in chart.figure.data] == ["a", "b"]
    assert any(shape.y0 == 0 for shape in chart.figure.layout.shapes)
