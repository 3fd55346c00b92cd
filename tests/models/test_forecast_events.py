from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from crm_core.models.forecast_effects import learned_effects, standing_out
from crm_core.models.forecast_events import (
    CALENDAR,
    LUNAR_NEW_YEAR,
    all_days,
    calendar_days,
)
from crm_core.models.forecast_methods import History
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
    kept = standing_out(History(first, values), all_days(NONE, first, date(2026, 12, 31)))
    assert ("singles_day", "day") in {(day.event, day.phase) for day in kept}
    assert date(2026, 11, 11) in {day.day for day in kept}
    assert not {day.event for day in kept} & {"mid_year", "lunar_new_year"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_calendar_event_has_a_name(language: str) -> None:
    for event in CALENDAR:
        assert has(f"forecast.event.{event.code}", language)


def planned(**told: object) -> pd.DataFrame:
    return pd.DataFrame([{"name": "Garden party", **told}])


def week(first: date, days: int, *, seed: int = 0) -> History:
    rng = np.random.default_rng(seed)
    return History(first, 1000 * np.exp(0.05 * rng.normal(size=days)))


def test_a_typed_uplift_counts_until_the_event_was_seen_twice() -> None:
    first = date(2026, 1, 1)
    history = week(first, 150)
    values = history.values.copy()
    ahead = date(2026, 6, 10)
    starts = [date(2026, 3, 3), date(2026, 4, 14)]
    for day in starts:
        values[(day - first).days] *= 3
    for times, said in ((0, 1.5), (1, 1.5), (2, 3.0)):
        own = pd.concat(
            [planned(starts_on=day, ends_on=day) for day in starts[:times]]
            + [planned(starts_on=ahead, ends_on=ahead, uplift=1.5)]
        )
        events = all_days(own, first, date(2026, 12, 31))
        found = learned_effects(History(first, values), events).ahead([ahead])[0]
        assert found == pytest.approx(said, rel=0.15)


def test_an_empty_uplift_is_learned_and_a_day_planned_closed_sells_nothing() -> None:
    own = pd.concat(
        [
            planned(starts_on="2026-06-10", ends_on="2026-06-10", uplift=np.nan),
            planned(starts_on="2026-06-12", ends_on="2026-06-13", kind="closed"),
        ]
    )
    events = all_days(own, date(2026, 1, 1), date(2026, 12, 31))
    days = [date(2026, 6, day) for day in range(10, 15)]
    found = learned_effects(week(date(2026, 1, 1), 120), events).ahead(days)
    assert found.tolist() == [1.0, 1.0, 0.0, 0.0, 1.0]


def test_an_effect_is_drawn_towards_none_by_its_uncertainty() -> None:
    first = date(2026, 1, 1)
    own = planned(starts_on="2026-03-03", ends_on="2026-03-03")
    events = all_days(own, first, date(2026, 12, 31))
    found = []
    for noise in (0.02, 0.6):
        rng = np.random.default_rng(5)
        values = 1000 * np.exp(noise * rng.normal(size=150))
        values[(date(2026, 3, 3) - first).days] = 2000
        learned = learned_effects(History(first, values), events)
        found.append(learned.multipliers["own:Garden party", "day"])
    assert found[0] == pytest.approx(2.0, rel=0.1)
    assert 1.0 <= found[1] < found[0]
