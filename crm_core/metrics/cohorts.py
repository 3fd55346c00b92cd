"""New customers by when or how they came, and what they did at each age since their first order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.acquisition import REST
from crm_core.metrics.beginnings import first_bought, new_customers, whole_spans
from crm_core.metrics.catalog import metric
from crm_core.metrics.dimensions import begin_of
from crm_core.metrics.parts import of_ledger, parts_of
from crm_core.store import Tables

NO_COUPON: Final = "_no_coupon"
ALREADY: Final = "_already"
RETENTION: Final = "retention"
_KEY: Final = "customer_key"
#: Added up since the first order and divided by customers; retention is the share that bought.
MEASURES: Final = (
    RETENTION,
    "net_revenue",
    "keyed_orders",
    "margin",
    "contribution_before_marketing",
)
#: How customers may be told apart by their first order, or by what is known of them.
COHORT_SPLITS: Final = (
    "first_sales_channel",
    "first_category",
    "first_product",
    "first_coupon",
    "region",
    "acquisition_source",
)


@dataclass(frozen=True)
class Step:
    """A calendar step of first orders, and its ages: whole spans of `days` since a first order.

    Ages from 0 to `last` - 1 are told apart; what comes later counts at `last`.
    """

    calendar: str
    days: int
    last: int


STEPS: Final[Mapping[str, Step]] = {"month": Step("M", 30, 24), "week": Step("W", 7, 26)}


def first_orders(store: Tables, as_of: date, step: Step) -> ir.Table:
    """One row a customer whose first order came after the log began and until `as_of`:
    customer_key, first_day, cohort (first day of the month or week), observed (how many whole
    ages have passed)."""
    people = new_customers(store)
    people = people.filter(people.first_day <= ibis.literal(as_of))
    passed = ibis.literal(as_of).delta(people.first_day, unit="day").cast("int64") + 1
    return people.select(
        "customer_key",
        "first_day",
        cohort=begin_of(people.first_day, step.calendar),
        observed=whole_spans(passed, step.days, step.last),
    )


def told_apart(store: Tables, people: ir.Table, split: str) -> ir.Table:
    """The people with `part`, a text: how they differ by a split; NULL is unknown."""
    if split in ("first_category", "first_product"):
        column = "category" if split == "first_category" else "product_key"
        first = first_bought(store, column)
        told = first.select("customer_key", part=first[column].cast("string"))
    elif split == "first_coupon":
        orders = store.table("order_facts")
        first = orders.filter(orders.customer_key.notnull() & (orders.order_no == 1))
        part = first.coupon_code.nullif("").fill_null(NO_COUPON)
        told = first.select("customer_key", part=part)
    else:
        facts = store.table("customer_facts")
        told = facts.select("customer_key", part=facts[split].nullif(""))
    joined = people.left_join(told, "customer_key")
    return joined.select(*people.columns, "part")


def largest_parts(people: ir.Table) -> ir.Table:
    """How many people each known part has: part, customers; the most first."""
    known = people.filter(people.part.notnull())
    counted = known.group_by("part").agg(customers=known.count())
    return counted.order_by(counted.customers.desc(), "part")


def with_rest(people: ir.Table, shown: Sequence[str]) -> ir.Table:
    """The people, those of parts not `shown` under `REST`."""
    among = people.part.isin(list(shown)) | people.part.isnull()
    return people.mutate(part=ibis.ifelse(among, people.part, ibis.literal(REST)))


def cohort_sizes(people: ir.Table, key: str) -> ir.Table:
    """How many people a group has by how long they were observed: key, observed, customers."""
    return people.group_by(key, "observed").agg(customers=people.count())


def cohort_sums(store: Tables, people: ir.Table, as_of: date, step: Step, key: str) -> ir.Table:
    """What groups of people did at each age: key, observed, age, active (who bought), and the
    parts of `MEASURES`, by what was known on `as_of`. Money before a first order counts at 0."""
    ledger = _until(store, as_of)
    joined = ledger.join(people.select("customer_key", "first_day", "observed", key=key), _KEY)
    joined = joined.mutate(age=age_of(joined, step))
    grouped = joined.group_by("key", "observed", "age")
    parts = parts_of(MEASURES[1:])
    sums = {part.name: of_ledger(part, joined).cast("float64") for part in parts}
    active = joined.customer_key.nunique(where=joined.entry == "sale")
    return grouped.agg(active=active, **sums).rename({key: "key"})


def cohort_layers(store: Tables, people: ir.Table, as_of: date, key: str) -> ir.Table:
    """Net revenue by calendar month of its day and by group: month, key (NULL: no newcomer's),
    already (of who was there before the log), amount. Adds up to all net revenue."""
    ledger = _until(store, as_of)
    facts = store.table("customer_facts").select("customer_key", "is_already_customer")
    joined = ledger.left_join(people.select("customer_key", key=key), _KEY)
    joined = joined.drop("customer_key_right").left_join(facts, _KEY)
    joined = joined.mutate(
        month=begin_of(joined.day, "M"), already=joined.is_already_customer.fill_null(False)
    )
    (net,) = (of_ledger(part, joined) for part in parts_of(["net_revenue"]))
    summed = joined.group_by("month", "key", "already").agg(amount=net.cast("float64"))
    return summed.rename({key: "key"})


def at_age(store: Tables, people: ir.Table, as_of: date, step: Step, age: int) -> ir.Table:
    """The people with what they did: customer_key, first_day, orders and net_revenue so far,
    orders_then (orders at that age)."""
    joined = _until(store, as_of).join(people.select("customer_key", "first_day"), _KEY)
    is_sale = joined.entry == "sale"
    is_then = is_sale & (age_of(joined, step) == age)
    (net,) = (of_ledger(part, joined) for part in parts_of(["net_revenue"]))
    return joined.group_by("customer_key", "first_day").agg(
        orders=joined.order_key.nunique(where=is_sale),
        orders_then=joined.order_key.nunique(where=is_then),
        net_revenue=net.cast("float64"),
    )


def age_of(rows: ir.Table, step: Step) -> ir.Value:
    """How many whole spans of days lie between a customer's first order and a row of the ledger."""
    days = rows.day.delta(rows.first_day, unit="day").cast("int64")
    return whole_spans(days, step.days, step.last)


def _until(store: Tables, as_of: date) -> ir.Table:
    ledger = store.table("ledger")
    day = ibis.literal(as_of)
    return ledger.filter((ledger.day <= day) & (ledger.known_on <= day))


def is_money(measure: str) -> bool:
    """Whether a measure is money.

    >>> is_money("margin"), is_money("retention")
    (True, False)
    """
    return measure != RETENTION and metric(measure).unit == "money"
