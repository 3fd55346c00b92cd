"""The expression of every mart, over the tables of the build that makes it.

All are functions of the tables' columns, the shop's rules and a day: see `kept`.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.metrics import day_sums
from crm_core.store import ledger as entries
from crm_core.store import order_numbers
from crm_core.store.charges import carriers, order_charges, told_kinds, with_charges
from crm_core.store.kept import kept
from crm_core.store.marts import (
    MoneyRules,
    counting_orders,
    first_days,
    order_amounts,
    priced_lines,
    sold_lines,
    spend_by_day,
)
from crm_core.store.tables import Named


@kept
def kinds(tables: Named) -> ir.Table:
    """One row: how many products are no goods."""
    return told_kinds(tables)


@kept
def orders(tables: Named, rules: MoneyRules, kinds: bool) -> ir.Table:
    """Helper `orders_counted`."""
    return counting_orders(tables, rules, kinds=kinds)


@kept
def span(tables: Named) -> ir.Table:
    """One row: the first and the last day with an order that counts."""
    counted = tables.table("orders_counted")
    return counted.agg(first=counted.day.min(), last=counted.day.max())


@kept
def longest_gaps(tables: Named) -> ir.Table:
    """One row: the 90th percentile of the days between two purchase days of a customer."""
    counted = tables.table("orders_counted")
    days = counted.filter(counted.order_no.notnull()).select("customer_key", "day").distinct()
    window = ibis.window(group_by="customer_key", order_by="day")
    gaps = days.mutate(before=days.day.lag().over(window))
    gaps = gaps.filter(gaps.before.notnull())
    gaps = gaps.mutate(gap=gaps.day.delta(gaps.before, unit="day"))
    return gaps.agg(p90=gaps.gap.quantile(0.9))


@kept
def spend(tables: Named, rules: MoneyRules) -> ir.Table:
    """Helper `spend`."""
    return spend_by_day(tables, rules)


@kept
def days_of_spend(tables: Named) -> ir.Table:
    """One row: on how many days marketing cost something."""
    return tables.table("spend").agg(n=tables.table("spend").count())


@kept
def lines_priced(tables: Named, rules: MoneyRules, kinds: bool) -> ir.Table:
    """Helper `lines_priced`."""
    return priced_lines(tables, tables.table("orders_counted"), rules, kinds=kinds)


@kept
def charges(tables: Named) -> ir.Table:
    """Helper `order_charges`, where some products are no goods."""
    return order_charges(tables.table("lines_priced"))


@kept
def amounts(tables: Named, rules: MoneyRules) -> ir.Table:
    """One row: how many orders have an amount to split over their lines."""
    return order_amounts(tables.table("orders_counted"), rules)


@kept
def lines_sold(tables: Named, rules: MoneyRules, kinds: bool, split: bool, spent: bool) -> ir.Table:
    """Helper `lines_sold`: the lines with all amounts split in."""
    return _sold(tables, rules, kinds, split=split, spent=spent)


def _sold(tables: Named, rules: MoneyRules, kinds: bool, *, split: bool, spent: bool) -> ir.Table:
    counted, lines = tables.table("orders_counted"), tables.table("lines_priced")
    if kinds:
        charged = tables.table("order_charges")
        counted, lines = with_charges(counted, charged), carriers(lines, charged)
    spend = tables.table("spend") if spent else None
    return sold_lines(lines, counted, rules, split=split, spend=spend)


@kept
def ledger(tables: Named, rules: MoneyRules, kinds: bool, already: date | None) -> ir.Table:
    """The mart `ledger`. Lines into which nothing had to be split are taken as they are priced."""
    if tables.has("lines_sold"):
        sold = tables.table("lines_sold")
    else:
        sold = _sold(tables, rules, kinds, split=False, spent=False)
    counted = tables.table("orders_counted")
    entered = (
        entries.sales(tables, sold, counted, already)
        .union(entries.refunds(tables, sold, counted, rules, kinds=kinds))
        .union(entries.service(tables, counted, rules))
        .union(entries.other_costs(tables, sold, tables.table("spend")))
    )
    return entered.order_by(
        ibis.asc("customer_key", nulls_first=True), "at", "order_key", "line_id"
    )


@kept
def ledger_by_day(tables: Named) -> ir.Table:
    """The mart `ledger_by_day`."""
    return tables.table("ledger").order_by("day", "order_key", "line_id")


@kept
def sums(tables: Named) -> ir.Table:
    """The mart `day_sums`."""
    return day_sums.day_sums(tables.table("ledger_by_day"))


@kept
def order_facts(tables: Named) -> ir.Table:
    """The mart `order_facts`."""
    return entries.order_facts(tables.table("ledger"), _bought(tables))


@kept
def customer_days(tables: Named) -> ir.Table:
    """The mart `customer_days`."""
    return entries.customer_days(tables.table("order_facts"))


@kept
def customer_facts(tables: Named, already: date | None) -> ir.Table:
    """The mart `customer_facts`."""
    return entries.customer_facts(tables, first_days(_bought(tables)), already)


@kept
def product_facts(tables: Named) -> ir.Table:
    """The mart `product_facts`."""
    return entries.product_facts(tables)


@kept
def numbers(tables: Named) -> ir.Table:
    """The mart `order_numbers`."""
    return order_numbers.order_numbers(tables.table("orders"))


def _bought(tables: Named) -> ir.Table:
    counted = tables.table("orders_counted")
    return counted.filter(counted.is_purchase)
