"""Figures of weeks and months that are no sum of their days: each grain a series of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.models.event_sizes import EventSizes
from crm_core.models.forecast import history_of
from crm_core.models.forecast_document import BACKTEST, PERIODS
from crm_core.models.forecast_events import all_days
from crm_core.models.forecast_oddities import oddities
from crm_core.models.forecast_of_periods import RHYTHMS, Periods, Rhythm, of_periods
from crm_core.pipeline.series_days import DISTINCT, DISTINCT_SPLITS, TOTAL, largest, periods_of
from crm_core.store import Store

Key = tuple[str, str, str]
CODES: Final = {"week": "W-SUN", "month": "M"}
_NARROW = 0.7
_FARTHEST = 130


@dataclass(frozen=True)
class Told:
    """What is said of a series: `known` whole periods that came, the `ahead` ones (the first may be
    running) and `so_far`, what came of that already."""

    rhythm: Rhythm
    known: pd.PeriodIndex
    ahead: pd.PeriodIndex
    made: Periods
    so_far: float

    def periods(self) -> pd.DataFrame:
        """PERIODS; never less than what came of the running one."""
        made = self.made
        told = {
            "value": made.values,
            "low_80": made.low[0.8],
            "high_80": made.high[0.8],
            "low_95": made.low[0.95],
            "high_95": made.high[0.95],
        }
        frame = pd.DataFrame(told)
        frame.iloc[0] = frame.iloc[0].clip(lower=self.so_far)
        frame = frame.round(1).assign(
            grain=self.rhythm.grain,
            starts_on=[period.start_time.date() for period in self.ahead],
            ends_on=[period.end_time.date() for period in self.ahead],
        )
        return frame[list(PERIODS)]

    def backtest(self) -> pd.DataFrame:
        """BACKTEST; periods have no sum, so there is no error of one."""
        rows: list[dict[str, Any]] = []
        for row in self.made.rows:
            origin = self.known[row.start - 1].end_time.date()
            last = self.known[row.start + self.rhythm.tested - 1].end_time.date()
            found = {name: getattr(row, name, None) for name in BACKTEST}
            rows.append(found | {"origin": origin, "horizon_days": (last - origin).days})
        return pd.DataFrame(rows, columns=list(BACKTEST))

    def chosen(self) -> dict[str, Any]:
        """What was chosen and what it is worth, as a row of `forecast_series` has it."""
        made = self.made
        own = [row for row in made.rows if row.method == made.method]
        errors = [row.wape for row in own if row.wape is not None]
        held = made.held.get(0.8)
        warnings = {
            "not_better_than_naive": made.method == self.rhythm.naive,
            "interval_not_tested": held is None,
            "interval_too_narrow": held is not None and held < _NARROW,
        }
        naive = made.mase_naive
        return {
            "method": made.method,
            "reason": made.reason,
            "history_days": days_in(self.known),
            "mase": made.mase,
            "mase_naive": naive,
            "skill": round(1 - made.mase / naive, 6) if naive and made.mase is not None else None,
            "wape": float(np.mean(errors)) if errors else None,
            "coverage_80": held,
            "coverage_95": made.held.get(0.95),
            "warnings": ",".join(code for code, holds in warnings.items() if holds),
        }


@dataclass
class DistinctSeries:
    """What is said of each series, and why nothing is said of others (reason, days of history)."""

    told: dict[Key, Told] = field(default_factory=dict)
    left_out: dict[Key, tuple[str, int]] = field(default_factory=dict)


def distinct_series(
    store: Store, totals: pd.DataFrame, events: pd.DataFrame, as_of: date
) -> DistinctSeries:
    """Every figure of DISTINCT by week and by month, of the shop and of its parts. Parts are not made
    to add up: who buys in two regions within a week is a buyer of both, and one of the shop. What
    events do to a period is learned from the shop's days (`totals`)."""
    found = DistinctSeries()
    log = (store.meta.first_day, as_of)
    for name, grains in DISTINCT.items():
        sizes = _sizes(totals.rename(columns={name: "value"})[["day", "value"]], events, as_of)
        for dimension in (TOTAL, *DISTINCT_SPLITS):
            known = [] if dimension == TOTAL else largest(store, as_of, dimension)
            for grain, code in grains.items():
                rows = periods_of(store, as_of, name, grain, dimension, known)
                _tell(found, (code, dimension), rows, RHYTHMS[grain], log, sizes)
    return found


def _sizes(daily: pd.DataFrame, events: pd.DataFrame, as_of: date) -> EventSizes:
    history = history_of(daily, as_of)
    known = all_days(events, history.first, as_of + timedelta(_FARTHEST))
    return EventSizes(oddities(history, known).history if len(history.values) else history, known)


def _tell(
    found: DistinctSeries,
    key: tuple[str, str],
    rows: pd.DataFrame,
    rhythm: Rhythm,
    log: tuple[date, date],
    sizes: EventSizes,
) -> None:
    members = sorted(set(rows["member"][rows["value"] > 0]))
    if key[1] != TOTAL and len(members) < 2:
        found.left_out[(*key, "")] = ("nothing_told_apart", 0)
        return
    for member in members or [""]:
        mine = rows[rows["member"] == member].set_index("day")["value"].astype(float)
        mine.index = pd.PeriodIndex(mine.index, freq=CODES[rhythm.grain])
        known, running = whole(log, rhythm.grain)
        values = mine.reindex(known, fill_value=0.0)
        values = values[values.cumsum() > 0]
        if len(values) < rhythm.needed:
            days = days_in(pd.PeriodIndex(values.index))
            found.left_out[(*key, member)] = (f"not_enough_{rhythm.grain}s", days)
            continue
        ahead = pd.period_range(running, periods=rhythm.ahead, freq=CODES[rhythm.grain])
        since = pd.PeriodIndex(values.index)
        spans = [(each.start_time.date(), each.end_time.date()) for each in (*since, *ahead)]

        def size(count: int, spans: list[tuple[date, date]] = spans) -> Any:
            return sizes.of(spans, by=spans[count - 1][1])

        known_values = sizes.filled(values.to_numpy(), spans[: len(values)])
        made = of_periods(known_values, rhythm=rhythm, sizes=size)
        found.told[(*key, member)] = Told(rhythm, since, ahead, made, float(mine.get(running, 0.0)))


def whole(log: tuple[date, date], grain: str) -> tuple[pd.PeriodIndex, pd.Period]:
    """The whole weeks or months of a log from its first day to its last, and the one after them.

    >>> weeks, after = whole((date(2026, 6, 3), date(2026, 6, 23)), "week")
    >>> [str(week.start_time.date()) for week in weeks], str(after.start_time.date())
    (['2026-06-08', '2026-06-15'], '2026-06-22')
    """
    first, last = (pd.Timestamp(day) for day in log)
    found = pd.period_range(first, last, freq=CODES[grain])
    inside = (found.start_time >= first) & (found.end_time.normalize() <= last)
    known = found[inside]
    ended = found[-1].end_time.normalize() <= last
    return known, found[-1] + 1 if ended else found[-1]


def days_in(periods: Sequence[pd.Period] | pd.PeriodIndex) -> int:
    """How many days these periods have together."""
    return sum(_days(period) for period in periods)


def _days(period: pd.Period) -> int:
    return (period.end_time.normalize() - period.start_time).days + 1
