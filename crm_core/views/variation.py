"""Whether a change is news: compared with how much this shop's numbers usually move."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from crm_core.metrics import METRICS, change
from crm_core.metrics.parts import parts_of, record

_USUAL = 0.8
_LEAST_COMPARISONS = 8
_MOST_COMPARISONS = 24


def history_days(days: int, lag: int) -> int:
    """How many days before a period of `days` days tell its usual change.

    >>> history_days(30, 30)
    228
    """
    return days + lag + _MOST_COMPARISONS * max(1, days // 4)


def usual_change(
    parts: pd.DataFrame, name: str, *, days: int, lag: int, before: pd.Timestamp
) -> float | None:
    """The size of change that four in five past changes of this metric stayed below.

    `parts` are daily parts (see `metrics.daily`); past changes are those between windows of
    `days` days that lie `lag` days apart and end before `before`. None with fewer than 8.
    """
    past = parts.loc[: before - pd.Timedelta(days=1)]
    last = len(past)
    step = max(1, days // 4, (last - days - lag) // _MOST_COMPARISONS)
    ends = np.arange(last - 1, days + lag - 1, -step)
    sums = {part: np.cumsum(values) for part, values in _columns(past, name).items()}
    now = {part: upto[ends] - upto[ends - days] for part, upto in sums.items()}
    then = {part: upto[ends - lag] - upto[ends - lag - days] for part, upto in sums.items()}
    moves = [
        change(METRICS[name], value, previous)
        for value, previous in zip(_values(now, name), _values(then, name), strict=True)
    ]
    changes = [abs(moved) for moved in moves if moved is not None]
    if len(changes) < _LEAST_COMPARISONS:
        return None
    return float(np.quantile(changes, _USUAL))


def sparkline(parts: pd.DataFrame, name: str, *, points: int = 30) -> tuple[float, ...]:
    """The metric over a stretch of days in at most about `points` equal steps, oldest first."""
    step = max(1, -(-len(parts) // points))
    begins = np.arange(0, len(parts), step)
    if len(begins) > 1 and len(parts) % step:
        begins, parts = begins[:-1], parts.iloc[: begins[-1]]
    if not len(begins):
        return ()
    columns = _columns(parts, name)
    sums = {part: np.add.reduceat(values, begins) for part, values in columns.items()}
    return tuple(value for value in _values(sums, name) if value is not None)


def _columns(parts: pd.DataFrame, name: str) -> dict[str, np.ndarray]:
    """What the metric is worked out from, a number a day: as arrays, since a page asks for
    hundreds of windows."""
    return {part.name: parts[part.name].to_numpy(np.float64) for part in parts_of((name,))}


def _values(sums: Mapping[str, np.ndarray], name: str) -> list[float | None]:
    """The metric of each row of sums."""
    rows = zip(*sums.values(), strict=True)
    return [record(dict(zip(sums, row, strict=True)), (name,))[name] for row in rows]
