"""The record of whoever is on the phone, and who else has waited too long.

What somebody who talks to a customer needs: orders and where they are, money given back, reviews.
Nothing of what a customer is rated by: no value, no margin, no reason to leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crm_core.metrics.care import OPEN_DAYS, WAITS, contacts_of, longest_waits
from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.delivery import judged, promise_days
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
    words: bool = False,
) -> Record:
    """The record of a customer, or without a `key` of one order of nobody known; what people wrote in
    reviews with `words` alone."""
    del selection, access
    mine = orders_of(store, key, order_key)
    total = int(store.fetch(mine.agg(rows=mine.count()))["rows"].iloc[0])
    orders = _orders(store, key, mine)
    refunds = _refunds(store, mine)
    back = refunds.groupby("order_id")["amount"].sum()
    orders["given_back"] = orders["order_id"].map(back)
    told = orders["is_late"].notna()
    return Record(
        as_of=store.meta.as_of,
        orders=orders.drop(columns=["is_late"]),
        orders_total=total,
        refunds=refunds,
        reviews=_reviews(store, key, mine, words=words),
        promised=int(told.sum()),
        late=int(orders.loc[told, "is_late"].astype(bool).sum()),
    )


def _orders(store: Store, key: int | None, mine: Any) -> pd.DataFrame:
    """Three plain questions: to word one of them all takes longer than to ask them."""
    newest = mine.order_by(mine.ordered_at.desc(), mine.order_id.desc()).limit(MOST_ORDERS)
    columns = ("order_id", "order_key", "status", "sales_channel", "promised_at", "delivered_at")
    found = store.fetch(newest.select(*columns, at="ordered_at"))
    found = found.sort_values(["at", "order_id"], ascending=False, ignore_index=True)
    numbers = [int(number) for number in found["order_key"]] or [-1]
    facts = store.table("order_facts")
    facts = facts.filter(facts.order_key.isin(numbers))
    if key is not None:
        facts = facts.filter(facts.customer_key == key)  # by whom they are sorted
    counted = store.fetch(facts.select("order_key", "units", amount=facts.revenue.cast("float64")))
    told = mine.filter(
        mine.order_key.isin([int(number) for number in counted["order_key"]] or [-1])
    )
    told = told.filter(told.promised_at.notnull())
    days = told.select("order_key", **promise_days(store.meta, told))
    parcels = judged(days, store.meta.as_of)
    parcels = store.fetch(parcels.select("order_key", "days_late", "is_late", "is_overdue"))
    found = found.merge(counted, on="order_key", how="left").merge(
        parcels, on="order_key", how="left"
    )
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


def _reviews(store: Store, key: int | None, mine: Any, *, words: bool) -> pd.DataFrame:
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
            "order_id",
            *(["body"] if words else []),
            at="reviewed_at",
            product=newest.product_name.coalesce(newest.product_id),
        )
    )
    return found.assign(at=shop_clock(found["at"], store.meta.timezone))


@dataclass(frozen=True)
class Waiting:
    """Open contacts beyond what the shop promises, those without a reply first, then who waited longest.

    Columns: customer_key, order_key, at, waited (hours), wait_state (one of WAITS), channel, topic.
    `counts` by state; `contacts` whether the shop's data has any.
    """

    rows: pd.DataFrame
    counts: dict[str, int]
    contacts: bool

    @property
    def total(self) -> int:
        """How many have waited beyond the promise."""
        return sum(self.counts.values())


def waiting(selection: Selection, *, store: Store, access: Access, rules: CareRules) -> Waiting:
    """Who has waited longer than was promised, as of the last complete day of the data.

    One customer at a time is served here, so that few are shown, too.
    """
    del selection, access
    as_of = store.meta.as_of
    known = store.table("contacts")
    contacts = bool(store.fetch(known.agg(rows=known.count()))["rows"].iloc[0])
    period = Period(as_of - timedelta(OPEN_DAYS), as_of)
    rows = contacts_of(store, rules, Selection(), period)
    counted = store.fetch(rows.agg(**{n: rows.count(where=rows.wait_state == n) for n in WAITS}))
    longest = longest_waits(rows).limit(MOST_LISTED)
    columns = ("customer_key", "order_key", "at", "waited", "wait_state", "topic")
    found = store.fetch(longest.select(*columns, channel="contact_channel"))
    told = found.assign(at=shop_clock(found["at"], store.meta.timezone))
    return Waiting(told, {name: int(counted[name].iloc[0]) for name in WAITS}, contacts)


@dataclass(frozen=True)
class Strays:
    """The newest contacts that lead to no customer: at, direction, channel, topic, order_id, order_key
    and the order's customer_key, where they are about an order that is known; and `total`."""

    rows: pd.DataFrame
    total: int


def strays(selection: Selection, *, store: Store, access: Access) -> Strays:
    """Contacts of nobody, which stand apart."""
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
    told = found.assign(at=shop_clock(found["at"], store.meta.timezone))
    counted = store.fetch(nobodys.agg(rows=nobodys.count()))
    return Strays(told, int(counted["rows"].iloc[0]))
