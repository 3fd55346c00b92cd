"""What to offer a customer again: what they bought lately and often, and is due by their own rhythm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from crm_core.models.offer_history import Bought
from crm_core.models.offer_shelf import UNKNOWN, Flags, Shelf
from crm_core.models.triples import Floats, Ints

#: What a customer bought once is offered again if somebody, and at least this share of its buyers,
#: came back for it: nobody needs the same lamp twice.
REBUY_SHARE: Final = 0.05
#: Before this part of their usual days is over nobody needs it yet; nor, where no rhythm is known,
#: in the first days.
TOO_SOON: Final = 0.25
RECENT_DAYS: Final = 7
_PRIOR_BUYERS = 20.0
_NOT_DUE = 0.6


@dataclass(frozen=True)
class Manner:
    """How purchases are weighed: half as much after so many days, and, `by_due`, down to six
    tenths the earlier it is in the customer's own rhythm."""

    half_life_days: float
    by_due: bool


@dataclass(frozen=True)
class Offers:
    """Offers to some customers, the best of each first: `person` is a place among them, `product`
    one on the shelf, `row` the purchase of theirs that speaks for it."""

    person: Ints
    rank: Ints
    product: Ints
    score: Floats
    row: Ints


@dataclass
class Rebuying:
    """How many people bought each item, and how many of them more than once."""

    buyers: Ints
    rebuyers: Ints

    @classmethod
    def of(cls, items: int) -> Self:
        """Nobody yet, of so many items."""
        return cls(np.zeros(items, np.int64), np.zeros(items, np.int64))

    @classmethod
    def of_pieces(cls, pieces: Iterable[Bought], items: int) -> Self:
        """All customers of these pieces."""
        found = cls.of(items)
        for bought in pieces:
            found.add(bought)
        return found

    def add(self, bought: Bought) -> None:
        """Counts these customers, too."""
        self.buyers += np.bincount(bought.item, minlength=len(self.buyers))
        again = bought.item[bought.times > 1]
        self.rebuyers += np.bincount(again, minlength=len(self.buyers))

    @property
    def share(self) -> Floats:
        """By item, the share of its buyers who came back for it, pulled towards that of all items
        where it has few."""
        shop = self.rebuyers.sum() / max(int(self.buyers.sum()), 1)
        return (self.rebuyers + shop * _PRIOR_BUYERS) / (self.buyers + _PRIOR_BUYERS)

    @property
    def is_usual(self) -> Flags:
        """Which items people come back for, as their own buyers alone show it."""
        return (self.rebuyers > 0) & (self.rebuyers >= REBUY_SHARE * self.buyers)


def again_scores(bought: Bought, rebuying: Rebuying, manner: Manner) -> Floats:
    """How much each row of `bought` speaks for itself; nothing is left out.

    Purchases as they fade, times the root of the share who come back for the item (its customer's
    own purchases have told a part of that), less where it is not due.
    """
    score = bought.weight * np.sqrt(rebuying.share[bought.item])
    if manner.by_due:
        due = np.where(np.isnan(bought.due), 1.0, bought.due)
        score = score * np.clip(_NOT_DUE + (1.0 - _NOT_DUE) * due, 0.0, 1.0)
    return score


def again_offers(
    bought: Bought, shelf: Shelf, rebuying: Rebuying, manner: Manner, most: int
) -> Offers:
    """At most so many products of each customer's own to offer again: none that cannot be had, was
    mostly given back since, was bought just now, or that hardly anybody buys twice."""
    score = again_scores(bought, rebuying, manner)
    product = _current(bought, shelf)
    has_rhythm = ~np.isnan(bought.due)
    is_soon = np.where(has_rhythm, bought.due < TOO_SOON, bought.last_age < RECENT_DAYS)
    comes_back = (bought.times > 1) | rebuying.is_usual[bought.item]
    able = (product >= 0) & ~bought.is_back & ~is_soon & comes_back
    rows, person, rank = ranked(np.where(able, score, -np.inf), bought, most)
    return Offers(person, rank, product[rows], score[rows], rows)


def ranked(score: Floats, bought: Bought, most: int) -> tuple[Ints, Ints, Ints]:
    """The best-scored rows of each customer as (row, person, rank); those at -inf are none."""
    rows = np.flatnonzero(np.isfinite(score))
    rows = rows[np.lexsort((-score[rows], bought.person[rows]))]  # equal ones as they lie: by item
    person = bought.person[rows]
    first = np.searchsorted(person, np.arange(len(bought)))
    rank = np.arange(len(rows)) - first[person] + 1
    kept = rank <= most
    return rows[kept], person[kept], rank[kept]


def _current(bought: Bought, shelf: Shelf) -> Ints:
    """What of each row's item is offered: what the customer bought last, or else what is sold of
    it now; -1 where nothing is."""
    own = np.where(shelf.may_offer[bought.product], bought.product, UNKNOWN)
    return np.where(own >= 0, own, shelf.best[bought.item])
