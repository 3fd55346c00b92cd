from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.models.backtest import coverage, mase, origins, pinball, wape, worst_fold

values = st.lists(st.floats(0, 1e6), min_size=5, max_size=40).map(np.array)


def test_trials_end_with_the_last_day_and_lie_a_fortnight_apart() -> None:
    starts = origins(365, horizon=28, step=14, count=8, least=28)
    assert starts[-1] + 28 == 365
    assert set(np.diff(starts)) == {14}
    assert len(starts) == 8


def test_a_short_history_gives_fewer_trials_and_too_short_none() -> None:
    assert origins(60, horizon=28, step=14, count=8, least=28) == (32,)
    assert origins(55, horizon=28, step=14, count=8, least=28) == ()


def test_repeating_last_week_on_its_own_history_has_a_scaled_error_of_one() -> None:
    history = np.array([1.0, 5, 2, 8, 3, 9, 4] * 2) + np.repeat([0.0, 3.0], 7)
    assert mase(history[7:], history[:7], history) == pytest.approx(1.0)


def test_a_history_without_change_has_no_scaled_error() -> None:
    assert mase(np.ones(7), np.zeros(7), np.ones(28)) is None
    assert wape(np.zeros(7), np.ones(7)) is None


@settings(deadline=None)
@given(actual=values)
def test_a_perfect_forecast_has_no_error_and_covers_all(actual: np.ndarray) -> None:
    assert wape(actual, actual) in {0.0, None}
    assert coverage(actual, actual, actual) == 1.0
    assert pinball(actual, actual, 0.9) == 0.0


@settings(deadline=None)
@given(actual=values, level=st.floats(0.05, 0.95))
def test_the_pinball_loss_is_least_at_the_quantile(actual: np.ndarray, level: float) -> None:
    best = np.quantile(actual, level, method="inverted_cdf")
    least = pinball(actual, np.full(len(actual), best), level)
    for other in (best * 0.9, best * 1.1, float(actual.mean())):
        assert least <= pinball(actual, np.full(len(actual), other), level) + 1e-6


def test_the_worst_trial_sets_the_width() -> None:
    calm, wild = np.array([1.0] * 10), np.array([10.0] * 10)
    assert worst_fold([calm, wild, calm], 0.8) == 10.0
