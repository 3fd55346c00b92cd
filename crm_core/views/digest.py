"""The state of the shop as one letter: numbers, what needs attention, what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.attention import Attention, Ended, Finding, attention
from crm_core.views.card import Card
from crm_core.views.expected import Expected, expected
from crm_core.views.goals import Target
from crm_core.views.overview import overview

DAYS = 30


@dataclass(frozen=True)
class Digest:
    """`cards` are the five numbers of the overview over `period`; `events` are the findings about
    what lies ahead, `attention` holds all others. `expected` is empty before there is a forecast."""

    name: str
    currency: str
    as_of: date
    period: Period
    cards: tuple[Card, ...]
    attention: Attention
    findings: tuple[Finding, ...]
    events: tuple[Finding, ...]
    expected: tuple[Expected, ...]


def digest(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    as_of: date | None = None,
    ended: tuple[Ended, ...] = (),
    targets: tuple[Target, ...] = (),
    today: date | None = None,
) -> Digest:
    """The last 30 days up to `as_of` (the last complete day), and what the last refresh found.

    Raises: CrmError("scores_other_day") where the last refresh was made for another day than the
    one asked for.
    """
    if as_of is not None and as_of != store.scores_as_of:
        raise CrmError("scores_other_day", asked=as_of, have=store.scores_as_of)
    day = as_of or store.meta.as_of
    begin = max(day - timedelta(DAYS - 1), store.meta.first_day)
    asked = Selection("custom", begin, day, language=selection.language)
    numbers = overview(asked, store=store, access=access)
    found = attention(asked, store=store, access=access, ended=ended, targets=targets, today=today)
    return Digest(
        name=store.meta.name,
        currency=store.meta.currency,
        as_of=day,
        period=numbers.period,
        cards=numbers.cards,
        attention=found,
        findings=tuple(each for each in found.findings if each.urgency != "ahead"),
        events=tuple(each for each in found.findings if each.urgency == "ahead"),
        expected=expected(store),
    )
