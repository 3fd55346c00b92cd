from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from crm_core.errors import CrmError
from crm_core.models.event_sizes import EventSizes
from crm_core.models.forecast_methods import History
from crm_core.models.forecast_of_periods import MONTHS, of_periods


def weeks(count: int, *, noise: float = 0.05, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 300 * np.exp(noise * rng.normal(size=count))


def test_a_steady_shop_is_told_at_its_level_with_intervals_that_nest() -> None:
    made = of_periods(weeks(80))
    assert made.values == pytest.approx(np.full(13, 300), rel=0.06)
    assert (made.low[0.95] <= made.low[0.8]).all()
    assert (made.high[0.8] <= made.high[0.95]).all()
    assert 0.6 <= made.held[0.8] <= 1.0


def test_a_yearly_wave_is_found_after_a_year_and_a_half() -> None:
    wave = np.exp(0.4 * np.sin(2 * np.pi * np.arange(125) / 52.18))
    values = weeks(125) * wave
    made = of_periods(values[:112])
    assert made.method == "smoothed_yearly"
    assert made.mase is not None
    assert made.mase_naive is not None
    assert made.mase < 0.6 * made.mase_naive
    assert made.values == pytest.approx(values[112:], rel=0.2)


def test_a_start_that_wears_off_is_not_extended() -> None:
    values = weeks(77) * (0.2 + 3 * np.exp(-np.arange(77) / 8))
    made = of_periods(values)
    assert made.values == pytest.approx(np.full(13, values[-8:].mean()), rel=0.15)


def test_too_few_weeks_are_refused() -> None:
    with pytest.raises(CrmError) as failed:
        of_periods(weeks(19))
    assert failed.value.facts["weeks_needed"] == 20
    assert of_periods(weeks(20)).held == {}


def test_intervals_of_weeks_hold_as_often_as_stated() -> None:
    held = {0.8: [], 0.95: []}
    for seed in range(40):
        values = weeks(93, noise=0.2, seed=seed)
        made = of_periods(values[:80])
        for level, found in held.items():
            came = values[80:88]
            found += ((came >= made.low[level][:8]) & (came <= made.high[level][:8])).tolist()
    assert 0.72 <= np.mean(held[0.8]) <= 0.88
    assert 0.9 <= np.mean(held[0.95]) <= 0.99


def test_a_short_month_brings_less_and_a_month_with_an_event_more() -> None:
    sizes = np.array([31.0, 28, 31, 30, 31, 30, 31, 31, 30, 31, 45, 31] * 3)[:33]
    made = of_periods(sizes[:30] * 20, rhythm=MONTHS, sizes=lambda known: sizes[: known + 3])
    assert made.values == pytest.approx(sizes[30:] * 20, rel=0.01)
    assert {row.method for row in made.rows} >= {"naive_last_months", "theta", "blend_mean"}


def test_months_take_a_year() -> None:
    with pytest.raises(CrmError) as failed:
        of_periods(weeks(11), rhythm=MONTHS)
    assert failed.value.facts["months_needed"] == 12


def test_weeks_the_shop_was_shut_say_nothing_of_demand() -> None:
    first = date(2026, 1, 5)
    silent = np.zeros(70, dtype=bool)
    silent[14:32] = True  # two weeks and four days
    sizes = EventSizes(History(first, np.ones(70), silent), ())
    spans = [(first + timedelta(7 * week), first + timedelta(7 * week + 6)) for week in range(10)]
    came = np.array([70.0, 70, 0, 0, 30, 70, 70, 70, 70, 70])
    assert sizes.filled(came, spans).tolist() == [70.0, 70, 70, 70, 70, *[70.0] * 5]
    assert sizes.of(spans, by=first + timedelta(69)).tolist() == [7.0] * 10
