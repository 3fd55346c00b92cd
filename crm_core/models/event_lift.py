"""By how much events multiply a day's sales, for methods that know of no calendar themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from crm_core.models.forecast_events import EventDay, standing_out, usual_ratio
from crm_core.models.forecast_methods import History, Series

_LEAST, _MOST = 0.1, 20.0


def day_lifts(known: History, events: Sequence[EventDay]) -> dict[date, float]:
    """A factor for each event day, past and ahead, of the events that stood out in what is known.

    The factor of an event's phase is the middle of its days over the same weekdays around them.
    """
    chosen = standing_out(known.values, known.first, events)
    if not chosen:
        return {}
    count = len(known.values)
    marked = np.zeros(count, dtype=bool)
    places = [(day.day - known.first).days for day in events]
    marked[[place for place in places if 0 <= place < count]] = True
    ratio = usual_ratio(known.values, marked)
    seen: dict[tuple[str, str], list[float]] = {}
    for day in chosen:
        place = (day.day - known.first).days
        if 0 <= place < count:
            seen.setdefault((day.event, day.phase), []).append(float(ratio[place]))
    factors = {
        key: float(np.clip(np.exp(np.median(logs)), _LEAST, _MOST)) for key, logs in seen.items()
    }
    found: dict[date, float] = {}
    for day in chosen:
        found[day.day] = found.get(day.day, 1.0) * factors.get((day.event, day.phase), 1.0)
    return found


def lifts_of(lifts: Mapping[date, float], history: History, first: int, end: int) -> Series:
    """The factors of the days from one place of a history up to another, 1 where there is none."""
    return np.array([lifts.get(history.day(place), 1.0) for place in range(first, end)])
