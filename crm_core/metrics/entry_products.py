"""What those who began with a product, category or brand brought afterwards.

Of newcomers whose first year is over: the money of the year after the first order, without that order
itself. Who begins with something dear is not worth more for that alone.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.beginnings import new_customers
from crm_core.metrics.bought_together import LEVELS
from crm_core.metrics.catalog import metric
from crm_core.metrics.definition import Sum
from crm_core.metrics.parts import of_ledger
from crm_core.store import Tables
from crm_core.store.marts import as_number

YEAR_DAYS: Final = 365
#: What is counted of the year: what is left before marketing, or sales less refunds where costs of
#: goods are not known.
BASES: Final = ("contribution_before_marketing", "net_revenue")


def newcomers(store: Tables, as_of: date) -> ir.Table:
    """One row a newcomer whose first year was over by `as_of`: customer_key, first_day."""
    people = new_customers(store)
    last = ibis.literal(as_of - timedelta(YEAR_DAYS))
    return people.filter(people.first_day <= last).select("customer_key", "first_day")


def first_years(ledger: ir.Table, people: ir.Table) -> ir.Table:
    """One row a newcomer: customer_key, BASES (of the year after the first order, without it), again
    (1 where they ordered again in it), uncosted (lines of the year without a known cost)."""
    rows = ledger.join(people, "customer_key")
    since = rows.day.delta(rows.first_day, unit="day")
    # Refunds of the first order have its number; talks with the shop have none, and may be earlier.
    is_later = rows.order_no.isnull() | (rows.order_no > 1)
    later = is_later & (since >= 0) & (since < YEAR_DAYS)
    sums = {name: _sum(rows, name, later) for name in BASES}
    again = later & (rows.entry == "sale")
    return rows.group_by("customer_key").agg(
        again=as_number(again).max(),
        uncosted=as_number(later & rows.goods_cost.isnull()).sum(),
        **sums,
    )


def _sum(rows: ir.Table, name: str, among: ir.BooleanValue) -> ir.Value:
    part = metric(name)
    assert isinstance(part, Sum)
    return of_ledger(part, rows, among).cast("float64")


def first_items(store: Tables, ledger: ir.Table, level: str) -> ir.Table:
    """What each first order held, each once: customer_key, item. Shipping and gift cards are none."""
    products = store.table("product_facts")
    goods = products.filter(products.product_kind.isnull())
    goods = goods.select("product_key", item=goods[LEVELS[level]].strip().nullif(""))
    first = ledger.filter((ledger.entry == "sale") & (ledger.order_no == 1))
    joined = first.select("customer_key", "product_key").join(goods, "product_key")
    known = joined.filter(joined.item.notnull() & joined.customer_key.notnull())
    return known.select("customer_key", "item").distinct()


def began_with(years: ir.Table, items: ir.Table, basis: str, *, least: int) -> ir.Table:
    """One row an item that at least so many began with: item, buyers, again (who ordered again), total
    and squares of what the year of each of them brought by `basis`."""
    found = _sums(years.join(items, "customer_key"), basis, "item")
    return found.filter(found.buyers >= least)


def everybody(years: ir.Table, basis: str) -> ir.Table:
    """The same over all newcomers, one row."""
    return _sums(years, basis)


def _sums(rows: ir.Table, basis: str, *by: str) -> ir.Table:
    value = rows[basis]
    sums = {
        "buyers": rows.count(),
        "again": rows.again.sum(),
        "uncosted": rows.uncosted.sum(),
        "total": value.sum(),
        "squares": (value * value).sum(),
    }
    return rows.group_by(*by).agg(**sums) if by else rows.agg(**sums)
