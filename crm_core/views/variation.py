"""Whether a change is news: compared with how much this shop's numbers usually move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crm_core.metrics import METRICS, change, combine

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
    sums = past.cumsum()
    last = len(past)
    step = max(1, days // 4, (last - days - lag) // _MOST_COMPARISONS)
    changes: list[float] = []
    for end in range(last - 1, days + lag - 1, -step):
        now = _window(sums, end, days)
        then = _window(sums, end - lag, days)
        moved = change(METRICS[name], _value(now, name), _value(then, name))
        if moved is not None:
            changes.append(abs(moved))
    if len(changes) < _LEAST_COMPARISONS:
        return None
    return float(np.quantile(changes, _USUAL))


def _window(sums: pd.DataFrame, end: int, days: int) -> pd.Series:
    upto = sums.iloc[end]
    return upto - sums.iloc[end - days] if end >= days else upto


def _value(parts: pd.Series, name: str) -> float | None:
    return combine(parts, (name,))[name]


def sparkline(parts: pd.DataFrame, name: str, *, points: int = 30) -> tuple[float, ...]:
    """The metric over a stretch of days in at most about `points` equal steps, oldest first."""
    step = max(1, -(-len(parts) // points))
    groups: Sequence[pd.DataFrame] = [
        parts.iloc[start : start + step] for start in range(0, len(parts), step)
    ]
    if len(groups) > 1 and len(groups[-1]) < step:
        groups = groups[:-1]
    values = [combine(group, (name,))[name] for group in groups]
    return tuple(value for value in values if value is not None)
