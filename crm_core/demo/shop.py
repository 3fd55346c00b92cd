"""What belongs to the shop as a whole: range, coupons, events, spend by day and stock."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm_core.demo.arrow import ids, table, words
from crm_core.demo.calendar import Calendar
from crm_core.demo.catalog import load_catalog
from crm_core.demo.coupons import make_coupons
from crm_core.demo.parameters import ACQUISITION, SOURCES, STOCK_OUTS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EPOCH_ORDINAL = 719_163


@dataclass
class Totals:
    """Sums over all blocks that costs and stock are made from."""

    calendar: Calendar
    new_buyers: Ints = field(init=False)
    units: Ints = field(init=False)
    orders: Ints = field(init=False)

    def __post_init__(self) -> None:
        days = self.calendar.days
        self.new_buyers = np.zeros((len(SOURCES), days), dtype=np.int64)
        self.units = np.zeros((len(load_catalog().names), days), dtype=np.int64)
        self.orders = np.zeros(days, dtype=np.int64)


def epoch_days(calendar: Calendar) -> int:
    """Days from 1970 to the log's first day."""
    return calendar.start.toordinal() - EPOCH_ORDINAL


def product_ids(products: Ints) -> pa.Array:
    """Ids of products by their place in the catalogue."""
    return ids("P", products + 1001, products < 0, width=4)


def stock_outs(calendar: Calendar) -> NDArray[np.bool_]:
    """By product and day (a year beyond the log too): True where the shelf was empty."""
    out = np.zeros((len(load_catalog().names), len(calendar.factor)), dtype=bool)
    for name, first, last in STOCK_OUTS:
        start = max(calendar.days - 1 - first, 0)
        out[load_catalog().number(name), start : max(calendar.days - last, 0)] = True
    return out


def products() -> pa.Table:
    """The range."""
    catalog = load_catalog()
    n = len(catalog.names)
    return table(
        "products",
        {
            "product_id": product_ids(np.arange(n)),
            "product_name": pa.array(catalog.names),
            "category": words(catalog.category, catalog.categories),
            "subcategory": pa.array(catalog.subcategories),
            "brand": pa.array(catalog.brands),
            "unit_cost": catalog.cost,
            "list_price": catalog.price_cents * 100,
        },
    )


def coupons(calendar: Calendar) -> pa.Table:
    """The codes; `value` is percent, or an amount of money."""
    made = make_coupons(calendar)
    return table(
        "coupons",
        {
            "coupon_code": pa.array([c.code for c in made]),
            "kind": pa.array(["amount" if c.amount else "percent" for c in made]),
            "value": np.array(
                [c.amount / 100 if c.amount else round(c.rate * 100, 1) for c in made]
            ),
            "starts_on": pa.array([c.starts_on for c in made]),
            "ends_on": pa.array([c.ends_on for c in made]),
        },
    )


def events(calendar: Calendar) -> pa.Table:
    """Shopping events, holidays and own campaigns of the log and of the year after it."""
    made = calendar.events
    return table(
        "events",
        {
            "event_id": pa.array([f"{e.code}-{e.starts_on:%Y}" for e in made]),
            "name_en": pa.array([e.name_en for e in made]),
            "name_zh": pa.array([e.name_zh for e in made]),
            "kind": pa.array([e.kind for e in made]),
            "starts_on": pa.array([e.starts_on for e in made]),
            "ends_on": pa.array([e.ends_on for e in made]),
        },
    )


