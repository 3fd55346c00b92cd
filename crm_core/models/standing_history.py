"""Where each customer stood on many past days, from one pass over all purchase days.

What a day needs of a customer (gaps so far and their middle, revenue so far) is a row of
`purchase_states` that holds from one purchase to the next: a day only picks its rows.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.models.lifecycle import ShopRhythm, prospects, rhythm_of, staged
from crm_core.models.rfm import scored_people
from crm_core.models.standing import KEPT_COLUMNS, RfmRule, net_revenue_365d
from crm_core.store import StoreAt, Tables

STATES: Final = "purchase_states"


def purchase_states(store: Tables) -> ir.Table:
    """One row a purchase day of a customer: what was known of them from it to the day before
    `next_day` (NULL after the last).

    Columns: customer_key, day, next_day, purchases (days so far), gap (days since the one
    before), spent (revenue so far), middle (of the gaps so far), middle_before (of all but the last).
    """
    days = store.table("customer_days")
    days = days.filter(days.customer_key.notnull())
    one = ibis.window(group_by="customer_key", order_by="day")
    so_far = ibis.cumulative_window(group_by="customer_key", order_by="day")
    told = days.select(
        "customer_key",
        "day",
        "revenue",
        next_day=days.day.lead().over(one),
        purchases=(ibis.row_number().over(one) + 1).cast("int32"),
        gap=days.day.delta(days.day.lag().over(one), unit="day").cast("int32"),
    )
    told = told.mutate(
        spent=told.revenue.sum().over(so_far).cast("decimal(18,2)"),
        middle=told.gap.median().over(so_far).cast("float64"),
    )
    return told.mutate(middle_before=told.middle.lag().over(one)).drop("revenue")


def standing_from(states: ir.Table, past: StoreAt, rule: RfmRule) -> ir.Table:
    """The rows of `standing_rows` for `past.as_of`, from the kept table of `purchase_states`."""
    today = ibis.literal(past.as_of)
    known = states.filter((states.day <= today) & (states.next_day.isnull() | (states.next_day > today)))
    seconds = states.filter((states.day <= today) & (states.purchases == 2))
    own = known.select(middle=known.middle, second=ibis.null("float64"))
    seconds = seconds.select(middle=ibis.null("float64"), second=seconds.gap.cast("float64"))
    shop = rhythm_of(past.store, own.union(seconds))
    seen = known.select(
        "customer_key",
        "purchases",
        "middle",
        "middle_before",
        last_day=known.day,
        last_gap=known.gap,
        frequency=known.purchases.cast("int64"),
        monetary=known.spent,
    )
    told = staged(seen, past.as_of, _rhythm(states, known, past))
    told = scored_people(told, past.as_of, rule.cuts(past))
    rows = told.select("customer_key", "stage", "segment", "last_day", "frequency")
    others = prospects(past)
    if others is not None:
        nothing = {"segment": "string", "last_day": "date"}
        rows = rows.union(
            others.select(
                "customer_key",
                "stage",
                **{name: ibis.null(kind) for name, kind in nothing.items()},
                frequency=ibis.literal(0).cast("int64"),
            )
        )
    rows = rows.left_join(net_revenue_365d(past), "customer_key").drop("customer_key_right")
    return rows.select(
        "customer_key",
        "stage",
        "segment",
        "last_day",
        as_of=today,
        purchase_days=rows.frequency,
        net_revenue_365d=rows.net_revenue_365d.fill_null(0).cast("decimal(18,2)"),
    ).select(*KEPT_COLUMNS)


def _rhythm(states: ir.Table, known: ir.Table, past: StoreAt) -> ShopRhythm:
    """The shop's rhythm on a day, from the customers of then and their second purchases so far."""
    second = states.filter((states.day <= ibis.literal(past.as_of)) & (states.purchases == 2))
    own = known.select("middle", second=ibis.null("float64"))
    own = own.union(second.select(middle=ibis.null("float64"), second=second.gap.cast("float64")))
    return rhythm_of(past.store, own)
