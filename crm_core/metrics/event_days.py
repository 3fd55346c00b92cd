"""What happened around the days of an event: newcomers who came back, products, messages, hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.beginnings import new_customers
from crm_core.metrics.last_message import CONTROL_ARMS
from crm_core.selection import Period
from crm_core.store import Tables
from crm_core.store.marts import without

QUARTER_SECONDS: Final = 15 * 60


def newcomers_back(store: Tables, within_days: int) -> ir.Table:
    """New customers by the day of their first order: day, newcomers, back (who ordered again on a
    later day, at most `within_days` after)."""
    people = new_customers(store).select("customer_key", "first_day")
    days = store.table("customer_days").select("customer_key", "day")
    joined = days.join(people, "customer_key")
    apart = joined.day.delta(joined.first_day, unit="day").cast("int64")
    again = joined.filter((apart > 0) & (apart <= within_days)).select("customer_key").distinct()
    again = again.mutate(is_back=ibis.literal(True))
    told = without(people.left_join(again, "customer_key"), "customer_key_right")
    return told.group_by(day="first_day").agg(
        newcomers=told.count(), back=told.count(where=told.is_back.fill_null(False))
    )


def written_to(store: Tables, period: Period) -> ir.Table:
    """Whom campaigns wrote to in a period: campaign, contact_channel, people, first, last."""
    inside = (ibis.literal(period.start), ibis.literal(period.end))
    touches = store.table("touches")
    sent = touches.filter(~touches.arm.isin(CONTROL_ARMS) & touches.day.between(*inside))
    told = sent.select("campaign", "contact_channel", "customer_key", "day")
    if store.has("campaign_members") and store.has("campaigns"):
        campaigns, members = store.table("campaigns"), store.table("campaign_members")
        own = members.join(campaigns.rename(campaign_id="id"), "campaign_id")
        own = own.filter(~own.arm.isin(CONTROL_ARMS))
        own = own.select(
            "contact_channel",
            "customer_key",
            campaign="name",
            day=own.starts_on.cast("date"),
        ).select("campaign", "contact_channel", "customer_key", "day")
        told = told.union(own.filter(own.day.between(*inside)))
    return told.group_by("campaign", "contact_channel").agg(
        people=told.customer_key.nunique(), first=told.day.min(), last=told.day.max()
    )


def order_quarters(store: Tables, days: Sequence[date]) -> ir.Table:
    """Orders of these days by quarter of an hour: day, second (since 1970, where the quarter
    begins, in UTC), orders, people."""
    orders = store.table("order_facts")
    orders = orders.filter(orders.day.isin([ibis.literal(day) for day in days]))
    second = orders["at"].epoch_seconds().cast("int64")
    orders = orders.mutate(second=second - second % QUARTER_SECONDS)
    return orders.group_by("day", "second").agg(
        orders=orders.count(), people=orders.customer_key.nunique()
    )


def demand_of_event(
    shelf: ir.Table, pieces: ir.Table, *, growth: float, days_before: int
) -> ir.Table:
    """What an event will ask of the shelf (`positions`), by the `pieces` (product_key, pieces) of its
    last time: adds pieces, wanted (those times `growth`), before (ordinary sales until then),
    missing (pieces that will lack with all that is on its way) and missing_money."""
    table = without(pieces.join(shelf, "product_key"), "product_key_right")
    wanted = table.pieces.cast("float64") * float(growth)
    before = table.weekly.fill_null(0.0) * (days_before / 7)
    table = table.mutate(wanted=wanted, before=before)
    there = ibis.greatest((table.on_hand + table.incoming).cast("float64"), ibis.literal(0.0))
    lacking = ibis.greatest(table.wanted + table.before - there, ibis.literal(0.0))
    table = table.mutate(missing=lacking)
    return table.mutate(missing_money=table.missing * table.price)
