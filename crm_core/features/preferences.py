"""What a customer prefers: the size, colour, brand, category and price band bought most of late."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.features.variants import with_variants
from crm_core.store import StoreAt
from crm_core.store.marts import without

#: The parts of a profile, in the order in which they are told.
PREFERENCES: Final = ("category", "brand", "price_band", "size", "colour")
BANDS: Final = ("low", "middle", "high")
#: After so many days a purchase counts half.
HALF_LIFE_DAYS: Final = 365
#: So many purchases of it make a preference; one may have been a gift.
LEAST_TIMES: Final = 2


def preferences(at: StoreAt, offerable: ir.Table, key: int | None = None) -> ir.Table:
    """One row a buyer, or the one of this key: customer_key and PREFERENCES, each the value bought
    most, a purchase counting half after HALF_LIFE_DAYS; unknown where none was bought LEAST_TIMES.

    `offerable` are the products that may be named (product_id, product, category, brand): what
    was bought of others tells nothing. A price band is the third of its category that a product's
    mean price is in. What no two products differ in is no choice: ask `attributes` for
    what may be told.
    """
    lines = _lines(at, offerable)
    if key is not None:
        lines = lines.filter(lines.customer_key == key)
    people = lines.select("customer_key").distinct()
    for name in PREFERENCES:
        people = without(people.left_join(_preferred(lines, name), "customer_key"), *_KEY_AGAIN)
    return people.select("customer_key", *PREFERENCES)


_KEY_AGAIN = ("customer_key_right",)


def attributes(at: StoreAt, offerable: ir.Table) -> ir.Table:
    """One row: of each of PREFERENCES, how many values the shop's products have."""
    products = _products(at, offerable)
    return products.agg(**{name: products[name].nunique() for name in PREFERENCES})


def _lines(at: StoreAt, offerable: ir.Table) -> ir.Table:
    sold = at.table("ledger")
    sold = sold.filter((sold.entry == "sale") & sold.customer_key.notnull())
    sold = sold.select("customer_key", "product_key", "day")
    products = _products(at, offerable)
    lines = without(sold.join(products, "product_key"), "product_key_right")
    age = ibis.literal(at.as_of).delta(lines.day, unit="day").cast("float64")
    half = (age / -float(HALF_LIFE_DAYS) * 0.6931471805599453).exp()
    return lines.mutate(weight=half)


def _preferred(lines: ir.Table, name: str) -> ir.Table:
    known = lines.filter(lines[name].notnull())
    counted = known.group_by("customer_key", name).agg(
        # Decimals add up to the same in whatever order an engine takes them.
        weight=known.weight.cast("decimal(18,6)").sum(),
        times=known.count(),
        last=known.day.max(),
    )
    counted = counted.filter(counted.times >= LEAST_TIMES)
    order = [ibis.desc(counted.weight), ibis.desc(counted["last"]), counted[name].asc()]
    first = ibis.row_number().over(ibis.window(group_by="customer_key", order_by=order))
    ranked = counted.mutate(place=first)
    return ranked.filter(ranked.place == 0).select("customer_key", name)


def _products(at: StoreAt, offerable: ir.Table) -> ir.Table:
    """Products that may be named, with all that a profile tells of them."""
    keys = at.table("product_facts").select("product_key", "product_id")
    products = offerable.select("product_id", "product", "category", "brand")
    products = without(products.join(keys, "product_id"), "product_id_right")
    banded = without(products.left_join(_bands(at), "product_key"), "product_key_right")
    return with_variants(banded)


def _bands(at: StoreAt) -> ir.Table:
    """Which third of its category's prices each product is in; unknown of a category of under three."""
    sold = at.table("ledger")
    sold = sold.filter((sold.entry == "sale") & (sold.units > 0) & sold.category.notnull())
    priced = sold.group_by("category", "product_key").agg(
        gross=sold.gross.sum().cast("float64"), units=sold.units.sum().cast("float64")
    )
    price = priced.gross / priced.units.nullif(0.0)
    priced = priced.mutate(price=price)
    whole = ibis.window(group_by="category")
    order = ibis.window(group_by="category", order_by=[priced.price, priced.product_key])
    ranked = priced.mutate(third=ibis.ntile(3).over(order), goods=priced.count().over(whole))
    band = ranked.third.cases(*enumerate(BANDS))
    return ranked.filter(ranked.goods >= len(BANDS)).select("product_key", price_band=band)
