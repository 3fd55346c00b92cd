"""Cheap marts over the canonical tables: the money ledger, order, day, person, product facts.

One rule keeps every total additive: an amount known for an order, or for a day, is split over
its lines in proportion to revenue by cumulative rounding, so that the parts add up to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.store.charges import pieces_and_cost, purchases
from crm_core.store.tables import Named

NOT_COUNTED = ("pending", "cancelled", "test")
_MONEY = "decimal(18,2)"


@dataclass(frozen=True)
class MoneyRules:
    """How a shop counts: which orders, which tax, and what it costs where no file says so.

    Rates are shares (.45), keyed by category, sales channel or contact channel; key `*` is the
    rest. `marketing` holds (first day, last day, source, amount) where no spend file covers it.
    Refunds count on their own day, or on that of their order. Money a year ahead counts less by
    the discount rate; no fact depends on it, scores do.
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
    refunds_by_order_day: bool = False
    discount_rate: float = 0.1

    def __hash__(self) -> int:
        """Equal rules have equal numbers, so that what was made under them can be found again."""
        told = (getattr(self, each.name) for each in fields(self))
        return hash(tuple(frozenset(v.items()) if isinstance(v, Mapping) else v for v in told))


_AMOUNTS = ("shipping_income", "shipping_cost", "fees")
_OF_LINE = (
    "order_key",
    "line_id",
    "product_key",
    "day",
    "quantity",
    "gross",
    "discount",
    "revenue",
    "goods_cost",
)


def money(value: ir.Value) -> ir.Value:
    """An amount below a trillion, rounded to the minor unit, as a decimal.

    Through six decimals: engines round a float's half each in its own way, decimals' alike.
    """
    return value.cast("float64").cast("decimal(18,6)").cast(_MONEY)


def as_number(flag: ir.Value) -> ir.Value:
    """1 for yes, 0 for no and unknown; PostgreSQL casts no boolean to a 64-bit integer."""
    return ibis.ifelse(flag, 1, 0).cast("int64")


def without(table: ir.Table, *names: str) -> ir.Table:
    """The table less those of the columns that it has (a left join keeps the other side's key)."""
    return table.drop(*[name for name in names if name in table.columns])


def pick_rate(value: ir.StringValue, rates: Mapping[str, float]) -> ir.Value:
    """The rate for a code: its own, else that of `*`, else unknown."""
    branches = [(value == code, ibis.literal(rate)) for code, rate in rates.items() if code != "*"]
    rest = ibis.literal(rates["*"]) if "*" in rates else ibis.null("float64")
    return ibis.cases(*branches, else_=rest) if branches else rest


def counting_orders(tables: Named, rules: MoneyRules, *, kinds: bool = False) -> ir.Table:
    """Orders in states that count, of real buyers, numbered 1, 2, … within each customer.

    `acquisition_source` is the buyer's; `sold_in` is the order's region, else the buyer's.
    With `kinds` (some products are no goods), orders in which nothing was bought have no number:
    their money counts, but they are no purchase (`is_purchase`).
    """
    orders, people = tables.table("orders"), tables.table("customers")
    internal = people.filter(people.is_internal.fill_null(False)).select("customer_key")
    uncounted = [status.lower() for status in rules.not_counted]
    kept = orders.filter(~orders.status.fill_null("").lower().isin(uncounted))
    kept = kept.anti_join(internal, "customer_key")
    # An order whose lines never came (or were set aside) has no money and no place in counts.
    kept = kept.semi_join(tables.table("order_lines"), "order_id")
    if rules.internal_keys:
        kept = kept.filter(~kept.customer_key.fill_null(0).isin(rules.internal_keys))
    buyers = people.select("customer_key", "acquisition_source", home_region="region")
    kept = without(kept.left_join(buyers, "customer_key"), "customer_key_right")
    kept = _with_purchases(kept, tables) if kinds else kept.mutate(is_purchase=ibis.literal(True))
    person = ["customer_key", "is_purchase"] if kinds else "customer_key"
    window = ibis.window(group_by=person, order_by=["ordered_at", "order_key"])
    number = ibis.row_number().over(window) + 1
    is_numbered = kept.customer_key.notnull() & kept.is_purchase
    return kept.mutate(
        order_no=ibis.ifelse(is_numbered, number, ibis.null("int64")),
        sold_in=ibis.coalesce(kept.region, kept.home_region),
    ).drop("home_region")


