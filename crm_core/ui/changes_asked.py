"""What is asked of the page of what changed: its choices, which the address carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from crm_core.selection import Period
from crm_core.ui.fields import day_field, switch_choice
from crm_core.ui.layout import columns
from crm_core.ui.said import said, say
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import note
from crm_core.views.change_periods import AGAINST
from crm_core.views.changes import BY, NAMES, event_of

OWN = "own"
_FROM, _TO = "against_from", "against_to"


@dataclass(frozen=True)
class AskedChange:
    """What is to be split, by what, against what; `own` are days chosen for it."""

    name: str
    by: str
    against: str
    own: Period | None = None


def ask_change() -> AskedChange:
    """The choices of the page."""
    session = current()
    meta = session.store.meta
    now = session.selection.resolve(meta.first_day, meta.as_of)
    event = show(event_of, session.selection)
    left, middle, right = columns(1, 2, 1)
    with left:
        name = _ask("number", NAMES, "changes.names")
    with middle:
        by = _ask("by", BY, "changes.grouping", default="category")
    ways = [way for way in AGAINST if way != "event" or event]
    if now.start > meta.first_day:
        ways.append(OWN)
    with right:
        against = _ask("against", ways, "changes.against_words")
    own = _own_days(now, meta.first_day) if against == OWN else None
    if against != OWN:
        for part in (_FROM, _TO):
            st.query_params.pop(part, None)
    return AskedChange(name, by, AGAINST[0] if against == OWN else against, own)


def _ask(name: str, codes: Sequence[str], prefix: str, *, default: str = "") -> str:
    """One of the codes; the address says it where it is not the default."""
    first = default or codes[0]
    chosen = switch_choice(
        f"changes.{name}",
        codes,
        key=f"changes_{name}",
        prefix=prefix,
        value=said(name, codes, first),
    )
    return say(name, chosen, first)


def _own_days(now: Period, first_day: date) -> Period:
    """From when to when, before the later period begins: at first as many days as that has."""
    last = now.start - timedelta(1)
    usual = Period(max(first_day, now.start - timedelta(now.days)), last)
    asked = [_day(part, low=first_day, high=last) for part in (_FROM, _TO)]
    left, right, _ = columns(1, 1, 2)
    with left:
        start = day_field(
            "changes.own_from", key=f"changes_from_{now.start}",
            value=asked[0] or usual.start, low=first_day, high=last,
        )  # fmt: skip
    with right:
        end = day_field(
            "changes.own_to", key=f"changes_to_{now.start}",
            value=asked[1] or usual.end, low=first_day, high=last,
        )  # fmt: skip
    start, end = start or usual.start, end or usual.end
    if start > end:
        note("changes.own_turned")
        start, end = end, start
    st.query_params[_FROM], st.query_params[_TO] = start.isoformat(), end.isoformat()
    own = Period(start, end)
    if own.days != now.days:
        note("changes.own_length", days=own.days, days_now=now.days)
    return own


def _day(part: str, *, low: date, high: date) -> date | None:
    """A day of the address, where it can be chosen."""
    try:
        day = date.fromisoformat(st.query_params.get(part, ""))
    except ValueError:
        return None
    return day if low <= day <= high else None
