"""From a visit to an order: who visited, how far each came, and which orders had a visit.

A visitor is a person where one is known, else a browser. A browser in which exactly one person
was known within the rows looked at is that person's all along. A session ends when thirty minutes pass without
an event. A visitor who came to a step came to all before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.small_groups import FEWEST
from crm_core.selection import Period
from crm_core.store.tables import Named

STEPS: Final = ("visit", "view", "cart", "order")
SESSION_SECONDS: Final = 30 * 60
#: What web logs call the steps; any other event is a visit and no more.
EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "view": ("view", "product_view", "view_item", "pv"),
    "cart": ("cart", "add_to_cart", "addtocart", "checkout", "begin_checkout"),
    "order": ("purchase", "order", "transaction", "buy"),
}


def visits(store: Named, period: Period) -> ir.Table:
    """The events of a period: person (NULL: not known), visitor (NULL: neither person nor browser
    is told), at, day, source, product_id and level, the place of its step in STEPS."""
    events = store.table("web_events")
    events = events.filter(events.day.between(ibis.literal(period.start), ibis.literal(period.end)))
    told = events.filter(events.customer_key.notnull() & events.visitor_id.notnull())
    owners = told.group_by("visitor_id").agg(
        owner=told.customer_key.min(), owners=told.customer_key.nunique()
    )
    owners = owners.filter(owners.owners == 1).select("visitor_id", "owner")
    joined = events.left_join(owners, "visitor_id")
    person = joined.customer_key.coalesce(joined.owner)
    step = joined.event.fill_null("").lower()
    levels = [(step.isin(EVENTS[name]), STEPS.index(name)) for name in EVENTS]
    return joined.select(
        "day",
        "product_id",
        source=joined["source"].nullif(""),
        at=joined.occurred_at,
        person=person,
        visitor=ibis.coalesce(
            ibis.literal("person ").concat(person.cast("string")),
            ibis.literal("browser ").concat(joined.visitor_id),
        ),
        level=ibis.cases(*levels, else_=0),
    )


def steps(rows: ir.Table, by: Sequence[str] = ()) -> ir.Table:
    """How many visitors came to each step: the columns of `by`, those of STEPS, `known` (visitors
    who are a known person) and `ordered`. Measured anew for each group: a visitor with
    two sources is in both, with what came of each."""
    rows = rows.filter(rows.visitor.notnull())
    each = rows.group_by(*by, "visitor").agg(
        level=rows.level.max(), is_known=rows.person.notnull().max()
    )
    counts: dict[str, ir.Value] = {
        step: each.count(where=each.level >= place) for place, step in enumerate(STEPS)
    }
    counts["known"] = each.count(where=each.is_known)
    return each.group_by(*by).agg(**counts) if by else each.agg(**counts)


def sessions(rows: ir.Table) -> ir.Table:
    """One row: sessions, and events of which neither a person nor a browser is told."""
    told = rows.filter(rows.visitor.notnull())
    in_time = ibis.window(group_by="visitor", order_by="at")
    before = told["at"].epoch_seconds().lag(1).over(in_time)
    gap = told.mutate(gap=told["at"].epoch_seconds() - before)
    found = gap.agg(sessions=gap.count(where=gap.gap.isnull() | (gap.gap > SESSION_SECONDS)))
    return found.cross_join(rows.agg(nameless=rows.count(where=rows.visitor.isnull())))


def ordered(store: Named, rows: ir.Table, period: Period) -> ir.Table:
    """The orders of the period by sales channel: sales_channel, orders, keyed (of a known buyer)
    and visited (whose buyer had a visit on the day of the order); most orders first."""
    orders = store.table("order_facts")
    orders = orders.filter(orders.day.between(ibis.literal(period.start), ibis.literal(period.end)))
    seen = rows.filter(rows.person.notnull()).select(customer_key="person", day="day").distinct()
    seen = seen.mutate(seen=ibis.literal(1))
    joined = orders.select("customer_key", "day", "sales_channel").left_join(
        seen, ["customer_key", "day"]
    )
    counted = joined.group_by("sales_channel").agg(
        orders=joined.count(),
        keyed=joined.count(where=joined.customer_key.notnull()),
        visited=joined.count(where=joined.seen.notnull()),
    )
    return counted.order_by(counted.orders.desc(), "sales_channel")


def without_few(counted: ir.Table, names: Sequence[str]) -> ir.Table:
    """Counts of people, those of one to four unknown; rows without any other are left out."""
    told = counted.mutate(
        **{
            name: ibis.ifelse(
                (counted[name] > 0) & (counted[name] < FEWEST), ibis.null("int64"), counted[name]
            )
            for name in names
        }
    )
    return told.filter(ibis.or_(*(told[name] > 0 for name in names)))


def known_days(store: Named) -> ir.Table:
    """One row: the first and last day of which any visit is known; empty without visits."""
    events = store.table("web_events")
    return events.agg(first=events.day.min(), last=events.day.max())
