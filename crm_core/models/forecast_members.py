"""The ways a daily figure is carried forward, how much history each takes, and their blends.

`steady` is the mean of the last thirteen weeks on every day: all that rare sales can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from crm_core.models import forecast_smoothing as smoothing
from crm_core.models.forecast_effects import (
    Effects,
    Multipliers,
    cleared,
    learned_effects,
    put_back,
)
from crm_core.models.forecast_events import EventDay
from crm_core.models.forecast_methods import (
    History,
    Series,
    days_after,
    naive_seasonal,
    naive_weekday_mean,
)
from crm_core.models.forecast_prophet import prophet

PROPHET: Final = "prophet"
STL_ETS: Final = "stl_ets"
STEADY: Final = "steady"
NAIVE: Final = ("naive_seasonal", "naive_weekday_mean")
#: Members of the blends, the plainest first.
MEMBERS: Final = ("weekday_mean", "theta", STL_ETS, PROPHET)
#: Those that take no more than milliseconds.
QUICK: Final = ("weekday_mean", "theta", STL_ETS)
BLENDS: Final = ("blend_median", "blend_mean")
YEARLY: Final = {PROPHET: 500, STL_ETS: 730}
"""Members that may have a yearly wave, and from how many days on it is tried."""
DAYS_NEEDED: Final = {
    **dict.fromkeys(NAIVE, 28),
    "weekday_mean": 28,
    "theta": 28,
    STL_ETS: 42,
    PROPHET: 56,
    STEADY: 28,
}
_QUARTER: Final = 91

_SMOOTHING: Final[dict[str, Callable[[Series, int, int], Series]]] = {
    "weekday_mean": smoothing.weekday_mean,
    "theta": smoothing.theta,
    STL_ETS: smoothing.stl_ets,
}


@dataclass(frozen=True)
class Known:
    """A history with what is known of events by its end."""

    history: History
    effects: Effects

    @classmethod
    def by(
        cls,
        history: History,
        events: Iterable[EventDay],
        elsewhere: Multipliers | None = None,
    ) -> Known:
        """What the days up to the history's end tell."""
        return cls(history, learned_effects(history, events, elsewhere=elsewhere))

    def carry(self, method: str, horizon: int, *, yearly: bool = False, seed: int = 0) -> Series:
        """What one method says for the days after the history."""
        if method == "naive_seasonal":
            return naive_seasonal(self.history, horizon)
        if method == "naive_weekday_mean":
            return naive_weekday_mean(self.history, horizon)
        if method == PROPHET:
            return prophet(self.history, horizon, effects=self.effects, yearly=yearly, seed=seed)
        if method == STEADY:
            rate = float(np.mean(self.history.values[-_QUARTER:]))
            days = days_after(self.history, horizon)
            return np.maximum(rate, 0.0) * self.effects.stated(days)
        calm = cleared(self.history, self.effects)
        told = smoothing.stl_ets_yearly if yearly else _SMOOTHING[method]
        said = told(calm.values, horizon, calm.season)
        return put_back(said, self.history, self.effects, horizon)


def blended(said: dict[str, Series], members: Sequence[str]) -> dict[str, Series]:
    """Median and mean of what the members said; none where there is but one."""
    together = [said[method] for method in members if method in said]
    if len(together) < 2:
        return {}
    every = np.stack(together)
    return {"blend_median": np.median(every, axis=0), "blend_mean": np.mean(every, axis=0)}
