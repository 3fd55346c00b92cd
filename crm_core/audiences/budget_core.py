"""The few customers a budget is undecided about, settled exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

NONE: Final = -1
_CUSTOMERS = 48
_NODES = 60_000
_MORE = 1e-9

Floats = NDArray[np.float64]
Choices = NDArray[np.int64]


def settle(
    choice: Choices,
    net: Floats,
    cost: Floats,
    caps: Floats,
    budget: float,
    *,
    money: float,
    prices: Floats,
) -> None:
    """Chooses anew for those who are nearly indifferent where money and places have these prices;
    the others keep what they have. It stops after a set number of tries with the best it found."""
    if not len(net):
        return
    reduced = np.column_stack([np.zeros(len(net)), net - (money * cost + prices)])
    two = -np.partition(-reduced, 1, axis=1)[:, :2]
    # Who is most undecided comes last: what is nearly sure is decided first.
    core = np.argsort(two[:, 0] - two[:, 1], kind="stable")[:_CUSTOMERS][::-1]
    others = np.delete(np.arange(len(net)), core)
    others = others[choice[others] != NONE]
    counts = np.bincount(choice[others], minlength=cost.shape[1])
    search = _Search(
        net=net[core].tolist(),
        cost=cost[core].tolist(),
        reduced=reduced[core].tolist(),
        best=_worth(choice[core], net[core]),
        found=choice[core].tolist(),
    )
    rest = budget - float(cost[others, choice[others]].sum())
    room = np.minimum(caps, len(net)) - counts
    slack = (money * rest if money else 0.0) + float((prices * room).sum())
    search.begin(rest, room.tolist(), slack)
    choice[core] = search.found


def _worth(choice: Choices, net: Floats) -> float:
    has = np.flatnonzero(choice != NONE)
    return float(net[has, choice[has]].sum())


@dataclass
class _Search:
    """Depth first, the most promising option first. A branch is cut where even everybody's best at
    the prices, with what is left of the limits sold at them, is no better than what was found."""

    net: list[list[float]]
    cost: list[list[float]]
    reduced: list[list[float]]
    best: float
    found: list[int]
    nodes: int = 0
    now: list[int] = field(default_factory=list)
    ahead: list[float] = field(default_factory=list)
    order: list[list[int]] = field(default_factory=list)

    def begin(self, budget: float, room: list[float], slack: float) -> None:
        """Searches from the first customer on."""
        best = [max(row) for row in self.reduced]
        self.ahead = [sum(best[place:]) for place in range(len(best) + 1)]
        self.order = [
            sorted(range(-1, len(row) - 1), key=lambda offer, row=row: -row[offer + 1])
            for row in self.reduced
        ]
        self.now = [NONE] * len(self.net)
        self._down(0, 0.0, budget, room, slack)

    def _down(
        self, depth: int, worth: float, budget: float, room: list[float], slack: float
    ) -> None:
        self.nodes += 1
        if worth > self.best + _MORE:
            self.best, self.found = worth, list(self.now)
        if depth == len(self.net) or self.nodes > _NODES:
            return
        for offer in self.order[depth]:
            reduced = self.reduced[depth][offer + 1]
            if worth + slack + reduced + self.ahead[depth + 1] <= self.best + _MORE:
                return  # the options that follow promise less
            if offer == NONE:
                self._down(depth + 1, worth, budget, room, slack)
                continue
            net, cost = self.net[depth][offer], self.cost[depth][offer]
            if net <= 0 or cost > budget + _MORE or room[offer] < 1:
                continue
            self.now[depth] = offer
            room[offer] -= 1
            self._down(depth + 1, worth + net, budget - cost, room, slack - (net - reduced))
            room[offer] += 1
            self.now[depth] = NONE
