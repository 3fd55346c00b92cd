"""Whom a message changes: T- and X-learner on logistic regression, beside the plain response model.

Learned from a past campaign with a random control, by what was known the day before people were
drawn. Everybody is scored by models that did not see them (cross-fitting), so that the Qini is
that of people one has not met. The response model, which only tells who buys when contacted, is
always beside: often it is as good, and then it is the one to use.
Sources: Künzel, Sekhon, Bickel & Yu (2019); Chernozhukov et al. (2018) for cross-fitting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from crm_core.models.base import need
from crm_core.models.qini import Ranking, ranking
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats, Ints

NAME: Final = "uplift"
LEARNERS: Final = ("t_learner", "x_learner")
RESPONSE: Final = "response"
METHODS: Final = (*LEARNERS, RESPONSE)
CONTROL_CONVERTERS: Final = 100
FOLDS: Final = 5

_LOGIT_PENALTY = 10.0
_RIDGE_PENALTY = 30.0
_MOST_STEPS = 50

Verdict = Literal["offered", "use_response", "not_apart", "no_better_than_random"]
Score = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Lesson:
    """The people of a campaign: what was known of each (a column a fact), who was treated, who
    bought within the window, and the margin each brought (spend where costs are unknown)."""

    customer_key: Ints
    design: Floats
    treated: npt.NDArray[np.bool_]
    bought: Floats
    margin: Floats

    def __len__(self) -> int:
        return len(self.bought)

    @property
    def control_converters(self) -> int:
        """Control people who bought."""
        return int(self.bought[~self.treated].sum())


@dataclass(frozen=True)
class Uplift:
    """What was learned. `rankings` has every method's Qini and curves; `best` is the learner with
    the greater Qini of the two, `scores` are the cross-fitted ones of each method.

    `verdict`: `offered` where the best learner's Qini is above zero for sure and above the response
    model's interval; `use_response` where it is not, but the response model's is above zero;
    `not_apart` where only the learner beats a lot, yet inside the response model's interval; else
    `no_better_than_random`.
    """

    rankings: Mapping[str, Ranking]
    scores: Mapping[str, Floats]
    best: str
    verdict: Verdict


def learn(lesson: Lesson, *, seed: int = 7) -> Uplift:
    """Learns and judges every method on one campaign.

    Raises: CrmError("not_enough_data") under 100 control people who bought.
    """
    need(NAME, control_converters=(lesson.control_converters, CONTROL_CONVERTERS))
    with one_thread():
        scores = cross_fitted(lesson, seed=seed)
        rankings = {
            name: ranking(score, lesson.treated, lesson.bought, lesson.margin, seed=seed)
            for name, score in scores.items()
        }
    best = max(LEARNERS, key=lambda name: rankings[name].qini)
    return Uplift(rankings, scores, best, verdict(rankings[best], rankings[RESPONSE]))


def verdict(best: Ranking, response: Ranking) -> Verdict:
    """What may be offered for the next send."""
    if best.low > 0 and best.qini > response.high:
        return "offered"
    if response.low > 0:
        return "use_response"
    return "not_apart" if best.low > 0 else "no_better_than_random"


def cross_fitted(lesson: Lesson, *, seed: int) -> dict[str, Floats]:
    """Each method's score of everybody, by models learned from the other folds."""
    fold = folds(lesson, seed=seed)
    scores = {name: np.zeros(len(lesson)) for name in METHODS}
    for place in range(FOLDS):
        held = fold == place
        for name, score in learners(lesson, ~held).items():
            scores[name][held] = score(lesson.design[held])
    return scores


def folds(lesson: Lesson, *, seed: int) -> Ints:
    """A fold for each person, drawn within arm and outcome so that all folds are alike."""
    random = np.random.default_rng(seed)
    fold = np.zeros(len(lesson), dtype=np.int64)
    cell = lesson.treated * 2 + (lesson.bought > 0)
    for one in np.unique(cell):
        there = np.flatnonzero(cell == one)
        fold[random.permutation(there)] = np.arange(len(there)) % FOLDS
    return fold


def learners(lesson: Lesson, rows: npt.NDArray[np.bool_]) -> dict[str, Score]:
    """Every method, learned from some of the people."""
    design, treated, bought = lesson.design[rows], lesson.treated[rows], lesson.bought[rows]
    middle, scale = design.mean(axis=0), design.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)

    def even(given: Floats) -> Floats:
        found: Floats = np.column_stack([np.ones(len(given)), (given - middle) / scale])
        return found

    x = even(design)
    lines = [logistic(x[arm], bought[arm]) for arm in (treated, ~treated)]
    buys, buys_alone = lines
    # X: what each person did, less what the other arm's model says they would have done.
    gained = bought[treated] - chance(x[treated], buys_alone)
    missed = chance(x[~treated], buys) - bought[~treated]
    on_treated, on_control = ridge(x[treated], gained), ridge(x[~treated], missed)
    share = float(treated.mean())
    return {
        "t_learner": lambda given: chance(even(given), buys) - chance(even(given), buys_alone),
        "x_learner": lambda given: even(given) @ (share * on_control + (1 - share) * on_treated),
        RESPONSE: lambda given: chance(even(given), buys),
    }


def chance(x: Floats, line: Floats) -> Floats:
    """The chance a logistic line gives."""
    found: Floats = 1 / (1 + np.exp(-np.clip(x @ line, -30, 30)))
    return found


def logistic(x: Floats, y: Floats, penalty: float = _LOGIT_PENALTY) -> Floats:
    """Logistic regression drawn to zero (but for the first column, a one), by Newton's steps."""
    line = np.zeros(x.shape[1])
    mean = np.clip(float(y.mean()), 1e-6, 1 - 1e-6)
    line[0] = np.log(mean / (1 - mean))
    weight = np.full(x.shape[1], penalty)
    weight[0] = 0.0
    for _ in range(_MOST_STEPS):
        said = chance(x, line)
        slope = x.T @ (said - y) + weight * line
        curve = (x * (said * (1 - said))[:, None]).T @ x + np.diag(weight + 1e-9)
        step = np.linalg.solve(curve, slope)
        line = line - np.clip(step, -4, 4)
        if float(np.abs(step).max()) < 1e-8:
            break
    return line


def ridge(x: Floats, y: Floats, penalty: float = _RIDGE_PENALTY) -> Floats:
    """Least squares drawn to zero (but for the first column, a one)."""
    weight = np.full(x.shape[1], penalty)
    weight[0] = 1e-9
    return np.asarray(np.linalg.solve(x.T @ x + np.diag(weight), x.T @ y), dtype=np.float64)
