"""What the shop has said of its costs, and what in the data it could be said of."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crm_core.metrics import measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store


@dataclass(frozen=True)
class Costs:
    """`categories` (category, revenue, known_cost_share), `statuses` (status, orders), the sales
    channels, months and spend sources of the log."""

    categories: pd.DataFrame
    known_cost_share: float | None
    sales_channels: tuple[str, ...]
    statuses: pd.DataFrame
    months: tuple[str, ...]
    sources: tuple[str, ...]


def costs(selection: Selection, *, store: Store, access: Access) -> Costs:
    """Measures how far costs are known, over the whole log, whatever the filters."""
    del selection, access
    ledger = scope(store, Selection())
    goods = measure(store, ("revenue", "known_cost_share"), rows=ledger, by=("category",))
    channels = measure(store, ("orders",), rows=ledger, by=("sales_channel",)).rows
    orders = store.table("orders")
    statuses = orders.group_by("status").agg(orders=orders.count())
    statuses = statuses.order_by(statuses.orders.desc(), "status")
    spend = store.table("costs")
    sources = spend.filter(spend.source.notnull()).select("source").distinct()
    months = pd.period_range(store.meta.first_day, store.meta.last_day, freq="M")
    return Costs(
        categories=goods.rows.sort_values("revenue", ascending=False, ignore_index=True),
        known_cost_share=goods.totals["known_cost_share"],
        sales_channels=tuple(name for name in channels["sales_channel"] if name),
        statuses=store.fetch(statuses),
        months=tuple(str(month) for month in months),
        sources=tuple(sorted(store.fetch(sources)["source"])),
    )
