"""One month of the shop for people who do not open the pages: every number as the pages have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import SourceDays, is_small, source_days
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore import Line, explore
from crm_core.privacy.policy import Access, require
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.attention import Attention, Ended, attention
from crm_core.views.card import Card
from crm_core.views.changes import Changes, changes
from crm_core.views.expected import Expected, expected
from crm_core.views.goals import Target, month_end
from crm_core.views.overview import overview

BY_CATEGORY = ("net_revenue", "orders", "units")
TOP = 8
#: Why a month cannot be held against the one before.
_NOT_SPLIT = ("changes_not_covered", "changes_before_log")


@dataclass(frozen=True)
class Report:
    """A month and what it is held against.

    `cards` are the overview's, held against the month `before`; `year_cards` the same numbers
    against the same month of the year before (`year`). Both months are None where the log does
    not reach back. `days` and `year_days` are the overview's revenue to date; `channels` its table
    of channels; `categories` the lines of Explore. `changes` is None where nothing can be split.
    `segments`, `expected` and `attention` speak of `scores_as_of`, the day of the last refresh.
    `sources`: how far each source reaches.
    """

    selection: Selection
    name: str
    currency: str
    month: Period
    before: Period | None
    year: Period | None
    snapshot: str
    scores_snapshot: str | None
    as_of: date
    scores_as_of: date | None
    sources: tuple[SourceDays, ...]
    known_buyer_share: float | None
    cards: tuple[Card, ...]
    year_cards: tuple[Card, ...]
    days: pd.DataFrame
    year_days: pd.DataFrame | None
    channels: pd.DataFrame
    categories: tuple[Line, ...]
    changes: Changes | None
    segments: pd.DataFrame
    expected: tuple[Expected, ...]
    attention: Attention

    @property
    def headline(self) -> Mapping[str, float | None]:
        """The numbers that a later report of this month is held against."""
        return {card.metric: card.value for card in self.cards}


def whole_months(first_day: date, as_of: date) -> tuple[date, ...]:
    """The first days of the months that the log covers from end to end, the latest first.

    >>> whole_months(date(2026, 1, 15), date(2026, 4, 29))
    (datetime.date(2026, 3, 1), datetime.date(2026, 2, 1))
    """
    found: list[date] = []
    end = as_of if month_end(as_of.replace(day=1)) == as_of else as_of.replace(day=1) - timedelta(1)
    while end.replace(day=1) >= first_day:
        found.append(end.replace(day=1))
        end = found[-1] - timedelta(1)
    return tuple(found)


def report(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    month: date | None = None,
    ended: tuple[Ended, ...] = (),
    targets: tuple[Target, ...] = (),
    today: date | None = None,
) -> Report:
    """A whole month, the last one unless `month` is another's first day, under the filters of
    `selection`; its period does not count. The other arguments are those of `attention`.

    What is told may be handed on: groups of few people are left out, whoever asks.
    Raises: CrmError("report_no_month"), ("report_month_unknown", first, last).
    """
    require(access, "analyse")
    told = Access("viewer", access.user)
    meta = store.meta
    months = whole_months(meta.first_day, meta.as_of)
    if not months:
        raise CrmError("report_no_month")
    first = months[0] if month is None else month
    if first not in months:
        raise CrmError("report_month_unknown", first=f"{months[-1]:%Y-%m}", last=f"{months[0]:%Y-%m}")  # fmt: skip
    days = Period(first, month_end(first))
    before = _covered((first - timedelta(1)).replace(day=1), months)
    year = _covered(first.replace(year=first.year - 1), months)
    asked = replace(selection, period="custom", start=days.start, end=days.end, compare="none")
    numbers = overview(asked, store=store, access=told, own=before)
    last_year = overview(asked, store=store, access=told, own=year) if year else None
    segments = numbers.segments
    few = segments["value"].map(is_small).astype(bool)
    return Report(
        selection=asked,
        name=meta.name,
        currency=meta.currency,
        month=days,
        before=before,
        year=year,
        snapshot=store.snapshot,
        scores_snapshot=store.scores_snapshot,
        as_of=meta.as_of,
        scores_as_of=store.scores_as_of,
        sources=source_days(store, meta.as_of),
        known_buyer_share=numbers.known_buyer_share,
        cards=numbers.cards,
        year_cards=() if last_year is None else last_year.cards,
        days=numbers.days,
        year_days=None if last_year is None else last_year.days,
        channels=numbers.channels,
        categories=_categories(store, asked, days, before),
        changes=_changes(store, asked, told, before),
        segments=segments[~few],
        expected=expected(store),
        attention=attention(
            asked, store=store, access=told, ended=ended, targets=targets, today=today
        ),
    )


def _covered(first: date, months: Sequence[date]) -> Period | None:
    return Period(first, month_end(first)) if first in months else None


def _categories(
    store: Store, asked: Selection, days: Period, before: Period | None
) -> tuple[Line, ...]:
    question = Exploration(BY_CATEGORY, ("category",), top=TOP, show="change")
    found = explore(store, asked, question, period=days, compared=before, is_guarded=True)
    return found.lines


def _changes(
    store: Store, asked: Selection, access: Access, before: Period | None
) -> Changes | None:
    """None for the log's first month, where late data leaves nothing to split, and where so few
    people are behind it that nothing of it is told."""
    if before is None:
        return None
    try:
        found = changes(asked, store=store, access=access, own=before)
    except CrmError as error:
        if error.code not in _NOT_SPLIT:
            raise
        return None
    return None if found.is_hidden else found
