from __future__ import annotations

import pandas as pd
import pytest

from crm_core.charts import Numbers, bars, columns_chart, deciles, share_bar

COUNT = Numbers("count", "en")


def segments() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": ["Champions", "At risk", "At risk"],
            "value": [690, 54, 12],
            "code": ["champions", "at_risk", None],
            "previous": [600, 60, 10],
        }
    )


def test_each_bar_carries_its_number_and_its_code() -> None:
    bar = bars(segments(), COUNT).figure.data[0]
    assert list(bar.text) == ["690", "54", "12"]
    assert [code[0] for code in bar.customdata] == ["champions", "at_risk", ""]


def test_two_parts_of_one_name_stay_two_bars() -> None:
    assert list(bars(segments(), COUNT).figure.data[0].y) == [0, 1, 2]


def test_the_compared_period_is_a_grey_bar_of_its_own() -> None:
    grey, this = bars(segments(), COUNT, previous=True).figure.data
    assert grey.name == "Compared period"
    assert list(grey.x) == [600, 60, 10]
    assert this.name == "This period"


def test_the_alternative_text_names_the_largest() -> None:
    assert bars(segments(), COUNT).alt == (
        "3 parts. Largest: Champions 690; At risk 54; At risk 12."
    )


def test_nothing_to_show_is_no_failure() -> None:
    assert bars(segments().head(0), COUNT).alt == "No data to show."
    assert share_bar(segments().head(0), COUNT).alt == "No data to show."


def test_a_name_from_the_shop_cannot_become_a_link() -> None:
    frame = segments().assign(label='<a href="http://x">click</a>')
    figure = bars(frame, COUNT).figure
    assert "<a" not in str(figure.layout.yaxis.ticktext)


def test_shares_of_the_whole_add_up() -> None:
    frame = pd.DataFrame({"label": ["Web", "App"], "value": [75.0, 25.0]})
    figure = share_bar(frame, COUNT).figure
    assert [trace.text[0] for trace in figure.data] == ["75%", "25%"]
    assert figure.layout.barmode == "stack"


def test_columns_stand_side_by_side_by_series() -> None:
    months = pd.to_datetime(["2026-01-01", "2026-02-01"] * 2)
    frame = pd.DataFrame({"day": months, "value": [1, 2, 3, 4], "series": ["a", "a", "b", "b"]})
    figure = columns_chart(frame, COUNT).figure
    assert [trace.name for trace in figure.data] == ["a", "b"]
    assert list(figure.data[1].y) == [3, 4]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_tenths_show_their_share_of_the_total(language: str) -> None:
    frame = pd.DataFrame({"decile": range(1, 11), "value": [55, 15, 10, 5, 5, 4, 3, 2, 1, 0]})
    chart = deciles(frame, Numbers("money", language, "EUR"))
    assert chart.figure.data[0].text[0] == "55%"
