"""What lies in an order: products, quantities, prices, discounts, cost and tax."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.calendar import Calendar
from crm_core.demo.catalog import load_catalog
from crm_core.demo.coupons import Use
from crm_core.demo.parameters import (
    BRUSHED_PRODUCTS,
    CATEGORY_MONTHS,
    CATEGORY_WEIGHTS,
    PAIRS,
    PROCESS,
    REPLENISHED,
    TEA_COST_RISE,
    TEA_COST_RISE_FROM,
)
from crm_core.demo.people import People
from crm_core.demo.process import BRUSHED, CANCELLED, UNPAID, Orders
from crm_core.demo.seeds import pick, pick_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CHEAP = ("Tea", "Teaware", "Table", "Scents and candles", "Garden and balcony")
CLEARANCE_MONTHS = (1, 7)


@dataclass
class Lines:
    """One entry a line, in order of `order`. Money of the whole line in cents, before tax."""

    order: Ints
    place: Ints
    product: Ints
    quantity: Ints
    price: Ints
    gross: Ints
    discount: Ints
    tax: Ints
    unit_cost: Ints

    def __len__(self) -> int:
        return len(self.order)

    @property
    def net(self) -> Ints:
        """Gross less discount."""
        return self.gross - self.discount

    def take(self, where: Flags | Ints) -> Lines:
        """Only those lines."""
        return Lines(**{f.name: getattr(self, f.name)[where] for f in fields(self)})


def fill_baskets(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    orders: Orders,
    use: Use,
    out: Flags,
) -> Lines:
    """The lines of all orders. `out` tells by product and day what could not be bought."""
    mean = np.where(orders.person >= 0, people.spend[orders.person], 26.0)
    wish = rng.gamma(PROCESS.p, 1 / PROCESS.p, len(orders)) * mean * 100
    budget = wish / (1 - use.rate)
    refill = _refills(people, orders)
    prices = load_catalog().price_cents
    wanted = np.flatnonzero(refill >= 0)
    budget[wanted] = np.maximum(budget[wanted] - prices[refill[wanted]], 300)
    order, product, quantity = _choose(rng, calendar, people, orders, budget)
    product = _in_stock(product, orders.day[order], out)
    order, product, quantity = _drop_brushed(orders, order, product, quantity)
    order, product, quantity = _add(
        order, product, quantity, wanted, refill[wanted], np.ones(len(wanted), dtype=np.int64)
    )
    order, product, quantity = _merge(order, product, quantity)
    order, product, quantity = _with_pairs(rng, orders, order, product, quantity, out)
    order, product, quantity = _brush(rng, orders, order, product, quantity)
    return _priced(calendar, orders, use, order, product, quantity)


def previous_order(orders: Orders) -> Ints:
    """For each order the place of the same person's order before it, -1 at the first."""
    by_person = np.lexsort((np.arange(len(orders)), orders.person))
    person = orders.person[by_person]
    before = np.full(len(orders), -1)
    same = np.flatnonzero((person[1:] == person[:-1]) & (person[1:] >= 0))
    before[by_person[same + 1]] = by_person[same]
    return before


def _refills(people: People, orders: Orders) -> Ints:
    """The product that a person runs out of again with this order, else -1."""
    real = np.flatnonzero(
        (orders.person >= 0) & ~np.isin(orders.origin, (CANCELLED, UNPAID, BRUSHED))
    )
    who = orders.person[real]
    chosen = people.refill[who]
    catalog = load_catalog()
    interval = np.array([days for _, days in REPLENISHED])[chosen]
    since = orders.day[real] - people.first_day[who]
    turn = np.floor(since / interval + people.refill_phase[who])
    before = previous_order(orders.take(real))
    due = (before < 0) | (turn > turn[before])
    product = catalog.numbers(tuple(name for name, _ in REPLENISHED))[chosen]
    result = np.full(len(orders), -1)
    result[real] = np.where(due & (chosen >= 0), product, -1)
    return result


