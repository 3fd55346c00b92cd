from __future__ import annotations

from datetime import date

import pandas as pd

from crm_core.charts import Numbers
from crm_core.charts.goals import bullets, goal_months

NOTHING = float("nan")


def test_a_bullet_shows_what_is_there_what_is_usual_and_where_it_lands() -> None:
    frame = pd.DataFrame(
        {
            "label": ["Orders", "Margin"],
            "reached": [0.5, 0.7],
            "usual": [0.4, NOTHING],
            "landing": [1.1, NOTHING],
            "low": [1.0, NOTHING],
            "high": [1.3, NOTHING],
        }
    )
    chart = bullets(frame, "en")
    there, usual, lands = chart.figure.data
    assert list(there.x) == [0.5, 0.7]
    assert usual.x[0] == 0.4
    assert [round(lands.error_x.array[0], 2), round(lands.error_x.arrayminus[0], 2)] == [0.2, 0.1]
    assert lands.hovertext[0] == "Orders: 110.0% (100.0% – 130.0%)"
    assert chart.figure.layout.shapes[0].x0 == 1
    assert "Orders 50.0%" in chart.alt
    only = bullets(frame.assign(usual=NOTHING, landing=NOTHING), "zh")
    assert len(only.figure.data) == 1


def test_months_that_missed_their_goal_are_striped_not_only_coloured() -> None:
    frame = pd.DataFrame(
        {
            "month": [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)],
            "value": [120.0, 90.0, NOTHING],
            "target": [100.0, 100.0, 110.0],
            "is_missed": [False, True, False],
            "landing": [NOTHING, NOTHING, 105.0],
            "low": [NOTHING, NOTHING, 95.0],
            "high": [NOTHING, NOTHING, 118.0],
        }
    )
    chart = goal_months(frame, Numbers("count", "en"), name="Orders")
    done, goal, lands = chart.figure.data
    assert list(done.marker.pattern.shape) == ["", "/", ""]
    assert list(goal.y) == [100.0, 100.0, 110.0]
    assert (lands.y[2], lands.error_y.array[2]) == (105.0, 13.0)
    assert list(chart.figure.layout.xaxis.ticktext) == ["Dec<br>2025", "Jan<br>2026", "Feb"]
    assert done.hovertext[1] == "Jan 2026: 90"
