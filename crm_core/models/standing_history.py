"""Where each customer stood on many past days, from one pass over all purchase days.

What a day needs of a customer (gaps so far and their middle, revenue so far) is a row of
`purchase_states` that holds from one purchase to the next: a day only picks its rows, once, and
its segments are cut from these few.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.models.category_rhythm import quiet
from crm_core.models.lifecycle import (
    NOBODY_CAME_TWICE_DAYS,
    PROSPECT,
    before_buying,
    staged,
)
from crm_core.models.rfm import Cuts, multiples, rank_cuts, scored_people
from crm_core.models.standing import KEPT_COLUMNS, YEAR_DAYS, RfmRule
from crm_core.store import Tables

STATES: Final = "purchase_states"
NET_DAYS: Final = "net_revenue_days"
SEEN: Final = "people_seen"
DAY: Final = "standing_day"
DAY_PEOPLE: Final = "standing_day_people"
BOUGHT: Final = "category_purchase_days"
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


def net_days(store: Tables) -> ir.Table:
    """The ledger's net revenue by customer_key, day and known_on: what a year's sums need of it."""
    ledger = store.table("ledger")
    known = ledger.filter(ledger.customer_key.notnull())
    net = known.gross - known.discount - known.refund
    return known.group_by("customer_key", "day", "known_on").agg(net=net.sum().cast(_MONEY))


def day_people(states: ir.Table, one: ir.Table) -> ir.Table:
    """One row a customer who had bought by the day `as_of` of `one`: the state of then, as
    segments need it, beside as_of and since."""
    past = states.cross_join(one.select("as_of", "since"))
    is_current = past.next_day.isnull() | (past.next_day > past.as_of)
    known = past.filter((past.day <= past.as_of) & is_current)
    return known.select(
        "customer_key",
        "as_of",
        "since",
        "purchases",
        "middle",
        "middle_before",
        last_day="day",
        last_gap="gap",
        monetary="spent",
        frequency=known.purchases.cast("int64"),
    )


def told_quiet(people: ir.Table, bought: ir.Table, one: ir.Table) -> ir.Table:
    """The rows of `day_people` with how `quiet` each was on the day of `one`; `bought` are rows of
    `category_days`."""
    found = quiet(bought, one.select("as_of"))
    return people.left_join(found, "customer_key").drop("customer_key_right")


def day_facts(states: ir.Table, people: ir.Table, one: ir.Table, rule: RfmRule) -> ir.Table:
    """One row on the day `as_of` of `one`: as_of, since (a year before); second_days and gap_days,
    the shop's rhythm of then; what cuts the scores of then, if the rule leaves it to the day.
    `people` are those of `day_people`; no row where there were none."""
    past = states.cross_join(one.select("as_of"))
    past = past.filter(past.day <= past.as_of)
    second = past.filter(past.purchases == 2)
    told = people.agg(
        as_of=people.as_of.max(), since=people.since.max(), gap_days=_days(people.middle)
    )
    told = told.filter(told.as_of.notnull())
    told = told.cross_join(second.agg(second_days=_days(second.gap)))
    if rule.by == "own":
        return told
    if rule.by == "fixed":
        middle = past.revenue.cast("float64").median().fill_null(0.0)
        return told.cross_join(past.agg(revenue_unit=middle))
    return told.cross_join(rank_cuts(people))


def _days(gaps: ir.Value) -> ir.Value:
    return gaps.median().cast("float64").fill_null(NOBODY_CAME_TWICE_DAYS)


def standing_from(store: Tables, people: ir.Table, facts: ir.Table, rule: RfmRule) -> ir.Table:
    """The rows of `segment_history` for the day of `people` and `facts`: as_of, customer_key, a
    column a segmentation (NULL where it does not hold the person), last_day, purchase_days,
    net_revenue_365d. The table NET_DAYS is made, and SEEN where the shop keeps a list of people.

    No day stands in the expression, so that its words are found once for all days.
    """
    seen = people.cross_join(facts.drop("as_of", "since"))
    told = scored_people(staged(seen), _cuts(rule))
    rows = told.select("as_of", "customer_key", "stage", "segment", "last_day", "frequency")
    if store.has(SEEN):
        others = store.table(SEEN).cross_join(facts.select("as_of"))
        rows = rows.union(_prospects(others))
    rows = rows.left_join(_net_revenue(store, facts), "customer_key").drop("customer_key_right")
    told = rows.mutate(
        purchase_days=rows.frequency,
        net_revenue_365d=rows.net_revenue_365d.fill_null(0).cast(_MONEY),
    )
    return told.select(*KEPT_COLUMNS)


def _cuts(rule: RfmRule) -> Cuts | None:
    return multiples() if rule.by == "fixed" else rule.own if rule.by == "own" else None


def _prospects(people: ir.Table) -> ir.Table:
    """Prospects as rows of people in stages."""
    return before_buying(people).select(
        "as_of",
        "customer_key",
        stage=ibis.literal(PROSPECT),
        segment=ibis.null("string"),
        last_day=ibis.null("date"),
        frequency=ibis.literal(0).cast("int64"),
    )


def _net_revenue(store: Tables, facts: ir.Table) -> ir.Table:
    """`net_revenue_365d` on the day of `facts`."""
    rows = store.table(NET_DAYS).cross_join(facts.select("as_of", "since"))
    is_recent = (rows.day > rows.since) & (rows.day <= rows.as_of) & (rows.known_on <= rows.as_of)
    recent = rows.filter(is_recent)
    return recent.group_by("customer_key").agg(net_revenue_365d=recent.net.sum().cast(_MONEY))
