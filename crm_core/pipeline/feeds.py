"""What a store's data can feed, page by page, asked by expressions that mean the same everywhere."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from crm_core.store import Store
from crm_core.store.imports.feeds import Evidence, Feeds, judge


def store_feeds(store: Store) -> Feeds:
    """Which pages this store feeds fully, in part or not, and why."""
    return judge(_evidence(store))


def _evidence(store: Store) -> Evidence:
    facts, ledger = store.table("order_facts"), store.table("ledger")
    sale = ledger.entry == "sale"
    people = store.table("identities")
    days = store.table("customer_days").group_by("customer_key").agg(orders=ibis._.orders.sum())
    events, stock = store.table("web_events"), store.table("stock")
    talks, orders = store.table("contacts"), store.table("orders")
    begun = talks.direction.fill_null("in") != "out"
    said = store.table("reviews")
    promised = orders.promised_at.notnull() & orders.delivered_at.notnull()
    told = store.table("consents" if store.has("consents") else "imported_consents")
    return Evidence(
        **_counts(store, facts, orders=facts.count(), keyed_orders=facts.customer_key.count()),
        **_counts(
            store, days, buyers=days.count(), repeat_buyers=days.count(where=days.orders > 1)
        ),
        **_counts(
            store,
            ledger,
            lines=ledger.count(where=sale),
            costed_lines=ledger.count(where=sale & ledger.goods_cost.notnull()),
            refunds=ledger.count(where=ledger.entry == "refund"),
        ),
        **_counts(
            store,
            people,
            reachable=people.count(where=people.email.notnull() | people.phone.notnull()),
        ),
        **_counts(store, told, consents=told.count(where=told.state == "granted")),
        **_counts(store, events, web_events=events.count()),
        **_counts(store, stock, stock=stock.count()),
        **_counts(store, talks, talks=talks.count(where=begun)),
        **_counts(store, orders, promises=orders.count(where=promised)),
        **_counts(store, said, reviews=said.count(), worded=said.body.strip().nullif("").count()),
        days=(store.meta.last_day - store.meta.first_day).days + 1,
    )


def _counts(store: Store, table: ibis.Table, **counted: ibis.Value) -> dict[str, Any]:
    row = store.fetch(table.agg(**counted)).iloc[0]
    return {name: 0 if pd.isna(row[name]) else int(row[name]) for name in counted}
