"""Life-cycle stages of those who come that lost more people in the last weeks than they ever do.

What a stage gained or lost between two days is held against its own moves from month end to month
end: by their middle and their median distance from it (so that one odd month tells little), with
Student's t for so few months, at 2.5 % over all stages together (Bonferroni).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import log, sqrt
from typing import Final

import numpy as np
import pandas as pd

from crm_core.models.student import t_quantile

#: Stages that a shop wants to be large.
WATCHED: Final = ("active", "won_back", "first_order")
BACK_DAYS: Final = 30
MONTHS: Final = 12
LEAST_MONTHS: Final = 8
LEAST_PEOPLE: Final = 30
_CHANCE = 0.025
_AS_SPREAD = 1.4826


@dataclass(frozen=True)
class Shrunk:
    """A stage, its people on both days, how far it usually moves in a month (share of its people),
    and what so many people fewer brought in a year."""

    stage: str
    since: date
    then: int
    now: int
    usual_low: float
    usual_high: float
    money: float

    @property
    def change(self) -> float:
        """The move as a share of the people there were."""
        return self.now / self.then - 1


def shrunk(sizes: pd.DataFrame, as_of: date) -> tuple[Shrunk, ...]:
    """Stages that shrank beyond their usual moves. `sizes`: as_of, stage, people, net (of a year)."""
    told = sizes.assign(day=pd.to_datetime(sizes["as_of"]).dt.date)
    found = [_shrunk(told[told["stage"] == stage], stage, as_of) for stage in WATCHED]
    kept = [each for each in found if each is not None]
    return tuple(sorted(kept, key=lambda each: -each.money))


def _shrunk(rows: pd.DataFrame, stage: str, as_of: date) -> Shrunk | None:
    people = rows.set_index("day")["people"].astype(float).sort_index()
    since = as_of - timedelta(BACK_DAYS)
    if as_of not in people.index or since not in people.index:
        return None
    then, now = float(people[since]), float(people[as_of])
    ends = [day for day in people.index if (day + timedelta(1)).day == 1 and day <= since]
    past = people[ends]
    past = past[past >= LEAST_PEOPLE]
    moves = np.diff(np.log(past.to_numpy()))[-MONTHS:]
    if len(moves) < LEAST_MONTHS or min(then, now) < LEAST_PEOPLE or now >= then:
        return None
    middle = float(np.median(moves))
    spread = _AS_SPREAD * float(np.median(np.abs(moves - middle))) * sqrt(1 + 1 / len(moves))
    # Counted people vary by the root of their number, however still the past months were.
    spread = max(spread, 1 / sqrt(then))
    far = t_quantile(1 - _CHANCE / len(WATCHED), len(moves) - 1) * spread
    if log(now / then) >= middle - far:
        return None
    net = float(rows.set_index("day")["net"][as_of]) / now
    return Shrunk(
        stage,
        since,
        round(then),
        round(now),
        usual_low=float(np.expm1(middle - far)),
        usual_high=float(np.expm1(middle + far)),
        money=round((then - now) * net, 2),
    )
