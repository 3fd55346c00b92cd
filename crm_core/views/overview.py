"""How the shop is doing: five numbers, revenue to date, segments and channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from crm_core.metrics import METRICS, change, combine, daily, hidden, is_guarded, measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.card import Card, State
from crm_core.views.segment_counts import segment_counts
from crm_core.views.variation import history_days, sparkline, usual_change

CARDS = ("net_revenue", "contribution", "orders", "new_buyers", "repeat_share")
NO_CHANNEL = "_none"
_CHANNEL_COLUMNS = ("net_revenue", "contribution", "orders", "average_order_value", "repeat_share")


@dataclass(frozen=True)
class Overview:
    """Frames: `days` (day, value, previous, previous_day: revenue to date), `segments` (code,
    value), `channels` (sales_channel, NO_CHANNEL for costs of none, metrics, net revenue's
    change)."""

    as_of: date
    last_day: date
    period: Period
    compared: Period | None
    known_buyer_share: float | None
    cards: tuple[Card, ...]
    days: pd.DataFrame
    segments: pd.DataFrame
    channels: pd.DataFrame


def overview(
    selection: Selection, *, store: Store, access: Access, own: Period | None = None
) -> Overview:
    """Measures the first screen: one pass over the log by day, one by sales channel.

    Names nobody; channels of few people have no numbers for who sees no single people. `own`: days
    to compare with other than those that the selection says.
    """
    meta = store.meta
    period = selection.resolve(meta.first_day, meta.as_of)
    compared = own or selection.compared(meta.first_day, meta.as_of)
    lag = (period.start - compared.start).days if compared else 0
    # No further back than the cards' usual change needs: a long log costs no more than a short one.
    since = period.start - timedelta(history_days(period.days, lag))
    parts = daily(store, (*CARDS, "known_buyer_share"), selection, since=since)
    now = _slice(parts, period)
    then = None if compared is None else _slice(parts, compared)
    return Overview(
        as_of=meta.as_of,
        last_day=meta.last_day,
        period=period,
        compared=compared,
        known_buyer_share=combine(now, ("known_buyer_share",))["known_buyer_share"],
        cards=tuple(_card(name, parts, now, then, period, compared) for name in CARDS),
        days=_to_date(now, then),
        segments=segment_counts(store),
        channels=_channels(store, selection, access, (period, compared)),
    )


def _slice(parts: pd.DataFrame, period: Period) -> pd.DataFrame:
    return parts.loc[pd.Timestamp(period.start) : pd.Timestamp(period.end)]


def _card(
    name: str,
    parts: pd.DataFrame,
    now: pd.DataFrame,
    then: pd.DataFrame | None,
    period: Period,
    compared: Period | None,
) -> Card:
    metric = METRICS[name]
    value = combine(now, (name,))[name]
    previous = None if then is None else combine(then, (name,))[name]
    moved = change(metric, value, previous)
    state: State = "changed"
    if value is None:
        state = "missing"
    elif moved is None or compared is None:
        state = "no_previous"
    else:
        lag = (period.start - compared.start).days
        usual = usual_change(
            parts, name, days=period.days, lag=lag, before=pd.Timestamp(period.start)
        )
        state = "steady" if usual is not None and abs(moved) <= usual else "changed"
    return Card(
        label_key=f"metric.{name}.label",
        value=value,
        unit=metric.unit,
        change=moved,
        previous=previous,
        series=sparkline(now, name),
        state=state,
        definition_key=f"metric.{name}.about",
        good=metric.good,
        metric=name,
    )


def _to_date(now: pd.DataFrame, then: pd.DataFrame | None) -> pd.DataFrame:
    """Net revenue added up from the first day of each period, day for day."""
    frame = pd.DataFrame({"day": now.index, "value": now["net_revenue"].cumsum().to_numpy()})
    if then is not None:
        before = then["net_revenue"].cumsum()
        frame["previous"] = pd.Series(before.to_numpy()).reindex(frame.index)
        frame["previous_day"] = pd.Series(before.index).reindex(frame.index)
    return frame


def _channels(
    store: Store, selection: Selection, access: Access, periods: tuple[Period, Period | None]
) -> pd.DataFrame:
    period, compared = periods
    guarded = is_guarded(access)
    frame = _by_channel(store, _CHANNEL_COLUMNS, selection, period, guarded=guarded)
    frame["change"] = None
    if compared is not None:
        rows = _by_channel(store, ("net_revenue",), selection, compared, guarded=guarded)
        before: dict[object, float] = dict(
            zip(rows["sales_channel"], rows["net_revenue"], strict=True)
        )
        frame["change"] = [
            change(METRICS["net_revenue"], value, before.get(channel))
            for channel, value in zip(frame["sales_channel"], frame["net_revenue"], strict=True)
        ]
    frame["change"] = frame["change"].astype("float64")
    frame["sales_channel"] = frame["sales_channel"].fillna(NO_CHANNEL)
    frame[list(_CHANNEL_COLUMNS)] = frame[list(_CHANNEL_COLUMNS)].astype("float64")
    return frame.sort_values("net_revenue", ascending=False, ignore_index=True)


def _by_channel(
    store: Store,
    names: tuple[str, ...],
    selection: Selection,
    period: Period,
    *,
    guarded: bool,
) -> pd.DataFrame:
    """A row a channel; if `guarded` without numbers of channels of few people, and of one more
    where the total would tell the only one."""
    by, every = ("sales_channel",), (*names, *(["buyers"] if guarded else []))
    rows = scope(store, selection, period, of=every, by=by)
    found = measure(store, every, rows=rows, by=by, totals=False).rows
    if guarded:
        few = hidden(found[["buyers"]].to_numpy(dtype=float)).ravel()
        told = found[list(names)].astype("float64")
        told.loc[few] = float("nan")
        found = pd.concat([found[list(by)], told], axis=1)
    return found
