"""The imports so far: when, what, how many rows, and what each was the last to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from crm_core.pipeline.feeds import store_feeds
from crm_core.pipeline.imports import batches, last_import
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.store.quarantine import Layout, layouts, open_rows

_ROWS = ("read", "loaded", "duplicate", "quarantined")
_OWN = ("orders", "customers", "revenue")


@dataclass(frozen=True)
class Imports:
    """`batches`: batch_id, imported_at, files, format, read, loaded, duplicate, quarantined, and
    orders, customers and revenue that the import brought or was the last to change; undone ones
    have `undone_at`. `can_undo` where what every import told was kept.

    `last` is the newest import that stands, with `new_customers`, `months` (month, orders,
    revenue: by how much they changed) and `tables` (table, new and changed rows).
    """

    batches: pd.DataFrame
    can_undo: bool
    last_order: date
    last_import: datetime | None
    scores_as_of: date | None
    last: int | None
    new_customers: int
    months: pd.DataFrame
    tables: pd.DataFrame
    aside: pd.DataFrame
    aside_forms: tuple[Layout, ...]
    feeds: Mapping[str, Any]


def imports(selection: Selection, *, store: Store, access: Access) -> Imports:
    """Lists the latest two hundred imports, newest first, and what the last one changed."""
    del selection, access
    log = batches(store)
    own = _own(store)
    rows = [
        {
            **{key: batch[key] for key in ("batch_id", "imported_at", "files", "format")},
            **{name: batch["report"]["rows"].get(name, 0) for name in _ROWS},
            **own.get(int(batch["batch_id"]), dict.fromkeys(_OWN, 0)),
            "undone_at": batch["undone_at"],
        }
        for batch in log
    ]
    columns = ["batch_id", "imported_at", "files", "format", *_ROWS, *_OWN, "undone_at"]
    standing = [batch for batch in log if batch["undone_at"] is None]
    report: dict[str, Any] = standing[0]["report"] if standing else {}
    changed: dict[str, Any] = report.get("changed", {})
    return Imports(
        batches=pd.DataFrame(rows, columns=columns),
        can_undo=all(batch.get("token") for batch in standing),
        last_order=store.meta.last_day,
        last_import=last_import(store),
        scores_as_of=store.scores_as_of,
        last=int(standing[0]["batch_id"]) if standing and changed else None,
        new_customers=int(changed.get("customers", {}).get("new", 0)),
        months=pd.DataFrame(changed.get("months", []), columns=["month", "orders", "revenue"]),
        tables=_tables(report.get("loaded", {}), changed.get("tables", {})),
        aside=_aside(store),
        aside_forms=tuple(layouts(store)),
        feeds=store_feeds(store).report(),
    )


def _aside(store: Store) -> pd.DataFrame:
    """Rows still set aside, by reason, most first."""
    rows = open_rows(store)
    counted = rows.group_by("reason").agg(rows=rows.count(), files=rows.source_file.nunique())
    frame = store.fetch(counted)
    return frame.sort_values(["rows", "reason"], ascending=[False, True], ignore_index=True)


def _own(store: Store) -> dict[int, dict[str, Any]]:
    """Orders that count, buyers and revenue by the import that told an order last."""
    told = store.table("orders").select("order_key", "batch_id")
    facts = store.table("order_facts").select("order_key", "customer_key", "revenue")
    joined = facts.join(told, "order_key")
    found = joined.group_by("batch_id").agg(
        orders=joined.count(),
        customers=joined.customer_key.nunique(),
        revenue=joined.revenue.sum().cast("float64"),
    )
    frame = store.fetch(found)
    return {int(row["batch_id"]): {name: row[name] for name in _OWN} for _, row in frame.iterrows()}


def _tables(loaded: dict[str, int], more: dict[str, int]) -> pd.DataFrame:
    rows = [
        {"table": name, "new": max(more.get(name, 0), 0), "changed": count - more.get(name, 0)}
        for name, count in loaded.items()
        if count and name != "identity_links"
    ]
    return pd.DataFrame(rows, columns=["table", "new", "changed"])
