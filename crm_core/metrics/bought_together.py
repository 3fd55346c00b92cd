"""The orders in which two things were bought together."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.parts import of_ledger, parts_of
from crm_core.store import Tables
from crm_core.store.marts import as_number

#: What a pair may be of, and the column of the products that tells it.
LEVELS: Final = {"product": "product_id", "category": "category", "brand": "brand"}


def orders_with_both(
    store: Tables, level: str, pair: tuple[str, str], days: tuple[date, date]
) -> ir.Table:
    """Orders of the days (both included) with each of a pair in them: order_key, order_id, day,
    customer_key, sales_channel, revenue (of all), of_pair (of the two); the latest first."""
    a, b = pair
    products = store.table("product_facts")
    named = products.select("product_key", item=products[LEVELS[level]].strip())
    ledger = store.table("ledger_by_day" if store.has("ledger_by_day") else "ledger")
    inside = ledger.day.between(ibis.literal(days[0]), ibis.literal(days[1]))
    sold = ledger.filter(inside & (ledger.entry == "sale"))
    rows = sold.join(named.filter(named.item.isin([a, b])), "product_key")
    (revenue,) = (of_ledger(part, rows) for part in parts_of(["revenue"]))
    found = rows.group_by("order_key").agg(
        has_a=as_number(rows.item == a).max(),
        has_b=as_number(rows.item == b).max(),
        of_pair=revenue.cast("float64"),
    )
    both = found.filter((found.has_a == 1) & (found.has_b == 1)).select("order_key", "of_pair")
    orders = store.table("order_facts").select(
        "order_key",
        "order_id",
        "day",
        "customer_key",
        "sales_channel",
        revenue=lambda t: t.revenue.cast("float64"),
    )
    joined = orders.join(both, "order_key")
    return joined.order_by(joined.day.desc(), joined.order_key.desc())


def goes_with(store: Tables, level: str, customer: int) -> ir.Table:
    """What sells together with something a customer bought and that they never had: has, lacks (items
    of the level), last_day (of the one they have), ahead (the share of baskets with it that hold
    the other), times (as often as by chance), people (who bought both in one order).

    Pairs that something else explains, or that held in one half of the time alone, are left out.
    """
    products = store.table("product_facts")
    named = products.select("product_key", item=products[LEVELS[level]].strip())
    ledger = store.table("ledger")
    sold = ledger.filter((ledger.customer_key == customer) & (ledger.entry == "sale"))
    own = sold.join(named.filter(named.item.notnull()), "product_key")
    own = own.group_by("item").agg(last_day=own.day.max())
    pairs = store.table("pairs")
    told = pairs.filter(
        (pairs.level == level) & (pairs.kind == "together") & pairs.stable & ~pairs.explained
    )
    times = told.baskets_both.cast("float64") / told.expected_both.cast("float64").nullif(0)
    sides = [
        told.select(
            has=told[has], lacks=told[lacks], ahead=told[ahead].cast("float64"), times=times,
            people=told.customers_both,
        )
        for has, lacks, ahead in (("a", "b", "confidence_ab"), ("b", "a", "confidence_ba"))
    ]  # fmt: skip
    both = sides[0].union(sides[1]).join(own.rename(has="item"), "has")
    return both.anti_join(own.select(lacks="item"), "lacks")
