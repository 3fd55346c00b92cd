"""The four rates: acquisition, retention, loyalty and profitability, with what they rest on."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import (
    RATES,
    Buyers,
    begin_of,
    between,
    buyers_of,
    by_month,
    hidden,
    is_guarded,
    one_period,
    rate_parts,
    scope,
    two_periods,
)
from crm_core.privacy.policy import Access
from crm_core.selection import SEGMENTATIONS, Period, Selection
from crm_core.store import Store
from crm_core.views.card import Card, State

#: What the rates may be told apart by: columns of the ledger, and segments.
BY = ("sales_channel", "region", "acquisition_source", "stage", "value", "rfm")
UNKNOWN = "_unknown"
MONTHS = 24
MOST_PARTS = 20
_PARTS = ["part", "buyers", "before", "kept", "new", "back", *RATES]
_TREND = ["month", "rate", "value"]


@dataclass(frozen=True)
class Rates:
    """The board. `cards` are the rates in their order, beside those of the compared period.

    `buyers` are those of the period and of the one before, None where that begins before the log.
    `trend`: month, rate, value; whole calendar months, each against the month before. `parts`:
    part, buyers, before, kept, new, back, and each rate (empty where it is not known).
    `guessed`: whether the period reaches days of which new and returning are not told apart well.
    """

    as_of: date
    period: Period
    before: Period
    compared: Period | None
    by: str
    buyers: Buyers | None
    cards: tuple[Card, ...]
    trend: pd.DataFrame
    parts: pd.DataFrame
    guessed: bool


def rates(selection: Selection, *, store: Store, access: Access, by: str = BY[0]) -> Rates:
    """Measures the board for the selected period; names nobody, and hides parts of few people from
    those who see no single people.

    Raises: CrmError("unknown_choice") for another way to tell customers apart.
    """
    if by not in BY:
        raise CrmError("unknown_choice", name="by", value=by, match=close_match(by, BY))
    meta = store.meta
    period = selection.resolve(meta.first_day, meta.as_of)
    compared = selection.compared(meta.first_day, meta.as_of)
    rows = scope(store, selection)
    buyers = _buyers(store, rows, period)
    now = _board(store, rows, period, buyers)
    then: dict[str, float | None] = {}
    if compared is not None:
        then = _board(store, rows, compared, _buyers(store, rows, compared))
    trend = _trend(store, rows)
    return Rates(
        as_of=meta.as_of,
        period=period,
        before=period.before(),
        compared=compared,
        by=by,
        buyers=buyers,
        cards=tuple(_card(name, now[name], then.get(name), trend) for name in RATES),
        trend=trend,
        parts=_open_parts(_parts(store, rows, period, by), access),
        guessed=meta.already_until is not None and period.before().start <= meta.already_until,
    )


def _buyers(store: Store, rows: Any, period: Period) -> Buyers | None:
    if period.before().start < store.meta.first_day:
        return None
    return buyers_of(store.fetch(two_periods(rows, period)).iloc[0])


def _board(
    store: Store, rows: Any, period: Period, buyers: Buyers | None
) -> dict[str, float | None]:
    found = one_period(store.fetch(rate_parts(between(rows, period))).iloc[0])
    for name in RATES[:2]:
        found[name] = None if buyers is None else buyers.rate(name)
    return found


def _card(name: str, value: float | None, previous: float | None, trend: pd.DataFrame) -> Card:
    moved = None if value is None or previous is None else round(value - previous, 9)
    state: State = "missing" if value is None else "no_previous" if moved is None else "changed"
    series = trend.loc[trend["rate"] == name, "value"].tail(12)
    return Card(
        label_key=f"rates.rate.{name}",
        value=value,
        unit="rate",
        change=moved,
        previous=previous,
        series=tuple(float(each) for each in series),
        state=state,
        definition_key=f"rates.definition.{name}",
        good="up",
    )


def _trend(store: Store, rows: Any) -> pd.DataFrame:
    """The rates of the last whole calendar months."""
    counted = store.fetch(by_month(rows))
    money = store.fetch(rate_parts(rows.mutate(month=begin_of(rows.day, "M")), "month"))
    for frame in (counted, money):
        frame["month"] = pd.to_datetime(frame["month"])
    counted, money = counted.set_index("month"), money.set_index("month").sort_index()
    found: list[tuple[pd.Timestamp, str, float]] = []
    for month in money.index:
        if not _is_whole(store, month.date()):
            continue
        last = month - pd.DateOffset(months=1)
        told: dict[str, float | None] = dict.fromkeys(RATES[:2])
        if month in counted.index and last in counted.index and _is_whole(store, last.date()):
            row = {**counted.loc[month].to_dict(), "before": counted.loc[last, "now"]}
            told = {name: buyers_of(row).rate(name) for name in told}
        told |= one_period(money.loc[month])
        found += [(month, name, value) for name in RATES if (value := told[name]) is not None]
    since = pd.Timestamp(store.meta.as_of) - pd.DateOffset(months=MONTHS + 1)
    return pd.DataFrame([row for row in found if row[0] > since], columns=_TREND)


def _is_whole(store: Store, month: date) -> bool:
    """Whether the log covers a month from its first to its last day."""
    end = month.replace(day=monthrange(month.year, month.month)[1])
    return store.meta.first_day <= month and end <= store.meta.as_of


def _parts(store: Store, rows: Any, period: Period, by: str) -> pd.DataFrame:
    """The rates of each part, the one with most buyers first."""
    rows, key = _told_apart(store, rows, by)
    if rows is None:
        return pd.DataFrame(columns=_PARTS)
    counted = store.fetch(two_periods(rows, period, key))
    money = store.fetch(rate_parts(between(rows, period), key))
    joined = counted.merge(money, on=key, how="inner")
    known = period.before().start >= store.meta.first_day
    found: list[dict[str, Any]] = []
    for _, row in joined.iterrows():
        buyers = buyers_of(row)
        told = {name: buyers.rate(name) if known else None for name in RATES[:2]}
        told: dict[str, Any] = {**told, **one_period(row)}
        part = UNKNOWN if pd.isna(row[key]) else str(row[key])
        if known:
            told |= {"before": buyers.before, "kept": buyers.kept, "back": buyers.back}
        found.append({"part": part, "buyers": buyers.now, "new": buyers.new, **told})
    frame = pd.DataFrame(found, columns=_PARTS)
    frame[_PARTS[1:]] = frame[_PARTS[1:]].astype("float64")
    ranked = frame[frame["buyers"] > 0].sort_values("buyers", ascending=False, ignore_index=True)
    return ranked.head(MOST_PARTS)


def _open_parts(parts: pd.DataFrame, access: Access) -> pd.DataFrame:
    """The parts whose numbers this person may know: those of few people, then or now, are left out,
    and with a single one the next smallest."""
    if parts.empty or not is_guarded(access):
        return parts
    people = parts[["buyers", "before"]].fillna(parts[["buyers"]].max(axis=None))
    away = hidden(people.to_numpy(float))
    kept = [place for place in range(len(parts)) if not away[place].any()]
    return parts.iloc[kept].reset_index(drop=True)


def _told_apart(store: Store, rows: Any, by: str) -> tuple[Any, str]:
    """The rows with the column that tells parts apart; None before the scores it stands on."""
    if by not in SEGMENTATIONS:
        return rows, by
    kind = SEGMENTATIONS[by]
    if not store.has(kind.table):
        return None, kind.column
    told = store.table(kind.table).select("customer_key", kind.column)
    joined = rows.left_join(told, "customer_key").drop("customer_key_right")
    return joined, kind.column
