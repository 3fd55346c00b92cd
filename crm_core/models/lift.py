"""What a campaign changed: treated against a control drawn by lot, from sums alone.

The engine sums up members to `Moments`; nothing here sees a person. An interval is Welch's, after
adjusting by what was known before (Lin), from 100 buyers in both arms on; of pooled variance from
10 in both; none below, where spend is too skewed for any. Figures of a window that is not over have none: the
lift grows from day to day, so that looking often would find what is not there.
Sources: Welch (1947); Deng, Xu, Kohavi & Walker (2013), CUPED; Lin (2013).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import sqrt
from typing import Final, Literal

import numpy as np

from crm_core.models.student import chi_square_tail, fewer_by_chance, t_quantile
from crm_core.models.triples import Floats

#: Of each member, within the window: bought (1) or not (0), orders, money paid less refunds, and
#: what was left of it after goods.
OUTCOMES: Final = ("buyers", "orders", "spend", "margin")
#: Of each member, before the assignment.
COVARIATES: Final = ("spend_before", "orders_before")
#: What prices were lowered by within the window: so much would `spend` have been more.
DISCOUNT: Final = "discount"
COLUMNS: Final = (*OUTCOMES, *COVARIATES, DISCOUNT)

WELCH_FROM: Final = 100
INTERVAL_FROM: Final = 10
SPLIT_ALARM: Final = 0.001

Method = Literal["welch", "pooled", "none", "interim", "observational"]

_LEAST_OF_STRATUM = 20
#: People of each arm, far more than a line has columns: of few it is drawn through every point.
_LEAST_TO_ADJUST = 100
_KNOWN_BEFORE = slice(len(OUTCOMES), len(OUTCOMES) + len(COVARIATES))


@dataclass(frozen=True)
class Moments:
    """People as sums: how many, the sum of each of COLUMNS, and of each pair's product."""

    n: int
    sums: Floats
    products: Floats

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.n + other.n, self.sums + other.sums, self.products + other.products)

    @classmethod
    def of(cls, rows: Floats) -> Moments:
        """The sums of rows that have COLUMNS.

        >>> Moments.of(np.ones((3, 7))).total("buyers")
        3.0
        """
        return cls(len(rows), rows.sum(axis=0), rows.T @ rows)

    def before_discounts(self, outcome: str) -> Moments:
        """The same people, with an outcome in money as if no price had been lowered."""
        added = np.eye(len(COLUMNS))
        added[COLUMNS.index(outcome), COLUMNS.index(DISCOUNT)] = 1.0
        return Moments(self.n, added @ self.sums, added @ self.products @ added.T)

    def total(self, column: str) -> float:
        """The sum of a column over the people."""
        return float(self.sums[COLUMNS.index(column)])

    def mean(self, column: str) -> float:
        """The mean of a column over the people; 0 of nobody."""
        return self.total(column) / self.n if self.n else 0.0

    def variance(self, column: str) -> float:
        """The variance of a column over the people, of fewer than two 0."""
        if self.n < 2:
            return 0.0
        place = COLUMNS.index(column)
        squares = float(self.products[place, place]) - self.n * self.mean(column) ** 2
        return max(squares, 0.0) / (self.n - 1)


Strata = Mapping[str, Moments]
"""The people of one arm by the stratum they were drawn within; one stratum where there was none."""


@dataclass(frozen=True)
class Lift:
    """How much more of an outcome a treated member brought than a control member.

    `plain` is the bare difference of means; `difference` is adjusted by what was known before
    where `variance_reduction` says by how much that shrank the variance. `low` and `high` hold
    95 of 100 true values; None without an interval, and `method` says why.
    """

    outcome: str
    difference: float
    plain: float
    low: float | None
    high: float | None
    method: Method
    variance_reduction: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and self.low * self.high > 0


def together(strata: Strata) -> Moments:
    """All people of an arm."""
    width = len(COLUMNS)
    nobody = Moments(0, np.zeros(width), np.zeros((width, width)))
    return reduce(Moments.__add__, strata.values(), nobody)