def costs(rng: np.random.Generator, totals: Totals) -> pa.Table:
    """Marketing by day and source, and what the shop pays once a month."""
    calendar = totals.calendar
    day, source, amount = _marketing(rng, totals)
    first = np.array([d for d in range(calendar.days) if _is_first(calendar, d)])
    orders = np.add.reduceat(totals.orders, first)
    lumps = (
        ("shipping", "packaging", orders * 38),
        ("fees", "shop_system", np.full(len(first), 4900) + orders * 2),
        ("service", "helpdesk", np.full(len(first), 8900) + orders * 4),
    )
    kinds = np.concatenate([np.zeros(len(day), int), np.repeat([1, 2, 3], len(first))])
    names = (*SOURCES, *(name for _, name, _ in lumps))
    codes = np.concatenate([source, np.repeat(np.arange(len(SOURCES), len(names)), len(first))])
    days = np.concatenate((day, np.tile(first, 3)))
    cents = np.concatenate((amount, *(values for _, _, values in lumps)))
    return table(
        "costs",
        {
            "cost_id": ids("K", np.arange(len(days)) + 1, width=6),
            "day": days + epoch_days(calendar),
            "kind": words(kinds, ("marketing", *(kind for kind, _, _ in lumps))),
            "source": words(codes, names),
            "amount": cents.astype(np.int64),
        },
    )


def _is_first(calendar: Calendar, day: int) -> bool:
    return day == 0 or calendar.month[day] != calendar.month[day - 1]


def _marketing(rng: np.random.Generator, totals: Totals) -> tuple[Ints, Ints, Ints]:
    """What a newcomer costs times how many came lately: spend follows its success by days."""
    days = totals.calendar.days
    kernel = np.ones(14) / 14
    made: list[tuple[Ints, Ints, Ints]] = []
    for place, name in enumerate(SOURCES):
        if ACQUISITION[name].cost == 0:
            continue
        padded = np.pad(totals.new_buyers[place].astype(float), (7, 6), mode="edge")
        level = np.convolve(padded, kernel, mode="valid")[:days]
        spend = level * ACQUISITION[name].cost * 100 * rng.lognormal(-0.01, 0.15, days)
        made.append((np.arange(days), np.full(days, place), np.rint(spend).astype(np.int64)))
    day, source, amount = (np.concatenate(part) for part in zip(*made, strict=True))
    order = np.lexsort((source, day))
    order = order[amount[order] > 0]
    return day[order], source[order], amount[order]


def stock(rng: np.random.Generator, totals: Totals) -> pa.Table:
    """Pieces on the shelf at the end of each day, and on their way."""
    calendar = totals.calendar
    on_hand, incoming = _shelf(rng, totals)
    n = len(on_hand)
    days = calendar.days
    return table(
        "stock",
        {
            "product_id": product_ids(np.repeat(np.arange(n), days)),
            "day": np.tile(np.arange(days), n) + epoch_days(calendar),
            "on_hand": on_hand.ravel(),
            "incoming": incoming.ravel(),
        },
    )


def _shelf(rng: np.random.Generator, totals: Totals) -> tuple[Ints, Ints]:
    """Orders for more when four weeks of demand are left; they take two to four weeks."""
    units, out = totals.units, stock_outs(totals.calendar)
    n, days = units.shape
    lead = rng.integers(14, 29, n)
    arriving = np.zeros((n, days + 60), dtype=np.int64)
    demand = np.maximum(units.mean(axis=1), 0.05)
    shelf = np.ceil(demand * 60).astype(np.int64) + 5
    on_way = np.zeros(n, dtype=np.int64)
    on_hand, incoming = np.zeros((n, days), dtype=np.int64), np.zeros((n, days), dtype=np.int64)
    for day in range(days):
        came = np.where(out[:, day], 0, arriving[:, day])
        arriving[:, day + 1] += arriving[:, day] - came
        shelf = shelf + came - units[:, day]
        missing = np.where(shelf < 0, -shelf, 0)
        shelf = np.where(out[:, day], 0, shelf + missing)
        on_way = on_way - came
        demand = demand * 0.98 + units[:, day] * 0.02
        order = np.ceil(demand * 45).astype(np.int64) + 3
        wanted = (shelf + on_way) < demand * 28 + 2
        np.add.at(arriving, (np.flatnonzero(wanted), day + lead[wanted]), order[wanted])
        on_way = on_way + np.where(wanted, order, 0)
        on_hand[:, day], incoming[:, day] = shelf, on_way
    return on_hand, incoming
