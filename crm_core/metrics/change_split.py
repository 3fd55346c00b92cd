"""A move of money between two periods, split into its factors so that the parts add up to the cent.

Within a group the money of known customers is

    customers x orders a customer x items an order x (price of an item, by mix and price) x kept

where `kept` is the share that refunds leave. Every factor's part is its Shapley value: what it
adds when the factors change one after another, averaged over all orders in which they could.
That needs no order, leaves no rest, and turns its sign when the periods change places. For a
margin the goods cost of an item, by mix and cost, is taken off the price.

Source: Shapley (1953), "A value for n-person games"; for decompositions Sun (1998), "Accounting
for the changes in energy consumption", and Albrecht, François & Schoors (2002). See
docs/adr/0040.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Amounts = NDArray[np.float64]

FACTORS = ("customers", "frequency", "items", "price", "mix", "refunds", "goods_cost")
#: What no factor explains: groups that sell in one of the periods alone, orders without a
#: customer, and money without pieces (adjustments, vouchers, charges).
APART = ("entered", "left", "unkeyed", "other")
BARS = (*FACTORS, *APART)
_MONEY = ("revenue", "refund", "cost", "back", "keyed", "unkeyed")
_FINE = 3  # decimals of a cent below which two parts are equal


@dataclass(frozen=True)
class Sums:
    """What one group sold in one period. Money in cents; `keyed` and `unkeyed` are the whole
    number (net revenue or margin) of customers known and not.

    `revenue`, `cost`, `units`, `orders`, `buyers` are of pieces sold to known customers, `refund`
    and `back` (goods cost given back) of their refunds. `revenue_otherwise` and `cost_otherwise`
    are the same pieces at the other period's prices and costs.
    """

    buyers: float = 0
    orders: float = 0
    units: float = 0
    revenue: float = 0
    revenue_otherwise: float = 0
    cost: float = 0
    cost_otherwise: float = 0
    refund: float = 0
    back: float = 0
    keyed: float = 0
    unkeyed: float = 0

    @property
    def whole(self) -> float:
        """The number itself."""
        return self.keyed + self.unkeyed


COLUMNS = tuple(field.name for field in fields(Sums))


def split_change(before: pd.DataFrame, now: pd.DataFrame, *, margin: bool) -> pd.DataFrame:
    """The parts of each group's move, in cents: one row a group, columns BARS, and before, now,
    change. Both frames have a row a group in the same order, columns as in `Sums`.

    A row's bars add up to its change, and so do their sums over rows.

    >>> one, two = (pd.DataFrame([Sums(n, n, n, n * 10, n * 10, keyed=n * 10)]) for n in (2, 3))
    >>> split_change(one, two, margin=False).loc[0, ["customers", "change"]].tolist()
    [10, 10]
    """
    old, new = (_numbers(frame) for frame in (before, now))
    whole = [_cents(each["keyed"]) + _cents(each["unkeyed"]) for each in (old, new)]
    bars = {name: np.zeros(len(before), dtype=np.int64) for name in BARS}
    bars["unkeyed"] = _cents(new["unkeyed"]) - _cents(old["unkeyed"])
    known = _cents(new["keyed"]) - _cents(old["keyed"])
    was, is_now = old["buyers"] > 0, new["buyers"] > 0
    both = was & is_now
    bars["entered"] = np.where(is_now & ~was, known, 0)
    bars["left"] = np.where(was & ~is_now, known, 0)
    returned = [-_given_back(each, margin) for each in (old, new)]
    bars["refunds"] = np.where(~was & ~is_now, returned[1] - returned[0], 0)
    explained = [
        _cents(_sold(each, margin)) + back for each, back in zip((old, new), returned, strict=False)
    ]
    rest = known - (explained[1] - explained[0])
    bars["other"] = np.where(was == is_now, rest, 0)
    if both.any():
        of_both = [{name: each[name][both] for name in each} for each in (old, new)]
        parts = _factors(*of_both, margin=margin)
        to_reach = (explained[1] - explained[0])[both]
        for name, part in zip(FACTORS, _in_cents(parts, to_reach), strict=False):
            bars[name][both] = part
    told: dict[str, Any] = {**bars, "before": whole[0], "now": whole[1]}
    return pd.DataFrame({**told, "change": whole[1] - whole[0]}, index=before.index)


def shapley(players: int, worth: Callable[[Sequence[int]], Amounts]) -> list[Amounts]:
    """Each player's average part in the way from `worth` of all zeros to that of all ones.

    `worth` is given a 0 or 1 for each player. Coalitions are summed up together with their
    mirror images, so that turning the way round turns every sign, to the last bit.

    >>> [part.tolist() for part in shapley(2, lambda on: np.array([(2.0 + on[0]) * (4 + on[1])]))]
    [[4.5], [2.5]]
    """
    every = range(1 << players)
    at = [worth([mask >> player & 1 for player in range(players)]) for mask in every]
    weights = [
        factorial(size) * factorial(players - size - 1) / factorial(players)
        for size in range(players)
    ]
    found: list[Amounts] = []
    for player in range(players):
        bit = 1 << player
        steps = np.stack(
            [weights[mask.bit_count()] * (at[mask | bit] - at[mask]) for mask in every
             if not mask & bit]
        )  # fmt: skip
        found.append(((steps + steps[::-1]) / 2).sum(axis=0))
    return found


def _factors(
    old: Mapping[str, Amounts], new: Mapping[str, Amounts], *, margin: bool
) -> list[Amounts]:
    """The factors' parts, in fractions of cents, of groups that sold in both periods."""
    held = (old, new)
    customers = [each["buyers"] for each in held]
    frequency = [each["orders"] / each["buyers"] for each in held]
    items = [each["units"] / each["orders"] for each in held]
    price = _by_mix(old, new, "revenue")
    cost = _by_mix(old, new, "cost")
    # Refunds are a share of what was sold; of nothing sold they are an amount apart.
    has_share = [each["revenue"] > 0 for each in held]
    back = [_given_back(each, margin).astype(np.float64) for each in held]
    sold = [np.where(has, each["revenue"], 1.0) for has, each in zip(has_share, held, strict=True)]
    lost = [np.where(has, b / s, 0.0) for has, b, s in zip(has_share, back, sold, strict=True)]
    apart = [np.where(has, 0.0, b) for has, b in zip(has_share, back, strict=True)]

    def worth(on: Sequence[int]) -> Amounts:
        c, f, i, p, m, r, *g = on
        each = price[p][m] * (1.0 - lost[r])
        if g:
            each = each - cost[g[0]][m]
        return customers[c] * frequency[f] * items[i] * each - apart[r]

    return shapley(len(FACTORS) if margin else len(FACTORS) - 1, worth)


