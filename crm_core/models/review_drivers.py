"""What moves stars: how many more or fewer a review has that praises, or blames, one thing.

Least squares of stars on what a review praises and blames, all aspects at once, so that a late parcel
with a broken pot in it is not counted against both. Intervals hold where stars scatter unevenly
(HC1). People who blame the delivery differ in more than their delivery: this is association.
Source: White (1980); MacKinnon & White (1985).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from crm_core.models.review_lexicon import ASPECTS
from crm_core.models.student import share_range, t_quantile

Floats = npt.NDArray[np.float64]
#: A tone below the first is blame, above the second praise, between them neither.
BLAME, PRAISE = 0.4, 0.6
#: Reviews that say a thing, from which on its effect is told.
LEAST_SAYING: Final = 10


@dataclass(frozen=True)
class Effect:
    """Stars more (or fewer) than where nothing is said of the aspect, all others held, with the 95 %
    range; None of too few."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Driver:
    """One aspect: `named` in so many of the texts, in `blamed` and `praised` so; the share of blame
    among those that name it with its range, and what stars go with each."""

    aspect: str
    named: int
    blamed: int
    praised: int
    blame_share: float
    blame_low: float
    blame_high: float
    blame: Effect | None
    praise: Effect | None


def drivers(told: pd.DataFrame) -> list[Driver]:
    """Of reviews counted by what they say: a column an aspect (-1 blame, 1 praise, 0 neither, missing
    where it is not named), stars (missing where there are none) and `reviews`; the most blamed first.
    """
    told = told.assign(**{name: told[name].astype("float64") for name in (*ASPECTS, "stars")})
    count = told["reviews"].to_numpy(np.float64)
    rated = told["stars"].notna().to_numpy()
    said = {(name, side): told[name].eq(side).to_numpy() for name in ASPECTS for side in (-1, 1)}
    known = [
        each for each, rows in said.items() if float(count[rows & rated].sum()) >= LEAST_SAYING
    ]
    effects = _effects(told[rated], count[rated], [said[each][rated] for each in known])
    of = dict(zip(known, effects, strict=True)) if effects else {}
    found: list[Driver] = []
    for name in ASPECTS:
        named = int(count[told[name].notna().to_numpy()].sum())
        if not named:
            continue
        blamed, praised = (int(count[said[name, side]].sum()) for side in (-1, 1))
        low, high = share_range(blamed, named)
        found.append(
            Driver(
                aspect=name,
                named=named,
                blamed=blamed,
                praised=praised,
                blame_share=blamed / named,
                blame_low=low,
                blame_high=high,
                blame=of.get((name, -1)),
                praise=of.get((name, 1)),
            )
        )
    return sorted(found, key=lambda each: (-each.blamed, each.aspect))


def _effects(
    rows: pd.DataFrame, count: Floats, columns: Sequence[npt.NDArray[np.bool_]]
) -> list[Effect]:
    """The coefficient of each column, nothing where they cannot be told from each other."""
    if not columns:
        return []
    stars = rows["stars"].to_numpy(np.float64)
    design = np.column_stack([np.ones(len(stars)), *columns]).astype(np.float64)
    gram = design.T @ (design * count[:, None])
    free = float(count.sum()) - design.shape[1]
    if free < 1 or np.linalg.matrix_rank(gram) < design.shape[1]:
        return []
    inverse = np.linalg.inv(gram)
    found = inverse @ (design.T @ (count * stars))
    left = stars - design @ found
    meat = design.T @ (design * (count * left**2)[:, None])
    variance = np.diag(inverse @ meat @ inverse) * float(count.sum()) / free
    reach = t_quantile(0.975, max(free, 9.0)) * np.sqrt(np.maximum(variance, 0.0))
    ranges = zip(found[1:], reach[1:], strict=True)
    return [Effect(float(v), float(v - r), float(v + r)) for v, r in ranges]
