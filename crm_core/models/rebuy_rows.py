"""Who bought which item when, as rows to learn a clock from and to read it by.

An item is what is used up and bought again: a product, or a whole subcategory or category where
people change products. Its name begins with the letter of its level.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.models.category_rhythm import LEAST_GAPS
from crm_core.store.charges import NO_GOODS
from crm_core.store.tables import Named

LEVELS: Final = {"product": "p", "subcategory": "s", "category": "c"}
#: Customers who came back for an item; with fewer, a clock would be that of a few people.
LEAST_REPEATERS: Final = 20
#: A customer's pace is that of so many last gaps between their order days.
RECENT_ORDERS: Final = 5
_COLUMNS: Final = {"product": "product_id", "subcategory": "subcategory", "category": "category"}
_FIRST_DAY: Final = date(1970, 1, 1)


def day_number(day: date) -> int:
    """The number of a day as these rows have it.

    >>> day_number(date(1970, 1, 31))
    30
    """
    return (day - _FIRST_DAY).days


def _number(day: ir.Value) -> ir.Value:
    return day.delta(ibis.literal(_FIRST_DAY), unit="day").cast("int64")


def _goods(tables: Named) -> ir.Table:
    products = tables.table("product_facts")
    products = products.filter(~products.product_kind.isin(NO_GOODS).fill_null(False))
    return products.select("product_key", "product_id", "subcategory", "category")


def _sold(tables: Named) -> ir.Table:
    ledger = tables.table("ledger")
    sold = ledger.filter((ledger.entry == "sale") & ledger.customer_key.notnull())
    return sold.select("customer_key", "product_key", day=_number(sold.day))


def item_days(tables: Named) -> ir.Table:
    """One row a customer, item of any level and day it was bought: customer_key, item, day."""
    sold = _sold(tables).join(_goods(tables), "product_key")
    named = [
        sold.select("customer_key", "day", item=ibis.literal(letter) + sold[_COLUMNS[level]])
        for level, letter in LEVELS.items()
    ]
    rows = named[0].union(named[1]).union(named[2])
    return rows.filter(rows.item.notnull()).distinct()


def bought_again(days: ir.Table) -> ir.Table:
    """Items of `item_days` that enough people came back for: item, buyers, repeaters, gaps."""
    times = days.group_by("customer_key", "item").agg(times=days.count())
    items = times.group_by("item").agg(
        buyers=times.count(),
        repeaters=times.count(where=times.times > 1),
        gaps=(times.times - 1).sum().cast("int64"),
    )
    return items.filter((items.gaps >= LEAST_GAPS) & (items.repeaters >= LEAST_REPEATERS))


def rebuyers_days(days: ir.Table) -> ir.Table:
    """The rows of `item_days` of items that are bought again, by those who did."""
    kept = days.semi_join(bought_again(days), "item")
    pair = ibis.window(group_by=["customer_key", "item"])
    kept = kept.mutate(times=kept.count().over(pair))
    return kept.filter(kept.times > 1).drop("times")


def products_of(tables: Named, items: Collection[str]) -> ir.Table:
    """The products of these items: product_key, product_id and the item."""
    goods = _goods(tables)
    branches = [
        (goods[_COLUMNS[level]].isin(names), ibis.literal(letter) + goods[_COLUMNS[level]])
        for level, letter in LEVELS.items()
        if (names := sorted(item[1:] for item in items if item[0] == letter))
    ]
    told = goods.mutate(item=ibis.cases(*branches, else_=ibis.null("string")))
    return told.filter(told.item.notnull()).select("product_key", "product_id", "item")


def places_of(tables: Named, items: Collection[str]) -> ir.Table:
    """Where items lie: item, subcategory and category, one row each of those that lie in anything."""
    goods = _goods(tables)
    products = [item[1:] for item in items if item[0] == LEVELS["product"]]
    inner = [item[1:] for item in items if item[0] == LEVELS["subcategory"]]
    mine = goods.filter(goods.product_id.isin(products))
    theirs = goods.filter(goods.subcategory.isin(inner))
    of_products = mine.select(
        "subcategory", "category", item=ibis.literal(LEVELS["product"]) + mine.product_id
    )
    of_inner = theirs.group_by("subcategory").agg(category=theirs.category.min())
    return of_products.union(
        of_inner.select(
            "subcategory",
            "category",
            item=ibis.literal(LEVELS["subcategory"]) + of_inner.subcategory,
        )
    )


def purchases_of(tables: Named, items: Collection[str]) -> ir.Table:
    """One row a customer, item and day, and what was known of the clock from it to the day before
    `next_day` (NULL after the last).

    Columns: customer_key, item, product_key (bought on the day; of several the last by key), day,
    next_day, purchases (so far), log_gaps and log_squares (sums over the gaps so far of their
    logarithms and of these squared).
    """
    sold = _sold(tables).join(products_of(tables, items), "product_key")
    days = sold.group_by("customer_key", "item", "day").agg(product_key=sold.product_key.max())
    one = ibis.window(group_by=["customer_key", "item"], order_by="day")
    so_far = ibis.cumulative_window(group_by=["customer_key", "item"], order_by="day")
    days = days.mutate(
        next_day=days.day.lead().over(one),
        purchases=(ibis.row_number().over(one) + 1).cast("int64"),
        log_gap=(days.day - days.day.lag().over(one)).cast("float64").ln().fill_null(0.0),
    )
    return days.mutate(
        log_gaps=days.log_gap.sum().over(so_far),
        log_squares=(days.log_gap * days.log_gap).sum().over(so_far),
    ).drop("log_gap")


def order_days_of(tables: Named) -> ir.Table:
    """One row a customer and day with an order, with what was known of their pace until the next.

    Columns: customer_key, day, next_day, pace_gaps and pace_days: the last gaps between orders
    (RECENT_ORDERS at most) and the days they took.
    """
    orders = tables.table("customer_days")
    orders = orders.filter(orders.customer_key.notnull())
    orders = orders.select("customer_key", day=_number(orders.day))
    one = ibis.window(group_by="customer_key", order_by="day")
    told = orders.mutate(
        next_day=orders.day.lead().over(one),
        earlier=ibis.row_number().over(one),
        before=orders.day.lag(RECENT_ORDERS).over(one),
        began=orders.day.min().over(ibis.window(group_by="customer_key")),
    )
    return told.select(
        "customer_key",
        "day",
        "next_day",
        pace_gaps=ibis.least(told.earlier, ibis.literal(RECENT_ORDERS)).cast("int64"),
        pace_days=told.day - told.before.coalesce(told.began),
    )


def standing_of(tables: Named, items: Collection[str]) -> ir.Table:
    """The last rows of `purchases_of` with the last of `order_days_of`: how things stand now.
    The product bought last goes by its id."""
    bought = purchases_of(tables, items)
    bought = bought.filter(bought.next_day.isnull()).drop("next_day")
    called = products_of(tables, items).select("product_key", "product_id")
    bought = bought.join(called, "product_key").drop("product_key")
    orders = order_days_of(tables)
    orders = orders.filter(orders.next_day.isnull())
    last = orders.select("customer_key", "pace_gaps", "pace_days", order_day=orders.day)
    return bought.join(last, "customer_key")


def counted_buyers(tables: Named, items: Collection[str]) -> ir.Table:
    """How many bought each item and how many of them again: item, buyers, repeaters."""
    bought = purchases_of(tables, items)
    return bought.group_by("item").agg(
        buyers=bought.count(where=bought.purchases == 1),
        repeaters=bought.count(where=bought.purchases == 2),
    )
