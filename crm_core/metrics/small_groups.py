"""Groups of so few people that a number about them tells of one: hidden from who may not know.

A hidden number must not be had by taking its neighbours from their total: where one is hidden
in a row or column, a second, the one about the fewest people, is hidden with it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from crm_core.metrics.definition import CountDistinct
from crm_core.privacy.policy import POLICY, Access

FEWEST: Final = 5
#: How many people a number is about, whatever the number is.
PEOPLE: Final = CountDistinct("people", "customer_key", "all")

Counts = npt.NDArray[np.float64]
Hidden = npt.NDArray[np.bool_]


def is_guarded(access: Access) -> bool:
    """Whether small groups are hidden from this person: from all who may not know who people are.

    >>> is_guarded(Access("viewer", "ann")), is_guarded(Access("marketer", "ben"))
    (True, False)
    """
    return POLICY[access.role]["view"]["name"] != "clear"


def is_small(people: float | None) -> bool:
    """Whether a number is about somebody, and about fewer than `FEWEST`.

    Nobody's numbers (a cost of the day, orders without a name) give nobody away.

    >>> is_small(4), is_small(5), is_small(0)
    (True, False, False)
    """
    return people is not None and 0 < people < FEWEST


def hidden(people: Counts, already: Hidden | None = None) -> Hidden:
    """Which cells of a table are hidden: rows and columns are groups beside each other, whose
    totals are shown. Cells that are hidden `already` stay so.

    >>> hidden(np.array([[3.0], [80.0], [9.0]])).ravel().tolist()
    [True, False, True]
    """
    counts = np.nan_to_num(np.asarray(people, dtype="float64"))
    found = (counts > 0) & (counts < FEWEST)
    if already is not None:
        found |= already
    while True:
        before = int(found.sum())
        sides = [(counts, found), (counts.T, found.T)] if counts.shape[1] > 1 else [(counts, found)]
        for cells, away in sides:
            _complement(cells, away)
        if int(found.sum()) == before:
            return found


def _complement(counts: Counts, away: Hidden) -> None:
    """Hides a second cell in every column where a total would tell the only hidden one."""
    for place in range(counts.shape[1]):
        open_cells = np.flatnonzero(~away[:, place] & (counts[:, place] > 0))
        if away[:, place].sum() == 1 and open_cells.size:
            least = open_cells[np.argmin(counts[open_cells, place])]
            away[least, place] = True
