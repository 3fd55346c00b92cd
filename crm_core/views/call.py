"""The record of whoever is on the phone, and who else has waited too long.

What somebody who talks to a customer needs: orders and where they are, money given back, reviews.
Nothing of what a customer is rated by: no value, no margin, no reason to leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crm_core.metrics.care import OPEN_DAYS, contacts_of
from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.delivery import judged
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.contact_line import orders_of
from crm_core.views.history import shop_clock

MOST_ORDERS = 300
MOST_LISTED = 100
#: Orders in these states will not be delivered.
_ENDED = ("cancelled", "refunded", "test")


@dataclass(frozen=True)
class Record:
    """One customer (or one order of nobody known), as of the last complete day of the data.

    `orders`, the newest first: order_id, order_key, at, status, sales_channel, amount (revenue),
    units, given_back, promised, delivered (days), delivery (`came`, `late`, `overdue`, `due` or
    nothing), days_late. `refunds`: at, order_id, amount, reason. `reviews`: at, product, stars, body,
    order_id. All by the shop's clock. `late` of `promised` orders came late or are overdue.
    """

    as_of: date
    orders: pd.DataFrame
    orders_total: int
    refunds: pd.DataFrame
    reviews: pd.DataFrame
    promised: int
    late: int

    @property
    def expected(self) -> pd.DataFrame:
        """Orders that are promised and not here yet, those overdue first."""
        rows = self.orders[self.orders["delivery"].isin(("overdue", "due"))]
        return rows.sort_values(["delivery", "promised"], ascending=[False, True])

    @property
    def given_back(self) -> float:
        """All money given back."""
        return float(self.refunds["amount"].sum())


def call(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    key: int | None = None,
    order_key: int | None = None,
) -> Record:
    """The record of a customer, or without a `key` of one order of nobody known."""
    del selection, access
    mine = orders_of(store, key, order_key)
    total = int(store.fetch(mine.agg(rows=mine.count()))["rows"].iloc[0])
    orders = _orders(store, mine)
    refunds = _refunds(store, mine)
    back = refunds.groupby("order_id")["amount"].sum()
    orders["given_back"] = orders["order_id"].map(back)
    told = orders["is_late"].notna()
    return Record(
        as_of=store.meta.as_of,
        orders=orders.drop(columns=["is_late"]),
        orders_total=total,
        refunds=refunds,
        reviews=_reviews(store, key, mine),
        promised=int(told.sum()),
        late=int(orders.loc[told, "is_late"].astype(bool).sum()),
    )


def _orders(store: Store, mine: Any) -> pd.DataFrame:
    newest = mine.order_by(mine.ordered_at.desc(), mine.order_id.desc()).limit(MOST_ORDERS)
    facts = store.table("order_facts").select("order_key", "revenue", "units")
    joined = newest.left_join(facts, "order_key").drop("order_key_right")
    parcels = joined.filter(joined.revenue.notnull() & joined.promised_at.notnull())
    parcels = parcels.select(
        "order_key", promised=parcels.promised_at.date(), came=parcels.delivered_at.date()
    )
    parcels = judged(parcels, store.meta.as_of).drop("day")
    joined = joined.left_join(parcels, "order_key").drop("order_key_right")
    found = store.fetch(
        joined.select(
            "order_id", "order_key", "status", "sales_channel", "units", "days_late", "is_late",
            "is_overdue", "promised_at", "delivered_at",
            at=joined.ordered_at,
            amount=joined.revenue.cast("float64"),
        ).order_by(joined.ordered_at.desc(), joined.order_id.desc())
    )  # fmt: skip
    zone = store.meta.timezone
    found = found.assign(
        at=shop_clock(found["at"], zone),
        promised=shop_clock(found["promised_at"], zone),
        delivered=shop_clock(found["delivered_at"], zone),
    )
    rows: list[dict[Any, Any]] = found.to_dict("records")
    told = [_delivery(row, store.meta.as_of) for row in rows]
    found["delivery"] = pd.Series(told, index=found.index, dtype=object)
    return found.drop(columns=["promised_at", "delivered_at", "is_overdue"])


def _delivery(row: dict[Any, Any], as_of: date) -> str | None:
    if not pd.isna(row["delivered"]):
        return "late" if not pd.isna(row["is_late"]) and bool(row["is_late"]) else "came"
    if pd.isna(row["promised"]) or str(row["status"]).lower() in _ENDED:
        return None
    if not pd.isna(row["is_overdue"]) and bool(row["is_overdue"]):
        return "overdue"
    # What should have come long ago and never told of it is no promise that still stands.
    return "due" if row["promised"].date() >= as_of else None


def _refunds(store: Store, mine: Any) -> pd.DataFrame:
    table = store.table("refunds")
    back = table.semi_join(mine.select("order_id"), "order_id")
    newest = back.order_by(back.refunded_at.desc(), back.refund_id).limit(MOST_LISTED)
    found = store.fetch(
        newest.select("order_id", "reason", at="refunded_at", amount=newest.amount.cast("float64"))
    )
    return found.assign(at=shop_clock(found["at"], store.meta.timezone))


def _reviews(store: Store, key: int | None, mine: Any) -> pd.DataFrame:
    table = store.table("reviews")
    if key is None:
        said = table.semi_join(mine.select("order_id"), "order_id")
    else:
        said = table.filter(table.customer_key == key)
    names = store.table("product_facts").select("product_id", "product_name")
    said = said.left_join(names, "product_id")
    newest = said.order_by(said.reviewed_at.desc(), said.review_id).limit(MOST_LISTED)
    found = store.fetch(
        newest.select(
            "stars",
            "body",
            "order_id",
            at="reviewed_at",
            product=newest.product_name.coalesce(newest.product_id),
        )
    )
    return found.assign(at=shop_clock(found["at"], store.meta.timezone))


@dataclass(frozen=True)
class Waiting:
    """Open contacts over the promised time of reply, who was not answered at all first.

    Columns: customer_key, order_key, at, hours, channel, topic, is_silent (no reply yet). `total` in
    all, `silent` of them without a reply; `contacts` whether the shop's data has any.
    """

    rows: pd.DataFrame
    total: int
    silent: int
    contacts: bool


def waiting(selection: Selection, *, store: Store, access: Access, rules: CareRules) -> Waiting:
    """Who has waited longer than was promised, as of the last complete day of the data."""
    del selection, access
    as_of = store.meta.as_of
    known = store.table("contacts")
    contacts = bool(store.fetch(known.agg(rows=known.count()))["rows"].iloc[0])
    period = Period(as_of - timedelta(OPEN_DAYS), as_of)
    open_ones = contacts_of(store, rules, Selection(), period)
    late = open_ones.filter(open_ones.is_open & (open_ones.waited > float(rules.reply_hours)))
    counted = store.fetch(late.agg(total=late.count(), silent=late.is_silent.cast("int64").sum()))
    longest = late.order_by(late.is_silent.desc(), late.waited.desc(), late.contact_id)
    found = store.fetch(
        longest.limit(MOST_LISTED).select(
            "customer_key", "order_key", "at", "is_silent", "topic",
            hours="waited", channel="contact_channel",
        )
    )  # fmt: skip
    total, silent = counted.iloc[0].fillna(0)
    rows = found.assign(at=shop_clock(found["at"], store.meta.timezone))
    return Waiting(rows, int(total), int(silent), contacts)


def strays(selection: Selection, *, store: Store, access: Access) -> pd.DataFrame:
    """The newest contacts that lead to no customer: at, direction, channel, topic, order_id, order_key
    and the order's customer_key, where they are about an order that is known."""
    del selection, access
    table = store.table("contacts")
    nobodys = table.filter(table.customer_key.isnull())
    orders = store.table("orders").select("order_id", "order_key", "customer_key")
    joined = nobodys.drop("customer_key").left_join(orders, "order_id").drop("order_id_right")
    newest = joined.order_by(joined.occurred_at.desc(), joined.contact_id).limit(MOST_LISTED)
    found = store.fetch(
        newest.select(
            "direction", "topic", "order_id", "order_key", "customer_key",
            at="occurred_at", channel="contact_channel",
        )
    )  # fmt: skip
    return found.assign(at=shop_clock(found["at"], store.meta.timezone))
