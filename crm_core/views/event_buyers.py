"""The customers an event brought: how many came back, beside those of ordinary days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pandas as pd

from crm_core.metrics import is_guarded, is_small
from crm_core.metrics.event_days import newcomers_back
from crm_core.models.student import share_difference, share_range
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.event_calendar import TypedEvent, known_events

BACK_DAYS: Final = 90
#: Ordinary days are those of the same season: so many days before and after the event.
SEASON_DAYS: Final = 90


@dataclass(frozen=True)
class Newcomers:
    """New customers of a group of days: how many, how many ordered again within BACK_DAYS, and the range
    of that share. Everything is None where it would tell of few people."""

    kind: str
    newcomers: int | None
    back: int | None
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class EventBuyers:
    """The newcomers of the latest time whose ninety days are over (`day`, None where there is none)
    and of ordinary days; `low` and `high` of the difference of their shares; `skipped`: a later
    time that is too young to tell."""

    day: date | None
    groups: tuple[Newcomers, ...]
    low: float | None
    high: float | None
    skipped: date | None


def event_buyers(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    code: str,
    planned: tuple[TypedEvent, ...] = (),
    unusual: tuple[date, ...] = (),
) -> EventBuyers:
    """Counts who came back of the customers that began on the event's days, beside those of days that
    are not `unusual` (see `events`)."""
    del selection
    event = next((each for each in known_events(store, planned) if each.code == code), None)
    past = event.past if event else ()
    ripe = store.meta.as_of - timedelta(BACK_DAYS)
    over = [each for each in past if each.last <= ripe]
    skipped = past[0].day if past and (not over or over[0] != past[0]) else None
    if not over:
        return EventBuyers(None, (), None, None, skipped)
    last = over[0]
    found = store.fetch(newcomers_back(store, BACK_DAYS))
    days = pd.to_datetime(found["day"])
    mine = days.between(pd.Timestamp(last.first), pd.Timestamp(last.last))
    season = timedelta(SEASON_DAYS)
    near = days.between(
        pd.Timestamp(last.first - season), pd.Timestamp(min(last.last + season, ripe))
    )
    away = days.isin([pd.Timestamp(day) for day in unusual])
    counts = [_counts(found[mine]), _counts(found[near & ~mine & ~away])]
    guarded = is_guarded(access)
    groups = tuple(
        _group(kind, *count, guarded=guarded)
        for kind, count in zip(("event", "ordinary"), counts, strict=True)
    )
    low = high = None
    if all(group.share is not None for group in groups):
        (n, k), (m, j) = counts
        low, high = share_difference((k, n), (j, m))
    return EventBuyers(last.day, groups, low, high, skipped)


def _counts(rows: pd.DataFrame) -> tuple[int, int]:
    return int(rows["newcomers"].sum()), int(rows["back"].sum())


def _group(kind: str, newcomers: int, back: int, *, guarded: bool) -> Newcomers:
    if guarded and any(map(is_small, (newcomers, back, newcomers - back))):
        return Newcomers(kind, None, None, None, None, None)
    if not newcomers:
        return Newcomers(kind, 0, 0, None, None, None)
    return Newcomers(kind, newcomers, back, back / newcomers, *share_range(back, newcomers))
