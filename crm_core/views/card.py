"""One number as a page shows it: its value, how it changed, and whether that is news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
