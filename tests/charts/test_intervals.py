from __future__ import annotations

import pandas as pd

from crm_core.charts import Numbers, share_curves, whiskers

POINTS = Numbers("points", "en")


def test_a_whisker_goes_from_low_to_high_and_zero_is_marked() -> None:
    frame = pd.DataFrame(
        {"label": ["Tea", "Rest"], "value": [0.05, -0.02], "low": [0.01, None], "high": [0.1, None]}
    )
    chart = whiskers(frame.assign(seen=[0.08, -0.04]), POINTS)
    seen, believed = chart.figure.data
    assert list(seen.x) == [0.08, -0.04]
    assert [round(x, 2) for x in believed.error_x.array] == [0.05, 0.0]
    assert [round(x, 2) for x in believed.error_x.arrayminus] == [0.04, 0.0]
    assert believed.hovertext[0] == "Tea: +5.0 pts (+1.0 pts – +10.0 pts)"
    assert believed.hovertext[1] == "Rest: −2.0 pts"
    assert chart.figure.layout.shapes[0].x0 == 0
    assert "Tea +5.0 pts" in chart.alt


def test_one_curve_has_its_band_and_the_line_to_beat_is_grey() -> None:
    rows = [
        {"series": name, "share": share, "value": share, "low": share - 1, "high": share + 1}
        for name in ("Ours", "Theirs", "Lot")
        for share in (0.0, 0.5, 1.0)
    ]
    chart = share_curves(
        pd.DataFrame(rows), Numbers("money", "en"), x_title="Share", band="Ours", plain="Lot"
    )
    names = [trace.name for trace in chart.figure.data]
    assert names == ["Ours", "Ours", "Theirs", "Lot"]
    assert chart.figure.data[3].line.dash == "dot"
    assert list(chart.figure.data[0].y) == [1.0, 1.5, 2.0, 0.0, -0.5, -1.0]


def test_points_carry_their_sign() -> None:
    assert [POINTS.write(x) for x in (0.125, -0.03, 0.0, None)] == [
        "+12.5 pts", "−3.0 pts", "0.0 pts", "–",
    ]  # fmt: skip
    assert Numbers("points", "zh").write(0.125) == "+12.5 个百分点"
