"""What to offer a customer again: what they bought lately and often, when it is due by their own rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from crm_core.models.offer_history import Bought
from crm_core.models.offer_shelf import UNKNOWN, Shelf
from crm_core.models.triples import Floats, Ints

#: A product bought once by a customer is offered again if at least this share of its buyers came
#: back for it: nobody needs the same lamp twice.
REBUY_SHARE: Final = 0.05
_PRIOR_BUYERS = 20.0
#: Before this part of the usual time is over nobody needs it yet.
_TOO_SOON = 0.25


@dataclass(frozen=True)
class Offers:
    """Offers to some customers, the best of each first: `person` is a place among them."""

    person: Ints
    rank: Ints
    product: Ints
    score: Floats
    row: Ints


@dataclass(frozen=True)
class Rebuying:
    """How likely an item is bought a second time: the share of its buyers who did, pulled towards
    that of all items where it has few buyers."""

    share: Floats

    @classmethod
    def of(cls, buyers: Ints, rebuyers: Ints) -> Rebuying:
        """From how many bought each item at all and more than once."""
        shop = rebuyers.sum() / max(int(buyers.sum()), 1)
        return cls((rebuyers + shop * _PRIOR_BUYERS) / (buyers + _PRIOR_BUYERS))


def again_scores(bought: Bought, rebuying: Rebuying) -> Floats:
    """How much each row of `bought` speaks for itself: purchases that fade with time, by how likely
    somebody with so many comes again. Nothing is left out."""
    once = rebuying.share[bought.item]
    return bought.weight * np.where(bought.times > 1, 1.0, once)


def again_offers(bought: Bought, shelf: Shelf, rebuying: Rebuying, most: int) -> Offers:
    """At most so many products of each customer's own to offer again."""
    score = again_scores(bought, rebuying)
    due = bought.last_age / bought.usual_days
    product = current_product(bought, shelf)
    able = (product >= 0) & ~bought.is_back & ~(due < _TOO_SOON)
    able &= (bought.times > 1) | (rebuying.share[bought.item] >= REBUY_SHARE)
    rows = np.flatnonzero(able)
    rows = rows[np.lexsort((bought.item[rows], -score[rows], bought.person[rows]))]
    person = bought.person[rows]
    first = np.searchsorted(person, np.arange(len(bought)))
    rank = np.arange(len(rows)) - first[person] + 1
    kept = rank <= most
    rows = rows[kept]
    return Offers(person[kept], rank[kept], product[rows], score[rows], rows)


def current_product(bought: Bought, shelf: Shelf) -> Ints:
    """What of each row's item is offered: what the customer bought last, or else what is sold of
    it now; -1 where nothing is."""
    own = np.where(shelf.may_offer[bought.product], bought.product, UNKNOWN)
    return np.where(own >= 0, own, shelf.best[bought.item])
