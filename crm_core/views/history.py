"""What happened between the shop and one customer, newest first, and what an order held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crm_core.audiences.campaign_members import campaigns_of
from crm_core.errors import CrmError
from crm_core.metrics import measure
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

KINDS = ("order", "refund", "contact", "review", "touch", "campaign")
DRAWN = 500
DEEPEST = 5_000
_TEXT = ("code", "about", "channel", "reference")
_NUMBERS = ("amount", "quantity", "order_key")
LINE_METRICS = ("units", "gross_sales", "discounts", "revenue", "refunds")


@dataclass(frozen=True)
class History:
    """One page of events, newest first, and the newest 500 for a chart.

    Columns: at (the shop's clock), kind (of `KINDS`), code (an order's status, an arm, a
    contact's direction), about (topic, product or campaign, in the shop's words), channel,
    reference (order number), amount (revenue of an order, money of a refund), quantity (units,
    stars or rating), order_key. `counts` holds how many there are of each kind.
    """

    counts: dict[str, int]
    rows: pd.DataFrame
    drawn: pd.DataFrame

    @property
    def total(self) -> int:
        """How many events there are on all pages."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class OrderLines:
    """The lines of an order: product_name, category and metrics; `totals` measured anew."""

    rows: pd.DataFrame
    totals: dict[str, float | None]


def history(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    key: int,
    others: tuple[int, ...] = (),
    page: int = 1,
    size: int = 25,
) -> History:
    """A page of one customer's orders (in any state), refunds, contacts, reviews and touches.

    With `others`, of them all: the members of an account.

    Each kind gives its newest rows up to the page's end, merged here: no page needs them all.
    Raises: CrmError("unknown_choice") for a page beyond the newest 5,000 events.
    """
    del selection, access
    depth = page * size
    if page < 1 or not 1 <= depth <= DEEPEST:
        raise CrmError("unknown_choice", name="page", value=page, match="")
    deep = max(depth, DRAWN)
    counts: dict[str, int] = {}
    frames: list[pd.DataFrame] = []
    for kind in KINDS:
        events = _EVENTS[kind](store, (key, *others))
        newest = events.order_by(events["at"].desc(), events["place"].asc()).limit(deep)
        found = store.fetch(newest)
        counts[kind] = len(found) if len(found) < deep else _count(store, events)
        if counts[kind]:
            frames.append(_tidy(found, kind, store.meta.timezone))
    merged = _merged(frames)
    return History(
        counts=counts,
        rows=merged.iloc[depth - size : depth].reset_index(drop=True),
        drawn=merged.head(DRAWN),
    )


def _count(store: Store, events: Any) -> int:
    return int(store.fetch(events.agg(rows=events.count()))["rows"].iloc[0])


def order_lines(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    order_key: int,
    key: int,
    others: tuple[int, ...] = (),
) -> OrderLines:
    """What one order of this customer held, by product; empty when the order does not count."""
    del selection, access
    ledger = store.table("ledger")
    mine = ledger.filter((ledger.order_key == order_key) & ledger.customer_key.isin((key, *others)))
    measured = measure(store, LINE_METRICS, rows=mine, by=["product"])
    lines = measured.rows.dropna(subset=["product"])
    table = store.table("product_facts")
    keys = [int(number) for number in lines["product"]]
    named = store.fetch(
        table.filter(table.product_key.isin(keys or [-1])).select(
            "product_key", "product_name", "category"
        )
    )
    rows = lines.merge(named, left_on="product", right_on="product_key", how="left")
    return OrderLines(rows.sort_values("revenue", ascending=False), measured.totals)


def _orders(store: Store, keys: Sequence[int]) -> Any:
    orders = store.table("orders")
    mine = orders.filter(orders.customer_key.isin(keys))
    facts = store.table("order_facts").select("order_key", "revenue", "units")
    joined = mine.left_join(facts, "order_key")
    return joined.select(
        at=joined.ordered_at,
        place=joined.order_id,
        code=joined.status,
        channel=joined.sales_channel,
        reference=joined.order_id,
        amount=joined.revenue.cast("float64"),
        quantity=joined.units,
        order_key=joined.order_key,
    )


