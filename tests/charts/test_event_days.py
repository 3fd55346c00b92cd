"""Times of an event lie over each other; what is expected is dashed and has its range."""

from __future__ import annotations

import pandas as pd

from crm_core.charts import Numbers, around_event, day_pace


def test_times_lie_over_each_other() -> None:
    rows = [
        {"series": name, "role": role, "offset": offset, "value": 10.0 * offset + 50, "note": "day"}
        for name, role in (("2024", "past"), ("2025", "past"), ("2026", "now"), ("2026?", "expected"))
        for offset in (-1, 0, 1)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.loc[frame["role"] == "expected", ["low", "high"]] = (40.0, 75.0)
    chart = around_event(frame, Numbers("money"), spans=[(0, 0, "The event")])
    named = {trace.name: trace for trace in chart.figure.data}
    assert [named[name].x[1] for name in ("2024", "2025", "2026", "2026?")] == [0, 0, 0, 0]
    assert named["2026?"].line.dash == "dash"
    assert named["2024"].line.color != named["2025"].line.color
    band = chart.figure.data[0]
    assert (max(band.y), min(band.y)) == (75.0, 40.0)
    assert "€" in chart.alt
    assert len(chart.figure.layout.shapes) == 1
    assert not chart.figure.layout.annotations  # a name has no room across a single day
    wide = around_event(frame, Numbers("money"), spans=[(0, 4, "The event")])
    assert wide.figure.layout.annotations[0].text == "The event"


def test_todays_pace_is_strong() -> None:
    frame = pd.DataFrame(
        [
            {"series": name, "hour": hour, "share": hour / 24, "orders": hour, "is_today": name == "today"}
            for name in ("last", "today")
            for hour in range(1, 25)
        ]
    )  # fmt: skip
    last, today = day_pace(frame, Numbers("rate")).figure.data
    assert today.name == "today"
    assert today.line.width > last.line.width
    assert last.text[11] == "50.0% (12)"
