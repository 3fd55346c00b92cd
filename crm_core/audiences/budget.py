"""Which customers get which offer, for the most expected extra margin that a budget buys.

A multiple-choice knapsack: one offer a customer or none, what is spent within the budget, each
offer within its cap. Prices are put on the budget and on each cap (Lagrange multipliers) until
everybody's best choice at these prices keeps to the limits; who is nearly indifferent is then
settled exactly by branch and bound. The prices also bound what any choice could reach.
Source: Kellerer, Pferschy & Pisinger (2004), Knapsack Problems, chapter 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from crm_core.audiences.budget_core import settle

NONE: Final = -1
_ROUNDS = 6
_HALVINGS = 30
_STEPS = 17
_SAMPLE = 100_000
_NEAR = 1e-9

Floats = NDArray[np.float64]
Choices = NDArray[np.int64]


@dataclass(frozen=True)
class Options:
    """What each customer would bring: `gain` (customer x offer), expected extra margin before
    costs; `cost` of each offer, to anybody or (customer x offer) to each; `caps`, how many may get
    each (infinite: all). `low` and `high` are the gain at the ends of the lift's interval (None: as
    expected)."""

    gain: Floats
    cost: Floats
    caps: Floats
    low: Floats | None = None
    high: Floats | None = None

    @property
    def costs(self) -> Floats:
        """The cost of each offer to each customer."""
        return np.broadcast_to(self.cost, self.gain.shape)

    @property
    def net(self) -> Floats:
        """Gain less cost."""
        return self.gain - self.cost


@dataclass(frozen=True)
class Plan:
    """`choice` is each customer's offer, or NONE. `net` is what it brings less `spent`; `bound` is
    what no choice within these limits exceeds."""

    choice: Choices
    gain: float
    spent: float
    bound: float

    @property
    def net(self) -> float:
        """Gain less what is spent."""
        return self.gain - self.spent

    @property
    def gap(self) -> float:
        """How far from the best this could be, as a share of the bound."""
        return 0.0 if self.bound <= 0 else max(0.0, 1 - self.net / self.bound)

    @property
    def verdict(self) -> Literal["all", "none", "some"]:
        """Whether everybody gets an offer, nobody does, or some."""
        chosen = self.choice != NONE
        if not chosen.any():
            return "none"
        return "all" if chosen.all() else "some"


@dataclass(frozen=True)
class Step:
    """One point of the profit curve: what is spent on how many, and what it brings less that, at
    the gain expected and at the low and the high one."""

    spent: float
    customers: int
    net: float
    low: float
    high: float


def best_plan(options: Options, budget: float) -> Plan:
    """The choice that brings most within a budget; without one, everybody who brings anything.

    >>> ten = Options(np.array([[5.0], [1.0], [3.0]]), np.array([2.0]), np.array([np.inf]))
    >>> best_plan(ten, 4.0).choice.tolist(), best_plan(ten, 4.0).net
    ([0, -1, 0], 4.0)
    """
    net, cost = options.net, options.costs
    money, prices = _prices(net, cost, options.caps, budget)
    choice = _choice(net, cost, money, prices)
    _trim(choice, net, cost, options.caps, budget)
    _fill(choice, net, cost, options.caps, budget)
    settle(choice, net, cost, options.caps, budget, money=money, prices=prices)
    bound = _bound(net, cost, options.caps, budget, money, prices)
    return _plan(options, choice, bound)


def profit_curve(options: Options, *, steps: int = _STEPS) -> list[Step]:
    """What spending more brings, from nothing to everybody, and at the low and the high gain.
    Choices are those of the gain expected.

    Above 100,000 customers every so many-th stands for those around: the curve is as smooth."""
    every = max(1, -(-len(options.gain) // _SAMPLE))
    ends = [options.gain if end is None else end for end in (options.low, options.high)]
    gains = [gain[::every] for gain in (options.gain, *ends)]
    options = Options(gains[0], options.costs[::every], options.caps / every)
    net, cost = options.net, options.costs
    whole = _spent(_choice_all(options), cost)
    curve: list[Step] = []
    prices = np.zeros(cost.shape[1])
    for budget in np.linspace(0.0, whole, steps):
        money, prices = _prices(net, cost, options.caps, float(budget), rounds=2, first=prices)
        # Beyond what pays, whoever brings least follows: the curve turns down.
        choice = _forced(options, float(budget), money, prices)
        chosen = np.flatnonzero(choice != NONE)
        spent = _spent(choice, cost)
        money_told = [float(gain[chosen, choice[chosen]].sum()) - spent for gain in gains]
        curve.append(Step(spent * every, len(chosen) * every, *(m * every for m in money_told)))
    return curve


def _choice_all(options: Options) -> Choices:
    """Everybody's best offer, whether it pays or not."""
    choice = np.argmax(options.net, axis=1)
    _trim(choice, options.net, options.costs, options.caps, inf, allow_loss=True)
    return choice