def _with_purchases(orders: ir.Table, tables: Named) -> ir.Table:
    lines = tables.table("order_lines")
    gross, discount = as_charged(lines)
    bought = purchases(lines.mutate(paid=gross - discount), tables.table("products"))
    marked = orders.left_join(bought.mutate(is_purchase=ibis.literal(True)), "order_id")
    return without(marked, "order_id_right").mutate(is_purchase=marked.is_purchase.fill_null(False))


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
    return orders.agg(n=as_number(known[0] | known[1] | known[2] | assumed).sum())


def priced_lines(
    tables: Named, orders: ir.Table, rules: MoneyRules, *, kinds: bool = False
) -> ir.Table:
    """Lines of counting orders with tax taken out and goods cost: keys, day and amounts; with
    `kinds` also the product's kind.

    Narrow on purpose: windows and sorts over lines carry every column they are given.
    """
    lines, products = tables.table("order_lines"), tables.table("products")
    joined = lines.join(orders.select("order_id", "order_key", "day"), "order_id").left_join(
        products.select(
            "product_id", "product_key", "category", "product_kind", product_cost="unit_cost"
        ),
        "product_id",
    )
    units = joined.quantity
    gross, discount = as_charged(joined)
    if rules.prices_include_tax:
        share = _untaxed(joined, gross, discount, rules.tax_rate)
        gross, discount = (
            money(gross.cast("float64") * share),
            money(discount.cast("float64") * share),
        )
    joined = joined.mutate(gross=gross, discount=discount)
    joined = joined.mutate(revenue=(joined.gross - joined.discount).cast(_MONEY))
    cost = ibis.coalesce(joined.unit_cost, joined.product_cost).cast("float64") * units
    if rules.margin_by_category:
        rate = pick_rate(joined.category, rules.margin_by_category)
        cost = ibis.coalesce(cost, joined.revenue.cast("float64") * (1 - rate))
    priced = joined.mutate(goods_cost=money(cost))
    if kinds:
        return pieces_and_cost(priced).select(*_OF_LINE, "product_kind")
    return priced.select(*_OF_LINE)


def as_charged(lines: ir.Table) -> tuple[ir.Value, ir.Value]:
    """Price and discount of order lines as the shop's files state them."""
    listed = (lines.unit_price * lines.quantity).cast(_MONEY)
    return lines.line_total.fill_null(listed), lines.discount.fill_null(0).cast(_MONEY)


def _untaxed(lines: ir.Table, gross: ir.Value, discount: ir.Value, tax_rate: float) -> ir.Value:
    """The share of what was paid that is not tax: by the line's own tax, else by the rate."""
    paid = gross.cast("float64") - discount.cast("float64")
    return ibis.ifelse(
        lines.tax.notnull() & (paid != 0),
        ibis.literal(1.0) - lines.tax.cast("float64") / paid.nullif(0.0),
        ibis.literal(1.0) / ibis.literal(1 + tax_rate),
    )


def sold_lines(
    lines: ir.Table, orders: ir.Table, rules: MoneyRules, *, split: bool, spend: ir.Table | None
) -> ir.Table:
    """Priced lines with their part of the order's amounts and of the day's marketing.

    Without amounts (`split`, see `order_amounts`) or `spend` those are zero, which spares a
    pass over every line.
    """
    nothing = ibis.literal(0).cast(_MONEY)
    names = (*_OF_LINE, *_AMOUNTS, "marketing_cost")
    lines = lines.mutate(**dict.fromkeys(names[len(_OF_LINE) :], nothing))
    if split:
        lines = _split_order_amounts(lines.drop(*_AMOUNTS), orders, rules)
    if spend is not None:
        lines = _split_marketing(lines.drop("marketing_cost"), spend)
    return lines.select(*names)


