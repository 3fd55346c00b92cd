"""One customer's two lists with their reasons, and what they prefer; what lists may tell of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences import (
    LISTS,
    extra_columns,
    has_offers,
    known_preferences,
    offers,
    with_reason,
)
from crm_core.audiences.offers import offerable
from crm_core.features import preferences
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

SHOWN = 5
_PRODUCT = ("product_id", "product", "category", "why")


@dataclass(frozen=True)
class CustomerOffers:
    """`lists`: by list its products, the best first (product_id, product, category, why); empty
    where the customer is on none. `prefers`: what is known of the parts of a profile that the shop's
    products differ in. `as_of` is None where no refresh made lists."""

    as_of: date | None
    lists: Mapping[str, pd.DataFrame]
    prefers: Mapping[str, str]


def customer_offers(
    selection: Selection, *, store: Store, access: Access, key: int
) -> CustomerOffers:
    """What one customer is recommended and prefers; reasons in the selection's language."""
    del access
    lists: dict[str, pd.DataFrame] = {}
    if has_offers(store):
        lists = {name: _list(store, name, key, selection.language) for name in LISTS}
    return CustomerOffers(store.scores_as_of if lists else None, lists, _prefers(store, key))


def _list(store: Store, name: str, key: int, language: str) -> pd.DataFrame:
    rows: Any = offers(store, name)
    mine = with_reason(rows.filter(rows.customer_key == key), name, language)
    return store.fetch(mine.order_by("place").limit(SHOWN).select(*_PRODUCT))


def _prefers(store: Store, key: int) -> dict[str, str]:
    known = known_preferences(store)
    at = store.at(store.scores_as_of or store.meta.as_of)
    table: Any = preferences(at, offerable(store), key)
    found = store.fetch(table)
    if found.empty:
        return {}
    row = found.iloc[0]
    return {name: str(row[name]) for name in known if isinstance(row[name], str)}


def export_extras(
    selection: Selection, *, store: Store, access: Access, extras: tuple[str, ...]
) -> tuple[str, ...]:
    """The columns that these extras add to a list of this shop.

    Raises: CrmError("no_scores") for products where there are no lists of them.
    """
    del selection, access
    return tuple(column for extra in extras for column in extra_columns(store, extra))
