"""How offers did on the shop's own past: what was offered on a past day, and what was bought next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np

from crm_core.models.offer_history import Bought
from crm_core.models.offer_shelf import UNKNOWN, Shelf
from crm_core.models.triples import Ints, read_columns
from crm_core.store import Tables

#: Of how many offers it is asked how many were bought.
AMONG: Final = 10


@dataclass(frozen=True)
class Basket:
    """What customers bought on their next purchase day: `person` is a place among `customers` (by
    key, in order), `item` what they took, -1 for what was not sold before."""

    customers: Ints
    person: Ints
    item: Ints

    def where(self, kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Basket:
        """The customers of some rows alone, with these rows."""
        people, person = np.unique(self.person[kept], return_inverse=True)
        return Basket(self.customers[people], person, self.item[kept])

    def of(self, bought: Bought) -> Basket:
        """These customers' alone."""
        return self.where(np.isin(self.customers[self.person], bought.customers))

    def placed(
        self, bought: Bought, person: Ints, rank: Ints, item: Ints
    ) -> tuple[Ints, Ints, Ints]:
        """Offers to places among `bought` as offers to places among these customers; those to
        others are left out."""
        at = np.searchsorted(bought.customers, self.customers)
        place = np.full(len(bought), UNKNOWN, np.int64)
        place[at] = np.arange(len(self.customers))
        there = place[person] >= 0
        return place[person[there]], rank[there], item[there]

    def unseen_by(self, bought: Bought) -> Basket:
        """What each of these customers, all among `bought`, had never bought before."""
        width = int(max(self.item.max(initial=0), bought.item.max(initial=0))) + 1
        place = np.searchsorted(bought.customers, self.customers)[self.person]
        had = bought.person * width + bought.item
        old = np.isin(place * width + self.item, had) & (self.item >= 0)
        return self.where(~old)


@dataclass(frozen=True)
class Found:
    """Of what `customers` bought next, the share that was offered (`recall_10`), the same with the
    first offers counting more (`ndcg_10`), and the share of customers offered any (`hit_10`)."""

    customers: int
    recall_10: float
    ndcg_10: float
    hit_10: float


def measured(basket: Basket, person: Ints, rank: Ints, item: Ints) -> Found:
    """How far offers (`person` a place among the basket's customers; rank from 1) were right.

    What could not be offered, because nobody had bought it before, counts as missed.
    """
    people = len(basket.customers)
    if not people:
        return Found(0, 0.0, 0.0, 0.0)
    sizes = np.bincount(basket.person, minlength=people)
    width = int(max(basket.item.max(initial=0), item.max(initial=0))) + 1
    wanted = (basket.person * width + basket.item)[basket.item >= 0]
    right = np.isin(person * width + item, wanted) & (rank <= AMONG)
    hits = np.bincount(person[right], minlength=people)
    gains = 1.0 / np.log2(np.arange(1, AMONG + 1) + 1.0)
    gained = np.bincount(person[right], weights=gains[rank[right] - 1], minlength=people)
    best = np.cumsum(gains)[np.minimum(sizes, AMONG) - 1]
    return Found(
        customers=people,
        recall_10=float(np.mean(hits / sizes)),
        ndcg_10=float(np.mean(gained / best)),
        hit_10=float(np.mean(hits > 0)),
    )


def read_baskets(store: Tables, shelf: Shelf, origin: date, horizon_days: int) -> Basket:
    """What every customer known on `origin` bought on the first purchase day of the days after."""
    ledger = store.table("ledger")
    sold = (ledger.entry == "sale") & ledger.customer_key.notnull() & ledger.product_key.notnull()
    sales = ledger.filter(sold).select("customer_key", "product_key", "day")
    known = sales.filter(sales.day <= ibis.literal(origin)).select("customer_key").distinct()
    until = ibis.literal(origin + timedelta(horizon_days))
    later = sales.filter((sales.day > ibis.literal(origin)) & (sales.day <= until))
    later = later.semi_join(known, "customer_key")
    first = later.group_by("customer_key").agg(day=later.day.min())
    taken: ir.Table = later.semi_join(first, ["customer_key", "day"])
    keys, products = read_columns(
        store,
        taken.select("customer_key", "product_key")
        .distinct()
        .order_by("customer_key", "product_key"),
    )
    return basket_of(keys, products, shelf)


def basket_of(customer_key: Ints, product_key: Ints, shelf: Shelf) -> Basket:
    """From rows of a customer and a product each; what the shop never speaks of is left out."""
    place = shelf.places(product_key)
    item = shelf.item_of(place)
    spoken = (item >= 0) | (place < 0)
    customers, person = np.unique(customer_key[spoken], return_inverse=True)
    item = item[spoken]
    # Another number stands for each product that is not on the shelf: all are missed.
    alone = np.where(item >= 0, item, -product_key[spoken] - 1)
    rows = np.unique(np.column_stack([person, alone]), axis=0)
    return Basket(customers, rows[:, 0], np.maximum(rows[:, 1], UNKNOWN))


def mean_of(founds: Sequence[Found]) -> Found:
    """Pieces of the same customers' measures put together."""
    sizes = np.array([found.customers for found in founds], np.float64)
    if not sizes.sum():
        return Found(0, 0.0, 0.0, 0.0)
    means = (
        float(np.average([getattr(found, name) for found in founds], weights=sizes))
        for name in ("recall_10", "ndcg_10", "hit_10")
    )
    return Found(int(sizes.sum()), *means)
