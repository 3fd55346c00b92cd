"""Which products people write about more than about others, and of which that share moved.

A product's share of orders with a contact is drawn toward the shop's, by as much as shares of products
differ among themselves (a beta distribution by its moments): by that products are ranked. The range is
that of the share as it was seen, 95 of 100 cases (Wilson). What is named stands out beyond chance after
Benjamini & Hochberg (1995), at FALSE_SHARE over all products looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from crm_core.models.student import share_range, two_sided

#: Products of fewer orders are not looked at.
LEAST_ORDERS: Final = 20
FALSE_SHARE: Final = 0.1
#: How many orders the shop's share counts for, at least and at most.
_PRIOR: Final = (20.0, 2_000.0)

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shares:
    """By product: its likely share, the range of the share seen, and whether it stands out above or
    below the shop's."""

    likely: Numbers
    low: Numbers
    high: Numbers
    is_above: Flags
    is_below: Flags


def held_back(contacted: Numbers, orders: Numbers, shop_share: float) -> Shares:
    """Shares of products with these orders, of which so many had a contact."""
    weight = prior_orders(contacted, orders, shop_share)
    likely = (contacted + weight * shop_share) / (orders + weight)
    ends = [share_range(int(k), int(n)) for k, n in zip(contacted, orders, strict=True)]
    # Half an order off: contacts are counted, and of few orders their normal range is too narrow.
    far = contacted - orders * shop_share
    error = np.sqrt(np.maximum(orders * shop_share * (1 - shop_share), 1e-12))
    z = np.sign(far) * np.maximum(np.abs(far) - 0.5, 0.0) / error
    out = stands_out(np.array([two_sided(float(each)) for each in z]))
    low, high = (np.array(end) for end in (zip(*ends, strict=True) if ends else ([], [])))
    return Shares(likely, low, high, out & (z > 0), out & (z < 0))


def prior_orders(contacted: Numbers, orders: Numbers, shop_share: float) -> float:
    """For how many orders the shop's share counts: few where products differ much.

    >>> prior_orders(np.array([10.0, 90.0]), np.array([200.0, 200.0]), 0.25)
    20.0
    """
    if len(orders) < 2 or not 0 < shop_share < 1:
        return _PRIOR[1]
    seen = contacted / np.maximum(orders, 1.0)
    spread = float(np.average((seen - shop_share) ** 2, weights=orders))
    chance = shop_share * (1 - shop_share)
    noise = chance * len(orders) / float(orders.sum())
    between = spread - noise
    return float(np.clip(chance / between - 1, *_PRIOR)) if between > 0 else _PRIOR[1]


def moved(now: tuple[Numbers, Numbers], before: tuple[Numbers, Numbers]) -> Flags:
    """Whether shares (part, whole) changed beyond chance."""
    (part, whole), (old_part, old_whole) = now, before
    pooled = (part + old_part) / np.maximum(whole + old_whole, 1.0)
    spread = pooled * (1 - pooled) * (1 / np.maximum(whole, 1.0) + 1 / np.maximum(old_whole, 1.0))
    difference = part / np.maximum(whole, 1.0) - old_part / np.maximum(old_whole, 1.0)
    chances = [
        two_sided(float(d) / sqrt(v)) if v > 0 else 1.0
        for d, v in zip(difference, spread, strict=True)
    ]
    return stands_out(np.array(chances))


def stands_out(chances: Numbers) -> Flags:
    """Which of many findings are kept so that FALSE_SHARE of them are chance.

    >>> stands_out(np.array([0.001, 0.04, 0.9])).tolist()
    [True, True, False]
    """
    if not len(chances):
        return np.zeros(0, dtype=bool)
    order = np.argsort(chances)
    limits = FALSE_SHARE * np.arange(1, len(chances) + 1) / len(chances)
    below = np.flatnonzero(chances[order] <= limits)
    kept = np.zeros(len(chances), dtype=bool)
    if len(below):
        kept[order[: below[-1] + 1]] = True
    return kept
