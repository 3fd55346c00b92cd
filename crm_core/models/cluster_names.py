"""What to call a group of customers, by where its middle customer stands among all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from crm_core.models.lifecycle import AT_RISK, LAPSED
from crm_core.models.triples import Floats

#: The words, by text key `clusters.word.<code>`: how often, how lately, how much.
OFTEN: Final = ("once", "rare", "occasional", "regular")
LATELY: Final = ("lately", "quiet", "silent")
MUCH: Final = ("hardly", "small", "modest", "good", "big")

_MANY_DAYS = 1.5
_OFTEN_BOUNDS = (0.4, 2 / 3)
_LATELY_BOUNDS = (AT_RISK, LAPSED)
_MUCH_BOUNDS = (0.1, 0.3, 0.5, 0.75)
_JOINT = "-"


def codes_of(middles: Floats, silence: Sequence[float], rows: Floats) -> tuple[str, ...]:
    """A code for each group: how often, how lately and for how much its middle customer buys.

    `middles` and `rows`, all customers, have the columns recency_days, purchase_days, revenue;
    often and much are by the share of customers who have less. `silence` is each group's time
    without an order in usual gaps of its customers: lately and quiet end where a customer is at
    risk and lapsed, so that groups and stages say the same. The words follow from the place
    alone: the same groups found again have the same names. Groups alike in all three words are
    numbered in the order given.
    """
    found: list[str] = []
    for (_, bought, revenue), gaps in zip(middles, silence, strict=True):
        is_once, often = bought < _MANY_DAYS, _word(_place(bought, rows[:, 1]), _OFTEN_BOUNDS)
        words = (
            OFTEN[0] if is_once else OFTEN[1 + often],
            LATELY[_word(gaps, _LATELY_BOUNDS)],
            MUCH[_word(_place(revenue, rows[:, 2]), _MUCH_BOUNDS)],
        )
        alike = sum(1 for other in found if words_of(other)[:3] == words)
        found.append(_JOINT.join((*words, str(alike + 1)) if alike else words))
    return tuple(found)


def words_of(code: str) -> tuple[str, ...]:
    """The words of a code, then its number where there are several alike; empty for no code.

    >>> words_of("regular-lately-big"), words_of("rare-silent-small-2"), words_of("x")
    (('regular', 'lately', 'big'), ('rare', 'silent', 'small', '2'), ())
    """
    words = tuple(code.split(_JOINT))
    known = len(words) in (3, 4) and all(
        word in names for word, names in zip(words, (OFTEN, LATELY, MUCH), strict=False)
    )
    return words if known and all(word.isdigit() for word in words[3:]) else ()


def _place(value: float, column: Floats) -> float:
    """The share of customers below a value; of those who are equal, half."""
    return float(np.mean(column < value) + np.mean(column == value) / 2.0)


def _word(place: float, bounds: tuple[float, ...]) -> int:
    return sum(place > bound for bound in bounds)
