"""A measure of a group of customers at each age, over those only who have lived that age whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crm_core.metrics import RETENTION, Step, combine, hidden, is_guarded
from crm_core.privacy.policy import Access

_ACTIVE = "active"
_KEYS = ("cohort", "part")


@dataclass(frozen=True)
class Ages:
    """Sums of a group by age: `members` in all, `customers` observed through each age, and what
    they did.

    `done` has, by name, an array over ages: how many were active in it, or what an amount had
    added up to by its end. `whole` is the number of ages that even the youngest has lived.
    """

    members: int
    customers: np.ndarray[Any, Any]
    done: Mapping[str, np.ndarray[Any, Any]]
    whole: int

    def value(self, measure: str, age: int) -> float | None:
        """The measure per customer observed through an age; None where nobody was, or where too
        little of the goods cost is known."""
        customers = int(self.customers[age])
        if not customers:
            return None
        if measure == RETENTION:
            return float(self.done[_ACTIVE][age]) / customers
        sums = {name: float(values[age]) for name, values in self.done.items() if name != _ACTIVE}
        total = combine(pd.Series(sums), (measure,))[measure]
        return None if total is None else total / customers

    @property
    def knows_cost(self) -> bool:
        """Whether enough is known of what their goods cost."""
        age = int((self.customers > 0).sum()) - 1
        return age >= 0 and self.value("margin", age) is not None

    def until_whole(self) -> Ages:
        """The ages that every member has lived, nothing of later ones."""
        lived = np.arange(len(self.customers)) < self.whole
        done = {name: values * lived for name, values in self.done.items()}
        return Ages(self.members, self.customers * lived, done, self.whole)


def ages_of(sizes: pd.DataFrame, sums: pd.DataFrame, step: Step) -> Ages:
    """The sums of a group (see `cohort_sizes` and `cohort_sums`) at each age, over members
    observed through it."""
    of_observed = np.zeros(step.last + 1)
    np.add.at(of_observed, sizes["observed"].to_numpy(int), sizes["customers"].to_numpy(float))
    place = (sums["observed"].to_numpy(int), sums["age"].to_numpy(int))
    names = [name for name in sums.columns if name not in ("observed", "age", *_KEYS)]
    done: dict[str, np.ndarray[Any, Any]] = {}
    for name in names:
        table = np.zeros((step.last + 1, step.last + 1))
        np.add.at(table, place, sums[name].to_numpy(float))
        by_end = table if name == _ACTIVE else table.cumsum(axis=1)
        done[name] = np.array([by_end[age + 1 :, age].sum() for age in range(step.last)])
    customers = np.array([of_observed[age + 1 :].sum() for age in range(step.last)])
    youngest = int(sizes["observed"].min()) if len(sizes) else 0
    return Ages(int(of_observed.sum()), customers, done, youngest)


def together(groups: Sequence[Ages]) -> Ages:
    """Groups as one: sums of sums, so that every mean is weighted by size."""
    names = groups[0].done.keys()
    return Ages(
        members=sum(group.members for group in groups),
        customers=sum_of(group.customers for group in groups),
        done={name: sum_of(group.done[name] for group in groups) for name in names},
        whole=min(group.whole for group in groups),
    )


def sum_of(arrays: Iterable[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Arrays of one length, added up place by place."""
    return np.sum(list(arrays), axis=0)


def open_groups(groups: Mapping[Any, Ages], access: Access) -> dict[Any, Ages]:
    """The groups whose numbers this person may know: small ones are left out, and with one of them
    the next smallest, so that nobody's numbers can be had by taking others from a total."""
    if not groups or not is_guarded(access):
        return dict(groups)
    away = hidden(np.array([[float(ages.members)] for ages in groups.values()])).ravel()
    return {name: groups[name] for name, is_away in zip(groups, away, strict=True) if not is_away}


def first_age(measure: str) -> int:
    """From which age on a measure tells anything: everybody bought in the first.

    >>> first_age("retention"), first_age("margin")
    (1, 0)
    """
    return 1 if measure == RETENTION else 0
