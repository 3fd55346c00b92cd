"""Whether those who were served badly buy less afterwards than others like them. An association.

Of each thing that may happen to a customer (`care_pairs.EXPOSURES`) the cases are held against
others of the same orders, issue and time with the shop, from index days that are set alike. What is
left may still have other reasons; so purchases of an earlier time, on which nobody was matched, are
compared in the same way: where they differ, the groups were never alike, and no figure is given.
Intervals hold 95 of 100 true values; they allow for people who are in many pairs, on either side.
Source: Rosenbaum (2002), control outcomes; Cameron, Gelbach & Miller (2011), two-way clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from crm_core.metrics.contact_topics import USUAL_RULES, TopicRule
from crm_core.models.care_pairs import EXPOSURES, HORIZONS, OUTCOMES, cases, pairs
from crm_core.models.sampling import sampled
from crm_core.models.triples import Floats, Ints
from crm_core.store import StoreAt, Tables

#: Fewer cases with somebody beside them, or fewer that can be checked, say nothing.
LEAST_CASES: Final = 50
#: A large shop is told from a share of its customers with about so many cases.
MOST_CASES: Final = 10_000
_Z_95 = 1.959964

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
    known: np.ndarray[Any, np.dtype[np.bool_]]
    case_did: dict[str, Floats]
    other_did: dict[str, Floats]

    def among(self, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> Pairs:
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


def care_pays(
    store: Tables,
    *,
    as_of: date,
    slow_minutes: float,
    customers: int,
    topics: tuple[TopicRule, ...] = USUAL_RULES,
    exposures: tuple[str, ...] = EXPOSURES,
) -> tuple[Association, ...]:
    """Every exposure over every horizon, from what was known at the end of `as_of`.

    `customers` is how many the shop has: of a large one a share is looked at.
    """
    found: list[Association] = []
    at = AtDay(store, as_of)
    for exposure in exposures:
        n = int(
            at.fetch(cases(at, exposure, slow_minutes=slow_minutes, topics=topics))["n"].iloc[0]
        )
        if not n:
            found += [Association(exposure, days, "none") for days in HORIZONS]
            continue
        share = min(1.0, MOST_CASES / n)
        drawn = sampled(at, customers, max(1, int(customers * share)))
        rows = read(drawn, exposure, slow_minutes=slow_minutes, topics=topics)
        for days in HORIZONS:
            found.append(associate(rows, exposure, days, as_of=as_of, cases=int(n * share)))
    return tuple(found)


class AtDay(Tables):
    """A store's tables as they were at the end of a day."""

    def __init__(self, store: Tables, as_of: date) -> None:
        self._store = store
        self._at = StoreAt(store, as_of)

    def has(self, name: str) -> bool:
        """As of the store."""
        return self._store.has(name)

    def table(self, name: str) -> Any:
        """The table without what came later."""
        return self._at.table(name)

    def fetch(self, expr: Any, limit: int = 50_000, seconds: float = 60.0) -> Any:
        """As of the store."""
        return self._store.fetch(expr, limit, seconds)

    def stream(self, expr: Any, batch_rows: int = 100_000, *, purpose: Any) -> Any:
        """As of the store."""
        return self._store.stream(expr, batch_rows, purpose=purpose)


def read(
    tables: Tables,
    exposure: str,
    *,
    slow_minutes: float,
    topics: tuple[TopicRule, ...] = USUAL_RULES,
) -> Pairs:
    """The pairs of an exposure, in order."""
    expr = pairs(tables, exposure, slow_minutes=slow_minutes, topics=topics)
    told = expr.select(
        "case", "case_key", "other_key", "case_day", "other_day", "case_known", "other_known",
        *(f"{side}_{name}" for side in ("case", "other") for name in OUTCOMES),
    )  # fmt: skip
    batches = list(tables.stream(told, purpose="fit"))
    if not batches:
        nothing = np.zeros(0, np.int64)
        none = {name: np.zeros(0) for name in OUTCOMES}
        return Pairs(nothing, nothing, nothing, nothing, np.zeros(0, bool), none, none)
    rows = pa.Table.from_batches(batches).sort_by(
        [("case", "ascending"), ("other_key", "ascending"), ("other_day", "ascending")]
    )

    def column(name: str) -> Any:
        return rows[name].to_numpy()

    days = [
        column(f"{side}_day").astype("datetime64[D]").astype(np.int64) for side in ("case", "other")
    ]
    return Pairs(
        case=column("case").astype(np.int64),
        case_key=column("case_key").astype(np.int64),
        other_key=column("other_key").astype(np.int64),
        last_day=np.maximum(*days),
        known=column("case_known").astype(bool) & column("other_known").astype(bool),
        case_did={name: column(f"case_{name}").astype(np.float64) for name in OUTCOMES},
        other_did={name: column(f"other_{name}").astype(np.float64) for name in OUTCOMES},
    )


def associate(
    rows: Pairs, exposure: str, horizon_days: int, *, as_of: date, cases: int = 0
) -> Association:
    """What the pairs say whose days of following are over by the end of `as_of`."""
    end = int(np.datetime64(as_of, "D").astype(np.int64))
    done = rows.among(rows.last_day + horizon_days <= end)
    matched, people = len(np.unique(done.case)), len(np.unique(done.case_key))
    told: dict[str, Any] = {"cases": max(cases, matched), "matched": matched, "people": people}
    if min(matched, people) < LEAST_CASES:
        return Association(exposure, horizon_days, "few", **told)
    known = done.among(done.known)
    told["checked"] = len(np.unique(known.case))
    if told["checked"] < LEAST_CASES:
        return Association(exposure, horizon_days, "unchecked", **told)
    before = gap(known, "before")
    if before.is_sure:
        return Association(exposure, horizon_days, "differs", before=before, **told)
    bought, value = (gap(done, f"{name}_{horizon_days}") for name in ("bought", "value"))
    return Association(
        exposure, horizon_days, "shown", before=before, bought=bought, value=value, **told
    )


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
