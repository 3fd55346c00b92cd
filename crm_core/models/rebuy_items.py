"""The items of a shop that run out, each with its clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from crm_core.errors import CrmError
from crm_core.models.base import need
from crm_core.models.rebuy_clock import Tried, apart, tried
from crm_core.models.rebuy_history import History, read_days
from crm_core.models.rebuy_rows import LEAST_REPEATERS, LEVELS, places_of
from crm_core.models.survival import kaplan_meier_by
from crm_core.models.triples import Floats
from crm_core.store import StoreAt, Tables

YEAR_DAYS: Final = 365
_HISTORY_DAYS = 90
_MODEL = "replenishment"


@dataclass(frozen=True)
class Clock:
    """One item that runs out. `level` and `name` say which (a product by its id), `category` where
    it lies; `usual_days` is the middle gap of those who bought it again, half of the gaps are
    between `low_days` and `high_days`; `share_again` of its buyers bought it again within a year,
    or within as much of it as was seen. Re-buys within half the usual gap: `quick`, where
    `expected` would be without a clock."""

    level: str
    name: str
    category: str | None
    usual_days: float
    low_days: float
    high_days: float
    share_again: float
    quick: int
    expected: float

    @property
    def item(self) -> str:
        """Its name with the letter of its level."""
        return LEVELS[self.level] + self.name


@dataclass(frozen=True)
class Found:
    """The clocks of a shop in order of their items, how many items were tried, and what was read."""

    clocks: tuple[Clock, ...]
    tried: int
    history: History


def find_clocks(store: Tables, as_of: date) -> Found:
    """Tries every product, subcategory and category that people came back for.

    Raises: CrmError("not_enough_data") under 90 days or 20 who came back for something,
    ("replenishment_no_clock") where nothing is bought again by a clock.
    """
    names, bought, ordered = read_days(store, as_of)
    span = int(np.ptp(ordered.day)) + 1 if len(ordered.day) else 0
    repeaters = len(np.unique(bought.customer))
    need(_MODEL, history_days=(span, _HISTORY_DAYS), repeat_buyers=(repeaters, LEAST_REPEATERS))
    counted = tried(bought, ordered, len(names))
    having = [int(place) for place in np.flatnonzero(counted.has_clock())]
    strengths = {names[place]: float(counted.strength[place]) for place in having}
    lying = _places(store, as_of, list(strengths))
    chosen = apart(strengths, {item: _above(item, place) for item, place in lying.items()})
    if not chosen:
        raise CrmError("replenishment_no_clock", tried=len(names))
    history = History.of(store, as_of, chosen)
    again = _shares_again(history, as_of)
    clocks = tuple(
        _clock(item, counted, names.index(item), lying.get(item), float(share))
        for item, share in zip(history.items, again, strict=True)
    )
    return Found(clocks, len(names), history)


_Place = tuple[str | None, str | None]


def _places(store: Tables, as_of: date, items: Sequence[str]) -> dict[str, _Place]:
    """The subcategory and the category that each item lies in."""
    rows = store.fetch(places_of(StoreAt(store, as_of), items)) if items else None
    told = [] if rows is None else rows.to_dict("records")
    return {str(row["item"]): (_text(row["subcategory"]), _text(row["category"])) for row in told}


def _text(cell: object) -> str | None:
    return cell if isinstance(cell, str) else None


def _above(item: str, place: _Place) -> list[str]:
    letters = (LEVELS["subcategory"], LEVELS["category"])
    above = [letter + name for letter, name in zip(letters, place, strict=True) if name is not None]
    return [each for each in above if each != item]


def _clock(item: str, counted: Tried, place: int, lies: _Place | None, share: float) -> Clock:
    level = next(level for level, letter in LEVELS.items() if letter == item[0])
    category = item[1:] if level == "category" else lies[1] if lies is not None else None
    return Clock(
        level=level,
        name=item[1:],
        category=category,
        usual_days=float(counted.usual_days[place]),
        low_days=float(counted.low_days[place]),
        high_days=float(counted.high_days[place]),
        share_again=share,
        quick=int(counted.quick[place]),
        expected=float(counted.expected[place]),
    )


def _shares_again(history: History, until: date) -> Floats:
    """The share of each item's buyers who bought it again within a year: whose first purchase is
    younger counts for as long as it was seen (Kaplan-Meier)."""
    item, waited, came = history.first_waits(until)
    within = np.minimum(waited, YEAR_DAYS)
    curves = kaplan_meier_by(item, within, came & (waited <= YEAR_DAYS), np.ones(len(item)))
    shares = np.zeros(len(history.items))
    for number, curve in curves.items():
        shares[int(number)] = 1.0 - float(curve.share[-1]) if len(curve.share) else 0.0
    return shares
