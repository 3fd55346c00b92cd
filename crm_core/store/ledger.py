"""The money ledger: one row a money event, and the marts that come from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.store.charges import charge_lines, goods_only
from crm_core.store.marts import MoneyRules, as_charged, as_number, money, pick_rate, without
from crm_core.store.tables import Named

_MONEY = "decimal(18,2)"
_AMOUNTS = (
    "gross",
    "discount",
    "refund",
    "goods_cost",
    "shipping_income",
    "shipping_cost",
    "fees",
    "service_cost",
    "marketing_cost",
)
_DIMS = {
    "at": "timestamp",
    "customer_key": "int64",
    "order_key": "int64",
    "product_key": "int64",
    "line_id": "string",
    "category": "string",
    "subcategory": "string",
    "sales_channel": "string",
    "shop": "string",
    "region": "string",
    "acquisition_source": "string",
    "order_no": "int64",
}


def _entry(table: ir.Table, kind: str | ir.Value, **given: ir.Value) -> ir.Table:
    """A ledger row of one kind: what is given, nothing for the rest.

    `day` is the day it counts on, `known_on` the day it happened, before which nobody knew of it.
    """
    entry = ibis.literal(kind) if isinstance(kind, str) else kind
    cells: dict[str, ir.Value] = {"entry": entry, "day": given["day"]}
    cells["known_on"] = _given(given, "known_on", given["day"])
    for name, type_ in _DIMS.items():
        cells[name] = _given(given, name, ibis.null(type_)).cast(type_)
    cells["is_new"] = _given(given, "is_new", ibis.literal(False))
    for name in ("units", "contacts"):
        cells[name] = _given(given, name, ibis.literal(0)).cast("int64")
    for name in _AMOUNTS:
        cells[name] = _given(given, name, ibis.literal(0)).cast(_MONEY)
    return table.select(**cells)


def _given(given: Mapping[str, ir.Value], name: str, otherwise: ir.Value) -> ir.Value:
    # ruff would say `given.get`, whose type forgets the default for Ibis values
    return given[name] if name in given else otherwise  # noqa: SIM401


def _placed(lines: ir.Table, orders: ir.Table, products: ir.Table) -> ir.Table:
    """Sold lines with who bought them, where, and what they are."""
    of_order = orders.select(
        "order_key",
        "order_id",
        "customer_key",
        "ordered_at",
        "order_no",
        "sales_channel",
        "shop",
        "acquisition_source",
        "is_purchase",
        region="sold_in",
    )
    of_product = products.select(
        "product_key",
        category=goods_only(products, "category"),
        subcategory=goods_only(products, "subcategory"),
    )
    joined = lines.join(of_order, "order_key").left_join(of_product, "product_key")
    return without(joined, "order_key_right", "product_key_right")


def sales(tables: Named, sold: ir.Table, orders: ir.Table, already_until: date | None) -> ir.Table:
    """Sale entries; `sold` are lines with every amount split in (see marts).

    Money of an order in which nothing was bought is an entry `charge`: counted, but no sale.
    """
    lines = _placed(sold, orders, tables.table("products"))
    is_new = lines.order_no == 1
    if already_until is not None:
        is_new = is_new & (lines.day > ibis.literal(already_until))
    dims = {name: lines[name] for name in _DIMS if name != "at"}
    amounts = {n: lines[n] for n in _AMOUNTS if n not in ("refund", "service_cost")}
    return _entry(
        lines,
        ibis.ifelse(lines.is_purchase, ibis.literal("sale"), ibis.literal("charge")),
        day=lines.day,
        at=lines.ordered_at,
        is_new=is_new.fill_null(False),
        units=lines.quantity,
        **dims,
        **amounts,
    )


def refunds(
    tables: Named, sold: ir.Table, orders: ir.Table, rules: MoneyRules, *, kinds: bool = False
) -> ir.Table:
    """Refund entries on their own day, or their order's, over the lines they belong to.

    With `kinds`, postage given back is less shipping income, and a fee given back more fees.

    A refund of a whole order, or of a line that is not in it, is split over its lines; goods
    that came back to the shelf give their cost back. Tax is taken out of money given back in
    the share it had in what was paid.
    """
    given = tables.table("refunds").drop("batch_id")
    refunded = orders.semi_join(given, "order_id")
    lines = sold.select(
        "order_key",
        "line_id",
        "product_key",
        "quantity",
        line_cost="goods_cost",
        line_revenue="revenue",
        order_day="day",
    )
    lines = _placed(lines, refunded, tables.table("products"))
    if rules.prices_include_tax:
        lines = _with_paid(tables, lines)
    given = given.rename(refund_line="line_id")
    if kinds:
        given = given.left_join(charge_lines(tables), ["order_id", "refund_line"])
        given = without(given, "order_id_right", "refund_line_right")
    joined = given.join(lines, "order_id")
    so_far = ibis.window(group_by="refund_id", order_by="line_id", preceding=None, following=0)
    whole = ibis.window(group_by="refund_id")
    is_line = (joined.refund_line == joined.line_id).fill_null(False)
    joined = joined.mutate(is_line=is_line, has_line=as_number(is_line).max().over(whole))
    joined = _with_goods_back(joined.filter(joined.is_line | (joined.has_line == 0)))
    # Weights are decimals, whose sum is the same in whatever order an engine adds.
    weight, least = joined.line_revenue.cast("decimal(18,4)"), ibis.literal("0.0001")
    least = least.cast("decimal(18,4)")
    joined = joined.mutate(weight=ibis.ifelse(joined.line_revenue > 0, weight, least))
    joined = joined.mutate(
        reach=joined.weight.sum().over(so_far), total=joined.weight.sum().over(whole)
    )
    amount = joined.amount.cast("float64")
    if rules.prices_include_tax:
        paid = joined.paid.cast("float64").sum().over(whole)
        kept = joined.line_revenue.cast("float64").sum().over(whole)
        share = ibis.ifelse(paid > 0, kept / paid.nullif(0.0), 1 / (1 + rules.tax_rate))
        amount = money(amount * share).cast("float64")
    total = joined.total.cast("float64").nullif(0.0)
    upto, before = (
        money(amount * reach.cast("float64") / total)
        for reach in (joined.reach, joined.reach - joined.weight)
    )
    dims = {name: joined[name] for name in _DIMS if name != "at"}
    part = (upto - before).cast(_MONEY)
    nothing = ibis.literal(0).cast(_MONEY)
    amounts: dict[str, ir.Value] = {"refund": part}
    if kinds:
        amounts = {
            "refund": ibis.ifelse(joined.charge.isnull(), part, nothing),
            "shipping_income": ibis.ifelse(joined.charge == "postage", -part, nothing),
            "fees": ibis.ifelse(joined.charge == "fee", part, nothing),
        }
    return _entry(
        joined,
        "refund",
        day=joined.order_day if rules.refunds_by_order_day else joined.day,
        known_on=joined.day,
        at=joined.refunded_at,
        goods_cost=-joined.goods_back,
        **amounts,
        **dims,
    )


def _with_goods_back(joined: ir.Table) -> ir.Table:
    """Adds `goods_back`, the goods cost that returned pieces give back, by refund and line.

    All pieces where no number is told. Over its refunds a line never gives back more than it
    cost: each gives what the pieces up to it have earned, less what those before it have.
    """
    whole = ibis.window(group_by="refund_id")
    upto = ibis.window(
        group_by=["order_key", "line_id"],
        order_by=["refunded_at", "refund_id"],
        preceding=None,
        following=0,
    )
    restocked = joined.restocked.fill_null(False)
    pieces = joined.quantity_right.sum().over(whole).cast("float64").nullif(0.0)
    share = ibis.coalesce(joined.quantity.cast("float64") / pieces, ibis.literal(1.0))
    joined = joined.mutate(back=ibis.ifelse(restocked, share, ibis.literal(0.0)))
    joined = joined.mutate(back_upto=joined.back.sum().over(upto))
    cost = joined.line_cost.cast("float64")
    upto_now, before = (
        money(cost * ibis.least(reach.cast("decimal(18,9)").cast("float64"), ibis.literal(1.0)))
        for reach in (joined.back_upto, joined.back_upto - joined.back)
    )
    nothing = ibis.literal(0).cast(_MONEY)
    given = ibis.ifelse(restocked, (upto_now - before).cast(_MONEY), nothing)
    return joined.mutate(goods_back=given)


def _with_paid(tables: Named, lines: ir.Table) -> ir.Table:
    """Adds `paid`, what each line was charged at, tax and all."""
    told = tables.table("order_lines")
    gross, discount = as_charged(told)
    paid = told.select("order_id", "line_id", paid=gross - discount)
    paid = paid.semi_join(lines, "order_id")
    joined = lines.left_join(paid, ["order_id", "line_id"])
    return without(joined, "order_id_right", "line_id_right")


def service(tables: Named, orders: ir.Table, rules: MoneyRules) -> ir.Table:
    """Service entries: what a contact cost, on its day, with the person's region or else that of the
    order it is about; `contacts` is 1
    of those that a customer began."""
    contacts = tables.table("contacts").drop("batch_id")
    people = tables.table("customers").select("customer_key", "region", "acquisition_source")
    of_order = orders.select("order_id", "order_key", "sales_channel", "shop", "sold_in")
    joined = contacts.left_join(people, "customer_key").left_join(of_order, "order_id")
    cost = joined.cost.cast("float64").fill_null(
        pick_rate(joined.contact_channel, rules.service_cost_by_channel).fill_null(0.0)
    )
    begun = as_number(joined.direction.fill_null("in") != "out")
    joined = joined.mutate(service_cost=money(cost), begun=begun)
    joined = joined.filter((joined.service_cost != 0) | (joined.begun > 0))
    return _entry(
        joined,
        "service",
        day=joined.day,
        at=joined.occurred_at,
        customer_key=joined.customer_key,
        order_key=joined.order_key,
        sales_channel=joined.sales_channel,
        shop=joined.shop,
        region=joined.region.coalesce(joined.sold_in),
        acquisition_source=joined.acquisition_source,
        contacts=joined.begun,
        service_cost=joined.service_cost,
    )


def other_costs(tables: Named, sold: ir.Table, spend: ir.Table) -> ir.Table:
    """Costs that no sale can carry: marketing of days without sales, and daily lump sums."""
    idle = spend.anti_join(sold.select("day").distinct(), "day")
    marketing = _entry(idle, "cost", day=idle.day, marketing_cost=idle.spend)
    costs = tables.table("costs")
    lumps = costs.filter(costs.kind.isin(("shipping", "fees", "service")))
    zero = ibis.literal(0).cast(_MONEY)
    rest = _entry(
        lumps,
        "cost",
        day=lumps.day,
        shipping_cost=ibis.ifelse(lumps.kind == "shipping", lumps.amount, zero),
        fees=ibis.ifelse(lumps.kind == "fees", lumps.amount, zero),
        service_cost=ibis.ifelse(lumps.kind == "service", lumps.amount, zero),
    )
    return marketing.union(rest)


def order_facts(ledger: ir.Table, orders: ir.Table) -> ir.Table:
    """One row an order that counts, its money summed from the ledger."""
    money = ledger.filter(ledger.entry.isin(("sale", "refund"))).group_by("order_key")
    summed = money.agg(
        is_new=ledger.is_new.max(),
        units=ledger.units.sum(),
        lines=as_number(ledger.entry == "sale").sum(),
        **{
            name: ledger[name].sum().cast(_MONEY)
            for name in _AMOUNTS
            if name not in ("service_cost", "marketing_cost")
        },
    )
    joined = orders.select(
        "order_key",
        "order_id",
        "customer_key",
        "day",
        "order_no",
        "sales_channel",
        "shop",
        "region",
        "coupon_code",
        "payment_method",
        "status",
        at="ordered_at",
    ).left_join(summed, "order_key")
    joined = without(joined, "order_key_right")
    filled = {name: joined[name].fill_null(0) for name in ("units", "lines", "gross", "discount")}
    joined = joined.mutate(**filled, is_new=joined.is_new.fill_null(False))
    return joined.mutate(revenue=(joined.gross - joined.discount).cast(_MONEY)).order_by(
        ibis.asc("customer_key", nulls_first=True), "at", "order_key"
    )


def customer_days(facts: ir.Table) -> ir.Table:
    """One row a customer and purchase day: the unit of every lifetime model."""
    keyed = facts.filter(facts.customer_key.notnull())
    return (
        keyed.group_by("customer_key", "day")
        .agg(orders=keyed.count(), revenue=keyed.revenue.sum().cast(_MONEY))
        .order_by("customer_key", "day")
    )


def customer_facts(tables: Named, days: ir.Table, already_until: date | None) -> ir.Table:
    """One row a person: first and last purchase day, where from, who was there before the log."""
    people = tables.table("customers").drop("batch_id", "is_internal", "first_seen_at")
    keys = tables.table("identity_links").select("customer_key").distinct()
    joined = without(keys.left_join(people, "customer_key"), "customer_key_right")
    joined = without(joined.left_join(days, "customer_key"), "customer_key_right")
    already = ibis.literal(False)
    if already_until is not None:
        already = (joined.first_day <= ibis.literal(already_until)).fill_null(False)
    region = ibis.coalesce(joined.region, joined.first_region)
    joined = joined.mutate(is_already_customer=already, region=region)
    return joined.drop("first_region").order_by("customer_key")


def product_facts(tables: Named) -> ir.Table:
    """One row a product, named by its id where no name is known."""
    products = tables.table("products")
    return products.select(
        "product_key",
        "product_id",
        "category",
        "subcategory",
        "brand",
        "list_price",
        product_kind=products.product_kind.nullif("goods"),
        product_name=products.product_name.fill_null(products.product_id),
    )
