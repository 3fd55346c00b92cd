"""What became of the customers of a segment in the year after, beside what was to be expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Final, Literal

import ibis.expr.types as ir
import pandas as pd

from crm_core.models.movement import has_bought, moves
from crm_core.models.standing import YEAR_DAYS
from crm_core.store import Store

Basis = Literal["earlier_year", "same_silence", "none"]

BAND_DAYS: Final = 30
LEAST_CUSTOMERS: Final = 20
_HALF_YEAR_DAYS: Final = 182
_COVERED: Final = 0.8
_CERTAIN: Final = 2.0


@dataclass(frozen=True)
class Cohort:
    """Customers followed for the 365 days after `day`: how many, the share that bought in them,
    and net revenue a customer of the year to `day` and of the year after it."""

    day: date
    customers: int
    share: float
    net_before: float
    net_after: float


@dataclass(frozen=True)
class Outcome:
    """A segment of a year ago, and what comparable customers did (None without a basis).

    `basis`: earlier_year (the same segment one year earlier), same_silence (customers half a year
    earlier who had been silent as long, one-time and repeat buyers apart, mixed as in the
    segment), none (the log is too short). `margin` is how far shares lie apart by chance alone
    in 19 of 20 cases.
    """

    cohort: Cohort
    expected: Cohort | None
    basis: Basis
    margin: float | None

    @property
    def verdict(self) -> Literal["few", "as_expected", "more", "less"] | None:
        """The share beside the expected one; None without an expectation."""
        if self.expected is None or self.margin is None:
            return None
        if min(self.cohort.customers, self.expected.customers) < LEAST_CUSTOMERS:
            return "few"
        apart = self.cohort.share - self.expected.share
        if abs(apart) <= self.margin:
            return "as_expected"
        return "more" if apart > 0 else "less"


def outcome(store: Store, as_of: date, name: str, code: str) -> Outcome | None:
    """What became, by `as_of`, of the customers who were in segment `code` 365 days before.

    None where nobody was in it, or the log does not reach back so far. The expectation is what
    comparable customers did in an earlier year: never read the difference as an effect.
    """
    then, first = as_of - timedelta(YEAR_DAYS), store.meta.first_day
    if then < first:
        return None
    told = _told(store, then, name)
    members = told[told["code_then"] == code]
    cohort = _cohort(then, members)
    if cohort is None:
        return None
    earlier = then - timedelta(YEAR_DAYS)
    if earlier - timedelta(YEAR_DAYS) >= first:
        before = _told(store, earlier, name)
        expected = _cohort(earlier, before[before["code_then"] == code])
        if expected is not None:
            spread = _variance(expected.share, expected.customers)
            return Outcome(cohort, expected, "earlier_year", _margin(cohort, spread))
    half_before = then - timedelta(_HALF_YEAR_DAYS)
    found = None if half_before < first else _alike(half_before, members, store, name)
    if found is None:
        return Outcome(cohort, None, "none", None)
    return Outcome(cohort, found[0], "same_silence", _margin(cohort, found[1]))


def followed(moved: ir.Table, then: date) -> ir.Table:
    """Customers of `then` by segment, silence (in bands of 30 days) and whether they had come
    more than once: how many, how many bought after, and their money of the year to each day."""
    known = moved.filter(moved.last_then.notnull())
    silent = (known.last_then.delta(then, unit="day") * -1).cast("float64")
    known = known.mutate(
        band=(silent / float(BAND_DAYS)).floor().cast("int64"), is_repeat=known.purchases_then > 1
    )
    return known.group_by("code_then", "band", "is_repeat").agg(
        customers=known.count(),
        bought=known.count(where=has_bought(known)),
        net_then=known.net_then.sum().cast("float64"),
        net_now=known.net_now.sum().cast("float64"),
    )


def _told(store: Store, then: date, name: str) -> pd.DataFrame:
    moved = moves(store, then, then + timedelta(YEAR_DAYS), name)
    return store.fetch(followed(moved, then))


def _cohort(day: date, rows: pd.DataFrame) -> Cohort | None:
    customers = int(rows["customers"].sum())
    if not customers:
        return None
    return Cohort(
        day=day,
        customers=customers,
        share=float(rows["bought"].sum()) / customers,
        net_before=float(rows["net_then"].sum()) / customers,
        net_after=float(rows["net_now"].sum()) / customers,
    )


def _alike(
    day: date, members: pd.DataFrame, store: Store, name: str
) -> tuple[Cohort, float] | None:
    """What everybody as silent on that day did, weighed as the members are, and the variance of
    its share; None where too few of the members have anybody like them."""
    bands = ["band", "is_repeat"]
    sums = ["customers", "bought", "net_then", "net_now"]
    everybody = _told(store, day, name).groupby(bands, as_index=False)[sums].sum()
    wanted = members.groupby(bands, as_index=False)["customers"].sum()
    joined = wanted.merge(everybody, on=bands, suffixes=("_wanted", ""))
    covered = float(joined["customers_wanted"].sum())
    if covered < _COVERED * float(wanted["customers"].sum()):
        return None
    weight = joined["customers_wanted"] / covered
    share = joined["bought"] / joined["customers"]
    spread = (weight**2 * share * (1 - share) / joined["customers"]).sum()
    cohort = Cohort(
        day=day,
        customers=int(joined["customers"].sum()),
        share=float((weight * share).sum()),
        net_before=float((weight * joined["net_then"] / joined["customers"]).sum()),
        net_after=float((weight * joined["net_now"] / joined["customers"]).sum()),
    )
    return cohort, float(spread)


def _variance(share: float, customers: int) -> float:
    return share * (1 - share) / customers


def _margin(cohort: Cohort, spread: float) -> float:
    return _CERTAIN * sqrt(_variance(cohort.share, cohort.customers) + spread)
