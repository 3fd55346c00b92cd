"""Whom a request for reviews reaches, and the reviews that customers were asked about in private."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crm_core.audiences import size
from crm_core.audiences.review_request import buyers_between
from crm_core.metrics import FEWEST, is_guarded, ratings
from crm_core.models.review_lexicon import ASPECTS
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.people import is_scored

CHANNEL = "email"
MOST = 500


@dataclass(frozen=True)
class Reached:
    """Everybody who bought in a window of days, and how many of them may be e-mailed."""

    customers: int
    reachable: int


def request_reach(
    selection: Selection, *, store: Store, access: Access, first: int, last: int
) -> Reached | None:
    """Who would be asked; None before the first scores, and of few for who sees no single people."""
    del selection  # a request is to everybody
    if not is_scored(store):
        return None
    found = size(store, buyers_between(first, last))
    if is_guarded(access) and found.customers < FEWEST:
        return None
    return Reached(found.customers, found.reachable.get(CHANNEL, 0))


def reviews_by_id(
    selection: Selection, *, store: Store, access: Access, ids: tuple[str, ...]
) -> pd.DataFrame:
    """These reviews, by their number: review_id, customer_key, product, day, stars, body."""
    del selection, access
    rows = ratings.reviews(store, aspects=ASPECTS)
    mine = rows.filter(rows.review_id.isin(list(ids[:MOST]) or [""]))
    return store.fetch(mine.select("review_id", "customer_key", "product", "day", "stars", "body"))
