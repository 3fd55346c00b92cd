from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from crm_core.models.forecast_bands import FOLDS, HORIZON, band, band_of_sums, plain_band
from crm_core.models.forecast_methods import History
from crm_core.models.forecast_periods import spans_of

MONDAY = date(2026, 1, 5)
EVERY = np.ones(HORIZON, dtype=bool)


def known(days: int = 140) -> History:
    return History(MONDAY, np.full(days, 1000.0))


def folds(rng: np.random.Generator, count: int, *, shared: float = 40.0, own: float = 60.0):
    """Trials whose days err together by `shared` and each by `own`."""
    said = np.full(HORIZON, 1000.0)
    return [
        (said + shared * rng.normal() + own * rng.normal(size=HORIZON), said, EVERY)
        for _ in range(count)
    ]


def test_only_the_three_newest_trials_make_the_interval() -> None:
    rng = np.random.default_rng(1)
    some, wild = folds(rng, FOLDS), folds(rng, 4, own=5000.0)
    said = np.full(40, 1000.0)
    spans = np.array([[0, 7], [0, 28]])
    for level in (0.8, 0.95):
        one, other = (band(said, known(), made, level) for made in (some, [*wild, *some]))
        assert np.array_equal(one, other)
        one, other = (
            band_of_sums(said, known(), made, level, spans) for made in (some, [*wild, *some])
        )
        assert np.array_equal(one, other)


def test_days_that_do_not_count_change_nothing() -> None:
    made = folds(np.random.default_rng(2), FOLDS)
    actual, said, _ = made[0]
    counted = EVERY.copy()
    counted[5] = False
    broken = actual.copy()
    broken[5] = 0.0
    lows = [
        band(np.full(28, 1000.0), known(), [(days, said, counted), *made[1:]], 0.8)[0]
        for days in (actual, broken)
    ]
    assert np.array_equal(*lows)


@pytest.mark.parametrize(("level", "low", "high"), [(0.8, 0.72, 0.88), (0.95, 0.9, 0.98)])
@pytest.mark.parametrize("shared", [0.0, 40.0])
def test_sums_hold_as_often_as_stated_whether_days_err_together_or_not(
    level: float, low: float, high: float, shared: float
) -> None:
    rng = np.random.default_rng(7)
    spans = np.array([[0, 7], [7, 14], [0, 14], [0, 28]])
    held = []
    for _ in range(250):
        *made, (actual, said, _) = folds(rng, FOLDS + 1, shared=shared)
        bottom, top = band_of_sums(said, known(), made, level, spans)
        sums = np.array([actual[first:after].sum() for first, after in spans])
        held.append((sums >= bottom) & (sums <= top))
    # the worst of three trials is on the safe side where errors are alike
    assert low <= np.mean(held) <= high + 0.06


def test_intervals_of_sums_nest_grow_with_their_length_and_stay_above_zero() -> None:
    made = folds(np.random.default_rng(3), FOLDS)
    said = np.full(90, 1000.0)
    spans = np.array([[0, end] for end in range(28, 91)])
    low_80, high_80 = band_of_sums(said, known(), made, 0.8, spans)
    low_95, high_95 = band_of_sums(said, known(), made, 0.95, spans)
    assert (low_95 <= low_80).all()
    assert (high_80 <= high_95).all()
    assert (np.diff(high_80 - low_80) > 0).all()
    assert (low_95 >= 0).all()


def test_spans_are_weeks_from_monday_months_and_running_sums() -> None:
    days = [date(2026, 6, 27), *(date(2026, 6, day) for day in (28, 29, 30)), date(2026, 7, 1)]
    grains, spans = spans_of(days)
    told = list(zip(grains, map(tuple, spans.tolist()), strict=True))
    assert told[:4] == [("week", (0, 2)), ("week", (2, 5)), ("month", (0, 4)), ("month", (4, 5))]
    assert told[4:] == [("to_date", (0, end)) for end in range(1, 6)]


def test_the_plain_interval_is_a_quantile_of_all_past_errors() -> None:
    errors = [np.array([1.0, -2, 3, -4]), np.array([5.0, 6, 7, 8, 9])]
    low, high = plain_band(np.array([20.0, 3.0]), errors, 0.8)
    assert (low.tolist(), high.tolist()) == ([12.0, 0.0], [28.0, 11.0])
