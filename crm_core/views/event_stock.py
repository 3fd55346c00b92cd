"""What an event sold by product the last time, against what is on the shelf and on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pandas as pd

from crm_core.metrics import is_guarded
from crm_core.metrics.event_days import demand_of_event
from crm_core.metrics.stock import buyers_of_products, not_of_few, sold
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.stock import has_stock, shelf

MOST_PRODUCTS: Final = 500
_WEEKS = 4


@dataclass(frozen=True)
class EventStock:
    """`rows`: name, category, pieces (sold the last time), wanted, before, on_hand, incoming,
    weeks_all, missing, missing_money; what lacks most money first. `products` and `short` count all,
    `missing_money` adds up."""

    rows: pd.DataFrame
    products: int
    short: int
    missing_money: float


def event_stock(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    first: date,
    last: date,
    until: date | None,
    growth: float,
) -> EventStock | None:
    """The products sold from `first` to `last`, scaled by `growth` to the time that begins on
    `until`; None where no stock is told of."""
    del selection
    as_of = store.meta.as_of
    if not has_stock(store):
        return None
    days = Period(first, last)
    rows = sold(store, days)
    pieces: Any = rows.group_by("product_key").agg(pieces=rows.units.sum())
    if is_guarded(access):
        pieces = not_of_few(pieces, buyers_of_products(store, days), ("pieces",))
        pieces = pieces.filter(pieces.pieces.notnull())
    pieces = pieces.filter(pieces.pieces > 0)
    before = max(0, (until - as_of).days - 1) if until else 0
    table: Any = demand_of_event(
        shelf(store, as_of, _WEEKS), pieces, growth=growth, days_before=before
    )
    sums = table.agg(
        products=table.count(),
        short=table.count(where=table.missing >= 1.0),
        money=table.missing_money.sum(where=table.missing >= 1.0),
    )
    total = store.fetch(sums).fillna(0.0).iloc[0]
    order = [table.missing_money.desc(nulls_first=False), table.weeks_all.asc(), "product_id"]
    found = store.fetch(table.order_by(order).limit(MOST_PRODUCTS))
    return EventStock(found, int(total["products"]), int(total["short"]), float(total["money"]))