def _forced(options: Options, budget: float, money: float, prices: Floats) -> Choices:
    """The choice at a budget that is meant to be spent: who pays first, then who loses least."""
    net, cost = options.net, options.costs
    choice = _choice(net, cost, money, prices)
    _trim(choice, net, cost, options.caps, budget)
    rest = budget - _spent(choice, cost)
    idle = np.flatnonzero(choice == NONE)
    if rest <= 0 or not len(idle):
        return choice
    best = np.argmax(net[idle], axis=1)
    paid = cost[idle, best]
    order = np.argsort(-net[idle, best] / np.maximum(paid, _NEAR), kind="stable")
    within = np.cumsum(paid[order]) <= rest + _NEAR
    choice[idle[order[within]]] = best[order[within]]
    _trim(choice, net, cost, options.caps, inf, allow_loss=True)
    return choice


def _prices(
    net: Floats,
    cost: Floats,
    caps: Floats,
    budget: float,
    *,
    rounds: int = _ROUNDS,
    first: Floats | None = None,
) -> tuple[float, Floats]:
    """The price of a unit of money and of a place in each cap, at which limits are kept."""
    prices = np.zeros(cost.shape[1]) if first is None else first.copy()
    money = _money_price(net, cost, budget, prices)
    limited = np.flatnonzero(caps < len(net))
    for _ in range(rounds if len(limited) else 0):
        before = (money, prices.copy())
        for offer in limited:
            prices[offer] = _cap_price(net, cost, caps, money, prices, int(offer))
        money = _money_price(net, cost, budget, prices)
        if abs(money - before[0]) <= 1e-6 * (1 + money) and np.allclose(prices, before[1], 1e-6):
            break
    return money, prices


def _money_price(net: Floats, cost: Floats, budget: float, prices: Floats) -> float:
    """The lowest price of money at which what everybody chooses is within the budget."""
    if budget == inf or _spent(_choice(net, cost, 0.0, prices), cost) <= budget:
        return 0.0
    low, high = 0.0, _dearest(net, cost)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _spent(_choice(net, cost, middle, prices), cost) <= budget:
            high = middle
        else:
            low = middle
        if high - low <= 1e-9 * high:
            break
    return high


def _dearest(net: Floats, cost: Floats) -> float:
    """A price of money at which nobody chooses anything, one offer after the other to save memory."""
    columns = range(cost.shape[1])
    rates = [float((net[:, at] / np.maximum(cost[:, at], _NEAR)).max()) for at in columns]
    return max(rates, default=0.0) + 1.0


def _cap_price(
    net: Floats, cost: Floats, caps: Floats, money: float, prices: Floats, offer: int
) -> float:
    """The price at which no more want an offer than may have it: that of the first one too many."""
    others = np.zeros(len(net))
    for other in range(cost.shape[1]):
        if other != offer:
            reduced = net[:, other] - (money * cost[:, other] + prices[other])
            np.maximum(others, reduced, out=others)
    worth = net[:, offer] - money * cost[:, offer] - others
    place = len(net) - 1 - int(caps[offer])
    return max(0.0, float(np.partition(worth, place)[place]))