def _choose(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    orders: Orders,
    budget: Floats,
) -> tuple[Ints, Ints, Ints]:
    """Splits each budget over lines and finds a product and a quantity near each part."""
    n = len(orders)
    more = (PROCESS.lines_per_order - 1) * np.sqrt(budget / budget.mean())
    count = 1 + np.minimum(rng.poisson(more), 7)
    order = np.repeat(np.arange(n), count)
    share = rng.gamma(1.0, 1.0, len(order)) + 0.12
    total = np.bincount(order, weights=share, minlength=n)
    part = share / total[order] * budget[order]
    category = _categories(rng, calendar, people, orders, order, part)
    catalog = load_catalog()
    low = catalog.price_cents[catalog.first][category]
    high = catalog.price_cents[catalog.first + catalog.size - 1][category]
    typical = np.sqrt(low * high.astype(float))
    quantity = 1 + rng.poisson(np.clip(part / typical * 0.35 - 0.1, 0.02, 3))
    most = np.maximum(part // low, 1).astype(np.int64)
    least = np.ceil(part / (high * 1.1)).astype(np.int64)
    quantity = np.clip(quantity, np.minimum(least, most), most)
    return order, _nearest(rng, category, part / quantity), quantity


def _categories(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    orders: Orders,
    order: Ints,
    part: Floats,
) -> Ints:
    """The favourite category half of the time, else by the month's shares; never too dear."""
    catalog = load_catalog()
    shares = np.array([list(CATEGORY_WEIGHTS.values())] * 13)
    for name, (months, factor) in CATEGORY_MONTHS.items():
        shares[list(months), catalog.categories.index(name)] *= factor
    known = orders.person[order] >= 0
    favourite = people.category[orders.person[order]]
    keep = known & (rng.random(len(order)) < PROCESS.favourite_share)
    other = pick_rows(rng, shares, calendar.month[orders.day[order]])
    category = np.where(keep, favourite, other)
    cheap = np.array([catalog.categories.index(name) for name in CHEAP])
    weights = [CATEGORY_WEIGHTS[name] for name in CHEAP]
    fallback = cheap[pick(rng, weights, len(order))]
    too_dear = part < 0.8 * catalog.price_cents[catalog.first][category]
    return np.where(too_dear, fallback, category)


def _nearest(rng: np.random.Generator, category: Ints, price: Floats) -> Ints:
    """A product of the category near that price; the well-liked ones more often."""
    catalog = load_catalog()
    key = category * 20.0 + np.log(price)
    keys = catalog.category * 20.0 + np.log(catalog.price_cents)
    middle = (keys[1:] + keys[:-1]) / 2
    place = np.searchsorted(middle, key)
    low = catalog.first[category]
    place = np.clip(place, low, low + catalog.size[category] - 1)
    return catalog.near[place, pick_rows(rng, _steps(), place)]


def _steps() -> Floats:
    cumulative = load_catalog().near_cumulative
    return np.diff(cumulative, axis=1, prepend=0.0)


def _in_stock(product: Ints, day: Ints, out: Flags) -> Ints:
    """What is out of stock is replaced by its neighbour."""
    return np.where(out[product, day], load_catalog().sibling[product], product)


def _drop_brushed(
    orders: Orders, order: Ints, product: Ints, quantity: Ints
) -> tuple[Ints, Ints, Ints]:
    keep = orders.origin[order] != BRUSHED
    return order[keep], product[keep], quantity[keep]


def _add(
    order: Ints, product: Ints, quantity: Ints, more: Ints, products: Ints, quantities: Ints
) -> tuple[Ints, Ints, Ints]:
    return (
        np.concatenate((order, more)),
        np.concatenate((product, products)),
        np.concatenate((quantity, quantities)),
    )


def _merge(order: Ints, product: Ints, quantity: Ints) -> tuple[Ints, Ints, Ints]:
    """One line a product and order."""
    key, inverse = np.unique(order * 1000 + product, return_inverse=True)
    total = np.bincount(inverse, weights=quantity).astype(np.int64)
    return key // 1000, key % 1000, total


def _with_pairs(
    rng: np.random.Generator,
    orders: Orders,
    order: Ints,
    product: Ints,
    quantity: Ints,
    out: Flags,
) -> tuple[Ints, Ints, Ints]:
    """The planted pairs: the first product takes the second along."""
    catalog = load_catalog()
    for first, second, chance in PAIRS:
        with_first = order[product == catalog.number(first)]
        companion = catalog.number(second)
        without = with_first[~np.isin(with_first, order[product == companion])]
        takes = without[rng.random(len(without)) < chance]
        takes = takes[~out[companion, orders.day[takes]]]
        one = np.ones(len(takes), dtype=np.int64)
        order, product, quantity = _add(order, product, quantity, takes, one * companion, one)
    return _merge(order, product, quantity)


def _brush(
    rng: np.random.Generator, orders: Orders, order: Ints, product: Ints, quantity: Ints
) -> tuple[Ints, Ints, Ints]:
    """Brushed orders hold one piece of one of the pushed products."""
    fake = np.flatnonzero(orders.origin == BRUSHED)
    pushed = load_catalog().numbers(BRUSHED_PRODUCTS)
    chosen = pushed[rng.integers(0, len(pushed), len(fake))]
    one = np.ones(len(fake), dtype=np.int64)
    return _merge(*_add(order, product, quantity, fake, chosen, one))


def _priced(
    calendar: Calendar, orders: Orders, use: Use, order: Ints, product: Ints, quantity: Ints
) -> Lines:
    catalog = load_catalog()
    price = catalog.price_cents[product]
    gross = price * quantity
    day = orders.day[order]
    discount = np.rint(gross * use.rate[order]).astype(np.int64)
    # Every seventh product is in the clearance of January and July, where no coupon was used.
    cleared = (product % 7 == 3) & np.isin(calendar.month[day], CLEARANCE_MONTHS)
    cleared &= use.code[order] < 0
    discount = np.where(cleared, np.rint(gross * 0.2).astype(np.int64), discount)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(order)) + 1))
    first = np.zeros(len(order), dtype=bool)
    first[starts] = True
    discount = np.where(first, np.minimum(discount + use.amount[order], gross), discount)
    cost = catalog.cost[product]
    risen = (catalog.category[product] == 0) & (
        day >= calendar.day(date.fromisoformat(TEA_COST_RISE_FROM))
    )
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order)))) + 1
    return Lines(
        order=order,
        place=place,
        product=product,
        quantity=quantity,
        price=price,
        gross=gross,
        discount=discount,
        tax=np.rint((gross - discount) * catalog.tax[product]).astype(np.int64),
        unit_cost=np.where(risen, np.rint(cost * TEA_COST_RISE).astype(np.int64), cost),
    )
