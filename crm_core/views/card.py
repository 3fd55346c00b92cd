"""One number as a page shows it: its value, how it changed, and whether that is news."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from crm_core.metrics import relative_change

State = Literal["changed", "steady", "no_previous", "missing", "suppressed"]


@dataclass(frozen=True)
class Card:
    """A key number of a page.

    `change` is relative (.131 is 13.1 %), or in points (.012 is 1.2 points) for the unit rate.
    `state`: changed; steady (inside the shop's normal variation); no_previous; missing;
    suppressed (too few customers to show). `series` holds the sparkline, oldest first. `metric` is
    the name of the metric it shows, "" for a number that is none.

    >>> Card("metric.revenue.label", 68.19, "money").state
    'changed'
    """

    label_key: str
    value: float | None
    unit: str
    change: float | None = None
    previous: float | None = None
    series: tuple[float, ...] = ()
    state: State = "changed"
    definition_key: str | None = None
    good: Literal["up", "down", "neutral"] = "up"
    metric: str = ""


def since(card: Card, *, few: bool = False) -> Card:
    """The card with how far its value is from the one before; withheld where it is about few people.

    >>> since(Card("metric.orders.label", 12.0, "count", previous=10.0)).change
    0.2
    """
    if few:
        return replace(card, value=None, previous=None, state="suppressed")
    moved = relative_change(card.unit, card.value, card.previous)
    state: State = "no_previous" if moved is None else "changed"
    return replace(card, change=moved, state="missing" if card.value is None else state)
