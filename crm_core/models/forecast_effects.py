"""What events did to a shop's days: learned, taken out before a fit, put back after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np

from crm_core.models.forecast_events import OWN, EventDay
from crm_core.models.forecast_methods import (
    History,
    Mask,
    Series,
    closed_weekdays,
    days_after,
    learned_days,
    open_ahead,
)

#: A typed uplift is believed where the event was seen this often or less.
TYPED_UP_TO: Final = 1
_LEAST: Final = 3.0
_WEEKS: Final = 5

Multipliers = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Effects:
    """What is known of events by a day.

    `days`: the events' days that taught something, ahead too. `multipliers`: by event and phase.
    `typed`: days whose multiplier a person stated, as the event was seen once or never. `shut`:
    days the shop said it was or will be closed.
    """

    days: tuple[EventDay, ...] = ()
    multipliers: Multipliers = field(default_factory=dict)
    typed: Mapping[date, float] = field(default_factory=dict)
    shut: frozenset[date] = frozenset()

    def ahead(self, days: Sequence[date]) -> Series:
        """What each of these days sells against an ordinary one."""
        factors = dict.fromkeys(days, 1.0)
        for day in self.days:
            told = self.multipliers.get((day.event, day.phase))
            if told is not None and day.day in factors:
                factors[day.day] = _farther(factors[day.day], told)
        return np.array([self._said(day, factors[day]) for day in days])

    def stated(self, days: Sequence[date]) -> Series:
        """The same of typed multipliers and closed days alone."""
        return np.array([self._said(day, 1.0) for day in days])

    def _said(self, day: date, learned: float) -> float:
        return 0.0 if day in self.shut else self.typed.get(day, learned)


def learned_effects(
    history: History, events: Iterable[EventDay], *, elsewhere: Multipliers | None = None
) -> Effects:
    """What the history teaches of the events, and what was typed of those it does not.

    The shop's own events and calendar phases that stood out are learned: the mean ratio of their
    days to the same weekdays around them, drawn towards 1 by its uncertainty. `elsewhere` has
    multipliers of the whole, for a part that shows none of its own.
    """
    every = list(events)
    shut = frozenset(day.day for day in every if day.closed)
    every = [day for day in every if not day.closed]
    seen = times_seen(history, every)
    typed = {
        day.day: day.uplift
        for day in every
        if day.uplift is not None and seen.get(day.event, 0) <= TYPED_UP_TO
    }
    stated = {day.event for day in every if day.day in typed}
    found, shown = _measured(history, every)
    told = dict(elsewhere or {}) | found
    kept = [
        day for day in every if (day.event, day.phase) in shown or (day.event, day.phase) in told
    ]
    kept = [day for day in kept if day.event not in stated or day.day not in typed]
    return Effects(tuple(kept), told, typed, shut)


def times_seen(history: History, events: Iterable[EventDay]) -> dict[str, int]:
    """How often each event was on before the history ends."""
    count = len(history.values)
    starts: dict[str, set[date]] = {}
    for day in events:
        if 0 <= (day.day - history.first).days < count:
            starts.setdefault(day.event, set()).add(day.start)
    return {event: len(found) for event, found in starts.items()}


def standing_out(history: History, events: Iterable[EventDay]) -> list[EventDay]:
    """Events worth a place in a model: the shop's own, and calendar phases that stood out.

    A phase stood out when its sales differ from the same weekdays around it by three standard
    errors of the shop's ordinary days. Only events seen in the history stay, ahead too.
    """
    every = list(events)
    _, shown = _measured(history, every)
    return [day for day in every if (day.event, day.phase) in shown]


def _measured(
    history: History, events: Sequence[EventDay]
) -> tuple[dict[tuple[str, str], float], set[tuple[str, str]]]:
    """Multipliers of the phases that stood out, and those phases."""
    inside = [
        (index, day)
        for day in events
        if 0 <= (index := (day.day - history.first).days) < len(history.values)
    ]
    if not inside:
        return {}, set()
    plain = history.counted.copy()
    plain[[index for index, _ in inside]] = False
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = usual_days(history.values, plain)
        ratio = np.where(usual > 0, history.values / usual, 1.0)
    logs = np.log(np.clip(ratio, 0.05, 20.0))
    calm = logs[plain]
    spread = 1.4826 * float(np.median(np.abs(calm - np.median(calm)))) if len(calm) else 0.0
    phases: dict[tuple[str, str], list[tuple[int, date]]] = {}
    for index, day in inside:
        if history.counted[index]:
            phases.setdefault((day.event, day.phase), []).append((index, day.start))
    multipliers: dict[tuple[str, str], float] = {}
    shown: set[tuple[str, str]] = set()
    for phase, days in phases.items():
        mean = float(np.mean(logs[[index for index, _ in days]]))
        error = max(spread / float(np.sqrt(_weight([start for _, start in days]))), 1e-9)
        own = phase[0].startswith(OWN)
        if own or abs(mean) > _LEAST * error:
            shown.add(phase)
            multipliers[phase] = float(np.exp(mean * mean**2 / (mean**2 + error**2)))
    return multipliers, shown


def _weight(starts: Sequence[date]) -> float:
    """Days of one occurrence move together: they count as the root of their number."""
    return float(sum(np.sqrt(starts.count(start)) for start in set(starts)))


def usual_days(values: Series, plain: Mask) -> Series:
    """For each day the median of the plain days among the same weekday five weeks around.

    Not a number where there is none.
    """
    shown = np.where(plain, values, np.nan)
    count = len(values)
    around = np.full((2 * _WEEKS, count), np.nan)
    shifts = [7 * week for week in range(-_WEEKS, _WEEKS + 1) if week]
    for row, shift in enumerate(shifts):
        low, high = max(0, -shift), min(count, count - shift)
        if low < high:
            around[row, low:high] = shown[low + shift : high + shift]
    around.sort(axis=0)  # those that are no number come last
    known = np.isfinite(around).sum(axis=0)
    every = np.arange(count)
    middle = (
        around[np.maximum(known - 1, 0) // 2, every] + around[np.maximum(known, 1) // 2, every]
    ) / 2
    return np.where(known > 0, middle, np.nan)


@dataclass(frozen=True)
class Cleared:
    """A history as if it had been without events, gaps and closed days: only days it sells on.

    `season` is the number of days a week the shop is open.
    """

    values: Series
    season: int


def cleared(history: History, effects: Effects) -> Cleared:
    """The days a smoothing method learns from; a day that is no guide is its usual weekday."""
    closed = closed_weekdays(history)
    out = {day.day for day in effects.days} | set(effects.typed) | effects.shut
    plain = learned_days(history, set())
    for day in out:
        index = (day - history.first).days
        if 0 <= index < len(plain):
            plain[index] = False
    usual = usual_days(history.values, plain)
    fallback = float(np.mean(history.values[plain])) if plain.any() else 0.0
    values = np.where(plain, history.values, np.where(np.isfinite(usual), usual, fallback))
    sold = ~np.isin(history.weekdays, list(closed))
    return Cleared(values[sold], 7 - len(closed))


def put_back(values: Series, history: History, effects: Effects, horizon: int) -> Series:
    """Values of the open days ahead as days of the calendar, events and closed days put back."""
    days = days_after(history, horizon)
    closed = closed_weekdays(history)
    opened = np.array([day.weekday() not in closed for day in days], dtype=bool)
    told = np.zeros(horizon)
    told[opened] = values[: int(opened.sum())]
    told *= effects.ahead(days) * open_ahead(history, horizon)
    return np.maximum(told, 0.0)


def _farther(one: float, other: float) -> float:
    """Of two multipliers of a day the one farther from 1: what both measured is one and the same."""
    return max(one, other, key=lambda value: abs(float(np.log(max(value, 1e-9)))))
