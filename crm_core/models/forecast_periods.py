"""Sums of a forecast over weeks, months and to each day ahead; what events add to their days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from crm_core.models.forecast_bands import Fold, Spans, band_of_sums, sums_over
from crm_core.models.forecast_document import EVENTS, PERIODS, table_of
from crm_core.models.forecast_effects import times_seen
from crm_core.models.forecast_events import OWN, EventDay
from crm_core.models.forecast_members import Known
from crm_core.models.forecast_methods import History, Series, days_after

_LOOK_BACK = 365


def period_rows(said: Series, history: History, folds: Sequence[Fold]) -> pd.DataFrame:
    """Weeks and months, whole or the part that lies ahead, and running sums to each day."""
    days = days_after(history, len(said))
    grains, spans = spans_of(days)
    columns: dict[str, Any] = {
        "grain": grains,
        "starts_on": [days[first] for first, _ in spans],
        "ends_on": [days[after - 1] for _, after in spans],
        "value": sums_over(said, spans),
    }
    for level, name in ((0.8, "80"), (0.95, "95")):
        columns[f"low_{name}"], columns[f"high_{name}"] = band_of_sums(
            said, history, folds, level, spans
        )
    frame = pd.DataFrame(columns)[list(PERIODS)].round(dict.fromkeys(PERIODS[3:], 2))
    return frame.astype(dict.fromkeys(("grain", "starts_on", "ends_on"), object))


def spans_of(days: Sequence[date]) -> tuple[list[str], Spans]:
    """The grain of each sum of these days, and its first day and day after the last by place.

    >>> grains, spans = spans_of([date(2026, 6, 28), date(2026, 6, 29)])
    >>> list(zip(grains, spans.tolist()))[:2]
    [('week', [0, 1]), ('week', [1, 2])]
    """
    count = len(days)
    weeks = [place for place in range(1, count) if days[place].weekday() == 0]
    months = [place for place in range(1, count) if days[place].day == 1]
    found: list[tuple[str, int, int]] = []
    for grain, cuts in (("week", weeks), ("month", months)):
        found += [(grain, low, high) for low, high in zip([0, *cuts], [*cuts, count], strict=True)]
    found += [("to_date", 0, end) for end in range(1, count + 1)]
    return [grain for grain, _, _ in found], np.array([[low, high] for _, low, high in found])


def event_rows(known: Known, events: Sequence[EventDay], said: Series) -> pd.DataFrame:
    """One row an occurrence: those that taught something in the past year, and all own, learned or
    typed ones ahead."""
    history, effects = known.history, known.effects
    last = history.day(len(history.values) - 1)
    since = max(history.first, last - timedelta(_LOOK_BACK - 1))
    learned = {day.event for day in effects.days} | {
        day.event for day in events if day.day in effects.typed
    }
    seen = times_seen(history, events)
    occurrences: dict[tuple[str, date], list[date]] = {}
    for day in events:
        if day.event in learned or day.event.startswith(OWN):
            occurrences.setdefault((day.event, day.start), []).append(day.day)
    values = np.r_[history.values, said]
    rows: list[dict[str, Any]] = []
    for (event, _), days in occurrences.items():
        if max(days) < since:
            continue
        extra, multiplier = _added(known, event, days, values)
        told = (event, min(days), max(days), extra, seen.get(event, 0), max(days) <= last)
        rows.append(dict(zip(EVENTS, (*told, multiplier), strict=True)))
    rows.sort(key=lambda row: (row["starts_on"], row["event"]))
    return table_of(rows, EVENTS)


def _added(
    known: Known, event: str, days: Sequence[date], values: Series
) -> tuple[float | None, float | None]:
    """What the event's days sell beyond ordinary ones, and how many times as much they sell."""
    history, effects = known.history, known.effects
    phases = {day.day: (day.event, day.phase) for day in effects.days if day.event == event}
    ordinary, whole, told = 0.0, 0.0, False
    for day in days:
        value = float(values[(day - history.first).days])
        factor = effects.typed.get(day)
        if factor is None and day in phases:
            factor = effects.multipliers.get(phases[day])
        if day in effects.shut:
            return None, 0.0
        told = told or factor is not None
        factor = 1.0 if factor is None else factor
        ordinary += value / factor if factor > 0 else 0.0
        whole += value
    if not told:
        return None, None
    return round(whole - ordinary, 2), round(whole / ordinary, 4) if ordinary > 0 else None
