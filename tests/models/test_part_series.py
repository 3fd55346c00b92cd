from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crm_core.models.forecast_methods import History
from crm_core.models.part_series import SHARE, SHARE_OF_YEAR, Told, Whole, part

FIRST = date(2024, 7, 1)
DAYS = 850
HORIZON = 90
AS_OF = FIRST + timedelta(DAYS - 1)
NONE = pd.DataFrame(columns=["name", "starts_on", "ends_on"])


def season(days: int = DAYS + HORIZON) -> np.ndarray:
    at = np.arange(days)
    return 1_000 * (1.0 + 0.5 * np.sin(2 * np.pi * at / 364))


def whole() -> Whole:
    """A shop with a season whose forecast is right, now and in each past trial."""
    truth = season()
    starts = [DAYS - 28 - 14 * back for back in range(8)]
    trials = {FIRST + timedelta(start - 1): truth[start : start + 28] for start in sorted(starts)}
    return Whole(History(FIRST, truth[:DAYS]), truth[DAYS:], trials, {})


def told(values: np.ndarray) -> Told:
    days = pd.date_range(end=pd.Timestamp(AS_OF), periods=len(values))
    daily = pd.DataFrame({"day": days, "value": values})
    return part(daily, whole(), events=NONE, as_of=AS_OF, horizon=HORIZON)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(1.0, 0.15, DAYS)


def test_a_steady_part_goes_with_the_whole_and_has_its_season() -> None:
    found = told(0.3 * season()[:DAYS] * noise(1))
    assert found.method in (SHARE, SHARE_OF_YEAR)
    assert np.abs(found.values / (0.3 * season()[DAYS:]) - 1).mean() < 0.15
    assert len(found.trials) == 8
    assert "interval_not_tested" not in found.warnings
    own = found.rows[found.rows["method"] == found.method]["mase"].mean()
    assert own <= found.rows[found.rows["method"] == "theta"]["mase"].mean()


def test_a_winter_part_moves_in_the_whole_as_it_did_a_year_ago() -> None:
    at = np.arange(DAYS + HORIZON)
    share = 0.3 + 0.25 * np.cos(2 * np.pi * (at - 800) / 364)
    found = told((share * season())[:DAYS] * noise(2))
    assert found.method == SHARE_OF_YEAR
    ahead = (share * season())[DAYS:]
    assert abs(found.values.sum() / ahead.sum() - 1) < 0.1


def test_a_part_with_a_life_of_its_own_is_told_by_itself() -> None:
    weekdays = np.array([2.0, 1, 1, 1, 1, 5, 6])[np.arange(DAYS) % 7]
    found = told(100 * weekdays * np.random.default_rng(3).normal(1.0, 0.05, DAYS))
    assert found.method not in (SHARE, SHARE_OF_YEAR)
    assert found.values[np.arange(DAYS, DAYS + HORIZON) % 7 == 6].mean() > 400


def test_a_new_part_is_told_as_too_new_and_its_interval_as_a_guess() -> None:
    found = told(np.full(20, 50.0))
    assert (found.reason, found.days, found.trials) == ("too_new", 20, {})
    assert "interval_not_tested" in found.warnings
    today = season()[DAYS - 20 : DAYS].mean()
    assert found.values[:7].mean() == pytest.approx(50 * season()[DAYS : DAYS + 7].mean() / today)
    frame = found.frame()
    assert (frame["low_80"] == 0).all()
    assert len(found.periods()) > 90


def test_a_part_that_sold_nothing_for_eight_weeks_says_so() -> None:
    found = told(np.concatenate([np.full(DAYS - 100, 20.0), np.zeros(100)]))
    assert "nothing_lately" in found.warnings
    assert found.values.sum() == 0


def test_orders_go_on_where_refunds_ate_the_revenue_they_would_go_with() -> None:
    truth = season()[:DAYS]
    truth[-60:] = -5.0
    eaten = Whole(History(FIRST, truth), np.zeros(HORIZON), {}, {}).beside()
    days = pd.date_range(end=pd.Timestamp(AS_OF), periods=DAYS)
    daily = pd.DataFrame({"day": days, "value": 20.0 * noise(4)})
    found = part(daily, eaten, events=NONE, as_of=AS_OF, horizon=HORIZON, by_itself=False)
    assert found.values.mean() == pytest.approx(20, rel=0.1)
