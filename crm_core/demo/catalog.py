"""The shop's products: names, prices, costs, refund rates, and which price lies next to which."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.parameters import LOSS_MAKERS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEIGHBOURS = 5


@dataclass(frozen=True)
class Catalog:
    """Products in order of category and price; arrays are by product unless said otherwise."""

    categories: tuple[str, ...]
    names: tuple[str, ...]
    subcategories: tuple[str, ...]
    brands: tuple[str, ...]
    category: Ints
    price_cents: Ints
    cost: Ints
    tax: Floats
    refund_rate: Floats
    sibling: Ints
    first: Ints
    size: Ints
    near: Ints
    near_cumulative: Floats

    def number(self, name: str) -> int:
        """The product's place in the arrays."""
        return self.names.index(name)

    def numbers(self, names: tuple[str, ...]) -> Ints:
        """The places of several products."""
        return np.array([self.number(name) for name in names], dtype=np.int64)


@cache
def load_catalog() -> Catalog:
    """The range in `catalog.toml`; costs are in ten-thousandths of the currency unit."""
    raw = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text(encoding="utf-8"))
    rows = sorted(_rows(raw["category"]), key=lambda row: (row["place"], row["price"], row["name"]))
    category = np.array([row["place"] for row in rows], dtype=np.int64)
    price = np.array([row["price"] for row in rows], dtype=np.int64)
    first = np.searchsorted(category, np.arange(len(raw["category"])))
    size = np.bincount(category)
    near, cumulative = _near(category, first, size)
    return Catalog(
        categories=tuple(entry["name"] for entry in raw["category"]),
        names=tuple(row["name"] for row in rows),
        subcategories=tuple(row["subcategory"] for row in rows),
        brands=tuple(row["brand"] for row in rows),
        category=category,
        price_cents=price,
        cost=_costs(rows, price),
        tax=np.array([row["tax"] for row in rows]),
        refund_rate=np.array([row["refunds"] for row in rows]),
        sibling=near[:, NEIGHBOURS // 2 + 1],
        first=first,
        size=size,
        near=near,
        near_cumulative=cumulative,
    )


def _rows(categories: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for place, entry in enumerate(categories):
        for sub in entry["subcategory"]:
            steps = np.geomspace(sub["low"], sub["high"], len(sub["products"]))
            for name, price in zip(sub["products"], steps, strict=True):
                rows.append(
                    {**entry, "place": place, "subcategory": sub["name"], "name": name}
                    | {"price": _shelf_price(float(price))}
                )
    return rows


def _shelf_price(price: float) -> int:
    """Cents; below ten in halves (.50 or .90), above in whole units less ten cents.

    >>> _shelf_price(7.3), _shelf_price(31.2)
    (750, 3090)
    """
    whole = int(price)
    if price < 10:
        return whole * 100 + (50 if price - whole < 0.65 else 90)
    return max(round(price), 10) * 100 - 10


def _costs(rows: list[dict[str, Any]], price: Ints) -> Ints:
    """Cost of a unit: the category's margin, a little different for each product."""
    wobble = np.random.default_rng(20240501).normal(0.0, 0.05, len(rows))
    margin = np.array([row["margin"] for row in rows]) + np.clip(wobble, -0.1, 0.1)
    loss = np.array([row["name"] in LOSS_MAKERS for row in rows])
    margin = np.where(loss, -0.08, margin)
    return np.rint(price * 100 * (1 - margin)).astype(np.int64)


def _near(category: Ints, first: Ints, size: Ints) -> tuple[Ints, Floats]:
    """For each product those next to it in price within the category, with popularity weights."""
    places = np.arange(len(category))[:, None] + np.arange(NEIGHBOURS) - NEIGHBOURS // 2
    low, high = first[category][:, None], (first + size - 1)[category][:, None]
    near = np.clip(places, low, high)
    near = np.where(places > high, 2 * high - places, near)
    near = np.where(places < low, 2 * low - places, near)
    liking = np.random.default_rng(20240502).lognormal(0.0, 0.6, len(category))
    closeness = np.array([0.35, 0.8, 1.0, 0.8, 0.35])
    weights = liking[near] * closeness
    return near, np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
