"""How customers began: who is new, what the first order was of, how long ago it is."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.metrics.parts import of_ledger, parts_of
from crm_core.store import Tables


def new_customers(store: Tables) -> ir.Table:
    """The facts of customers whose first order came while the log was kept. Who may have bought
    before it began is none of them."""
    people = store.table("customer_facts")
    return people.filter(people.first_day.notnull() & ~people.is_already_customer)


def first_bought(store: Tables, column: str) -> ir.Table:
    """What each customer's first order brought most money in, by a column of the ledger; of two the
    first by name: customer_key and the column."""
    ledger = store.table("ledger")
    first = ledger.filter((ledger.entry == "sale") & (ledger.order_no == 1))
    first = first.filter(first.customer_key.notnull() & first[column].notnull())
    (revenue,) = (of_ledger(part, first) for part in parts_of(["revenue"]))
    paid = first.group_by("customer_key", column).agg(paid=revenue)
    most = ibis.window(group_by="customer_key", order_by=[ibis.desc("paid"), ibis.asc(column)])
    ranked = paid.mutate(place=ibis.row_number().over(most))
    return ranked.filter(ranked.place == 0).select("customer_key", column)


def whole_spans(days: ir.Value, span: int, last: int) -> ir.Value:
    """How many whole spans of days these are: from 0, and `last` for all that are longer."""
    held = ibis.greatest(ibis.literal(0), ibis.least(days, ibis.literal(span * last)))
    return ((held - held % span).cast("float64") / span).cast("int64")