def method_for(
    treated: Moments, control: Moments, *, is_over: bool, is_random: bool = True
) -> Method:
    """What the buyers of the arm with the fewer, and the day, allow to be said."""
    if not is_random:
        return "observational"
    if not is_over:
        return "interim"
    buyers = min(arm.total("buyers") for arm in (treated, control))
    if buyers < INTERVAL_FROM:
        return "none"
    return "welch" if buyers >= WELCH_FROM else "pooled"


def lift(
    treated: Strata,
    control: Strata,
    outcome: str,
    *,
    is_over: bool = True,
    is_random: bool = True,
    level: float = 0.95,
) -> Lift:
    """The lift of one outcome; see the module for which interval it comes with."""
    ours, theirs = together(treated), together(control)
    plain = ours.mean(outcome) - theirs.mean(outcome)
    method = method_for(ours, theirs, is_over=is_over, is_random=is_random)
    if min(ours.n, theirs.n) < 2 and is_random and is_over:
        method = "none"
    if method == "observational" and min(ours.n, theirs.n) >= _LEAST_TO_ADJUST:
        return Lift(outcome, _adjusted(treated, control, outcome)[0], plain, None, None, method)
    if method not in ("welch", "pooled"):
        return Lift(outcome, plain, plain, None, None, method)
    if method == "pooled":
        error, degrees = _pooled(ours, theirs, outcome)
        reach = t_quantile(0.5 + level / 2, degrees) * error
        return Lift(outcome, plain, plain, plain - reach, plain + reach, method)
    difference, parts = _adjusted(treated, control, outcome)
    degrees = _welch_degrees(parts[:2], (ours.n, theirs.n))
    reach = t_quantile(0.5 + level / 2, degrees) * sqrt(sum(parts))
    bare = ours.variance(outcome) / ours.n + theirs.variance(outcome) / theirs.n
    less = 1 - sum(parts) / bare if bare > 0 else 0.0
    return Lift(outcome, difference, plain, difference - reach, difference + reach, method, less)


def _pooled(ours: Moments, theirs: Moments, outcome: str) -> tuple[float, float]:
    """Standard error and degrees, as if both arms varied alike: a control of few buyers does not
    tell its own variance."""
    degrees = ours.n + theirs.n - 2
    squares = sum((part.n - 1) * part.variance(outcome) for part in (ours, theirs))
    return sqrt(squares / degrees * (1 / ours.n + 1 / theirs.n)), float(degrees)


def _welch_degrees(parts: Sequence[float], sizes: tuple[int, int]) -> float:
    below = sum(part**2 / (n - 1) for part, n in zip(parts, sizes, strict=True))
    return sum(parts) ** 2 / below if below > 0 else float(sum(sizes) - 2)


def _adjusted(treated: Strata, control: Strata, outcome: str) -> tuple[float, list[float]]:
    """Lin's difference, and the parts of its variance: of each arm, and of what people are in it.

    Each arm has its own line through strata and covariates, read at the mean of all people.
    """
    names = _kept_strata(treated, control)
    designs = [_design(arm, names, outcome) for arm in (treated, control)]
    size = sum(one.n for one in designs)
    middle = sum(one.n * one.mean for one in designs) / size
    lines = [_line(one) for one in designs]
    read = [float(line @ middle) for line in lines]
    parts = [one.left_over(line) / one.n for one, line in zip(designs, lines, strict=True)]
    apart = lines[0] - lines[1]
    everyone = sum(one.inner for one in designs) / size - np.outer(middle, middle)
    return read[0] - read[1], [*parts, max(float(apart @ everyone @ apart), 0.0) / size]


@dataclass(frozen=True)
class _Design:
    """Sums of one arm over what it is adjusted by (a one, strata, covariates) and the outcome."""

    n: int
    inner: Floats
    cross: Floats
    squares: float

    @property
    def mean(self) -> Floats:
        return self.inner[0] / self.n

    def left_over(self, line: Floats) -> float:
        """The variance of what the line does not tell."""
        rest = max(self.squares - float(line @ self.cross), 0.0)
        rank = int(np.linalg.matrix_rank(self.inner, hermitian=True))
        return rest / max(self.n - rank, 1)


