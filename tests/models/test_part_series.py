from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from crm_core.models.forecast_events import calendar_days
from crm_core.models.forecast_methods import History
from crm_core.models.part_series import SHARE, SHARE_OF_YEAR, Whole, quick

FIRST = date(2024, 7, 1)
DAYS = 850
HORIZON = 90


def season(days: int = DAYS + HORIZON) -> np.ndarray:
    at = np.arange(days)
    return 1_000 * (1.0 + 0.5 * np.sin(2 * np.pi * at / 364))


def whole() -> Whole:
    """A shop with a season whose forecast is right, now and in each past trial."""
    truth = season()
    starts = [DAYS - 28 - 14 * back for back in range(8)]
    trials = {FIRST + timedelta(start - 1): truth[start : start + 28] for start in sorted(starts)}
    return Whole.of(History(FIRST, truth[:DAYS]), truth[DAYS:], trials, [])


def noise(days: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(1.0, 0.15, days)


def test_a_steady_part_goes_with_the_whole_and_has_its_season() -> None:
    part = History(FIRST, 0.3 * season()[:DAYS] * noise(DAYS, 1))
    told = quick(part, [], HORIZON, whole=whole())
    assert told.method in (SHARE, SHARE_OF_YEAR)
    assert np.abs(told.values / (0.3 * season()[DAYS:]) - 1).mean() < 0.15
    assert len(told.trials) == 8
    assert "interval_not_tested" not in told.warnings


def test_a_winter_part_moves_in_the_whole_as_it_did_a_year_ago() -> None:
    at = np.arange(DAYS + HORIZON)
    share = 0.3 + 0.25 * np.cos(2 * np.pi * (at - 800) / 364)
    part = History(FIRST, (share * season())[:DAYS] * noise(DAYS, 2))
    told = quick(part, [], HORIZON, whole=whole())
    assert told.method == SHARE_OF_YEAR
    ahead = (share * season())[DAYS:]
    assert abs(told.values.sum() / ahead.sum() - 1) < 0.1


def test_a_new_part_is_told_as_too_new_and_its_interval_as_a_guess() -> None:
    told = quick(
        History(FIRST + timedelta(DAYS - 20), np.full(20, 50.0)), [], HORIZON, whole=whole()
    )
    assert (told.reason, told.days, told.trials) == ("too_new", 20, {})
    assert "interval_not_tested" in told.warnings
    assert told.values.sum() > 0
    assert (told.halves["80"] >= told.values - 1e-9).all()


def test_a_part_that_sold_nothing_for_eight_weeks_says_so() -> None:
    values = np.concatenate([np.full(DAYS - 100, 20.0), np.zeros(100)])
    told = quick(History(FIRST, values), [], HORIZON, whole=whole())
    assert "nothing_lately" in told.warnings
    assert told.values.sum() == 0


def test_an_event_seen_twice_is_put_back_on_its_day_ahead() -> None:
    first = date(2024, 7, 1)
    count = (date(2026, 10, 31) - first).days + 1
    values = 100 * noise(count, 3)
    for year in (2024, 2025):
        values[(date(year, 11, 11) - first).days] *= 4
    events = calendar_days(first, date(2027, 1, 29))
    told = quick(History(first, values), events, HORIZON)
    day = told.values[(date(2026, 11, 11) - date(2026, 11, 1)).days]
    assert 2.5 < day / np.median(told.values) < 5.5
