"""How quiet customers are by the rhythm of what they buy: tea is bought again sooner than a sofa."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.store.tables import Named

#: Gaps between two purchase days in a category that tell its rhythm; with fewer, the shop's does.
LEAST_GAPS: Final = 30
_NOBODY_CAME_TWICE_DAYS: Final = 91.0


def category_days(tables: Named) -> ir.Table:
    """One row a customer, category and day with a sale: customer_key, category, day."""
    ledger = tables.table("ledger")
    sold = ledger.filter((ledger.entry == "sale") & ledger.customer_key.notnull())
    return sold.select("customer_key", "category", "day").distinct()


def quiet(bought: ir.Table, as_of: ir.Table) -> ir.Table:
    """One row a customer who had bought by `as_of` (one row, one column of that name): `quiet`, the
    days since their last purchase in a category over the usual days between two purchases in it,
    in the category in which that is least.

    `bought` are rows of `category_days`; later ones are passed over. The usual days of a category
    are the middle of all gaps of its buyers; of one with fewer than LEAST_GAPS, of the whole shop.
    """
    past = bought.cross_join(as_of.select("as_of"))
    past = past.filter(past.day <= past.as_of)
    one = ibis.window(group_by=["customer_key", "category"], order_by="day")
    gaps = past.mutate(gap=past.day.delta(past.day.lag().over(one), unit="day").cast("float64"))
    gaps = gaps.filter(gaps.gap.notnull())
    usual = gaps.group_by("category").agg(own=gaps.gap.median(), seen=gaps.count())
    shop = gaps.agg(shop=gaps.gap.median())
    last = past.group_by("customer_key", "category").agg(
        last=past.day.max(), as_of=past.as_of.max()
    )
    told = last.left_join(usual, last.category.identical_to(usual.category)).cross_join(shop)
    is_told = (told.seen >= LEAST_GAPS).fill_null(False)
    days = ibis.ifelse(is_told, told.own, told.shop).fill_null(_NOBODY_CAME_TWICE_DAYS)
    silent = told.as_of.delta(told["last"], unit="day").cast("float64")
    ratios = told.select("customer_key", ratio=silent / days.cast("float64").nullif(0.0))
    return ratios.group_by("customer_key").agg(quiet=ratios.ratio.min())
