"""How a shop's purchases are weighed: what its own past says of how fast they fade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from crm_core.models.offer_again import Manner, Rebuying, again_scores, ranked
from crm_core.models.offer_baskets import AMONG, Basket, Found, mean_of, measured, read_baskets
from crm_core.models.offer_history import Bought, purchases, stream_bought
from crm_core.models.offer_shelf import read_shelf
from crm_core.models.sampling import buyers_by, sampled
from crm_core.store import Tables

#: Days after which a purchase counts half, as they are tried: from a grocer's to a furniture shop's.
HALF_LIVES: Final = (60.0, 120.0, 240.0, 960.0)
MANNERS: Final = tuple(Manner(days, by_due) for days in HALF_LIVES for by_due in (True, False))
#: Taken where too few came again to tell.
USUAL: Final = Manner(240.0, by_due=True)
#: How far ahead the next purchase is looked for, and how many periods back it is tried.
HORIZON_DAYS: Final = 30
#: Fewer than so many who come again tell nothing.
LEAST_CAME: Final = 100
_PERIODS = 2
_CUSTOMERS = 5_000


@dataclass
class Choice:
    """Chooses the manner by which a shop's next purchases were foretold best; remembers what it
    measured."""

    store: Tables
    seen: dict[date, dict[Manner, Found]] = field(default_factory=dict)

    def manner(self, as_of: date) -> Manner:
        """The best over the periods that ended by `as_of`; the usual one where fewer than a hundred
        came again in them."""
        origins = [as_of - timedelta(HORIZON_DAYS * back) for back in range(1, _PERIODS + 1)]
        return best_of([self._measured(origin) for origin in origins])

    def _measured(self, origin: date) -> dict[Manner, Found]:
        if origin not in self.seen:
            self.seen[origin] = _tried(self.store, origin)
        return self.seen[origin]


def _tried(store: Tables, origin: date) -> dict[Manner, Found]:
    """How each manner's list did in the days after `origin`, on a sample of a large shop."""
    known = buyers_by(store, origin)
    if known < LEAST_CAME:
        return dict.fromkeys(MANNERS, mean_of(()))
    some = sampled(store, known, _CUSTOMERS)
    shelf = read_shelf(some, origin, sold_out=True)
    baskets = read_baskets(some, shelf, origin, HORIZON_DAYS)
    pieces = list(stream_bought(some, purchases(some, origin, *HALF_LIVES), shelf))
    return measured_manners(pieces, baskets, shelf.items)


def measured_manners(pieces: Sequence[Bought], baskets: Basket, items: int) -> dict[Manner, Found]:
    """How each manner's list did for these customers, weighed by each of HALF_LIVES."""
    rebuying = Rebuying.of_pieces(pieces, items)
    found: dict[Manner, list[Found]] = {manner: [] for manner in MANNERS}
    for bought in pieces:
        basket = baskets.of(bought)
        for manner in MANNERS:
            weighed = bought.weighed(HALF_LIVES.index(manner.half_life_days))
            row, person, rank = ranked(again_scores(weighed, rebuying, manner), bought, AMONG)
            offered = basket.placed(bought, person, rank, bought.item[row])
            found[manner].append(measured(basket, *offered))
    return {manner: mean_of(measures) for manner, measures in found.items()}


def best_of(told: Sequence[Mapping[Manner, Found]]) -> Manner:
    """The best manner of some trials; the usual one where fewer than a hundred came in them."""
    pooled = {manner: mean_of([found[manner] for found in told]) for manner in MANNERS}
    if pooled[USUAL].customers < LEAST_CAME:
        return USUAL
    return max(MANNERS, key=lambda manner: pooled[manner].ndcg_10)
