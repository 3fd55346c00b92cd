"""What a list may tell of its people beside facts: the next products with reasons, and preferences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis.expr.types as ir

from crm_core.audiences.offers import NEXT_COLUMNS, has_offers, next_products, offerable
from crm_core.errors import CrmError
from crm_core.features import PREFERENCES, attributes, preferences
from crm_core.store import Store
from crm_core.store.marts import without

_PREFIX: Final = "prefers_"
#: What may be added, and the columns of each; of preferences those that the shop's products have.
EXTRAS: Final = {
    "products": NEXT_COLUMNS,
    "preferences": tuple(f"{_PREFIX}{name}" for name in PREFERENCES),
}


def known_preferences(store: Store) -> tuple[str, ...]:
    """The parts of a profile that this shop's products tell apart: two values or more."""
    day = store.scores_as_of or store.meta.as_of
    found = store.fetch(attributes(store.at(day), offerable(store))).iloc[0]
    return tuple(name for name in PREFERENCES if int(found[name] or 0) > 1)


def extra_columns(store: Store, extra: str) -> tuple[str, ...]:
    """The columns that an extra adds to a list of this shop.

    Raises: CrmError("no_scores") for products where the last refresh made no lists of them.
    """
    if extra == "preferences":
        return tuple(f"{_PREFIX}{name}" for name in known_preferences(store))
    if not has_offers(store):
        raise CrmError("no_scores")
    return EXTRAS[extra]


def with_extras(store: Store, members: ir.Table, extras: Sequence[str], language: str) -> ir.Table:
    """The members with every column of these extras; unknown for who is on no list or bought too
    little.

    Raises: CrmError("no_scores") as `extra_columns`.
    """
    for extra in extras:
        found = _extra(store, extra, language)
        members = without(members.left_join(found, "customer_key"), "customer_key_right")
    return members


def _extra(store: Store, extra: str, language: str) -> ir.Table:
    if extra == "preferences":
        day = store.scores_as_of or store.meta.as_of
        found = preferences(store.at(day), offerable(store))
        return found.rename({f"{_PREFIX}{name}": name for name in PREFERENCES})
    return next_products(store, language)
