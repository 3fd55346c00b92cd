"""Which campaign wrote to the buyer last before each order. What came after is not what came of it."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.store import Tables

MESSAGE_DAYS: Final = 30
#: Arms whose people were chosen and left without a message.
CONTROL_ARMS: Final = ("control", "holdout", "global_control")


def last_messages(store: Tables) -> ir.Table:
    """One row an order whose buyer had a message in the 30 days before it: order_key, campaign (of
    the last one; of two at one moment the first in the alphabet).

    Days are the shop's. The shop's own campaigns have a first day and no hour: an order of that
    day came after it.
    """
    orders = store.table("order_facts").select("customer_key", "order_key", "day", bought="at")
    orders = orders.filter(orders.customer_key.notnull())
    joined = orders.join(_messages(store), "customer_key")
    is_before = (joined.sent_at <= joined.bought).fill_null(joined.sent_on <= joined.day)
    days = joined.day.delta(joined.sent_on, unit="day")
    joined = joined.filter(is_before & (days <= MESSAGE_DAYS))
    latest = ibis.window(
        group_by="order_key",
        order_by=[
            ibis.desc(joined.sent_on),
            ibis.desc(joined.sent_at, nulls_first=False),
            ibis.asc(joined.campaign),
        ],
    )
    ranked = joined.mutate(place=ibis.row_number().over(latest))
    return ranked.filter(ranked.place == 0).select("order_key", "campaign")


def _messages(store: Tables) -> ir.Table:
    """Messages of imported campaigns and of the shop's own, which have no `sent_at`."""
    touches = store.table("touches")
    sent = touches.filter(~touches.arm.isin(CONTROL_ARMS))
    told = sent.select("customer_key", "sent_at", "campaign", sent_on="day")
    if not (store.has("campaign_members") and store.has("campaigns")):
        return told
    campaigns, members = store.table("campaigns"), store.table("campaign_members")
    own = members.join(campaigns.rename(campaign_id="id"), "campaign_id")
    own = own.filter(~own.arm.isin(CONTROL_ARMS))
    begun = {"campaign": own.name, "sent_on": own.starts_on.cast("date")}
    return told.union(own.select("customer_key", sent_at=ibis.null("timestamp"), **begun))
