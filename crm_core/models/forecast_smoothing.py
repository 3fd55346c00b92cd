"""Two smoothing methods in plain arithmetic: dynamic theta, and STL with exponential smoothing.

Both take a series without gaps, closed days or events, its newest value last, and a season in
steps. They are linear filters of the series, so that a fit is a search over few settings only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Series = NDArray[np.floating[Any]]

#: Cycles of the seasonal smoother: slow, so that a few odd weeks are no season.
SEASONAL_WINDOW: Final = 15
_ALPHAS: Final = (0.02, 0.05, 0.08, 0.12, 0.16, 0.2, 0.26, 0.33, 0.42, 0.55, 0.7, 0.85, 0.99)
_TRENDS: Final = tuple(
    (alpha, share * alpha, damping)
    for damping in (0.9, 0.98)
    for share in (0.02, 0.1, 0.3)
    for alpha in (0.05, 0.12, 0.25, 0.5, 0.8)
)
_STEEPEST: Final = 0.999


def stl(values: Series, season: int) -> tuple[Series, Series]:
    """Season and trend of a series whose length is a whole number of seasons.

    Source: Cleveland et al. (1990), inner loop twice, no robustness weights.
    """
    count = len(values)
    trend_window = _odd_above(1.5 * season / (1 - 1.5 / SEASONAL_WINDOW))
    trend, seasonal = np.zeros(count), np.zeros(count)
    for _ in range(2):
        cycles = (values - trend).reshape(-1, season)
        smooth = _loess(cycles, SEASONAL_WINDOW, beyond=1).ravel()
        low = _moving_mean(_moving_mean(_moving_mean(smooth, season), season), 3)
        seasonal = smooth[season:-season] - _loess(low[:, None], _odd_above(season))[:, 0]
        trend = _loess((values - seasonal)[:, None], trend_window)[:, 0]
    return seasonal, trend


def stl_ets(values: Series, horizon: int, season: int) -> Series:
    """The season's last shape, and exponential smoothing of what is left, damped if it helps.

    Source: Cleveland et al. (1990); Hyndman et al. (2008), "Forecasting with Exponential Smoothing".
    """
    if season < 2 or len(values) < 3 * season:
        return smoothed(values, horizon)
    whole = values[len(values) % season :]
    seasonal, _ = stl(whole, season)
    return smoothed(whole - seasonal, horizon) + np.resize(seasonal[-season:], horizon)


def smoothed(values: Series, horizon: int) -> Series:
    """Exponential smoothing with or without a damped trend, whichever has the smaller AICc.

    One-step errors of both are a filter of the series, as both are ARIMA models with fixed roots.
    """
    start = float(np.mean(values[:7]))
    shifted = values - start
    count = len(values)
    best, told = np.inf, np.full(horizon, float(values[-1]))
    for alpha in _ALPHAS:
        error = _filtered([1.0, -1.0], [1.0, alpha - 1.0], shifted)
        score = _aicc(error, 2)
        if score < best:
            best, told = score, np.full(horizon, values[-1] - (1 - alpha) * error[-1])
    if count < 20:
        return told
    for alpha, beta, damping in _TRENDS:
        top = [1.0, -1.0 - damping, damping]
        bottom = [1.0, alpha + damping * beta - 1.0 - damping, damping * (1.0 - alpha)]
        error = _filtered(top, bottom, shifted)
        score = _aicc(error, 5)
        if score < best:
            level = values[-1] - (1 - alpha) * error[-1]
            slope = _filtered([beta], [1.0, -damping], error)[-1]
            grown = np.cumsum(damping ** np.arange(1, horizon + 1))
            best, told = score, level + slope * grown
    return told


def theta(values: Series, horizon: int, season: int) -> Series:
    """Dynamic optimised theta on the series without its season, which is put back.

    Level and share of the trend follow in closed form from the smoothing weight, which is
    searched. Source: Fiorucci et al. (2016), "Models for optimising the theta method".
    """
    if season < 2 or len(values) < 3 * season:
        return _theta(values, horizon)
    shape = seasonal_shape(values, season)
    ahead = np.resize(np.roll(shape, -(len(values) % season)), horizon)
    if np.min(values) > 0:
        return _theta(values / np.resize(shape, len(values)), horizon) * ahead
    return _theta(values - np.resize(shape, len(values)), horizon) + ahead


def seasonal_shape(values: Series, season: int) -> Series:
    """Each place of the season against the mean around it: ratios, or differences where a value
    is not above zero. The first value has place 0. Classical decomposition."""
    around = np.full(len(values), np.nan)
    half = season // 2
    kernel = np.ones(season) / season
    if season % 2 == 0:
        kernel = np.r_[0.5, np.ones(season - 1), 0.5] / season
    around[half : len(values) - half] = np.convolve(values, kernel, mode="valid")
    ratios = bool(np.min(values) > 0)
    apart = values / around if ratios else values - around
    shape = np.array([np.nanmean(apart[place::season]) for place in range(season)])
    return shape / shape.mean() if ratios else shape - shape.mean()


def _theta(values: Series, horizon: int) -> Series:
    count = len(values)
    if count < 4:
        return np.full(horizon, float(np.mean(values)))
    steps = np.arange(1, count + 1)
    means = np.cumsum(values) / steps
    slopes = _running_slopes(values, steps)
    intercepts = means - (steps + 1) / 2 * slopes
    best, found = np.inf, (0.5, 0.0, float(values[0]))
    for alpha in _ALPHAS:
        fading = (1 - alpha) ** steps[:-1]
        line = fading * intercepts[:-1] + (1 - fading * (1 - alpha)) / alpha * slopes[:-1]
        level = _filtered([alpha], [1.0, alpha - 1.0], values)[:-1]
        share, first, loss = _least_squares((values[1:] - level)[2:], line[2:], fading[2:])
        if loss < best:
            best, found = loss, (alpha, share, first)
    return _carried(values, horizon, found, float(means[-1]), float(slopes[-1]))


def _least_squares(wanted: Series, line: Series, fading: Series) -> tuple[float, float, float]:
    """Share of the trend line (0 to 1) and first level with the least squared error."""
    aa, bb, ab = float(line @ line), float(fading @ fading), float(line @ fading)
    ay, by = float(line @ wanted), float(fading @ wanted)
    apart = aa * bb - ab * ab
    share = (ay * bb - by * ab) / apart if apart > 1e-12 * max(aa * bb, 1e-300) else 0.0
    share = min(max(share, 0.0), _STEEPEST)
    first = (by - share * ab) / bb if bb > 0 else 0.0
    left = wanted - share * line - first * fading
    return share, first, float(left @ left)


def _carried(
    values: Series,
    horizon: int,
    found: tuple[float, float, float],
    mean: float,
    slope: float,
) -> Series:
    alpha, share, first = found
    count = len(values)
    level = float(_filtered([alpha], [1.0, alpha - 1.0], values)[-1]) + first * (1 - alpha) ** count
    told = np.empty(horizon)
    for step in range(horizon):
        fading = (1 - alpha) ** count
        intercept = mean - (count + 1) / 2 * slope
        line = fading * intercept + (1 - fading * (1 - alpha)) / alpha * slope
        value = level + share * line
        told[step] = value
        level = alpha * value + (1 - alpha) * level
        count += 1
        slope = ((count - 2) * slope + 6 / count * (value - mean)) / (count + 1)
        mean = ((count - 1) * mean + value) / count
    return told


def _running_slopes(values: Series, steps: NDArray[np.int64]) -> Series:
    """The least-squares slope of the first 1, 2, … values."""
    with np.errstate(divide="ignore", invalid="ignore"):
        tilt = np.cumsum(steps * values) - (steps + 1) / 2 * np.cumsum(values)
        slopes = tilt / (steps * (steps.astype(float) ** 2 - 1) / 12)
    slopes[0] = 0.0
    return slopes


def _filtered(top: list[float], bottom: list[float], values: Series) -> Series:
    found: Any = signal.lfilter(top, bottom, values)
    return found


def _aicc(error: Series, parameters: int) -> float:
    count = len(error)
    loss = max(float(error @ error) / count, 1e-12)
    spare = max(count - parameters - 1, 1)
    return count * float(np.log(loss)) + 2 * parameters * count / spare


def _odd_above(length: float) -> int:
    whole = int(np.floor(length)) + 1
    return whole if whole % 2 else whole + 1


def _moving_mean(values: Series, window: int) -> Series:
    sums = np.cumsum(np.r_[0.0, values])
    return (sums[window:] - sums[:-window]) / window


def _loess(columns: Series, window: int, *, beyond: int = 0) -> Series:
    """Local straight lines through each column, `beyond` steps past both ends as well."""
    count = len(columns)
    first, weights = _weights(count, window, beyond)
    width = weights.shape[1]
    nearby = columns[first[:, None] + np.arange(width)]
    return np.einsum("iw,iwk->ik", weights, nearby)


@lru_cache(maxsize=64)
def _weights(count: int, window: int, beyond: int) -> tuple[NDArray[np.int64], Series]:
    """For each place to smooth at: the first value used, and what each used value counts."""
    width = min(window, count)
    places = np.arange(-beyond, count + beyond)
    first = np.clip(places - window // 2, 0, count - width)
    used = first[:, None] + np.arange(width)
    far = np.abs(used - places[:, None])
    reach = np.maximum(far[:, 0], far[:, -1]) + max(0, (window - count) // 2)
    near = np.clip(1 - (far / np.maximum(reach, 1)[:, None]) ** 3, 0, None) ** 3
    near /= near.sum(axis=1, keepdims=True)
    middle = (near * used).sum(axis=1, keepdims=True)
    spread = (near * (used - middle) ** 2).sum(axis=1, keepdims=True)
    tilt = np.where(spread > 1e-9, (places[:, None] - middle) / np.maximum(spread, 1e-9), 0.0)
    return first, near * (1 + tilt * (used - middle))


def weekday_mean(values: Series, horizon: int, season: int) -> Series:
    """For each place of the season, its mean over the last four.

    >>> weekday_mean(np.arange(12.0), 4, 3).tolist()
    [4.5, 5.5, 6.5, 4.5]
    """
    whole = values[len(values) % season :].reshape(-1, season)[-4:]
    return np.resize(whole.mean(axis=0), horizon)


def year_wave(values: Series, horizon: int, year: float) -> Series:
    """A yearly wave of two harmonics about a straight line, on the logarithm; ahead as well."""
    steps = np.arange(len(values) + horizon)
    angle = 2 * np.pi * steps[:, None] / year * np.arange(1, 3)
    waves = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    line = np.stack([np.ones(len(steps)), steps / year], axis=1)
    logs = np.log(np.maximum(values, 0.05 * max(float(np.mean(values)), 1e-9)))
    known = np.concatenate([line, waves], axis=1)[: len(values)]
    found = np.linalg.lstsq(known, logs, rcond=None)[0]
    return np.exp(waves @ found[2:])


def stl_ets_yearly(values: Series, horizon: int, season: int) -> Series:
    """STL with exponential smoothing on a series without its yearly wave, which is put back."""
    wave = year_wave(values, horizon, 365.25 * season / 7)
    return stl_ets(values / wave[: len(values)], horizon, season) * wave[len(values) :]
