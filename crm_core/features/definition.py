"""The form of a fact about one customer as of a date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis.expr.types as ir

Kind = Literal["number", "text", "date", "bool"]
Source = Literal["person", "orders", "ledger", "contacts", "left_behind"]
Unit = Literal["money", "count", "days", "rate", "stars", "code", "date"]


@dataclass(frozen=True)
class Feature:
    """One customer attribute.

    `value` receives the rows of `source` (cut to the past, one customer's rows form a group)
    and the date; it returns an aggregate, or for `person` a column. `empty` is the value of a
    customer who has no such rows; None is unknown.
    """

    name: str
    kind: Kind
    unit: Unit
    source: Source
    value: Callable[[ir.Table, date], ir.Value]
    empty: int | None = None
