"""Cases and those beside them, as means, differences and intervals; and whether they were alike before.

Intervals hold 95 of 100 true values; they allow for people who are in many pairs, on either side.
Source: Rosenbaum (2002), control outcomes; Cameron, Gelbach & Miller (2011), two-way clusters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

#: Fewer cases with somebody beside them, or fewer that can be checked, say nothing.
LEAST_CASES: Final = 50
_Z_95 = 1.959964

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
State = Literal["shown", "few", "unchecked", "differs", "none"]


@dataclass(frozen=True)
class Gap:
    """Means of the cases and of those beside them, their difference and its interval."""

    case: float
    other: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """How much more the cases have."""
        return self.case - self.other

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low * self.high > 0


@dataclass(frozen=True)
class Association:
    """One exposure over one horizon.

    `cases` are those whose days of following are over, `matched` of them have somebody beside
    them, `people` are different customers among those; `checked` of them were there long enough
    to be compared by what they bought `before`. `bought` (a share) and `value` (revenue) are told
    with state "shown" alone: "few" has too few cases, "unchecked" too few to check, "differs" had
    unlike groups before, "none" has nothing to look at.
    """

    exposure: str
    horizon_days: int
    state: State
    cases: int = 0
    matched: int = 0
    people: int = 0
    checked: int = 0
    before: Gap | None = None
    bought: Gap | None = None
    value: Gap | None = None


@dataclass(frozen=True)
class Pairs:
    """Rows of `care_pairs.pairs` as arrays; days are numbers."""

    case: Ints
    case_key: Ints
    other_key: Ints
    last_day: Ints
    known: npt.NDArray[np.bool_]
    case_did: dict[str, Floats]
    other_did: dict[str, Floats]

    def among(self, kept: npt.NDArray[np.bool_]) -> Pairs:
        """Only those pairs."""
        return Pairs(
            self.case[kept],
            self.case_key[kept],
            self.other_key[kept],
            self.last_day[kept],
            self.known[kept],
            {name: did[kept] for name, did in self.case_did.items()},
            {name: did[kept] for name, did in self.other_did.items()},
        )

    def __len__(self) -> int:
        return len(self.case)


def associate(
    rows: Pairs, exposure: str, horizon_days: int, *, as_of: date, cases: int = 0
) -> Association:
    """What the pairs say whose days of following are over by the end of `as_of`."""
    end = int(np.datetime64(as_of, "D").astype(np.int64))
    done = rows.among(rows.last_day + horizon_days <= end)
    matched, people = len(np.unique(done.case)), len(np.unique(done.case_key))
    known = done.among(done.known)
    told = Association(
        exposure,
        horizon_days,
        "few",
        cases=max(cases, matched),
        matched=matched,
        people=people,
        checked=len(np.unique(known.case)),
    )
    if min(matched, people) < LEAST_CASES:
        return told
    if told.checked < LEAST_CASES:
        return replace(told, state="unchecked")
    before = gap(known, "before")
    if before.is_sure:
        return replace(told, state="differs", before=before)
    bought, value = (gap(done, f"{name}_{horizon_days}") for name in ("bought", "value"))
    return replace(told, state="shown", before=before, bought=bought, value=value)


def gap(rows: Pairs, outcome: str) -> Gap:
    """The mean over cases of what each has more than the mean of those beside it.

    The variance adds what people share as cases to what they share beside others, less what is in
    both.
    """
    _, place, size = np.unique(rows.case, return_inverse=True, return_counts=True)
    weight = 1.0 / size[place]
    n = float(len(size))
    case, other = rows.case_did[outcome], rows.other_did[outcome]
    mean_case, mean_other = (float((weight * did).sum() / n) for did in (case, other))
    score = weight * (case - other - (mean_case - mean_other))
    both = np.stack([rows.case_key, rows.other_key])
    variance = (
        _squares(rows.case_key, score)
        + _squares(rows.other_key, score)
        - _squares(np.unique(both, axis=1, return_inverse=True)[1].ravel(), score)
    )
    # With few people the sum of squares is a little small: as of a sample.
    groups = float(min(len(np.unique(keys)) for keys in both))
    error = float(np.sqrt(max(variance, _squares(place, score)) * groups / max(groups - 1, 1))) / n
    middle = mean_case - mean_other
    return Gap(mean_case, mean_other, middle - _Z_95 * error, middle + _Z_95 * error)


def _squares(groups: Ints, score: Floats) -> float:
    """The sum over groups of their summed scores' squares."""
    place = np.unique(groups, return_inverse=True)[1].ravel()
    return float((np.bincount(place, weights=score) ** 2).sum())
