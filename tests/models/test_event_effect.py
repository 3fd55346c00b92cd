"""What was planted around an event is found; what was not is not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crm_core.models.event_effect import Span, Stretch, stretches

EVENT = date(2026, 6, 10)
FORTNIGHT = timedelta(14)
SPANS: list[Span] = [
    ("before", EVENT - FORTNIGHT, EVENT - timedelta(1)),
    ("day", EVENT, EVENT),
    ("after", EVENT + timedelta(1), EVENT + FORTNIGHT),
]


def daily(until: str = "2026-09-30") -> Any:
    """A shop that grows, sells more on Mondays, and varies by chance."""
    days = pd.date_range("2026-03-01", until, freq="D")
    weekday = np.where(days.day_of_week == 0, 1.4, 1.0)
    growth = np.linspace(1.0, 1.3, len(days))
    noise = np.random.default_rng(3).normal(1.0, 0.06, len(days))
    return pd.Series(1_000 * weekday * growth * noise, index=days)


def found(series: Any, marked: list[date] | None = None) -> dict[str, Stretch]:
    return {each.part: each for each in stretches(series, SPANS, marked=marked or [])}


def test_an_event_that_moves_nothing() -> None:
    series = daily()
    series[pd.Timestamp(EVENT)] *= 4
    parts = found(series)
    assert parts["day"].actual / parts["day"].usual == pytest.approx(4, rel=0.15)
    assert parts["day"].is_clear
    assert not parts["before"].is_clear
    assert not parts["after"].is_clear
    assert parts["net"].extra == pytest.approx(parts["day"].extra, abs=1_500)


def test_sales_that_were_only_moved() -> None:
    series = daily()
    series[pd.Timestamp(EVENT)] *= 4
    for _, first, last in (SPANS[0], SPANS[2]):
        series.loc[pd.Timestamp(first) : pd.Timestamp(last)] *= 0.85
    parts = found(series)
    assert parts["before"].high < 0
    assert parts["after"].high < 0
    assert parts["net"].extra < 0.4 * parts["day"].extra


def test_days_of_other_events_are_no_measure() -> None:
    series = daily()
    others = [date(2026, 5, 20), date(2026, 7, 1), date(2026, 7, 8)]  # Wednesdays, as the event is
    for day in others:
        series[pd.Timestamp(day)] *= 10
    assert found(series)["day"].usual > 2 * found(series, others)["day"].usual
    assert abs(found(series, others)["day"].extra) < 300


def test_what_is_not_over_or_has_no_past_is_left_out() -> None:
    running = found(daily("2026-06-12"))
    assert set(running) == {"before", "day"}
    first_weeks = daily().loc["2026-06-08":"2026-06-12"]
    assert stretches(first_weeks, SPANS, marked=[]) == []
