"""Who is in which arm of a campaign, as it was frozen; and whom other campaigns have written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from crm_core.store import Store

#: The members of this number are the customers that no campaign writes to.
EVERY_CAMPAIGN = 0


def assigned(store: Store, campaign_id: int) -> ir.Table:
    """The frozen assignment of a campaign: customer_key, arm, stratum; nobody before it is sealed."""
    return _members(store, [campaign_id]).select("customer_key", "arm", "stratum")


def in_campaigns(store: Store, campaign_ids: Sequence[int], *arms: str) -> ir.Table:
    """Everybody in one of these campaigns, or only in these arms of them: customer_key, once."""
    found = _members(store, campaign_ids)
    if arms:
        found = found.filter(found.arm.isin(arms))
    return found.select("customer_key").distinct()


def campaigns_of(store: Store, keys: Sequence[int]) -> ir.Table:
    """The sealed campaigns that some customers are in: name, contact_channel, starts_on, arm."""
    mine = _members(store, None)
    mine = mine.filter(mine.customer_key.isin(keys))
    if not store.has("campaigns"):
        columns = {"name": "string", "contact_channel": "string", "starts_on": "date"}
        return _nobody(store, {**columns, "arm": "string"})
    told = store.table("campaigns").select("id", "name", "contact_channel", "starts_on")
    joined = mine.join(told, mine.campaign_id == told.id)
    return joined.select("name", "contact_channel", "starts_on", "arm")


def written_to(
    store: Store, day: date, days: int, *, apart_from: Sequence[int], contact_channel: str | None
) -> ir.Table:
    """How often somebody was written to within less than `days` days of `day`: customer_key, times.

    Counted are messages that files told of and every member of a sealed campaign that starts then,
    held out or not: else who is held out here would be written to there. On one channel, or on any.
    """
    near = _campaigns_near(store, day, days, apart_from, contact_channel)
    listed = _members(store, None).semi_join(near, [("campaign_id", "id")])
    written = listed.select("customer_key").union(
        _touched(store, day, days, contact_channel).select("customer_key")
    )
    return written.group_by("customer_key").agg(times=written.count())


def _members(store: Store, campaign_ids: Sequence[int] | None) -> ir.Table:
    if not store.has("campaign_members"):
        columns = {"campaign_id": "int64", "customer_key": "int64"}
        return _nobody(store, {**columns, "arm": "string", "stratum": "string"})
    table = store.table("campaign_members")
    return table if campaign_ids is None else table.filter(table.campaign_id.isin(campaign_ids))


def _campaigns_near(
    store: Store, day: date, days: int, apart_from: Sequence[int], contact_channel: str | None
) -> ir.Table:
    if not store.has("campaigns"):
        return _nobody(store, {"id": "int64"})
    table = store.table("campaigns")
    first, last = day - timedelta(days=days - 1), day + timedelta(days=days - 1)
    near = table.filter(table.sealed_on.notnull() & table.id.notin([*apart_from, EVERY_CAMPAIGN]))
    near = near.filter(near.starts_on.between(ibis.literal(first), ibis.literal(last)))
    if contact_channel is not None:
        near = near.filter(near.contact_channel == contact_channel)
    return near.select("id")


def _touched(store: Store, day: date, days: int, contact_channel: str | None) -> ir.Table:
    """Messages of before that day; those of a campaign made here are counted by its members."""
    touches = store.table("touches")
    first = day - timedelta(days=days - 1)
    sent = touches.filter(touches.customer_key.notnull())
    sent = sent.filter(sent.day.between(ibis.literal(first), ibis.literal(day)))
    if contact_channel is not None:
        sent = sent.filter(sent.contact_channel == contact_channel)
    if store.has("campaigns"):
        own = store.table("campaigns")
        own = own.filter(own.sealed_on.notnull()).select("name")
        sent = sent.anti_join(own, [("campaign", "name")])
    return sent


def _nobody(store: Store, columns: dict[str, str]) -> ir.Table:
    known = store.table("customer_facts")
    empty = known.filter(ibis.literal(False))
    return empty.select(**{name: ibis.null(kind) for name, kind in columns.items()})
