"""What a shop has to offer: its products, which of them are one thing, and which may be offered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np

from crm_core.metrics.stock import goods
from crm_core.models.triples import Ints
from crm_core.store import StoreAt, Tables
from crm_core.store.marts import without

#: What nobody bought for so long is not sold any more.
ON_SALE_DAYS: Final = 365
#: Stock told of longer ago says nothing of today.
FRESH_DAYS: Final = 7
UNKNOWN: Final = -1

Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Shelf:
    """Products by their keys, in order, and the items they are.

    Products of one name, brand and category are one item: a thing listed anew under another
    number, or in another size, is no news to who has it. `item` is -1 for what is never spoken of
    (sensitive categories); `stock` is 1 (there), 0 (sold out) or -1 (not told); `category` numbers
    the narrowest category of each item, -1 where none is known; `best` is which of an item's
    products is offered to who never had it: what sold last; -1 where none may be offered.
    """

    product_key: Ints
    product_id: tuple[str, ...]
    item: Ints
    stock: Ints
    may_offer: Flags
    category: Ints
    best: Ints

    @property
    def items(self) -> int:
        """How many items there are."""
        return len(self.category)

    def places(self, product_key: Ints) -> Ints:
        """Where products lie; -1 for what is no goods of this shop."""
        if not len(self.product_key):
            return np.full(len(product_key), UNKNOWN)
        at = np.minimum(np.searchsorted(self.product_key, product_key), len(self.product_key) - 1)
        return np.where(self.product_key[at] == product_key, at, UNKNOWN)

    def item_of(self, place: Ints) -> Ints:
        """The items of places, -1 for none."""
        if not len(self.item):
            return np.full(len(place), UNKNOWN)
        return np.where(place >= 0, self.item[place], UNKNOWN)


def read_shelf(
    store: Tables,
    as_of: date,
    *,
    sensitive: frozenset[str] = frozenset(),
    sold_out: bool = False,
) -> Shelf:
    """The shop's goods as they were at the end of `as_of`.

    Categories and subcategories of `sensitive` are never spoken of, whatever their capitals.
    With `sold_out` what has no stock is offered all the same.
    """
    rows: list[dict[str, Any]] = []
    for batch in store.stream(goods_on(store, as_of).order_by("product_key"), purpose="score"):
        rows.extend(batch.to_pylist())
    return shelf_of(rows, sensitive=sensitive, sold_out=sold_out)


def shelf_of(
    rows: Sequence[dict[str, Any]], *, sensitive: frozenset[str] = frozenset(), sold_out: bool
) -> Shelf:
    """The shelf of rows in the order of their product_key: product_id, product_name, brand,
    category, subcategory, sold_age (days since anybody bought it, or None), on_hand (or None)."""
    hidden = {_plain(name) for name in sensitive}
    names: dict[tuple[str, str, str], int] = {}
    categories: dict[str, int] = {}
    item, category = np.full(len(rows), UNKNOWN, np.int64), list[int]()
    for place, row in enumerate(rows):
        kinds = (_plain(row["category"]), _plain(row["subcategory"]))
        if hidden & set(kinds):
            continue
        named = (_plain(row["product_name"] or row["product_id"]), _plain(row["brand"]), kinds[0])
        if named not in names:
            names[named] = len(names)
            narrow = "\n".join(kinds) if any(kinds) else ""
            known = categories.setdefault(narrow, len(categories)) if narrow else UNKNOWN
            category.append(known)
        item[place] = names[named]
    told = [row["on_hand"] for row in rows]
    stock = np.array([UNKNOWN if n is None else int(n > 0) for n in told], np.int64)
    ages = [row["sold_age"] for row in rows]
    age = np.array([ON_SALE_DAYS if a is None else a for a in ages], np.int64)
    may = (item >= 0) & (age < ON_SALE_DAYS) & (sold_out | (stock != 0))
    return Shelf(
        product_key=np.array([row["product_key"] for row in rows], np.int64),
        product_id=tuple(row["product_id"] for row in rows),
        item=item,
        stock=stock,
        may_offer=may,
        category=np.array(category, np.int64),
        best=_best(item, age, may, len(names)),
    )


def _best(item: Ints, age: Ints, may: Flags, items: int) -> Ints:
    found = np.full(items, UNKNOWN, np.int64)
    able = np.flatnonzero(may)
    oldest_first = able[np.lexsort((able, -age[able]))]
    found[item[oldest_first]] = oldest_first  # the last one written stays
    return found


def _plain(name: str | None) -> str:
    return " ".join((name or "").split()).casefold()


def goods_on(store: Tables, as_of: date) -> ir.Table:
    """Products that lie on shelves: product_key, product_id, product_name, brand, category,
    subcategory, sold_age (days since anybody bought it), on_hand (as counted in the last days)."""
    products = goods(store).select(
        "product_key", "product_id", "product_name", "brand", "category", "subcategory"
    )
    ledger = StoreAt(store, as_of).table("ledger")
    sold = ledger.filter((ledger.entry == "sale") & ledger.product_key.notnull())
    last = sold.group_by("product_key").agg(sold_on=sold.day.max())
    told = without(products.left_join(last, "product_key"), "product_key_right")
    age = ibis.literal(as_of).delta(told.sold_on, unit="day").cast("int64")
    told = told.mutate(sold_age=age).drop("sold_on")
    if not store.has("stock"):
        return told.mutate(on_hand=ibis.null("int64"))
    stock = StoreAt(store, as_of).table("stock")
    newest = stock.group_by("product_id").agg(newest=stock.day.max())
    counted = without(stock.join(newest, "product_id"), "product_id_right")
    age = ibis.literal(as_of).delta(counted.day, unit="day")
    counted = counted.filter((counted.day == counted.newest) & (age < FRESH_DAYS))
    counted = counted.group_by("product_id").agg(on_hand=counted.on_hand.max().cast("int64"))
    return without(told.left_join(counted, "product_id"), "product_id_right")
