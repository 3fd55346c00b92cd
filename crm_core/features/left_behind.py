"""What people looked at or put into a basket lately and did not buy."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics import FUNNEL, visits
from crm_core.selection import Period
from crm_core.store import StoreAt

LEFT_DAYS: Final = 30


def left_behind(at: StoreAt) -> ir.Table:
    """One row a person, product and kind: customer_key, product_id, kind and day (the last such).

    `viewed`: looked at in the last 30 days, and not bought on that day or later. `basket`: put into
    a basket in the last 30 days, after the person's last order of anything (the product unknown
    where the log does not say it). Rows end at `at.as_of`.
    """
    since = at.as_of - timedelta(days=LEFT_DAYS - 1)
    rows = visits(at, Period(since, at.as_of))
    rows = rows.filter(rows.person.notnull()).rename(customer_key="person")
    return _viewed(at, rows).union(_baskets(at, rows))


def _viewed(at: StoreAt, rows: ir.Table) -> ir.Table:
    looked = rows.filter((rows.level >= FUNNEL.index("view")) & rows.product_id.notnull())
    looked = looked.group_by("customer_key", "product_id").agg(
        first=looked.day.min(), day=looked.day.max()
    )
    sold = at.table("ledger")
    sold = sold.filter((sold.entry == "sale") & sold.customer_key.notnull())
    products = at.table("products").select("product_key", "product_id")
    bought = sold.join(products, "product_key").group_by("customer_key", "product_id")
    bought = bought.agg(bought=sold.day.max())
    joined = looked.left_join(bought, ["customer_key", "product_id"])
    joined = joined.filter(joined.bought.isnull() | (joined.bought < joined["first"]))
    return joined.select("customer_key", "product_id", "day", kind=ibis.literal("viewed"))


def _baskets(at: StoreAt, rows: ir.Table) -> ir.Table:
    filled = rows.filter(rows.level == FUNNEL.index("cart"))
    filled = filled.group_by("customer_key", "product_id").agg(
        filled=filled["at"].max(), day=filled.day.max()
    )
    orders = at.table("order_facts")
    orders = orders.filter(orders.customer_key.notnull())
    last = orders.group_by("customer_key").agg(ordered=orders["at"].max())
    joined = filled.left_join(last, "customer_key")
    joined = joined.filter(joined.ordered.isnull() | (joined.ordered < joined.filled))
    return joined.select("customer_key", "product_id", "day", kind=ibis.literal("basket"))
