"""The form of a number about a group: what is added up, of which rows, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["money", "count", "number", "rate", "per"]
Good = Literal["up", "down", "neutral"]
Step = Literal["", "D", "W", "M", "Q", "Y", "weekday"]
Rows = Literal["all", "sales", "keyed", "keyed_sales", "new_sales", "repeat_sales", "costed"]


@dataclass(frozen=True)
class Sum:
    """Ledger columns added (`plus`) and subtracted (`minus`) over rows of a kind.

    Additive over every dimension. Money is without tax and shipping unless it says otherwise.
    `needs_cost`: unknown (None) unless at least 99 % of the revenue has a known goods cost.
    """

    name: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    rows: Rows = "all"
    unit: Unit = "money"
    good: Good = "up"
    needs_cost: bool = False

    additivity = "additive"


@dataclass(frozen=True)
class CountDistinct:
    """How many different values of a ledger key occur; rows without the key count for nothing.

    Never added up over days or groups: re-measured at every level. An order has one day, so
    counts of orders do add up over days (`by_day`).
    """

    name: str
    key: str
    rows: Rows
    unit: Unit = "count"
    good: Good = "up"
    by_day: bool = False

    additivity = "distinct"


@dataclass(frozen=True)
class Ratio:
    """One metric over another, measured anew at every level, never averaged or summed.

    Nothing over nothing is unknown (None).
    """

    name: str
    numerator: str
    denominator: str
    unit: Unit = "rate"
    good: Good = "up"

    additivity = "ratio"


Metric = Sum | CountDistinct | Ratio


@dataclass(frozen=True)
class Dimension:
    """Something to split by: a ledger column, or a calendar step of a day.

    With `via` the column is of that table, which has one row for each `key`. `one_per` is what
    has one value of it: then counts of that add up over its values.
    """

    name: str
    column: str
    step: Step = ""
    via: str = ""
    key: str = "customer_key"
    one_per: Literal["line", "order", "person"] = "order"
