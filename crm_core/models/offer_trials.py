"""How lists of offers did on the shop's own past, beside lists anybody could make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from crm_core.models.base import need
from crm_core.models.offer_again import again_scores, ranked
from crm_core.models.offer_baskets import AMONG, Basket, Found, mean_of, measured, read_baskets
from crm_core.models.offer_choice import LEAST_CAME, Choice
from crm_core.models.offer_history import Bought, purchases, stream_bought
from crm_core.models.offer_learned import NAME, NextOffer, learn
from crm_core.models.offer_new import best_of
from crm_core.models.offer_shelf import read_shelf
from crm_core.models.sampling import buyers_by, sampled
from crm_core.models.triples import Ints
from crm_core.store import Tables

OURS: Final = NAME
POPULAR: Final = "naive_popular"
OWN_COUNTS: Final = "naive_own_counts"
AGAIN: Final = "again"
NEW: Final = "new"

Offered = tuple[Ints, Ints, Ints]
"""Offers as places of customers, ranks and items."""


@dataclass(frozen=True)
class Trial:
    """How one method's list did on the next purchase day of each customer known on `origin`.

    The list `again` is held against all that was bought then; the list `new` against what the
    customer had never bought before, of those who bought such a thing.
    """

    list: str
    method: str
    origin: date
    found: Found


def trials(store: Tables, origin: date, horizon_days: int, choice: Choice) -> list[Trial]:
    """Lists made of what was known on `origin`, held against the first purchase day within the
    days after it. Lists are as they are ranked, before anything is left out for its stock or for
    being bought just now; a large shop is tried on a sample of its customers. `choice` chooses by
    what was over on `origin`.

    Raises: CrmError("not_enough_data") under 100 buyers.
    """
    known = buyers_by(store, origin)
    need(NAME, buyers=(known, LEAST_CAME))
    some = sampled(store, known)
    shelf = read_shelf(some, origin, sold_out=True)
    manner = choice.manner(origin)
    rows = purchases(some, origin, manner.half_life_days)
    learned = learn(some, shelf, as_of=origin, rows=rows, manner=manner)
    baskets = read_baskets(some, shelf, origin, horizon_days)
    pieces: dict[tuple[str, str], list[Found]] = {}
    for bought in stream_bought(some, rows, shelf):
        for part in bought.parts(learned.likeness.at_once):
            for key, found in tried(learned, part, baskets).items():
                pieces.setdefault(key, []).append(found)
    return [Trial(*key, origin, mean_of(found)) for key, found in pieces.items()]


def tried(learned: NextOffer, bought: Bought, baskets: Basket) -> dict[tuple[str, str], Found]:
    """By list and method, how offers to these customers did."""
    basket = baskets.of(bought)
    unseen = basket.unseen_by(bought)
    found = {
        (AGAIN, method): measured(basket, *basket.placed(bought, *offered))
        for method, offered in _again(learned, bought)
    }
    for method, offered in _new(learned, bought):
        found[NEW, method] = measured(unseen, *unseen.placed(bought, *offered))
    return found


def _again(learned: NextOffer, bought: Bought) -> Iterator[tuple[str, Offered]]:
    buyers = learned.rebuying.buyers
    # One purchase more of their own counts more than any number of other people.
    by_counts = bought.times + buyers[bought.item] / (buyers.max(initial=0) + 1.0)
    for method, score in (
        (OURS, again_scores(bought, learned.rebuying, learned.manner)),
        (OWN_COUNTS, by_counts),
    ):
        row, person, rank = ranked(score, bought, AMONG)
        yield method, (person, rank, bought.item[row])
    top = np.lexsort((np.arange(len(buyers)), -buyers))[:AMONG]
    person = np.repeat(np.arange(len(bought)), len(top))
    yield (
        POPULAR,
        (person, np.tile(np.arange(1, len(top) + 1), len(bought)), np.tile(top, len(bought))),
    )


def _new(learned: NextOffer, bought: Bought) -> Iterator[tuple[str, Offered]]:
    likeness = learned.likeness
    known = np.ones(len(likeness.items), np.bool_)
    ours = likeness.scores(bought)
    popular = np.where(np.isfinite(ours), likeness.buyers.astype(np.float32), -np.inf)
    for method, scores in ((OURS, ours), (POPULAR, popular)):
        person, rank, column = best_of(scores, known, AMONG)
        yield method, (person, rank, likeness.items[column])
