"""Lines that are no goods, on their way into the ledger.

Postage is the order's shipping income, a fee the order's fees, a discount is taken off the order's
other lines; adjustments, vouchers and samples stay lines with money. See docs/adr/0023.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.store.tables import Named

# These are no lines of the ledger: their money is their order's.
CHARGES = ("postage", "fee", "discount")
NO_GOODS = (*CHARGES, "adjustment", "voucher", "sample")
_NO_PIECES = (*CHARGES, "adjustment")
_MONEY = "decimal(18,2)"


def told_kinds(tables: Named) -> ir.Table:
    """One row: how many products are no goods. Without any, nothing here is needed."""
    products = tables.table("products")
    return products.agg(n=products.count(where=products.product_kind.isin(NO_GOODS)))


def goods_only(products: ir.Table, column: str) -> ir.Value:
    """A column of products, unknown for what is no goods: no category is called Postage."""
    no_goods = products.product_kind.isin(NO_GOODS).fill_null(False)
    return ibis.ifelse(no_goods, ibis.null("string"), products[column])


def purchases(lines: ir.Table, products: ir.Table) -> ir.Table:
    """The ids of orders in which something was bought.

    Postage, fees and discounts alone are no purchase, nor is money taken off by other means.
    `lines` have `paid`.
    """
    kinds = products.select("product_id", "product_kind").filter(products.product_kind.notnull())
    joined = lines.left_join(kinds, "product_id")
    kind = joined.product_kind.fill_null("goods")
    bought = ~kind.isin(CHARGES) & (~kind.isin(NO_GOODS) | (joined.paid >= 0))
    return joined.filter(bought).select("order_id").distinct()


def pieces_and_cost(lines: ir.Table) -> ir.Table:
    """Priced lines: what is no thing has no pieces and no goods cost."""
    none = lines.product_kind.isin(_NO_PIECES).fill_null(False)
    zero = ibis.literal(0)
    return lines.mutate(
        quantity=ibis.ifelse(none, zero.cast("int64"), lines.quantity),
        goods_cost=ibis.ifelse(none, zero.cast(_MONEY), lines.goods_cost),
    )


def order_charges(lines: ir.Table) -> ir.Table:
    """One row an order with charges: postage, fee_lines and order_discount as amounts, and how
    many `other_lines` it has."""
    kind = lines.product_kind.fill_null("goods")
    is_charge = kind.isin(CHARGES)

    def total(name: str, sign: int) -> ir.Value:
        money = lines.revenue.sum(where=kind == name).fill_null(0) * sign
        return money.cast(_MONEY)

    summed = lines.group_by("order_key").agg(
        postage=total("postage", 1),
        fee_lines=total("fee", -1),
        order_discount=total("discount", -1),
        charge_lines=lines.count(where=is_charge),
        other_lines=lines.count(where=~is_charge),
    )
    return summed.filter(summed.charge_lines > 0).drop("charge_lines")


def with_charges(orders: ir.Table, charges: ir.Table) -> ir.Table:
    """Orders with their postage added to the shipping income, `fee_lines` and `order_discount`."""
    joined = orders.left_join(charges.drop("other_lines"), "order_key").drop("order_key_right")
    zero = ibis.literal(0).cast(_MONEY)
    income = joined.shipping_income.fill_null(0) + joined.postage.fill_null(0)
    return joined.mutate(
        shipping_income=ibis.ifelse(joined.postage.isnull(), joined.shipping_income, income),
        fee_lines=joined.fee_lines.fill_null(zero),
        order_discount=joined.order_discount.fill_null(zero),
    ).drop("postage")


def carriers(lines: ir.Table, charges: ir.Table) -> ir.Table:
    """The lines that carry money: all but charges; those of an order of nothing else stay, empty."""
    alone = charges.filter(charges.other_lines == 0).select(
        "order_key", is_alone=ibis.literal(True)
    )
    joined = lines.left_join(alone, "order_key").drop("order_key_right")
    is_charge = joined.product_kind.isin(CHARGES).fill_null(False)
    kept = joined.mutate(is_charge=is_charge)
    kept = kept.filter(~kept.is_charge | kept.is_alone.fill_null(False))
    zero = ibis.literal(0).cast(_MONEY)
    empty = {
        name: ibis.ifelse(kept.is_charge, zero, kept[name])
        for name in ("gross", "discount", "revenue")
    }
    return kept.mutate(
        product_key=ibis.ifelse(kept.is_charge, ibis.null("int64"), kept.product_key), **empty
    ).drop("is_charge", "is_alone")


def charge_lines(tables: Named) -> ir.Table:
    """Order lines of postage and fees: order_id, refund_line, charge."""
    products = tables.table("products")
    charged = products.filter(products.product_kind.isin(("postage", "fee")))
    charged = charged.select("product_id", charge="product_kind")
    lines = tables.table("order_lines").join(charged, "product_id")
    return lines.select("order_id", "charge", refund_line="line_id")
