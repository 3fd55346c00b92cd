"""New customers by the month they came in, what they left since, and what winning them cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.metrics.beginnings import new_customers, whole_spans
from crm_core.metrics.catalog import metric
from crm_core.metrics.definition import Sum
from crm_core.metrics.dimensions import begin_of
from crm_core.metrics.parts import of_ledger
from crm_core.store import Tables

SPLITS = ("acquisition_source", "first_sales_channel", "region")
AGE_DAYS = 30
LAST_AGE = 24
LEFT = "contribution_before_marketing"
REST = "_rest"


def newcomers(
    store: Tables, as_of: date, since: date, split: str, shown: Sequence[str]
) -> ir.Table:
    """One row a customer whose first order came from `since` to `as_of`: customer_key, cohort (first
    day of the month), first_day, part (NULL: unknown; parts beyond `shown` are `REST`).

    Who was there before the log began is no newcomer.
    """
    people = _new(store, as_of, since)
    told = people[split].nullif("")
    among = told.isin(list(shown)) | told.isnull()
    return people.select(
        "customer_key",
        "first_day",
        cohort=begin_of(people.first_day, "M"),
        part=ibis.ifelse(among, told, ibis.literal(REST)),
    )


def count_parts(store: Tables, as_of: date, since: date, split: str) -> ir.Table:
    """How many newcomers each part has: part, customers; the most first."""
    people = _new(store, as_of, since)
    people = people.mutate(part=people[split].nullif(""))
    people = people.filter(people.part.notnull())
    counted = people.group_by("part").agg(customers=people.count())
    return counted.order_by(counted.customers.desc(), "part")


def _new(store: Tables, as_of: date, since: date) -> ir.Table:
    people = new_customers(store)
    return people.filter(people.first_day.between(ibis.literal(since), ibis.literal(as_of)))


def earned(store: Tables, new: ir.Table, as_of: date) -> ir.Table:
    """What newcomers left before marketing: cohort, part, age (in 30 days since the first order,
    0 the first; later than two years is `LAST_AGE`), amount. Contacts before it count at 0."""
    ledger = store.table("ledger")
    ledger = ledger.filter(
        (ledger.day <= ibis.literal(as_of)) & (ledger.known_on <= ibis.literal(as_of))
    )
    joined = ledger.join(new.rename(of_part="part"), "customer_key")
    days = joined.day.delta(joined.first_day, unit="day").cast("int64")
    joined = joined.mutate(age=whole_spans(days, AGE_DAYS, LAST_AGE))
    left = metric(LEFT)
    assert isinstance(left, Sum)
    grouped = joined.group_by("cohort", "of_part", "age")
    return grouped.agg(amount=of_ledger(left, joined).cast("float64")).rename(part="of_part")


def marketing_spend(store: Tables, as_of: date) -> ir.Table:
    """What spend files say was spent by month and source until `as_of`: cohort, part, spend."""
    costs = store.table("costs")
    spent = costs.filter((costs.kind == "marketing") & (costs.day <= ibis.literal(as_of)))
    spent = spent.mutate(cohort=begin_of(spent.day, "M"), part=spent.source.nullif(""))
    return spent.group_by("cohort", "part").agg(spend=spent.amount.sum().cast("float64"))


def left_by_customer(ledger: ir.Table) -> ir.Table:
    """What each customer left before marketing: customer_key, so_far."""
    left = metric(LEFT)
    assert isinstance(left, Sum)
    return ledger.group_by("customer_key").agg(so_far=of_ledger(left, ledger).cast("float64"))
