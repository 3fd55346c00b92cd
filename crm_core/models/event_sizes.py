"""How much longer events make a week or month: a week of a sale is worth more than seven days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np

from crm_core.models.forecast_effects import learned_effects
from crm_core.models.forecast_events import EventDay
from crm_core.models.forecast_methods import History, Series

#: A period in which every day is closed is no guide, and must not be divided by nothing.
_SHORTEST: Final = 0.25
_HALF: Final = 0.5


class EventSizes:
    """Sizes of periods in ordinary days, each time as events were known by the day asked of.

    A day counts as what its event multiplies an ordinary day's figure by, a closed day not at all.
    `history` is the daily figure of the whole shop, `events` its calendar's days.
    """

    def __init__(self, history: History, events: Sequence[EventDay]) -> None:
        self._history, self._events = history, events
        self._known: dict[date, dict[date, float]] = {}

    def of(self, spans: Sequence[tuple[date, date]], by: date) -> Series:
        """The size of each span (first day, last day), by what the days up to `by` taught."""
        factors = self._factors(by)
        sizes = [
            sum(
                factors.get(first + timedelta(place), 1.0)
                for place in range((last - first).days + 1)
            )
            for first, last in spans
        ]
        return np.maximum(np.array(sizes, dtype=float), _SHORTEST)

    def filled(self, values: Series, spans: Sequence[tuple[date, date]]) -> Series:
        """What periods would have brought without gaps in the log and weeks the shop was shut, which
        say nothing of demand: more than came of one that was half there, of one that was not the
        period before."""
        silent = np.flatnonzero(~self._history.counted)
        days = {self._history.day(int(place)) for place in silent}
        told = values.astype(float)
        for place, (first, last) in enumerate(spans if days else ()):
            count = (last - first).days + 1
            there = sum(first + timedelta(day) not in days for day in range(count)) / count
            if there >= _HALF:
                told[place] = values[place] / there
            elif place:
                told[place] = told[place - 1]
        return told

    def _factors(self, by: date) -> dict[date, float]:
        """The days that are no ordinary ones."""
        if by not in self._known:
            days = (by - self._history.first).days + 1
            effects = learned_effects(self._history.until(max(days, 0)), self._events)
            named = sorted({day.day for day in effects.days} | set(effects.typed) | effects.shut)
            told = effects.ahead(named).tolist()
            self._known[by] = dict(zip(named, told, strict=True))
        return self._known[by]
