from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from crm_core.charts import Numbers, forecast_band, forecasts_beside, line_compare, lines
from crm_core.errors import CrmError

MONEY = Numbers("money", "en", "EUR")


def month(**columns: object) -> pd.DataFrame:
    days = pd.date_range("2026-06-01", "2026-06-30")
    return pd.DataFrame({"day": days, "value": range(1000, 31000, 1000), **columns})


def test_this_period_is_drawn_over_the_compared_one() -> None:
    frame = month(previous=[500.0] * 30, previous_day=pd.date_range("2026-05-02", periods=30))
    chart = line_compare(frame, MONEY)
    grey, this = chart.figure.data
    assert (grey.name, this.name) == ("Compared period", "This period")
    assert grey.line.dash == "dot"
    assert list(this.y)[-1] == 30000
    assert grey.text[0] == "€500.00 (2026-05-02)"


def test_without_anything_to_compare_there_is_one_line_and_no_legend() -> None:
    chart = line_compare(month(previous=[None] * 30), MONEY)
    assert len(chart.figure.data) == 1
    assert chart.figure.layout.showlegend is False


def test_decimals_from_the_store_are_drawn_as_numbers() -> None:
    frame = month()
    frame["value"] = [Decimal("12.50")] * 30
    assert list(line_compare(frame, MONEY).figure.data[0].y) == [12.5] * 30


def test_the_alternative_text_says_what_the_line_says() -> None:
    words = line_compare(month(), MONEY).alt
    assert words == (
        "From 1 Jun 2026 to 30 Jun 2026: lowest €1,000, highest €30,000, last €30,000."
    )
    assert "最高 €30,000" in line_compare(month(), Numbers("money", "zh", "EUR")).alt


def test_a_day_alone_is_a_dot() -> None:
    assert line_compare(month().head(1), MONEY).figure.data[0].mode == "markers"


def test_an_empty_frame_is_an_empty_chart() -> None:
    chart = line_compare(month().head(0), MONEY)
    assert chart.alt == "No data to show."


def test_too_many_days_are_refused() -> None:
    days = pd.date_range("2010-01-01", periods=1_001)
    frame = pd.DataFrame({"day": days, "value": 1.0, "previous": 1.0})
    with pytest.raises(CrmError) as refused:
        line_compare(frame, MONEY)
    assert refused.value.facts == {"points": 2_002, "limit": 2_000}


def test_each_series_is_a_line_under_its_own_words() -> None:
    frame = pd.concat([month(series="Web"), month(series="App <i>")])
    assert [trace.name for trace in lines(frame, MONEY).figure.data] == ["Web", "App &lt;i&gt;"]


def forecast() -> pd.DataFrame:
    frame = month()
    known = frame.index < 20
    frame["actual"] = frame["value"].where(known)
    frame["median"] = frame["value"].where(~known)
    for bound, change in (("80", 100), ("95", 200)):
        frame[f"low_{bound}"] = frame["median"] - change
        frame[f"high_{bound}"] = frame["median"] + change
    return frame


def test_the_bands_lie_around_the_expected_days_only() -> None:
    chart = forecast_band(forecast(), MONEY)
    wide = chart.figure.data[0]
    assert wide.fill == "toself"
    assert min(wide.x) == "2026-06-21"
    assert max(wide.y) == 30200
    assert "Expected" in chart.alt


def test_events_inside_the_span_are_marked() -> None:
    events = pd.DataFrame({"day": ["2026-06-18", "2027-11-11"], "label": ["6.18", "11.11"]})
    chart = forecast_band(forecast(), MONEY, events=events)
    assert [note.text for note in chart.figure.layout.annotations] == ["6.18"]


def test_a_log_without_a_forecast_still_shows_what_happened() -> None:
    frame = forecast().assign(median=None)
    chart = forecast_band(frame, MONEY)
    assert next(trace.name for trace in chart.figure.data if trace.y) == "Actual"


def test_up_to_four_forecasts_are_told_apart_by_colour_and_what_is_expected_by_dashes() -> None:
    days = pd.date_range("2026-06-01", periods=4)
    one = pd.DataFrame({"day": days, "actual": [1, 2, None, None], "median": [None, None, 3, 4]})
    frame = pd.concat([one.assign(series=name) for name in ("Web", "<b>Shop</b>")])
    chart = forecasts_beside(frame, Numbers("number", "en"))
    assert [line.line.dash for line in chart.figure.data] == ["solid", "dash"] * 2
    assert len({line.line.color for line in chart.figure.data}) == 2
    assert next(line.name for line in chart.figure.data if line.showlegend) == "Web"
    assert "<b>" not in chart.figure.data[2].name
    assert "Web" in chart.alt
