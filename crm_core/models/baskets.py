"""What is bought together more often than chance has it, and what instead of each other.

Lift alone lists noise: of pairs with a lift of 2 that were seen five times, 98 in 100 are chance
(measured on planted truths, see docs/adr/0047). So a pair is named only if it passes among all
pairs that there could be, came from three customers or more, and is not explained by large baskets,
by promotion days and seasons, by how well the two categories go together, or by a third thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from crm_core.models.base import Fitted, need
from crm_core.models.basket_rows import Baskets, Codes, Level, read_baskets
from crm_core.models.basket_triples import Threes, threes
from crm_core.models.pair_findings import REASONS, Findings, Kind, Sight, instead, together
from crm_core.models.pair_tests import fisher
from crm_core.models.threads import one_thread
from crm_core.models.triples import fingerprint_of
from crm_core.store import Tables

NAME: Final = "baskets"
LEAST_BASKETS: Final = 100
LEAST_SHARED: Final = 20

_FEW_SHARED = 1_000
_MOST = 0.5
_JUDGED = 50
_LEAST_JUDGED = 10
_HOLDS = 0.05


@dataclass(frozen=True)
class Learned:
    """What was found at one level; `sight` is what it was found in."""

    sight: Sight
    findings: Mapping[Kind, Findings]
    threes: Threes

    @property
    def baskets(self) -> Baskets:
        """The baskets of this level."""
        return self.sight.baskets


@dataclass(frozen=True)
class Market:
    """Pairs and triples of every level that the shop's products have, as of a day."""

    as_of: date
    levels: Mapping[Level, Learned]

    @property
    def fitted(self) -> Fitted:
        """As a document: how much was looked at and found, level by level."""
        told: dict[str, float] = {}
        for level, learned in self.levels.items():
            told |= {
                f"{level}_items": float(len(learned.baskets.items)),
                f"{level}_together": float(learned.findings["together"].holds.sum()),
                f"{level}_instead": float(learned.findings["instead"].holds.sum()),
                f"{level}_triples": float(len(learned.threes)),
            }
        products = self.levels["product"]
        baskets = products.baskets
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters={"baskets": float(len(baskets)), **told},
            standard_errors={},
            log_likelihood=0.0,
            customers=len(np.unique(baskets.customer)),
            distinct=products.sight.counted.seen,
            fingerprint=fingerprint_of(
                baskets.counts,
                baskets.day.astype(np.int64),
                baskets.matrix.indices.astype(np.int64),
            ),
            warnings=_warnings(products),
        )


def _warnings(products: Learned) -> tuple[str, ...]:
    """What to know before trusting the pairs of products."""
    found = products.findings["together"]
    held = found.holds
    reasons = np.bincount(found.reason, minlength=len(REASONS))
    warnings: list[str] = []
    if int(np.count_nonzero(products.baskets.size > 1)) < _FEW_SHARED:
        warnings.append("few_baskets")
    if not held.any() and len(found):
        if reasons[1] > _MOST * len(found):
            warnings.append("only_large_baskets")
        if reasons[2] > _MOST * len(found):
            warnings.append("only_promotions")
    if held.any() and float(found.stable[held].mean()) < _MOST:
        warnings.append("unstable")
    return tuple(warnings)


def fit(store: Tables, *, as_of: date) -> Fitted:
    """Learns what is bought together as of a day; see `learn`."""
    return learn(store, as_of=as_of).fitted


def learn(store: Tables, *, as_of: date) -> Market:
    """Pairs and triples of the 24 months up to `as_of`, at every level.

    Raises: CrmError("not_enough_data") under 100 baskets, 20 of several things, or 2 products.
    """
    sold = read_baskets(store, as_of)
    need_baskets(sold.products)
    with one_thread():
        return Market(as_of, {level: learn_level(sold.at(level)) for level in sold.levels})


def need_baskets(products: Baskets) -> None:
    """Stops where there is too little to learn from."""
    need(
        NAME,
        baskets=(len(products), LEAST_BASKETS),
        products=(len(products.items), 2),
        baskets_of_several=(int(np.count_nonzero(products.size > 1)), LEAST_SHARED),
    )


def learn_level(baskets: Baskets) -> Learned:
    """Pairs and triples of one level's baskets."""
    sight = Sight.of(baskets)
    found = together(sight)
    held = found.take(found.q_given <= _HOLDS)
    return Learned(
        sight,
        {"together": found, "instead": instead(sight, found)},
        threes(baskets, held.pairs),
    )


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """Of the pairs of products named on each day, the share that the baskets of the days after
    bear out by themselves (one-sided Fisher test), beside as many pairs with the highest lift, and
    as many of the most frequent.

    Raises: CrmError("not_enough_data") where the log ends before the horizon does.
    """
    rows: list[dict[str, object]] = []
    for origin in origins:
        until = origin + timedelta(horizon_days)
        later = read_baskets(store, until, days=horizon_days).products
        logged = int(later.day.max(initial=-1)) + 1
        need("validate", days_after_origin=(logged, min(horizon_days, 7)))
        known = read_baskets(store, origin).products
        need_baskets(known)
        for method, pairs in _ranked(known).items():
            rows.append(
                {
                    "method": method,
                    "origin": origin.isoformat(),
                    "horizon_days": horizon_days,
                    "pairs": len(pairs[0]),
                    "holds": _holding(known, later, pairs),
                }
            )
    return rows


def _ranked(known: Baskets) -> dict[str, tuple[Codes, Codes]]:
    """The pairs each method would name on that day, as many each."""
    with one_thread():
        sight = Sight.of(known)
        found = together(sight)
    count = int(np.clip(found.holds.sum(), _LEAST_JUDGED, _JUDGED))
    pairs, counts = sight.counted.more, known.counts
    lift = pairs.both / (counts[pairs.a].astype(np.float64) * counts[pairs.b])
    by_lift = np.lexsort((pairs.b, pairs.a, -lift))[:count]
    by_count = np.lexsort((pairs.b, pairs.a, -pairs.both))[:count]
    return {
        NAME: (found.pairs.a[:count], found.pairs.b[:count]),
        "naive_lift": (pairs.a[by_lift], pairs.b[by_lift]),
        "naive_count": (pairs.a[by_count], pairs.b[by_count]),
    }


def _holding(known: Baskets, later: Baskets, pairs: tuple[Codes, Codes]) -> float:
    """The share of the pairs that later baskets hold more often than chance has it."""
    if not len(pairs[0]):
        return 0.0
    place = {name: number for number, name in enumerate(later.items.names)}
    columns = later.matrix.tocsc()
    counts = later.counts
    held = 0
    for a, b in zip(*(side.tolist() for side in pairs), strict=True):
        first, second = (place.get(known.items.names[item], -1) for item in (a, b))
        if min(first, second) < 0:
            continue
        both = int(columns[:, [first]].multiply(columns[:, [second]]).sum())
        p = fisher(np.array([both]), counts[[first]], counts[[second]], len(later))
        held += bool(both and p[0] <= _HOLDS)
    return held / len(pairs[0])
