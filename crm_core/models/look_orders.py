"""What stands out about orders: facts and counts of each, worked out where the rows are.

A row is an order and one product in it. Only rows with something to look at leave the engine.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.models.look_bursts import around, is_crowded
from crm_core.models.look_markers import marker_in
from crm_core.store import StoreAt, Tables
from crm_core.store.marts import as_number, pick_rate, without
from crm_core.store.shared_places import shared_places

MOST_ROWS: Final = 30_000
_KINDS: Final = ("thin", "all")

_NEAR_DAYS = 21
_AT_ONCE = 0.2  # of the usual time until delivery
_SLOW_HOURS = 20.0  # a channel that delivers faster than this delivers at once as a rule
_FEWEST_DELIVERED = 50
_SAME_SECONDS = 150
_RARE_HOURS_SHARE = 0.045
_ONE_HOUR = 0.5  # a log with more than this in one hour of the clock knows days only


def order_rows(store: Tables, as_of: date) -> pd.DataFrame:
    """Orders that count, a row a product in them, that have anything to look at; the columns of
    `_lines` with its signs; those counted around it as in `around`, of `thin` orders (one piece of one
    thing) and of `all`."""
    past = StoreAt(store, as_of)
    rows = _lines(past)
    daily = _daily(rows)
    hours = _rare_hours(store, past)
    rows = rows.join(daily, ["product_id", "n"])
    rows = rows.mutate(
        is_rare_hour=rows["at"].hour().isin(hours) if hours else ibis.literal(False),
        at_once_hours=_at_once(store, past, rows),
        marker=marker_in(rows.seller_note),
        same_minute=_same_minute(rows) if hours else ibis.literal(0).cast("int64"),
    )
    rows = _with_people(past, rows)
    rows = _with_neighbours(past, rows)
    signs = (
        as_number(is_crowded(rows, _KINDS))
        + as_number(rows.marker.notnull()) * 3
        + as_number(rows.at_once_hours.notnull()) * 2
        + as_number(rows.neighbours >= 1)
        + as_number(rows.same_minute >= 1)
    )
    rows = rows.mutate(signs=signs)
    found = rows.filter(rows.signs >= 1).order_by(
        rows.signs.desc(), rows.n.desc(), "order_key", "product_id"
    )
    return store.fetch(found.drop("seller_note", "delivered_at").limit(MOST_ROWS))


def _lines(past: StoreAt) -> ir.Table:
    """Products of orders that count, with the facts of the order."""
    orders = past.table("order_facts").select(
        "order_key", "order_id", "customer_key", "day", "at", "sales_channel", "coupon_code",
        revenue=lambda t: t.revenue.cast("float64"),
    )  # fmt: skip
    told = past.table("orders")
    # Told later than the day looked at: not known then.
    arrived = told.delivered_at < ibis.literal(past.as_of + timedelta(1)).cast("timestamp")
    told = told.select(
        "order_id",
        "seller_note",
        delivered_at=ibis.ifelse(arrived, told.delivered_at, ibis.null("timestamp")),
    )
    lines = past.table("order_lines")
    pieces = lines.group_by("order_id", "product_id").agg(
        pieces=lines.quantity.sum().cast("int64"),
        discount=lines.discount.fill_null(0).sum().cast("float64"),
    )
    whole = ibis.window(group_by="order_id")
    pieces = pieces.mutate(products=pieces.count().over(whole))
    rows = pieces.join(orders, "order_id")
    rows = without(rows.left_join(told, "order_id"), "order_id_right")
    first = ibis.literal(date(2000, 1, 1))
    return rows.mutate(
        n=rows.day.delta(first, unit="day").cast("int64"),
        is_thin=(rows.products == 1) & (rows.pieces == 1),
    )


def _daily(rows: ir.Table) -> ir.Table:
    """product_id, n, how many orders came that day, and those around it (see `around`)."""
    daily = rows.group_by("product_id", "n").agg(
        all=rows.count(), thin=as_number(rows.is_thin).sum()
    )
    return around(daily, _KINDS).rename(day_all="all").drop("thin")


def _rare_hours(store: Tables, past: StoreAt) -> list[int]:
    """The hours of the clock in which this shop hardly sells; none where the log knows days only."""
    orders = past.table("order_facts")
    counted = store.fetch(orders.group_by(hour=orders["at"].hour()).agg(orders=orders.count()))
    total = counted["orders"].sum()
    if not total or counted["orders"].max() > _ONE_HOUR * total:
        return []
    known = dict(zip(counted["hour"].astype(int), counted["orders"].astype(int), strict=True))
    rare: list[int] = []
    held = 0
    for hour in sorted(range(24), key=lambda each: (known.get(each, 0), each)):
        held += known.get(hour, 0)
        if held > _RARE_HOURS_SHARE * total:
            break
        rare.append(hour)
    return sorted(rare)


def _at_once(store: Tables, past: StoreAt, rows: ir.Table) -> ir.Value:
    """Hours from order to delivery where that is far below what is usual of the channel and nearly
    nobody else's; nothing where it is not."""
    orders, told = past.table("order_facts"), past.table("orders")
    both = orders.select("order_id", "at", "sales_channel").join(
        told.select("order_id", "delivered_at"), "order_id"
    )
    hours = _hours(both.delivered_at, both["at"])
    timed = both.mutate(hours=hours).filter(hours.notnull())
    middle = timed.group_by("sales_channel").agg(
        orders=timed.count(), middle=timed.hours.median().cast("float64")
    )
    found = store.fetch(middle)
    slow = found[(found["orders"] >= _FEWEST_DELIVERED) & (found["middle"] >= _SLOW_HOURS)]
    limits = {
        str(channel): float(hours) * _AT_ONCE
        for channel, hours in zip(slow["sales_channel"], slow["middle"], strict=True)
    }
    if not limits:
        return ibis.null("float64")
    taken = _hours(rows.delivered_at, rows["at"])
    return ibis.ifelse(taken <= pick_rate(rows.sales_channel, limits), taken, ibis.null("float64"))


