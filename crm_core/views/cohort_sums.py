"""Sums over cohorts of new customers, and the ratios made of them: never a mean of ratios."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crm_core.metrics import AGE_DAYS, LAST_AGE, REST

UNKNOWN = "_unknown"
COLUMNS = (
    "name",
    "customers",
    "spend",
    "cost",
    "so_far",
    "ahead",
    "ratio",
    "payback",
    "complete",
)


@dataclass(frozen=True)
class Cohorts:
    """Sums by cohort (a month) and part: `counts` (customers), `earned` (age, amount), `spend`,
    `ahead` (amount; None without scores). `known`: whether goods costs are. `by_part`: whether
    spend is known of parts; else only of all together."""

    counts: pd.DataFrame
    earned: pd.DataFrame
    spend: pd.DataFrame
    ahead: pd.DataFrame | None
    known: bool
    by_part: bool

    def of(self, part: str | None) -> Cohorts:
        """Those of a part; None keeps all."""
        if part is None:
            return self
        cut = self._where("part", part)
        priced = self.by_part and part not in (UNKNOWN, REST)
        return cut if priced else replace(cut, spend=self.spend.iloc[:0])

    def month(self, cohort: pd.Timestamp) -> Cohorts:
        """Those of a month."""
        return self._where("cohort", cohort)

    def grown(self, as_of: date, age: int) -> Cohorts:
        """Those of months that ended at least so many ages (30 days) ago; months in which money
        was spent and nobody came are among them."""
        months = {*self.counts["cohort"], *self.spend["cohort"]}
        held = timedelta(AGE_DAYS * age - 1)
        return self._among([month for month in months if _last_day(month) + held <= as_of])

    def priced(self) -> Cohorts:
        """Those of months whose cost is known."""
        return self._among(set(self.spend["cohort"]))

    def cohorts(self) -> list[pd.Timestamp]:
        """The months with a new customer, the newest first."""
        return sorted(self.counts["cohort"].unique(), reverse=True)

    @property
    def customers(self) -> int:
        """How many came."""
        return int(self.counts["customers"].sum())

    def left(self, age: int | None = None) -> float:
        """What they left so far, or until an age."""
        rows = self.earned if age is None else self.earned[self.earned["age"] < age]
        return float(rows["amount"].sum())

    def _where(self, column: str, value: Any) -> Cohorts:
        tables = (self.counts, self.earned, self.spend)
        counts, earned, spend = (table[table[column] == value] for table in tables)
        ahead = None if self.ahead is None else self.ahead[self.ahead[column] == value]
        return replace(self, counts=counts, earned=earned, spend=spend, ahead=ahead)

    def _among(self, cohorts: Any) -> Cohorts:
        tables = (self.counts, self.earned, self.spend)
        counts, earned, spend = (table[table["cohort"].isin(list(cohorts))] for table in tables)
        ahead = self.ahead
        ahead = None if ahead is None else ahead[ahead["cohort"].isin(list(cohorts))]
        return replace(self, counts=counts, earned=earned, spend=spend, ahead=ahead)


def one_row(cohorts: Cohorts, name: Any, as_of: date) -> dict[str, Any]:
    """The figures of some cohorts together; what rests on cost is over months whose cost is known."""
    priced = cohorts.priced()
    of = priced if priced.customers else cohorts
    people = of.customers
    spend = float(of.spend["spend"].sum()) if priced.customers else None
    cost = spend / people if spend is not None and people else None
    so_far = of.left() / people if people and cohorts.known else None
    ahead = None
    if of.ahead is not None and people and cohorts.known:
        ahead = float(of.ahead["amount"].sum()) / people
    ratio = (so_far + (ahead or 0.0)) / cost if so_far is not None and cost else None
    months = cohorts.cohorts()
    return {
        "name": name,
        "customers": cohorts.customers,
        "spend": spend,
        "cost": cost,
        "so_far": so_far,
        "ahead": ahead,
        "ratio": ratio if ahead is not None else None,
        "payback": payback(of, as_of, cost) if cohorts.known else None,
        "complete": bool(months) and _last_day(months[0]) <= as_of,
    }


def payback(cohorts: Cohorts, as_of: date, cost: float | None) -> int | None:
    """After how many times 30 days the customers had left what winning them cost; only those who
    came long enough ago speak for a time, with their own cost."""
    if cost is None:
        return None
    for age in range(1, LAST_AGE + 1):
        old = cohorts.grown(as_of, age)
        if not old.customers:
            return None
        if old.left(age) >= float(old.spend["spend"].sum()):
            return age
    return None


def curve_of(cohorts: Cohorts, name: str, as_of: date, months: int) -> pd.DataFrame:
    """What one customer left until each age, less the cost of winning one; the same customers at
    every age. No rows where the cost is unknown or nobody is old enough."""
    columns = ["month", "part", "value"]
    old = cohorts.priced().grown(as_of, months)
    if not old.customers or not cohorts.known:
        return pd.DataFrame(columns=columns)
    spend = float(old.spend["spend"].sum())
    rows = [(age, name, (old.left(age) - spend) / old.customers) for age in range(months + 1)]
    return pd.DataFrame(rows, columns=columns)


def _last_day(cohort: pd.Timestamp) -> date:
    day = pd.Timestamp(cohort).date()
    return date(day.year, day.month, monthrange(day.year, day.month)[1])
