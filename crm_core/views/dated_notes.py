"""What is known to have happened in two periods: beside a change, never as its cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from crm_core.metrics import CONTROL_ARMS, of_ledger, parts_of, scope
from crm_core.selection import Period, Selection
from crm_core.store import Store

COLUMNS = ("day", "until", "kind", "name_en", "name_zh", "count", "period")
PERIODS = ("before", "now")
MOST_STOCK_OUTS = 5


def dated_notes(store: Store, selection: Selection, periods: Sequence[Period]) -> pd.DataFrame:
    """One row a thing that touches one of the two periods, in the order of days.

    Columns: day, until (its last day), kind (event, campaign, planned, stock_out), name_en,
    name_zh, count (customers written to; days without stock; nothing for events), period (before
    or now). Stock-outs are those of the five products that sold most in both periods together.
    """
    found = [
        frame.assign(kind=kind, period=when)
        for when, period in zip(PERIODS, periods, strict=True)
        for kind, frame in (
            ("event", _events(store, period)),
            ("campaign", _written(store, period)),
            ("planned", _planned(store, period)),
            ("stock_out", _stock_outs(store, selection, period, periods)),
        )
        if len(frame)
    ]
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    notes = pd.concat(found, ignore_index=True)
    for column in ("day", "until"):
        notes[column] = pd.to_datetime(notes[column])
    for name in ("name_en", "name_zh", "count"):
        notes[name] = notes[name] if name in notes.columns else None
    notes["name_en"] = notes["name_en"].fillna(notes["name_zh"])
    notes["name_zh"] = notes["name_zh"].fillna(notes["name_en"])
    notes["count"] = notes["count"].astype("float64")
    ordered = notes.sort_values(["day", "kind", "name_en"], ignore_index=True)
    return ordered[list(COLUMNS)]


def _events(store: Store, period: Period) -> pd.DataFrame:
    if not store.has("events"):
        return pd.DataFrame()
    events = store.table("events")
    touched = events.filter((events.starts_on <= period.end) & (events.ends_on >= period.start))
    return store.fetch(
        touched.select("name_en", "name_zh", day=touched.starts_on, until=touched.ends_on)
    )


def _written(store: Store, period: Period) -> pd.DataFrame:
    """Campaigns whose messages were sent in the period, with how many customers got one."""
    if not store.has("touches"):
        return pd.DataFrame()
    sent = _inside(store.table("touches"), period)
    sent = sent.filter(~sent.arm.isin(CONTROL_ARMS))
    told = sent.group_by(name_en=sent.campaign).agg(
        day=sent.day.min(), until=sent.day.max(), count=sent.customer_key.nunique()
    )
    return store.fetch(told)


def _planned(store: Store, period: Period) -> pd.DataFrame:
    """Campaigns whose people were drawn here, by the days they were planned for."""
    if not store.has("campaigns"):
        return pd.DataFrame()
    sealed = store.table("campaigns")
    told = sealed.filter((sealed.starts_on <= period.end) & (sealed.ends_on >= period.start))
    return store.fetch(told.select(name_en="name", day="starts_on", until="ends_on"))


def _stock_outs(
    store: Store, selection: Selection, period: Period, periods: Sequence[Period]
) -> pd.DataFrame:
    if not store.has("stock"):
        return pd.DataFrame()
    stock = _inside(store.table("stock"), period)
    stock = stock.filter(stock.on_hand <= 0)
    days = stock.group_by("product_id").agg(
        day=stock.day.min(), until=stock.day.max(), count=stock.count()
    )
    rows = scope(store, selection)
    one, other = (
        (rows.day >= each.start) & (rows.day <= each.end) & (rows.entry == "sale")
        for each in periods
    )
    sold = rows.filter(one | other)
    (revenue,) = (of_ledger(part, sold) for part in parts_of(["revenue"]))
    money = sold.group_by("product_key").agg(sold=revenue)
    products = store.table("product_facts").select(
        "product_key", "product_id", name_en="product_name"
    )
    told = days.join(products, "product_id").join(money, "product_key")
    ranked = told.order_by(told.sold.desc(), "product_id").limit(MOST_STOCK_OUTS)
    return store.fetch(ranked.select("name_en", "day", "until", "count"))


def _inside(table: Any, period: Period) -> Any:
    return table.filter((table.day >= period.start) & (table.day <= period.end))