def _by_mix(
    old: Mapping[str, Amounts], new: Mapping[str, Amounts], name: str
) -> list[list[Amounts]]:
    """Money an item, by whose prices (first) and whose mix of products (second)."""
    return [
        [old[name] / old["units"], new[f"{name}_otherwise"] / new["units"]],
        [old[f"{name}_otherwise"] / old["units"], new[name] / new["units"]],
    ]


def _sold(each: Mapping[str, Amounts], margin: bool) -> Amounts:
    return each["revenue"] - each["cost"] if margin else each["revenue"]


def _given_back(each: Mapping[str, Amounts], margin: bool) -> NDArray[np.int64]:
    """What refunds take away: money, less for a margin the goods that came back."""
    return _cents(each["refund"]) - (_cents(each["back"]) if margin else 0)


def _numbers(frame: pd.DataFrame) -> dict[str, Amounts]:
    found = {name: frame[name].to_numpy(dtype=np.float64) for name in COLUMNS}
    return found | {name: _cents(found[name]).astype(np.float64) for name in _MONEY}


def _cents(amounts: Amounts) -> NDArray[np.int64]:
    return np.rint(amounts).astype(np.int64)


def _in_cents(parts: Sequence[Amounts], totals: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Parts rounded to whole cents that add up to each total: by largest remainder.

    Falls are rounded as rises are, so that a change told backwards has the same parts.
    """
    exact = np.round(np.stack(list(parts)), _FINE)
    moved = exact != 0
    moved |= ~moved.any(axis=0)
    # Where nothing changed in all, the first part that is not nothing says what is a rise.
    first = np.take_along_axis(exact, moved.argmax(axis=0)[None], axis=0)[0]
    sign = np.where((totals < 0) | ((totals == 0) & (first < 0)), -1, 1)
    upright = exact * sign
    floors = np.floor(upright)
    missing = (totals * sign - floors.sum(axis=0)).astype(np.int64)
    whole, extra = np.divmod(missing, moved.sum(axis=0))
    nearest = np.argsort(np.where(moved, floors - upright, 1.0), axis=0, kind="stable")
    rank = np.argsort(nearest, axis=0, kind="stable")
    rounded = floors.astype(np.int64) + moved * whole + (rank < extra)
    return list(rounded * sign)
