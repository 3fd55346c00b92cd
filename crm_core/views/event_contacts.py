"""Whom campaigns wrote to before the last time, and what is to be done before, on and after the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd

from crm_core.metrics import hidden, is_guarded
from crm_core.metrics.event_days import written_to
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.event_buyers import BACK_DAYS
from crm_core.views.event_calendar import Occurrence

#: Messages of so many days before an event are counted as being for it.
WRITING_DAYS: Final = 28
MOST_CAMPAIGNS: Final = 50


@dataclass(frozen=True)
class Step:
    """One thing to do: on which day, what (`events.step.<code>`), and the page that it is done on."""

    day: date
    code: str
    page: str = ""


def event_contacts(
    selection: Selection, *, store: Store, access: Access, first: date, last: date
) -> pd.DataFrame:
    """Messages from four weeks before the first day to the last: campaign, contact_channel, people,
    first, last. Counts of few people are hidden from who may not know."""
    del selection
    if not store.has("touches"):
        return pd.DataFrame(columns=["campaign", "contact_channel", "people", "first", "last"])
    rows = written_to(store, Period(first - timedelta(WRITING_DAYS), last))
    found = store.fetch(rows.order_by("first", "campaign", "contact_channel").limit(MOST_CAMPAIGNS))
    if is_guarded(access) and len(found):
        few = hidden(found[["people"]].to_numpy(float)).ravel()
        found["people"] = np.where(few, np.nan, found["people"].astype("float64"))
    return found


def steps(coming: Occurrence) -> tuple[Step, ...]:
    """What a shop does for an event, with days counted from its own.

    >>> from crm_core.views.event_calendar import Occurrence
    >>> d11 = date(2026, 11, 11)
    >>> found = steps(Occurrence("singles_day", d11, d11, d11, None))
    >>> [(step.day.isoformat(), step.code) for step in found][:2]
    [('2026-09-30', 'order_stock'), ('2026-10-14', 'choose')]
    """
    first, last = coming.first, coming.last
    told = [
        Step(first - timedelta(42), "order_stock", "stock"),
        Step(first - timedelta(28), "choose", "audiences"),
        Step(first - timedelta(21), "draft", "playbooks"),
        Step(first - timedelta(10), "seal", "campaigns"),
        Step(first - timedelta(3), "check_stock", "stock"),
    ]
    if coming.presale_until is not None:
        told.append(Step(first, "presale", "overview"))
    told += [
        Step(coming.day, "day", "events"),
        Step(last + timedelta(7), "thank", "playbooks"),
        Step(last + timedelta(14), "hangover", "events"),
        Step(last + timedelta(21), "second_order", "playbooks"),
        Step(last + timedelta(BACK_DAYS), "came_back", "events"),
    ]
    return tuple(sorted(told, key=lambda step: step.day))