def _choice(net: Floats, cost: Floats, money: float, prices: Floats) -> Choices:
    """What everybody chooses at these prices, one offer after the other to save memory."""
    best = np.zeros(len(net))
    choice = np.full(len(net), NONE, np.int64)
    for offer, price in enumerate(prices):
        worth = net[:, offer] - (money * cost[:, offer] + price)
        better = worth > best
        np.copyto(best, worth, where=better)
        choice[better] = offer
    return choice


def _spent(choice: Choices, cost: Floats) -> float:
    chosen = np.flatnonzero(choice != NONE)
    return float(cost[chosen, choice[chosen]].sum())


def _trim(
    choice: Choices,
    net: Floats,
    cost: Floats,
    caps: Floats,
    budget: float,
    *,
    allow_loss: bool = False,
) -> None:
    """Takes offers away where limits are passed, from whom they bring least; and where they lose."""
    for offer in range(cost.shape[1]):
        mine = np.flatnonzero(choice == offer)
        worth = net[mine, offer]
        if not allow_loss:
            choice[mine[worth <= 0]] = NONE
            mine = mine[worth > 0]
        if len(mine) > caps[offer]:
            order = np.argsort(-net[mine, offer], kind="stable")
            choice[mine[order[int(caps[offer]) :]]] = NONE
    chosen = np.flatnonzero(choice != NONE)
    if budget == inf or _spent(choice, cost) <= budget:
        return
    paid = cost[chosen, choice[chosen]]
    rate = net[chosen, choice[chosen]] / np.maximum(paid, _NEAR)
    order = np.argsort(-rate, kind="stable")
    beyond = np.cumsum(paid[order]) > budget
    choice[chosen[order[beyond]]] = NONE


def _fill(choice: Choices, net: Floats, cost: Floats, caps: Floats, budget: float) -> None:
    """Spends what is left: gives or exchanges offers, the best for the money first."""
    for _ in range(3):
        rest = budget - _spent(choice, cost)
        room = caps - np.bincount(choice[choice != NONE], minlength=cost.shape[1])
        has = choice != NONE
        places = np.where(has, choice, 0)
        now = np.where(has, np.take_along_axis(net, places[:, None], 1)[:, 0], 0.0)
        paid = np.where(has, np.take_along_axis(cost, places[:, None], 1)[:, 0], 0.0)
        for offer in range(cost.shape[1]):
            more, dearer = net[:, offer] - now, cost[:, offer] - paid
            able = np.flatnonzero((more > _NEAR) & (dearer <= rest) & (choice != offer))
            if not len(able) or room[offer] < 1:
                continue
            rate = more[able] / np.maximum(dearer[able], _NEAR)
            order = able[np.argsort(-rate, kind="stable")][: int(min(room[offer], len(able)))]
            order = order[np.cumsum(np.maximum(dearer[order], 0.0)) <= rest]
            choice[order] = offer
            now[order], paid[order] = net[order, offer], cost[order, offer]
            rest = budget - _spent(choice, cost)
            room = caps - np.bincount(choice[choice != NONE], minlength=cost.shape[1])


def _bound(
    net: Floats, cost: Floats, caps: Floats, budget: float, money: float, prices: Floats
) -> float:
    best = np.zeros(len(net))
    for offer, price in enumerate(prices):
        np.maximum(best, net[:, offer] - (money * cost[:, offer] + price), out=best)
    limited = np.isfinite(caps)
    places = float((prices[limited] * caps[limited]).sum())
    return float(best.sum()) + (money * budget if money else 0.0) + places


def _plan(options: Options, choice: Choices, bound: float) -> Plan:
    chosen = np.flatnonzero(choice != NONE)
    gain = float(options.gain[chosen, choice[chosen]].sum())
    return Plan(choice, gain, _spent(choice, options.costs), bound)
