"""A person's two lists with their reasons, and what they prefer."""

from __future__ import annotations

from crm_core.audiences import LISTS
from crm_core.ui.layout import columns, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, pairs, word_table
from crm_core.views.offers import CustomerOffers, customer_offers


def draw_offers(key: int) -> None:
    """What to buy again and what is new to this person, side by side; what they prefer below."""
    session = current()
    view = show(customer_offers, session.selection, key=key)
    for name, place in zip(LISTS, columns(1, 1), strict=True):
        with place, panel(f"recommend.list.{name}", help_key=f"recommend.list_about.{name}"):
            _list(view, name)
    with panel("offer.profile", help_key="offer.extra.preferences_about"):
        if not view.prefers:
            caption("offer.no_profile")
        pairs(
            [(f"offer.prefers.{name}", _words(name, value)) for name, value in view.prefers.items()]
        )


def _list(view: CustomerOffers, name: str) -> None:
    if view.as_of is None:
        caption("offer.no_lists")
        return
    rows = view.lists[name]
    if rows.empty:
        caption(f"offer.none.{name}")
        return
    told = zip(rows["product"], rows["why"], strict=True)
    word_table(
        [
            {"recommend.column.product": product, "recommend.column.why": why}
            for product, why in told
        ]
    )


def _words(name: str, value: str) -> str:
    return current().word("offer.band", value) if name == "price_band" else value
