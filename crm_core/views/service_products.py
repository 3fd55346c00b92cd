"""Products that people write to the shop about more often than about others, and what moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd

from crm_core.metrics import is_guarded
from crm_core.metrics.care import ABOUT_DAYS, contacted_orders
from crm_core.metrics.small_groups import FEWEST
from crm_core.models.contact_shares import LEAST_ORDERS, held_back, moved
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.service import named

#: Orders of so many days are looked at whose contacts are all in, and of the same before them.
PRODUCT_DAYS: Final = 180
MOST_SHOWN: Final = 50


@dataclass(frozen=True)
class ProductContacts:
    """Orders of PRODUCT_DAYS days that had a contact, by product.

    `rows`: code, name, orders, contacted, share, likely (drawn to the shop's), low, high, before (share
    of the days before), is_above, is_below, is_moved; those most above first, at most MOST_SHOWN of
    `looked_at` products with LEAST_ORDERS orders. `shop_share` is that of all orders.
    """

    first: date
    last: date
    shop_share: float
    looked_at: int
    rows: pd.DataFrame


def service_products(selection: Selection, *, store: Store, access: Access) -> ProductContacts:
    """Holds each product's share of orders with a contact against the shop's, and its own before."""
    # Of later orders some contacts are still to come.
    last = store.meta.as_of - timedelta(ABOUT_DAYS)
    now = Period(last - timedelta(PRODUCT_DAYS - 1), last)
    before = now.before()
    found = store.fetch(contacted_orders(store, selection, now))
    old = store.fetch(contacted_orders(store, selection, before))
    whole = found[found["product"].isna()].iloc[0]
    share = float(whole["contacted"]) / float(whole["orders"]) if whole["orders"] else 0.0
    rows = found[found["product"].notna() & (found["orders"] >= LEAST_ORDERS)]
    if is_guarded(access):
        rows = rows[rows["people"] >= FEWEST]
    rows = rows.merge(old, on="product", how="left", suffixes=("", "_before")).fillna(0.0)
    rows = rows.reset_index(drop=True)
    orders, contacted = (rows[name].to_numpy(np.float64) for name in ("orders", "contacted"))
    told = held_back(contacted, orders, share)
    old_orders, old_contacted = (
        rows[f"{name}_before"].to_numpy(np.float64) for name in ("orders", "contacted")
    )
    has_before = old_orders >= LEAST_ORDERS
    is_moved = np.zeros(len(rows), dtype=bool)
    is_moved[has_before] = moved(
        (contacted[has_before], orders[has_before]),
        (old_contacted[has_before], old_orders[has_before]),
    )
    frame = pd.DataFrame(
        {
            "code": [str(int(key)) for key in rows["product"]],
            "orders": orders,
            "contacted": contacted,
            "share": contacted / np.maximum(orders, 1.0),
            "likely": told.likely,
            "low": told.low,
            "high": told.high,
            "before": np.where(has_before, old_contacted / np.maximum(old_orders, 1.0), np.nan),
            "is_above": told.is_above,
            "is_below": told.is_below,
            "is_moved": is_moved,
        }
    )
    looked_at = len(frame)
    frame["stands_out"] = frame["is_above"] | frame["is_moved"]
    frame = frame.sort_values(
        ["stands_out", "likely", "code"], ascending=[False, False, True], ignore_index=True
    ).drop(columns="stands_out")
    return ProductContacts(
        now.start, now.end, share, looked_at, named(store, frame.head(MOST_SHOWN))
    )
