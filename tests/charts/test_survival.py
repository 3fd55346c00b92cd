from __future__ import annotations

import pandas as pd

from crm_core.charts import Numbers, survival_curves


def curves() -> pd.DataFrame:
    one = {"days": [0, 10, 20], "share": [1.0, 0.5, 0.25], "low": [1.0, 0.4, 0.2]}
    two = {"days": [0, 10, 20], "share": [1.0, 0.9, 0.8], "low": [1.0, 0.8, 0.7]}
    frames = [pd.DataFrame({**two, "series": "Loyal"}), pd.DataFrame({**one, "series": "New"})]
    return pd.concat(frames, ignore_index=True).assign(high=1.0)


def test_each_group_is_a_stair_from_everybody_downwards() -> None:
    chart = survival_curves(curves(), Numbers("rate", "en"), x_title="Days")
    assert [line.name for line in chart.figure.data] == ["Loyal", "New"]
    assert all(line.line.shape == "hv" and line.y[0] == 1.0 for line in chart.figure.data)
    assert chart.figure.data[1].text[1] == "10 · 50.0% (40.0% – 100.0%)"


def test_the_alternative_text_says_how_many_are_left() -> None:
    words = survival_curves(curves(), Numbers("rate", "en"), x_title="Days").alt
    assert "Loyal 80.0%" in words
    assert "New 25.0%" in words
