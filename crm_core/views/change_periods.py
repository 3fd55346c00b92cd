"""Which two periods are compared, and how far the data covers them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import SourceDays, ripe_after, source_days, spells_without_orders
from crm_core.selection import Period, Selection
from crm_core.store import Store

#: Against what a period is held: as the filter bar says, or the same shopping event of last year.
AGAINST = ("bar", "event")
NEEDED = ("orders", "refunds")
_EVENT_YEAR_DAYS = 300  # an event of the same name at least this long ago is last year's
_MOST_SPELLS = 5


@dataclass(frozen=True)
class SameEvent:
    """A shopping event of the period, and the one of the same name a year before."""

    name_en: str
    name_zh: str
    day: date
    before: date


@dataclass(frozen=True)
class Completeness:
    """How far two periods are covered. `until`: the last day that every source of the number
    covers; `cut_days` were taken off the end of both periods for it. `missing` are stretches
    without any order. `ripe_days`: by then 95 % of refunds have come; `unripe_days` of the later
    period are younger. With `by_order_day` such refunds still lower the later period.
    """

    sources: tuple[SourceDays, ...]
    until: date
    cut_days: int
    missing: tuple[Period, ...]
    ripe_days: int | None
    unripe_days: int
    by_order_day: bool


@dataclass(frozen=True)
class Pair:
    """The two periods, and how they were found."""

    before: Period
    now: Period
    event: SameEvent | None
    completeness: Completeness


def pair(
    selection: Selection, *, store: Store, against: str = "bar", own: Period | None = None
) -> Pair:
    """The later period as chosen, the earlier as asked for, both cut to days that are covered.

    Raises: CrmError("changes_not_covered") where no day is, ("changes_before_log") where the
    earlier period begins before the log, ("changes_no_event") where there is no event to go by.
    """
    meta = store.meta
    now = selection.resolve(meta.first_day, meta.as_of)
    event = same_event(store, now) if against == "event" else None
    if against == "event" and event is None:
        raise CrmError("changes_no_event")
    before = own or _before(selection, now, event)
    sources = source_days(store, meta.as_of)
    late = [each.last for each in sources if each.source in NEEDED and each.is_late]
    until = min([meta.as_of, *late])
    cut = max(0, (now.end - until).days)
    if cut >= now.days:
        raise CrmError("changes_not_covered", until=until)
    if before.start < meta.first_day:
        # As many days after the log's first as the period is away from the one before it.
        earliest = meta.first_day + (now.start - before.start)
        raise CrmError(
            "changes_before_log", first=meta.first_day, start=before.start, earliest=earliest
        )
    now = Period(now.start, now.end - timedelta(cut))
    if own is None:
        before = Period(before.start, before.end - timedelta(cut))
    return Pair(before, now, event, _completeness(store, before, now, sources, until, cut))


def _before(selection: Selection, now: Period, event: SameEvent | None) -> Period:
    if event is not None:
        shift = event.day - event.before
        return Period(now.start - shift, now.end - shift)
    return now.year_before() if selection.compare == "year" else now.before()


def same_event(store: Store, period: Period) -> SameEvent | None:
    """The event with most days in the period of those that the year before had too, so long ago
    that the same days around it end before the period begins."""
    if not store.has("events"):
        return None
    table = store.table("events").select("name_en", "name_zh", "starts_on", "ends_on")
    events = store.fetch(table.order_by("starts_on"))
    for column in ("starts_on", "ends_on"):
        events[column] = pd.to_datetime(events[column])
    events["name"] = events["name_en"].fillna(events["name_zh"])
    start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
    inside = events[(events["starts_on"] <= end) & (events["ends_on"] >= start)]
    found: list[tuple[int, SameEvent]] = []
    for row in inside.dropna(subset=["name"]).to_dict("records"):
        latest = row["starts_on"] - pd.Timedelta(days=_EVENT_YEAR_DAYS)
        earlier = events[(events["name"] == row["name"]) & (events["starts_on"] <= latest)]
        if len(earlier):
            days = (min(row["ends_on"], end) - max(row["starts_on"], start)).days
            english, chinese = (
                str(row[key] if isinstance(row[key], str) else row["name"])
                for key in ("name_en", "name_zh")
            )
            then, day = earlier["starts_on"].iloc[-1].date(), row["starts_on"].date()
            if (day - then).days >= period.days:
                found.append((days, SameEvent(english, chinese, day, then)))
    return max(found, key=lambda each: each[0])[1] if found else None


def _completeness(
    store: Store,
    before: Period,
    now: Period,
    sources: tuple[SourceDays, ...],
    until: date,
    cut_days: int,
) -> Completeness:
    usual = next((each.usual_days for each in sources if each.source == "orders"), None)
    missing = [
        spell
        for period in (before, now)
        for spell in (spells_without_orders(store, period, usual) if usual is not None else ())
    ]
    ripe = ripe_after(store, until)
    young = 0 if ripe is None else (now.end - (until - timedelta(ripe))).days
    return Completeness(
        sources=sources,
        until=until,
        cut_days=cut_days,
        missing=tuple(missing[:_MOST_SPELLS]),
        ripe_days=ripe,
        unripe_days=min(max(0, young), now.days),
        by_order_day=bool(json.loads(store.meta.rules).get("refunds_by_order_day")),
    )
