"""Shelves and purchases written by hand, for tests of what is offered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np

from crm_core.models.offer_again import Manner
from crm_core.models.offer_history import Bought
from crm_core.models.offer_learned import NextOffer, learn_from
from crm_core.models.offer_shelf import Shelf, shelf_of

AS_OF = date(2026, 6, 30)
PLAIN = Manner(240.0, by_due=False)


def shelf(*names: str, sensitive: Iterable[str] = (), **products: dict[str, Any]) -> Shelf:
    """Products by name, numbered from 1 in this order; `products` says what is odd about some."""
    rows = [
        {
            "product_key": place + 1,
            "product_id": f"id-{name}",
            "product_name": name,
            "brand": None,
            "category": "things",
            "subcategory": None,
            "sold_age": 1,
            "on_hand": None,
        }
        | products.get(name, {})
        for place, name in enumerate(names)
    ]
    return shelf_of(rows, sensitive=frozenset(sensitive), sold_out=False)


def bought(
    shop: Shelf, *rows: tuple[int, str, Iterable[int]], back: Iterable[tuple[int, str]] = ()
) -> Bought:
    """Purchases as (customer, product id, days ago); `back` holds (customer, product id) of
    what was mostly given back since."""
    returned = set(back)
    columns: dict[str, list[int]] = {name: [] for name in _COLUMNS}
    for who, product, days in sorted(rows, key=lambda one: (one[0], shop.product_id.index(one[1]))):
        ages = sorted(days)
        columns["customer_key"].append(who)
        columns["product_key"].append(int(shop.product_key[shop.product_id.index(product)]))
        columns["times"].append(len(ages))
        columns["first_age"].append(ages[-1])
        columns["last_age"].append(ages[0])
        columns["is_back"].append(int((who, product) in returned))
        faded = sum(0.5 ** (age / PLAIN.half_life_days) for age in ages)
        columns["weight_0"].append(round(1e6 * faded))
    return Bought.of({name: np.array(held, np.int64) for name, held in columns.items()}, shop)


_COLUMNS = (
    "customer_key", "product_key", "times", "first_age", "last_age", "is_back", "weight_0",
)  # fmt: skip


def learned(
    shop: Shelf, people: Bought, *, manner: Manner = PLAIN, least_buyers: int = 1
) -> NextOffer:
    """What these people's past says."""
    buyers = np.bincount(people.item, minlength=shop.items)
    return learn_from(
        [people], buyers, shelf=shop, as_of=AS_OF, manner=manner, least_buyers=least_buyers
    )


def again(found: NextOffer, people: Bought, who: int, most: int = 5) -> list[str]:
    """The ids of what a customer is offered again."""
    told = found.again(people, most)
    mine = told.person == np.searchsorted(people.customers, who)
    assert told.rank[mine].tolist() == list(range(1, int(mine.sum()) + 1))
    return [found.shelf.product_id[place] for place in told.product[mine]]


def new(found: NextOffer, people: Bought, who: int, most: int = 5) -> dict[str, tuple[str, int]]:
    """What a customer is offered that they never had: by its id, the id of the purchase that
    speaks for it and how many people bought both."""
    ids = found.shelf.product_id
    rows: dict[str, tuple[str, int]] = {}
    for part, told in found.new(people, most):
        for place in np.flatnonzero(part.customers[told.person] == who):
            because = ids[part.product[told.row[place]]]
            rows[ids[told.product[place]]] = because, int(told.people[place])
    return rows
