"""How well a score tells whom a message changes: Qini and profit curves with their intervals.

People who were drawn by lot are sorted by a score that was learned without them. At each share
from the top: how much more the treated among them brought than the control, for each person of
the whole list. The Qini is the area between this curve and the straight line of no order.
Sources: Radcliffe (2007); Devriendt, Van Belle, Guns & Verbeke (2022).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from crm_core.models.triples import Floats, Ints

#: The shares of people at which curves are told.
SHARES: Final[Floats] = np.linspace(0.0, 1.0, 21)
DRAWS: Final = 200


@dataclass(frozen=True)
class Curve:
    """What treating each of SHARES brings for each person of the list, beside treating nobody;
    `low` and `high` hold 95 of 100 true values at each share."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Ranking:
    """How well one score ranks: its Qini with bounds, and its curves in buyers and in money."""

    qini: float
    low: float
    high: float
    buyers: Curve
    money: Curve


class Ranked:
    """People of a campaign in the order of a score, best first; the tied are never parted."""

    def __init__(self, score: Floats, treated: npt.NDArray[np.bool_]) -> None:
        self.order: Ints = np.argsort(-score, kind="stable").astype(np.int64)
        ranked = score[self.order]
        self._last = np.flatnonzero(np.concatenate([ranked[1:] != ranked[:-1], [True]]))
        self._untied = len(self._last) == len(ranked)
        self.treated = treated[self.order]

    def curves(self, outcomes: Sequence[Floats], weight: Floats) -> tuple[Floats, list[Floats]]:
        """Shares of the people from the top, and what treating them brings a person of the list
        in each of the outcomes. The outcomes are `sorted` ones."""
        drawn = weight[self.order]
        arms = [drawn * self.treated, drawn * ~self.treated]
        sizes = [self._until(arm) for arm in arms]
        people = sizes[0] + sizes[1]
        whole = float(people[-1]) or 1.0
        # Where an arm has nobody yet, what is known of it is nothing.
        is_told = (sizes[0] > 0) & (sizes[1] > 0)
        parts = [np.where(is_told, people / np.maximum(size, 1e-12), 0.0) / whole for size in sizes]
        found: list[Floats] = []
        for brought in outcomes:
            sums = [self._until(arm * brought) for arm in arms]
            gain = sums[0] * parts[0] - sums[1] * parts[1]
            found.append(np.concatenate([[0.0], gain]))
        return np.concatenate([[0.0], people / whole]), found

    def sorted(self, outcome: Floats) -> Floats:
        """An outcome in the order of the score."""
        return outcome[self.order]

    def _until(self, values: Floats) -> Floats:
        """Sums from the top to the end of each group of ties."""
        total: Floats = np.cumsum(values)
        return total if self._untied else total[self._last]


def ranking(
    score: Floats,
    treated: npt.NDArray[np.bool_],
    bought: Floats,
    money: Floats,
    *,
    seed: int,
    draws: int = DRAWS,
) -> Ranking:
    """Qini and curves of a score on people it was not learned from, with bootstrap intervals.

    Deterministic. Scores are held fixed: the interval tells how sure this ranking's worth is, not
    how much another learning of it would differ.
    """
    ranked = Ranked(score, treated)
    everyone = np.ones(len(score))
    outcomes = [ranked.sorted(bought), ranked.sorted(money)]
    told = _told(ranked, outcomes, everyone)
    found = [_told(ranked, outcomes, weight) for weight in _weights(len(score), seed, draws)]
    bounds = [np.quantile([one[0] for one in found], [0.025, 0.975])]
    bounds += [
        np.quantile(np.array([one[place] for one in found]), [0.025, 0.975], axis=0)
        for place in (1, 2)
    ]
    return Ranking(
        qini=float(told[0]),
        low=float(bounds[0][0]),
        high=float(bounds[0][1]),
        buyers=Curve(told[1], bounds[1][0], bounds[1][1]),
        money=Curve(told[2], bounds[2][0], bounds[2][1]),
    )


def _weights(size: int, seed: int, draws: int) -> Iterator[Floats]:
    """How often each person is drawn; the same for every score of the same people."""
    random = np.random.default_rng(seed)
    for _ in range(draws):
        yield random.poisson(1.0, size).astype(np.float64)


def _told(
    ranked: Ranked, outcomes: Sequence[Floats], weight: Floats
) -> tuple[float, Floats, Floats]:
    shares, (gain, earned) = ranked.curves(outcomes, weight)
    return (
        area(shares, gain),
        np.interp(SHARES, shares, gain),
        np.interp(SHARES, shares, earned),
    )


def area(shares: Floats, gain: Floats) -> float:
    """The area between a curve and the straight line to its end.

    >>> area(np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.5, 0.5]))
    0.125
    """
    under = float(np.dot(np.diff(shares), (gain[1:] + gain[:-1]) / 2))
    return under - float(gain[-1]) / 2
