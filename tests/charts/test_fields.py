from __future__ import annotations

import pandas as pd

from crm_core.charts import Numbers, heat, scatter_fit, timeline, treemap

RATE = Numbers("rate", "en")


def test_a_cell_that_was_not_given_stays_empty() -> None:
    frame = pd.DataFrame(
        {
            "row": ["Jan", "Jan", "Feb"],
            "column": ["0", "1", "0"],
            "value": [1.0, 0.4, 1.0],
        }
    )
    matrix = heat(frame, RATE).figure.data[0]
    assert matrix.z[1][1] is None
    assert matrix.text[0][1] == "40.0%"
    assert matrix.text[1][1] == ""


def test_every_cell_of_a_grid_returns_its_code() -> None:
    frame = pd.DataFrame(
        {"row": ["A", "A", "B"], "column": ["x", "y", "y"], "value": [1, 2, 3]}
    ).assign(code=["A,x", "A,y", "B,y"])
    marks = heat(frame, Numbers("count", "en")).figure.data[1]
    told = zip(marks.x, marks.y, marks.customdata, marks.text, strict=True)
    assert list(told) == [(0, 0, ["A,x"], "1"), (1, 0, ["A,y"], "2"), (1, 1, ["B,y"], "3")]


def test_areas_return_their_codes_and_keep_equal_names_apart() -> None:
    frame = pd.DataFrame({"label": ["A", "A"], "value": [3, 1], "code": ["a", "b"]})
    area = treemap(frame, Numbers("count", "en")).figure.data[0]
    assert list(area.ids) == ["0", "1"]
    assert [code[0] for code in area.customdata] == ["a", "b"]


def test_every_kind_of_event_has_its_lane() -> None:
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]),
            "lane": ["Orders", "Refunds", "Orders"],
            "label": ["<b>A-1</b>", "A-1", "A-2"],
        }
    )
    chart = timeline(frame, "en")
    orders, refunds = chart.figure.data
    assert list(orders.y) == [0, 0]
    assert list(refunds.y) == [1]
    assert orders.text[0] == "&lt;b&gt;A-1&lt;/b&gt;"
    assert chart.alt == "3 events over time."


def test_a_perfect_forecast_lies_on_the_line() -> None:
    frame = pd.DataFrame({"predicted": [1.0, 2.0], "actual": [1.0, 2.0], "size": [10, 1000]})
    chart = scatter_fit(frame, Numbers("count", "en"), x_title="Expected", y_title="Actual")
    line, marks = chart.figure.data
    assert list(line.x) == list(line.y) == [0, 2.0]
    assert marks.marker.size[1] > marks.marker.size[0]
    for axis in (chart.figure.layout.xaxis, chart.figure.layout.yaxis):
        assert axis.range[0] < 0
        assert axis.range[1] > 2.0  # a mark at the edge is drawn whole
    assert chart.alt == "2 points comparing Expected with Actual."
