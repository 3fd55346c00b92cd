"""Customers within bounds of a score: what a cell of a grid or a tenth of a chart stands for."""

from __future__ import annotations

from math import ceil, floor, isfinite
from typing import Any, NamedTuple

from crm_core.models.value_columns import HORIZONS, money_ahead
from crm_core.store import Store
from crm_core.views.model_state import need_model

SCORES = {"recency_score": "r", "frequency_score": "f"}
AHEAD = {f"{worth}_{days}": (worth, days) for worth in ("value", "revenue") for days in HORIZONS}
_LONGEST = 80


class Within(NamedTuple):
    """Who has a measure (of SCORES or AHEAD) from `low` to `high`, both included."""

    measure: str
    low: float
    high: float

    @property
    def code(self) -> str:
        """How an address writes it.

        >>> Within("recency_score", 4, 5).code
        'recency_score:4:5'
        """
        return f"{self.measure}:{self.low:.15g}:{self.high:.15g}"


def money_within(worth: str, days: int, low: float, high: float) -> str:
    """The code of who is expected to bring from `low` to `high` in the next `days`; to the next
    cent outwards, so that nobody is lost by rounding. Empty where it is not known.

    >>> money_within("value", 365, 12.345, 80)
    'value_365:12.34:80'
    """
    if not (isfinite(low) and isfinite(high)):
        return ""
    return Within(f"{worth}_{days}", floor(low * 100) / 100, ceil(high * 100) / 100).code


def read_within(code: str) -> Within | None:
    """What a code means; None for one that is none.

    >>> read_within("value_365:12.34:80"), read_within("name:a:b")
    (Within(measure='value_365', low=12.34, high=80.0), None)
    """
    measure, _, bounds = code[:_LONGEST].partition(":")
    low, _, high = bounds.partition(":")
    try:
        found = Within(measure, float(low), float(high))
    except ValueError:
        return None
    known = measure in SCORES or measure in AHEAD
    return found if known and isfinite(found.low) and isfinite(found.high) else None


def those_within(people: Any, store: Store, bounds: tuple[Within, ...]) -> Any:
    """Those of `people` within all bounds. Raises: the CrmError that left them without the score."""
    for each in bounds:
        measured = _measured(store, each.measure)
        inside = measured.filter(measured.measure.between(each.low, each.high))
        people = people.semi_join(inside, "customer_key")
    return people


def _measured(store: Store, measure: str) -> Any:
    """customer_key and the measure of everybody who has it."""
    if measure in SCORES:
        need_model(store, "rfm")
        scores = store.table("rfm")
        return scores.select("customer_key", measure=scores[SCORES[measure]])
    need_model(store, "lifetime_value")
    worth, days = AHEAD[measure]
    scores = store.table("lifetime_value")
    return scores.select("customer_key", measure=money_ahead(scores, days)[worth])
