"""Which events a shop has: those of the calendar, its files' and the ones people typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

import pandas as pd

from crm_core.models.forecast_events import CALENDAR, OWN, EventDay, all_days
from crm_core.pipeline.planned_events import Told, event_frame
from crm_core.store import Store

#: How far ahead events are listed.
AHEAD_DAYS: Final = 400
TypedEvent = tuple[str, str, date, date, str, float | None]
"""What people typed: name_en, name_zh, first day, last day, kind, uplift."""


@dataclass(frozen=True)
class Occurrence:
    """One time of an event: its `day` (day 0), all its days from `first` to `last`, and the last
    day of the phase before its day (None where there is none)."""

    event: str
    day: date
    first: date
    last: date
    presale_until: date | None


@dataclass(frozen=True)
class KnownEvent:
    """An event with the times it was (`past`, the latest first) and the time that comes or runs."""

    code: str
    name_en: str
    name_zh: str
    past: tuple[Occurrence, ...]
    coming: Occurrence | None
    kind: str = ""
    uplift: float | None = None


def own_frame(store: Store, planned: Sequence[TypedEvent]) -> pd.DataFrame:
    """The shop's own events, from its files and typed: name, starts_on, ends_on, kind, uplift and
    both names."""
    told = _imported(store)
    typed = event_frame(
        (en or zh, first, last, kind, up) for en, zh, first, last, kind, up in planned
    )
    typed["name_en"] = [en or zh for en, zh, *_ in planned]
    typed["name_zh"] = [zh or en for en, zh, *_ in planned]
    frames = [frame for frame in (told, typed) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else typed


def _imported(store: Store) -> pd.DataFrame:
    columns = ["event_id", "name_en", "name_zh", "kind", "starts_on", "ends_on"]
    if not store.has("events"):
        return pd.DataFrame()
    rows = store.fetch(store.table("events").select(*columns).order_by("starts_on", "event_id"))
    name = rows["name_en"].fillna(rows["name_zh"]).fillna(rows["event_id"])
    told: list[Told] = [
        (str(n), pd.Timestamp(a).date(), pd.Timestamp(b).date(), "", None)
        for n, a, b in zip(name, rows["starts_on"], rows["ends_on"], strict=True)
    ]
    frame = event_frame(told)
    return frame.assign(name_en=name, name_zh=rows["name_zh"].fillna(name))


def days_of_events(store: Store, own: pd.DataFrame) -> list[EventDay]:
    """Every day of every event, from the first day of the log on."""
    until = store.meta.as_of + timedelta(AHEAD_DAYS)
    return all_days(own, store.meta.first_day, until)


def known_events(store: Store, planned: Sequence[TypedEvent]) -> list[KnownEvent]:
    """All events, the next one first; events without a time ahead come last."""
    own = own_frame(store, planned)
    times = _occurrences(days_of_events(store, own))
    names = _names(own)
    said = _said(own)
    codes = dict.fromkeys([*(event.code for event in CALENDAR), *(each.event for each in times)])
    found: list[KnownEvent] = []
    for code in codes:
        mine = [each for each in times if each.event == code]
        past = [e for e in mine if e.last <= store.meta.as_of and e.first >= store.meta.first_day]
        coming = next((e for e in mine if e.last > store.meta.as_of), None)
        en, zh = names.get(code, ("", ""))
        kind, uplift = said.get(code, ("", None))
        found.append(KnownEvent(code, en, zh, tuple(past[::-1]), coming, kind, uplift))
    far = date.max
    return sorted(found, key=lambda each: (each.coming.day if each.coming else far, each.code))


def _occurrences(days: Sequence[EventDay]) -> list[Occurrence]:
    """The times of all events, in the order of their days."""
    groups: dict[tuple[str, date], list[EventDay]] = {}
    for day in days:
        groups.setdefault((day.event, day.core), []).append(day)
    found: list[Occurrence] = []
    for (event, core), mine in groups.items():
        before = [day.day for day in mine if day.day < core]
        first, last = min(day.day for day in mine), max(day.day for day in mine)
        found.append(Occurrence(event, core, first, last, max(before) if before else None))
    return sorted(found, key=lambda each: (each.day, each.event))


@lru_cache(maxsize=2_000)
def _own_code(name: str, first: date, last: date) -> str:
    """What the forecast calls an own event: a calendar event on whose day it is, else its name
    without the year."""
    days = all_days(event_frame([(name, first, last, "", None)]), first, last)
    mine = [day.event for day in days if day.start == first]
    own = [event for event in mine if event.startswith(OWN)]
    return (own or mine)[0]


def _names(own: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """What own events are called in both languages, without the year."""
    found: dict[str, tuple[str, str]] = {}
    rows: Any = own.itertuples(index=False)
    for row in rows:
        codes = [
            _own_code(str(name), row.starts_on, row.ends_on)
            for name in (row.name, row.name_en, row.name_zh)
        ]
        if codes[0].startswith(OWN):
            found[codes[0]] = (codes[1].removeprefix(OWN), codes[2].removeprefix(OWN))
    return found


def _said(own: pd.DataFrame) -> dict[str, tuple[str, float | None]]:
    """The kind and uplift that people typed, by event; the latest that says one."""
    found: dict[str, tuple[str, float | None]] = {}
    rows: Any = own.itertuples(index=False)
    for row in rows:
        if row.kind:
            uplift = None if pd.isna(row.uplift) else float(row.uplift)
            found[_own_code(str(row.name), row.starts_on, row.ends_on)] = (row.kind, uplift)
    return found
