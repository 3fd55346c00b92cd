"""Cheap marts over the canonical tables: the money ledger, order, day, person, product facts.

One rule keeps every total additive: an amount known for an order, or for a day, is split over
its lines in proportion to revenue by cumulative rounding, so that the parts add up to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.store.connection import Tables

NOT_COUNTED = ("pending", "cancelled", "test")
_MONEY = "decimal(18,2)"


@dataclass(frozen=True)
class MoneyRules:
    """How a shop counts: which orders, which tax, and what it costs where no file says so.

    Rates are shares (.45), keyed by category, sales channel or contact channel; key `*` is the
    rest. `marketing` holds (first day, last day, source, amount) where no spend file covers it.
    """

    not_counted: tuple[str, ...] = NOT_COUNTED
    internal_keys: tuple[int, ...] = ()
    prices_include_tax: bool = False
    tax_rate: float = 0.0
    margin_by_category: Mapping[str, float] = field(default_factory=dict)
    shipping_cost_per_order: float | None = None
    payment_fee_rate: float = 0.0
    payment_fee_fixed: float = 0.0
    marketplace_fee_by_channel: Mapping[str, float] = field(default_factory=dict)
    service_cost_by_channel: Mapping[str, float] = field(default_factory=dict)
    marketing: tuple[tuple[date, date, str, float], ...] = ()


_AMOUNTS = ("shipping_income", "shipping_cost", "fees")
_OF_ORDER = (
    "order_id",
    "order_key",
    "customer_key",
    "day",
    "ordered_at",
    "order_no",
    "sales_channel",
    "region",
    "shipping_income",
    "shipping_cost",
    "fees",
)
_OF_LINE = (
    "order_id",
    "line_id",
    "order_key",
    "customer_key",
    "product_key",
    "day",
    "ordered_at",
    "order_no",
    "category",
    "subcategory",
    "sales_channel",
    "region",
    "acquisition_source",
    "quantity",
    "gross",
    "discount",
    "revenue",
    "goods_cost",
    "shipping_income",
    "shipping_cost",
    "fees",
)


def money(value: ir.Value) -> ir.Value:
    """An amount rounded to the minor unit, as a decimal."""
    return value.cast("float64").round(2).cast(_MONEY)


def without(table: ir.Table, *names: str) -> ir.Table:
    """The table less those of the columns that it has (a left join keeps the other side's key)."""
    return table.drop(*[name for name in names if name in table.columns])


def pick_rate(value: ir.StringValue, rates: Mapping[str, float]) -> ir.Value:
    """The rate for a code: its own, else that of `*`, else unknown."""
    branches = [(value == code, ibis.literal(rate)) for code, rate in rates.items() if code != "*"]
    rest = ibis.literal(rates["*"]) if "*" in rates else ibis.null("float64")
    return ibis.cases(*branches, else_=rest) if branches else rest


def counting_orders(tables: Tables, rules: MoneyRules) -> ir.Table:
    """Orders in states that count, of real buyers, numbered 1, 2, … within each customer."""
    orders, people = tables.table("orders"), tables.table("customers")
    internal = people.filter(people.is_internal.fill_null(False)).select("customer_key")
    kept = orders.filter(~orders.status.fill_null("").isin(rules.not_counted))
    kept = kept.anti_join(internal, "customer_key")
    if rules.internal_keys:
        kept = kept.filter(~kept.customer_key.fill_null(0).isin(rules.internal_keys))
    window = ibis.window(group_by="customer_key", order_by=["ordered_at", "order_key"])
    number = ibis.row_number().over(window) + 1
    return kept.mutate(
        order_no=ibis.ifelse(kept.customer_key.notnull(), number, ibis.null("int64"))
    )


def first_days(orders: ir.Table) -> ir.Table:
    """Each customer's first and last day with an order that counts, and its channel."""
    firsts = orders.filter(orders.order_no == 1).select(
        "customer_key", first_day="day", first_sales_channel="sales_channel", first_region="region"
    )
    lasts = (
        orders.filter(orders.customer_key.notnull())
        .group_by("customer_key")
        .agg(last_day=orders.day.max())
    )
    return without(firsts.join(lasts, "customer_key"), "customer_key_right")


def order_amounts(orders: ir.Table, rules: MoneyRules) -> ir.Table:
    """One row: how many orders have an amount to split over their lines, known or assumed."""
    known = [orders[name].fill_null(0) != 0 for name in _AMOUNTS]
    assumed = bool(
        rules.shipping_cost_per_order
        or rules.payment_fee_rate
        or rules.payment_fee_fixed
        or rules.marketplace_fee_by_channel
    )
    return orders.agg(n=(known[0] | known[1] | known[2] | assumed).cast("int64").sum())


def sale_lines(
    tables: Tables, orders: ir.Table, rules: MoneyRules, *, split: bool = True
) -> ir.Table:
    """Lines of counting orders with tax taken out and goods cost; `split` says whether there are
    order amounts to share out (see `order_amounts`), which costs a pass over every order."""
    lines, products = tables.table("order_lines"), tables.table("products")
    people = tables.table("customers").select(
        "customer_key", "acquisition_source", home_region="region"
    )
    joined = (
        lines.drop("batch_id")
        .join(orders.select(*_OF_ORDER), "order_id")
        .left_join(
            products.select(
                "product_id", "product_key", "category", "subcategory", product_cost="unit_cost"
            ),
            "product_id",
        )
        .left_join(people, "customer_key")
    )
    units = joined.quantity
    paid = joined.line_total.fill_null((joined.unit_price * units).round(2).cast(_MONEY))
    gross, discount = paid.cast("float64"), joined.discount.fill_null(0).cast("float64")
    if rules.prices_include_tax:
        rate = ibis.literal(1 + rules.tax_rate)
        known_tax = joined.tax.cast("float64")
        share = ibis.ifelse(
            joined.tax.notnull() & (gross > discount),
            ibis.literal(1.0) - known_tax / (gross - discount).nullif(0.0),
            ibis.literal(1.0) / rate,
        )
        gross, discount = gross * share, discount * share
    joined = joined.mutate(
        gross=money(gross),
        discount=money(discount),
        region=ibis.coalesce(joined.region, joined.home_region),
    )
    revenue = joined.gross - joined.discount
    cost = ibis.coalesce(joined.unit_cost, joined.product_cost).cast("float64") * units
    assumed = revenue.cast("float64") * (1 - pick_rate(joined.category, rules.margin_by_category))
    joined = joined.mutate(
        revenue=revenue.cast(_MONEY), goods_cost=money(ibis.coalesce(cost, assumed))
    )
    if not split:
        nothing = ibis.literal(0).cast(_MONEY)
        return joined.mutate(**dict.fromkeys(_AMOUNTS, nothing)).select(*_OF_LINE)
    return _split_order_amounts(joined, rules)


def _split_order_amounts(lines: ir.Table, rules: MoneyRules) -> ir.Table:
    lines = _weighted(lines, "order_id", ["line_id"])
    shipping = lines.shipping_cost.cast("float64")
    if rules.shipping_cost_per_order is not None:
        shipping = shipping.fill_null(rules.shipping_cost_per_order)
    fee_rate = rules.payment_fee_rate
    channel_rate = pick_rate(lines.sales_channel, rules.marketplace_fee_by_channel).fill_null(0.0)
    assumed = lines.weighed_revenue.cast("float64") * (fee_rate + channel_rate)
    fees = lines.fees.cast("float64").fill_null(assumed + rules.payment_fee_fixed)
    return lines.mutate(
        shipping_income=_share(lines.shipping_income.cast("float64").fill_null(0.0), lines),
        shipping_cost=_share(shipping.fill_null(0.0), lines),
        fees=_share(fees, lines),
    ).select(*_OF_LINE)


def _weighted(lines: ir.Table, group: str, order: list[str]) -> ir.Table:
    """Adds each line's `weight` in its group, the `reach` of the weights up to and with it, and
    their `total_weight`: revenue, or one a line where the group has none."""
    summed = lines.group_by(group).agg(
        weighed_revenue=lines.revenue.sum().cast(_MONEY), weighed_lines=lines.count()
    )
    lines = without(lines.left_join(summed, group), f"{group}_right")
    by_money = lines.weighed_revenue > 0
    weight = ibis.ifelse(by_money, lines.revenue, ibis.literal(1).cast(_MONEY)).cast(_MONEY)
    total = ibis.ifelse(by_money, lines.weighed_revenue, lines.weighed_lines.cast(_MONEY))
    lines = lines.mutate(weight=weight, total_weight=total.cast("float64"))
    upto = ibis.window(group_by=group, order_by=order, preceding=None, following=0)
    return lines.mutate(reach=lines.weight.sum().over(upto).cast("float64"))


def _share(amount: ir.Value, lines: ir.Table) -> ir.Value:
    """This line's part of an amount: the rounded sum up to it less the rounded sum before it."""
    total = lines.total_weight.nullif(0.0)
    before = lines.reach - lines.weight.cast("float64")
    upto = (amount.round(2) * lines.reach / total).round(2)
    return (upto - (amount.round(2) * before / total).round(2)).round(2).cast(_MONEY)


def spend_by_day(tables: Tables, rules: MoneyRules) -> ir.Table:
    """Marketing money of each day, from spend files and from what was typed in."""
    costs = tables.table("costs")
    spend = costs.filter(costs.kind == "marketing").group_by("day").agg(spend=costs.amount.sum())
    for start, end, _, amount in rules.marketing:
        days = (end - start).days + 1
        series = ibis.range(
            ibis.literal(start).cast("timestamp"),
            ibis.literal(date.fromordinal(end.toordinal() + 1)).cast("timestamp"),
            ibis.interval(days=1),
        ).unnest()
        daily = series.name("at").as_table()
        typed = daily.select(
            day=daily["at"].cast("date"), spend=ibis.literal(round(amount / days, 2)).cast(_MONEY)
        )
        spend = spend.mutate(spend=spend.spend.cast(_MONEY)).union(typed)
    return spend.group_by("day").agg(spend=spend.spend.sum().cast(_MONEY))


def with_marketing(lines: ir.Table, spend: ir.Table | None) -> ir.Table:
    """Each day's spend split over that day's sale lines; None where nothing was ever spent."""
    if spend is None:
        return lines.mutate(marketing_cost=ibis.literal(0).cast(_MONEY))
    lines = _weighted(lines, "day", ["order_key", "line_id"])
    joined = without(lines.left_join(spend, "day"), "day_right")
    amount = joined.spend.cast("float64").fill_null(0.0)
    return joined.mutate(marketing_cost=_share(amount, joined)).select(*_OF_LINE, "marketing_cost")