def _hours(until: ir.Value, since: ir.Value) -> ir.Value:
    return (until.epoch_seconds() - since.epoch_seconds()).cast("float64") / 3600.0


def _same_minute(rows: ir.Table) -> ir.Value:
    """How many of the two orders of this product before and after came within minutes of it, from
    somebody else; where a product sells every few minutes that says nothing."""
    second = rows["at"].epoch_seconds()
    in_time = ibis.window(group_by="product_id", order_by=["at", "order_key"])
    near: list[ir.Value] = []
    for other, key in (
        (second.lag(1), rows.customer_key.lag(1)),
        (second.lead(1), rows.customer_key.lead(1)),
    ):
        close = (other.over(in_time) - second).abs() <= _SAME_SECONDS
        is_other = key.over(in_time).fill_null(-1) != rows.customer_key.fill_null(-2)
        near.append(as_number(close & is_other))
    sells_rarely = rows.day_all.cast("float64") * (2.0 * _SAME_SECONDS / 86_400) < 0.2
    return ibis.ifelse(sells_rarely, near[0] + near[1], 0)


def _with_people(past: StoreAt, rows: ir.Table) -> ir.Table:
    """Adds what else is known of the customer: orders and products of all time, talks."""
    people = rows.group_by("customer_key").agg(
        own_orders=rows.order_id.nunique(),
        own_products=rows.product_id.nunique(),
        own_first=rows.n.min(),
    )
    rows = without(rows.left_join(people, "customer_key"), "customer_key_right")
    if not past.has("contacts"):
        return rows.mutate(talks=ibis.literal(0).cast("int64"))
    contacts = past.table("contacts")
    talks = contacts.group_by("customer_key").agg(talks=contacts.count())
    joined = without(rows.left_join(talks, "customer_key"), "customer_key_right")
    return joined.mutate(talks=joined.talks.fill_null(0))


def _with_neighbours(past: StoreAt, rows: ir.Table) -> ir.Table:
    """Adds how many orders of the same product others at the same address placed within weeks
    (`neighbours`), and how many customers are there (`place_people`)."""
    places = shared_places(past)
    if places is None:
        nobody = ibis.literal(0).cast("int64")
        return rows.mutate(neighbours=nobody, place_people=nobody)
    there = rows.select("order_key", "product_id", "customer_key", "n").join(places, "customer_key")
    span = {"range": (-_NEAR_DAYS, _NEAR_DAYS), "order_by": "n"}
    at_place = ["kind", "place", "product_id"]
    everybody = there.count().over(group_by=at_place, **span)
    own = there.count().over(group_by=[*at_place, "customer_key"], **span)
    counted = there.mutate(neighbours=(everybody - own).cast("int64"))
    most = counted.group_by("order_key", "product_id").agg(
        neighbours=counted.neighbours.max(), place_people=counted.people.max().cast("int64")
    )
    joined = rows.left_join(most, ["order_key", "product_id"])
    joined = without(joined, "order_key_right", "product_id_right")
    return joined.mutate(
        neighbours=joined.neighbours.fill_null(0), place_people=joined.place_people.fill_null(0)
    )