def _kept_strata(treated: Strata, control: Strata) -> list[str]:
    """Strata with enough people in both arms to have a mean of their own, less one of them: the
    others stand together beside it."""
    large = [
        name
        for name in sorted(set(treated) & set(control))
        if min(treated[name].n, control[name].n) >= _LEAST_OF_STRATUM
    ]
    whole = len(large) == len(set(treated) | set(control))
    return large[1:] if whole else large


def _design(arm: Strata, names: Sequence[str], outcome: str) -> _Design:
    whole, y = together(arm), COLUMNS.index(outcome)
    count, width = len(names), len(COVARIATES)
    inner = np.zeros((1 + count + width, 1 + count + width))
    cross = np.zeros(1 + count + width)
    covariates = _KNOWN_BEFORE
    inner[0, 0], inner[0, 1 + count :] = whole.n, whole.sums[covariates]
    inner[1 + count :, 1 + count :] = whole.products[covariates, covariates]
    cross[0], cross[1 + count :] = whole.sums[y], whole.products[covariates, y]
    for place, name in enumerate(names, 1):
        part = arm[name]
        inner[0, place] = inner[place, place] = part.n
        inner[place, 1 + count :] = part.sums[covariates]
        cross[place] = part.sums[y]
    inner = np.triu(inner) + np.triu(inner, 1).T
    return _Design(whole.n, inner, cross, float(whole.products[y, y]))


def _line(design: _Design) -> Floats:
    """The least squares line; a column that says nothing gets no weight."""
    scale = np.sqrt(np.maximum(np.diag(design.inner), 1e-300))
    even = design.inner / np.outer(scale, scale)
    found: Floats = np.linalg.pinv(even, rcond=1e-10, hermitian=True) @ (design.cross / scale)
    return found / scale


@dataclass(frozen=True)
class Split:
    """Whether people fell to the arms as was planned. `is_broken`: by chance alone so far off in
    fewer than 1 of 1,000 cases, so that something but the lot chose."""

    chance: float
    is_broken: bool


def split(assigned: Mapping[str, int], planned: Mapping[str, float]) -> Split:
    """Compares the numbers assigned to the arms with the planned shares (chi-square).

    >>> split({"treatment": 900, "holdout": 100}, {"treatment": 0.9, "holdout": 0.1}).is_broken
    False
    >>> split({"treatment": 900, "holdout": 40}, {"treatment": 0.9, "holdout": 0.1}).is_broken
    True
    """
    everyone, whole = sum(assigned.values()), sum(planned.values())
    expected = {arm: everyone * share / whole for arm, share in planned.items() if share > 0}
    if everyone == 0 or len(expected) < 2:
        return Split(1.0, False)
    statistic = sum((assigned.get(arm, 0) - n) ** 2 / n for arm, n in expected.items())
    chance = chi_square_tail(statistic, len(expected) - 1)
    return Split(chance, chance < SPLIT_ALARM)


def chance_alone(treated: Moments, control: Moments) -> float | None:
    """How often chance alone parts the buyers at least so unevenly (Fisher's exact test, the
    smaller tail twice): what can be said where control buyers are too few for an interval.

    None from 10 control buyers on, where the interval says it.
    """
    few, buyers = round(control.total("buyers")), round(control.total("buyers"))
    buyers += round(treated.total("buyers"))
    if few >= INTERVAL_FROM or not treated.n or not control.n:
        return None
    everyone = treated.n + control.n
    below = fewer_by_chance(few, control.n, buyers, everyone)
    above = 1 - fewer_by_chance(few - 1, control.n, buyers, everyone) if few else 1.0
    return min(1.0, 2 * min(below, above))


def imbalance(treated: Moments, control: Moments, covariate: str) -> float:
    """How far apart the arms were before, in standard errors: beyond 4 a lot hardly did it."""
    parts = [arm.variance(covariate) / arm.n for arm in (treated, control) if arm.n > 1]
    error = sqrt(sum(parts))
    return (treated.mean(covariate) - control.mean(covariate)) / error if error > 0 else 0.0
