from __future__ import annotations

import numpy as np
import pytest

from crm_core.models.forecast_smoothing import (
    SEASONAL_WINDOW,
    seasonal_shape,
    smoothed,
    stl,
    stl_ets,
    stl_ets_yearly,
    theta,
)

WEEK = np.array([0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 0.9])


def series(days: int, *, slope: float = 0.0, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    level = 1000 + slope * np.arange(days)
    return level * np.resize(WEEK, days) * np.exp(noise * rng.normal(size=days))


@pytest.mark.parametrize("method", [theta, stl_ets])
@pytest.mark.parametrize("days", [140, 143])
def test_a_week_that_repeats_is_carried_on_exactly(method, days: int) -> None:
    values = series(days)
    ahead = np.resize(np.roll(WEEK, -(days % 7)), 20) * 1000
    assert method(values, 20, 7) == pytest.approx(ahead, rel=1e-6)


@pytest.mark.parametrize(("method", "share"), [(theta, 0.5), (stl_ets, 0.0)])
def test_a_line_is_followed_at_least_in_part(method, share: float) -> None:
    values = np.arange(100.0, 300.0)
    told = method(values, 10, 1)
    assert told[0] == pytest.approx(300, abs=3)
    assert told[-1] - told[0] >= share * 9 * 0.5


def test_noise_is_smoothed_away() -> None:
    rng = np.random.default_rng(3)
    values = 1000 + 100 * rng.normal(size=400)
    for told in (theta(values, 5, 1), smoothed(values, 5)):
        assert told == pytest.approx(np.full(5, 1000), abs=30)


def test_days_at_or_below_zero_are_borne() -> None:
    values = series(140)
    values[[20, 50]] = 0.0, -400.0
    for method in (theta, stl_ets):
        assert np.isfinite(method(values, 30, 7)).all()


def test_a_series_shorter_than_three_weeks_is_carried_without_a_season() -> None:
    for method in (theta, stl_ets):
        told = method(series(16), 7, 7)
        assert np.isfinite(told).all()
        assert np.ptp(told) < 300


def test_the_season_is_the_mean_ratio_to_the_mean_around() -> None:
    assert seasonal_shape(series(70), 7) == pytest.approx(WEEK / WEEK.mean(), rel=1e-9)


def test_stl_parts_season_from_trend_as_the_reference_does() -> None:
    """statsmodels 0.15.0: STL(values, period=7, seasonal=15, robust=False).fit(inner_iter=2)."""
    assert SEASONAL_WINDOW == 15
    day = np.arange(98)
    values = 1000 + 3 * day + 150 * np.cos(2 * np.pi * day / 7) + 60 * np.sin(day * day % 17)
    season, trend = stl(values, 7)
    places = [0, 1, 48, 96, 97]
    assert season[places] == pytest.approx([150.235, 96.4722, 93.7978, -41.8869, 95.6587], abs=1e-4)
    assert trend[places] == pytest.approx(
        [1002.8849, 1010.3202, 1162.2976, 1340.0495, 1347.5102], abs=1e-4
    )


def test_exponential_smoothing_finds_what_the_reference_finds() -> None:
    """statsmodels 0.15.0: ETSModel(values, error="add").fit().forecast(1), weight .1086."""
    day = np.arange(300)
    values = 1000 + 30 * np.sin(day**2) + 20 * np.cumsum(np.cos(day**3)) / 5
    assert smoothed(values, 1)[0] == pytest.approx(937.90042411, rel=0.002)


def test_theta_forecasts_as_the_published_form_does() -> None:
    """The recursion of Fiorucci et al. (2016), step by step, for the weight and share found."""
    values = series(90, slope=2.0, noise=0.05, seed=4)[::7]
    ours = theta(values, 4, 1)
    losses = []
    for alpha in np.linspace(0.05, 0.99, 40):
        for share in np.linspace(0, 0.999, 40):
            for first in values[:3]:
                losses.append((*_published(values, 4, alpha, share, first),))
    best = min(losses, key=lambda one: one[0])
    assert ours == pytest.approx(best[1], rel=0.02)


def _published(
    values: np.ndarray, horizon: int, alpha: float, share: float, first: float
) -> tuple[float, np.ndarray]:
    level, mean, slope, intercept, loss = first, 0.0, 0.0, 0.0, 0.0
    told = []
    for step in range(1, len(values) + horizon + 1):
        fading = (1 - alpha) ** (step - 1)
        said = level + share * (fading * intercept + (1 - fading * (1 - alpha)) / alpha * slope)
        value = values[step - 1] if step <= len(values) else said
        told.append(said)
        if 3 < step <= len(values):
            loss += (value - said) ** 2
        level = alpha * value + (1 - alpha) * level
        old = mean
        mean = ((step - 1) * mean + value) / step
        slope = ((step - 2) * slope + 6 / step * (value - old)) / (step + 1) if step > 1 else 0.0
        intercept = mean - (step + 1) / 2 * slope
    return loss, np.array(told[-horizon:])


def test_a_yearly_wave_is_put_back_where_it_belongs() -> None:
    days = np.arange(900)
    values = series(900) * np.exp(0.4 * np.sin(2 * np.pi * days / 365.25))
    came = np.resize(np.roll(WEEK, -(900 % 7)), 60) * 1000
    came *= np.exp(0.4 * np.sin(2 * np.pi * np.arange(900, 960) / 365.25))
    waved = np.abs(stl_ets_yearly(values, 60, 7) - came).mean()
    assert waved < 0.3 * np.abs(stl_ets(values, 60, 7) - came).mean()
