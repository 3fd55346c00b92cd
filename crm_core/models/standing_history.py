"""Where each customer stood on many past days, from one pass over all purchase days.

What a day needs of a customer (gaps so far and their middle, revenue so far) is a row of
`purchase_states` that holds from one purchase to the next: a day only picks its rows.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.models.lifecycle import NOBODY_CAME_TWICE_DAYS, people_seen, prospects, staged
from crm_core.models.rfm import Cuts, multiples, scored_people
from crm_core.models.standing import KEPT_COLUMNS, YEAR_DAYS, RfmRule, ledger_of, net_revenue
from crm_core.store import Tables

STATES: Final = "purchase_states"
DAY: Final = "standing_day"
DAY_FACTS: Final = "standing_day_facts"

_MONEY: Final = "decimal(18,2)"


def purchase_states(store: Tables) -> ir.Table:
    """One row a purchase day of a customer: what was known of them from it to the day before
    `next_day` (NULL after the last).

    Columns: customer_key, day, next_day, purchases (days so far), gap (days since the one
    before), revenue of the day, spent (all so far), middle (of the gaps so far), middle_before (of all but the last).
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
    return told.mutate(middle_before=told.middle.lag().over(one))


def day_row(states: ir.Table, day: date) -> ir.Table:
    """One row: the day, and the day a year before it."""
    since = ibis.literal(day - timedelta(YEAR_DAYS))
    return states.limit(1).select(as_of=ibis.literal(day), since=since)


def day_facts(states: ir.Table, one: ir.Table) -> ir.Table:
    """One row on the day `as_of` of `one`: as_of, since (a year before); second_days and gap_days,
    the shop's rhythm of then; revenue_unit, the revenue of the middle purchase day."""
    past = states.cross_join(one.select("as_of", "since"))
    past = past.filter(past.day <= past.as_of)
    now = is_current(past)
    usual = {
        "second_days": past.gap.median(where=past.purchases == 2),
        "gap_days": past.middle.median(where=now),
    }
    told = past.agg(
        as_of=past.as_of.max(),
        since=past.since.max(),
        revenue_unit=past.revenue.cast("float64").median().fill_null(0.0),
        **{n: days.cast("float64").fill_null(NOBODY_CAME_TWICE_DAYS) for n, days in usual.items()},
    )
    return told.filter(told.as_of.notnull())


def is_current(states: ir.Table) -> ir.BooleanValue:
    """Whether a state still held on the day `as_of` beside it."""
    return states.next_day.isnull() | (states.next_day > states.as_of)


def standing_from(store: Tables, states: ir.Table, facts: ir.Table, rule: RfmRule) -> ir.Table:
    """The rows of `segment_history` for the day of `facts` (a row of `day_facts`): as_of,
    customer_key, a column a segmentation (NULL where it does not hold the person), last_day,
    purchase_days, net_revenue_365d. `states`: the rows of `purchase_states`.

    No day stands in the expression, so that its words are found once for all days.
    """
    known = states.cross_join(facts)
    known = known.filter((known.day <= known.as_of) & is_current(known))
    seen = known.select(
        *("customer_key", "as_of", "second_days", "gap_days", "revenue_unit"),
        *("purchases", "middle", "middle_before"),
        last_day=known.day,
        last_gap=known.gap,
        frequency=known.purchases.cast("int64"),
        monetary=known.spent,
    )
    if rule.by != "fixed":
        seen = seen.drop("revenue_unit")
    told = scored_people(staged(seen), _cuts(rule))
    rows = told.select("as_of", "customer_key", "stage", "segment", "last_day", "frequency")
    people = people_seen(store)
    if people is not None:
        rows = rows.union(_before_buying(people.cross_join(facts.select("as_of"))))
    rows = rows.left_join(_net_revenue(store, facts), "customer_key").drop("customer_key_right")
    told = rows.mutate(
        purchase_days=rows.frequency,
        net_revenue_365d=rows.net_revenue_365d.fill_null(0).cast(_MONEY),
    )
    return told.select(*KEPT_COLUMNS)


def _cuts(rule: RfmRule) -> Cuts | None:
    return multiples() if rule.by == "fixed" else rule.own if rule.by == "own" else None


def _before_buying(people: ir.Table) -> ir.Table:
    """Prospects as rows of people in stages."""
    seen = people.select("customer_key", "as_of").join(prospects(people), "customer_key")
    return seen.select(
        "as_of",
        "customer_key",
        "stage",
        segment=ibis.null("string"),
        last_day=ibis.null("date"),
        frequency=ibis.literal(0).cast("int64"),
    )


def _net_revenue(store: Tables, facts: ir.Table) -> ir.Table:
    """`net_revenue_365d` on the day of `facts`."""
    return net_revenue(ledger_of(store).cross_join(facts.select("as_of", "since")))