def _refunds(store: Store, keys: Sequence[int]) -> Any:
    ledger = store.table("ledger")
    mine = ledger.filter((ledger.customer_key.isin(keys)) & (ledger.entry == "refund"))
    summed = mine.group_by("at", "order_key").agg(
        amount=mine.refund.sum().cast("float64"), channel=mine.sales_channel.max()
    )
    facts = store.table("order_facts").select("order_key", "order_id")
    joined = summed.join(facts, "order_key")
    return joined.select(
        "at", "amount", "channel", "order_key", place=joined.order_id, reference=joined.order_id
    )


def _contacts(store: Store, keys: Sequence[int]) -> Any:
    table = store.table("contacts")
    mine = table.filter(table.customer_key.isin(keys))
    return mine.select(
        at=mine.occurred_at,
        place=mine.contact_id,
        code=mine.direction,
        about=mine.topic,
        channel=mine.contact_channel,
        reference=mine.order_id,
        quantity=mine.rating,
    )


def _reviews(store: Store, keys: Sequence[int]) -> Any:
    table = store.table("reviews")
    mine = table.filter(table.customer_key.isin(keys))
    products = store.table("product_facts").select("product_id", "product_name")
    joined = mine.left_join(products, "product_id")
    return joined.select(
        at=joined.reviewed_at,
        place=joined.review_id,
        about=joined.product_name.coalesce(joined.product_id),
        reference=joined.order_id,
        quantity=joined.stars,
    )


def _touches(store: Store, keys: Sequence[int]) -> Any:
    table = store.table("touches")
    mine = table.filter(table.customer_key.isin(keys))
    return mine.select(
        at=mine.sent_at,
        place=mine.touch_id,
        code=mine.arm,
        about=mine.campaign,
        channel=mine.contact_channel,
    )


def _campaigns(store: Store, keys: Sequence[int]) -> Any:
    """Campaigns somebody was assigned to, on the day their window begins."""
    table = campaigns_of(store, keys)
    return table.select(
        at=table.starts_on.cast("timestamp"),
        place=table.name,
        code=table.arm,
        about=table.name,
        channel=table.contact_channel,
    )


_EVENTS: dict[str, Callable[[Store, Sequence[int]], Any]] = {
    "order": _orders,
    "refund": _refunds,
    "contact": _contacts,
    "review": _reviews,
    "touch": _touches,
    "campaign": _campaigns,
}
# What is told by the shop's day, not by a moment.
_BY_DAY = ("campaign",)


def _tidy(frame: pd.DataFrame, kind: str, timezone: str) -> pd.DataFrame:
    """Events of one kind with all columns; times by the shop's clock."""
    said_in = timezone if kind in _BY_DAY else "UTC"
    at = shop_clock(frame["at"], timezone, said_in)
    tidy = pd.DataFrame({"at": at, "kind": kind, "place": frame["place"]})
    for name in _TEXT:
        tidy[name] = frame[name].astype(object) if name in frame else None
    for name in _NUMBERS:
        tidy[name] = pd.to_numeric(frame[name]).astype("float64") if name in frame else float("nan")
    return tidy


def shop_clock(moments: pd.Series[Any], timezone: str, said_in: str = "UTC") -> pd.Series[Any]:
    """Moments by the shop's clock, without their zone: as tables show them."""
    told = pd.to_datetime(moments).dt.tz_localize(said_in)
    return told.dt.tz_convert(timezone).dt.tz_localize(None)


def _merged(frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame(columns=["at", "kind", *_TEXT, *_NUMBERS])
    # What has one time keeps one order on every page: by kind, then by its own number.
    ordered = pd.concat(frames, ignore_index=True).sort_values(
        ["at", "kind", "place"], ascending=[False, True, True], kind="stable", ignore_index=True
    )
    return ordered.drop(columns="place")
