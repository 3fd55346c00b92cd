"""Where a month lands, how likely it reaches its target, and what is usually there by a day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crm_core.models.landing import (
    CHANCES,
    Expected,
    Usual,
    between,
    chance,
    chance_word,
    is_hit,
    landing,
    pace,
    usual_share,
)
from tests.examples import examples

BAND = Expected(100.0, 90.0, 120.0, 85.0, 135.0)
amounts = st.floats(-1e6, 1e6, allow_nan=False)
widths = st.tuples(*[st.floats(1.0, 1e5)] * 4)


def expected(value: float, by: tuple[float, float, float, float]) -> Expected:
    low, high = value - by[0], value + by[1]
    return Expected(value, low, high, low - by[2], high + by[3])


def shop(first: date, last: date, *, saturday: float = 1.0, seed: int | None = None) -> pd.Series:
    """A figure a day: the same every day, more on Saturdays, or by chance."""
    days = pd.date_range(first, last, freq="D")
    values = np.where(days.day_of_week == 5, saturday, 1.0)
    if seed is not None:
        values = values * np.random.default_rng(seed).gamma(2.0, 1.0, len(days))
    return pd.Series(values, days)


def test_a_month_lands_at_what_is_there_and_what_is_to_come_no_surer_for_it() -> None:
    told = landing(60.0, Expected(40.0, 30.0, 55.0, 25.0, 60.0))
    assert told == Expected(100.0, 90.0, 115.0, 85.0, 120.0)
    # ten days of a running sum from the first day ahead, less its first four
    whole, before = Expected(100, 80, 125, 70, 140), Expected(40, 34, 46, 30, 50)
    alike = Expected(60, 50, 75, 44, 80)
    assert between(whole, before, alike) == alike
    assert between(whole.shifted(10), before, alike).value == 70
    assert between(whole.shifted(10), before, alike).high_80 == 85


@pytest.mark.parametrize(
    ("target", "reaches"), [(90, 0.9), (85, 0.975), (100, 0.5), (120, 0.1), (135, 0.025)]
)
def test_the_ends_of_the_interval_are_chances(target: float, reaches: float) -> None:
    assert chance(BAND, target) == pytest.approx(reaches, abs=1e-9)
    assert chance(BAND, target, good="down") == pytest.approx(1 - reaches, abs=1e-9)


def test_without_doubt_it_is_or_it_is_not() -> None:
    sure = Expected(100, 100, 100, 100, 100)
    assert [chance(sure, target) for target in (99.0, 100.0, 101.0)] == [1.0, 1.0, 0.0]


@hypothesis_settings(max_examples=examples(100))
@given(value=amounts, by=widths, targets=st.tuples(amounts, amounts), more=amounts)
def test_chances_are_shares_and_fall_with_the_target(
    value: float, by: tuple[float, float, float, float], targets: tuple[float, float], more: float
) -> None:
    told = expected(value, by)
    low, high = (chance(told, target) for target in sorted(targets))
    assert 0 <= high <= low <= 1
    # what is there already moves the landing and the target alike
    assert chance(landing(1000.0, told), targets[0] + 1000.0) == pytest.approx(
        chance(told, targets[0]), abs=1e-6
    )
    assert chance_word(low) in CHANCES


def test_every_day_alike_is_a_clock_of_days() -> None:
    even = shop(date(2025, 1, 1), date(2026, 6, 30))
    for day in (1, 10, 30):
        told = usual_share(even, date(2026, 6, day))
        assert told.share == pytest.approx(day / 30)
        assert told.low <= told.share <= told.high
    assert told.months == 12


def test_a_month_is_as_far_as_its_saturdays() -> None:
    busy = shop(date(2025, 1, 1), date(2026, 5, 31), saturday=15.0)
    # August 2026 begins on a Saturday, June 2026 on a Monday
    assert usual_share(busy, date(2026, 6, 5)).share == pytest.approx(5 / (26 + 4 * 15))
    assert usual_share(busy, date(2026, 8, 1)).share == pytest.approx(15 / (26 + 5 * 15))


def test_sales_at_the_end_of_the_month_are_waited_for() -> None:
    days = pd.date_range("2025-01-01", "2026-05-31", freq="D")
    late = pd.Series(np.where(days.day > 20, 5.0, 1.0), days)
    assert usual_share(late, date(2026, 6, 15)).share < 0.3 < 0.5
    assert usual_share(late, date(2026, 6, 30)).share == pytest.approx(1.0)


def test_one_odd_month_does_not_set_the_clock() -> None:
    even = shop(date(2025, 6, 1), date(2026, 5, 31))
    even.loc["2025-11-28":"2025-11-30"] = 200.0
    told = usual_share(even, date(2026, 6, 15))
    assert told.share == pytest.approx(0.5, abs=0.04)
    assert (told.low, told.months) == (pytest.approx(0.5, abs=0.04), 12)


def test_a_young_shop_goes_by_weekdays_and_a_newborn_by_days() -> None:
    young = shop(date(2026, 4, 20), date(2026, 6, 10), saturday=5.0)
    told = usual_share(young, date(2026, 6, 10))
    assert told.months == 0
    assert told.share == pytest.approx((9 + 5) / (26 + 4 * 5))
    assert usual_share(shop(date(2026, 6, 5), date(2026, 6, 10)), date(2026, 6, 10)).share == (
        pytest.approx(10 / 30)
    )
    assert usual_share(
        pd.Series(dtype="float64", index=pd.DatetimeIndex([])), date(2026, 2, 14)
    ) == (Usual(0.5, 0.5, 0.5, 0))


@hypothesis_settings(max_examples=examples(25))
@given(seed=st.integers(0, 10_000), since=st.integers(0, 700), nothing=st.booleans())
def test_the_usual_share_rises_from_nothing_to_all(seed: int, since: int, nothing: bool) -> None:
    first = date(2024, 6, 1) + timedelta(since)
    drawn = shop(first, date(2026, 5, 31), seed=seed, saturday=3.0)
    if nothing:
        drawn[:] = 0.0
    days = [usual_share(drawn, date(2026, 6, day)) for day in (1, 8, 14, 20, 29, 30)]
    shares = [each.share for each in days]
    assert all(0 <= each.low <= each.share <= each.high <= 1 + 1e-9 for each in days)
    assert all(a <= b + 1e-12 for a, b in pairwise(shares))
    assert shares[-1] == pytest.approx(1.0)


def test_the_pace_is_judged_by_what_past_months_differ_by() -> None:
    usual = Usual(0.5, 0.45, 0.56, 12)
    assert [pace(share, usual) for share in (0.44, 0.45, 0.56, 0.57)] == [
        "behind",
        "on_pace",
        "on_pace",
        "ahead",
    ]


def test_a_goal_shown_as_reached_is_reached() -> None:
    assert is_hit(99.996, 100.0)
    assert not is_hit(99.99, 100.0)
    assert is_hit(0.04, 0.04, good="down")
    assert not is_hit(0.0401, 0.04, good="down")
    assert is_hit(0.35, 0.35)
