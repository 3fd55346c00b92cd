from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from crm_core.models.forecast_events import (
    CALENDAR,
    LUNAR_NEW_YEAR,
    all_days,
    calendar_days,
    standing_out,
)
from crm_core.text import has

NONE = pd.DataFrame(columns=["name", "starts_on", "ends_on"])


def days_of(event: str, year: int, phase: str | None = None) -> list[date]:
    found = calendar_days(date(year, 1, 1), date(year, 12, 31))
    return [day.day for day in found if day.event == event and phase in (None, day.phase)]


@pytest.mark.parametrize(
    ("year", "day"),
    [(2017, 24), (2023, 24), (2024, 29), (2025, 28), (2026, 27), (2030, 29)],
)
def test_black_friday_is_the_day_after_the_fourth_thursday(year: int, day: int) -> None:
    assert days_of("black_friday", year, "day") == [date(year, 11, day)]
    monday = days_of("black_friday", year, "monday")[0]
    assert (monday.weekday(), (monday - date(year, 11, day)).days) == (0, 3)


def test_lunar_new_year_agrees_with_the_published_holidays() -> None:
    holidays = pytest.importorskip("holidays")
    china = holidays.country_holidays("CN", years=range(2015, 2027), language="en_US")
    for year in range(2015, 2027):
        first = date(year, *LUNAR_NEW_YEAR[year])
        assert "Spring Festival" in china.get(first, "")
        assert days_of("lunar_new_year", year, "day")[0] == first
    assert sorted(LUNAR_NEW_YEAR) == list(range(2015, 2036))


def test_lunar_new_year_moves_like_the_moon() -> None:
    # lunar months last 29.53 days: from one new year to the next are 12 or 13 of them
    starts = [date(year, *LUNAR_NEW_YEAR[year]) for year in sorted(LUNAR_NEW_YEAR)]
    for one, other in pairwise(starts):
        months = (other - one).days / 29.530588
        assert abs(months - round(months)) < 0.06
        assert round(months) in {12, 13}
    assert all(date(day.year, 1, 21) <= day <= date(day.year, 2, 20) for day in starts)


def test_singles_day_has_a_run_up() -> None:
    assert days_of("singles_day", 2026, "before") == [date(2026, 11, day) for day in (8, 9, 10)]


def test_an_own_event_on_the_very_day_takes_the_place_of_the_calendar() -> None:
    own = pd.DataFrame(
        {
            "name": ["Our Double 11", "Founders' day 2025", "Founders' day 2026"],
            "starts_on": pd.to_datetime(["2025-11-01", "2025-05-02", "2026-05-08"]),
            "ends_on": pd.to_datetime(["2025-11-11", "2025-05-02", "2026-05-08"]),
        }
    )
    found = all_days(own, date(2025, 1, 1), date(2026, 12, 31))
    sale = {day.day for day in found if day.event == "singles_day"}
    assert {date(2025, 11, 1), date(2025, 11, 11), date(2026, 11, 8)} <= sale
    assert date(2025, 11, 12) not in sale
    assert [d.phase for d in found if d.event == "singles_day" and d.day == date(2025, 11, 11)] == [
        "day"
    ]
    assert [day.day for day in found if day.event == "own:Founders' day"] == [
        date(2025, 5, 2),
        date(2026, 5, 8),
    ]


def test_only_events_that_stood_out_are_kept() -> None:
    first = date(2024, 1, 1)
    rng = np.random.default_rng(3)
    values = 1000 * np.exp(0.05 * rng.normal(size=800))
    for year in (2024, 2025):
        values[(date(year, 11, 11) - first).days] *= 4
    kept = standing_out(values, first, all_days(NONE, first, date(2026, 12, 31)))
    assert ("singles_day", "day") in {(day.event, day.phase) for day in kept}
    assert date(2026, 11, 11) in {day.day for day in kept}
    assert not {day.event for day in kept} & {"mid_year", "lunar_new_year"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_calendar_event_has_a_name(language: str) -> None:
    for event in CALENDAR:
        assert has(f"forecast.event.{event.code}", language)