def _split_order_amounts(lines: ir.Table, orders: ir.Table, rules: MoneyRules) -> ir.Table:
    lines = _weighted(lines, "order_key", ["line_id"])
    charged = [name for name in ("fee_lines", "order_discount") if name in orders.columns]
    lines = lines.join(
        orders.select("order_key", "sales_channel", *_AMOUNTS, *charged), "order_key"
    )
    shipping = lines.shipping_cost.cast("float64")
    if rules.shipping_cost_per_order is not None:
        shipping = shipping.fill_null(rules.shipping_cost_per_order)
    rate: ir.Value = ibis.literal(rules.payment_fee_rate)
    if rules.marketplace_fee_by_channel:
        of_channel = pick_rate(lines.sales_channel, rules.marketplace_fee_by_channel)
        rate = of_channel.fill_null(0.0) + rules.payment_fee_rate
    assumed = lines.weighed_revenue.cast("float64") * rate + rules.payment_fee_fixed
    fees = lines.fees.cast("float64").fill_null(assumed)
    if charged:
        fees = fees + lines.fee_lines.cast("float64")
        off = _share(lines.order_discount.cast("float64"), lines)
        lines = lines.mutate(
            discount=(lines.discount + off).cast(_MONEY),
            revenue=(lines.revenue - off).cast(_MONEY),
        )
    return lines.mutate(
        shipping_income=_share(lines.shipping_income.cast("float64").fill_null(0.0), lines),
        shipping_cost=_share(shipping.fill_null(0.0), lines),
        fees=_share(fees, lines),
    )


def _weighted(lines: ir.Table, group: str, order: list[str]) -> ir.Table:
    """Adds each line's `weight` in its group, the `reach` of the weights up to and with it, and
    their `total_weight`: revenue, or one a line where the group has none."""
    whole = ibis.window(group_by=group, order_by=order, preceding=None, following=None)
    upto = ibis.window(group_by=group, order_by=order, preceding=None, following=0)
    lines = lines.mutate(
        weighed_revenue=lines.revenue.sum().over(whole),
        weighed_lines=lines.count().over(whole),
        reach_revenue=lines.revenue.sum().over(upto),
        reach_lines=lines.count().over(upto),
    )
    by_money = lines.weighed_revenue > 0

    def either(revenue: ir.Value, count: ir.Value) -> ir.Value:
        return ibis.ifelse(by_money, revenue.cast("float64"), count.cast("float64"))

    return lines.mutate(
        weight=either(lines.revenue, ibis.literal(1)),
        total_weight=either(lines.weighed_revenue, lines.weighed_lines),
        reach=either(lines.reach_revenue, lines.reach_lines),
    )


def _share(amount: ir.Value, lines: ir.Table) -> ir.Value:
    """This line's part of an amount: the rounded sum up to it less the rounded sum before it."""
    total = lines.total_weight.nullif(0.0)
    whole = money(amount).cast("float64")
    upto, before = (
        money(whole * reach / total) for reach in (lines.reach, lines.reach - lines.weight)
    )
    return (upto - before).cast(_MONEY)


def spend_by_day(tables: Named, rules: MoneyRules) -> ir.Table:
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
        daily = daily.select(day=daily["at"].cast("date"))
        place = daily.day.delta(ibis.literal(start), unit="day").cast("float64")
        upto, before = (money((place + step) * amount / days) for step in (1, 0))
        typed = daily.select("day", spend=(upto - before).cast(_MONEY))
        spend = spend.mutate(spend=spend.spend.cast(_MONEY)).union(typed)
    return spend.group_by("day").agg(spend=spend.spend.sum().cast(_MONEY))


def _split_marketing(lines: ir.Table, spend: ir.Table) -> ir.Table:
    """Each day's spend split over that day's sale lines."""
    lines = _weighted(lines, "day", ["order_key", "line_id"])
    joined = without(lines.left_join(spend, "day"), "day_right")
    amount = joined.spend.cast("float64").fill_null(0.0)
    return joined.mutate(marketing_cost=_share(amount, joined))
