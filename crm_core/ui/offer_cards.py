"""A person's offers: two lists with their reasons, what they prefer, what goes with what they have,
and how they buy with discounts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from crm_core.audiences import LISTS
from crm_core.text import formats
from crm_core.ui.layout import columns, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, pairs, word_table
from crm_core.views.offer_cards import Discounts, discounts_of, goes_with_own
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
    _pairs_and_codes(key)


def _pairs_and_codes(key: int) -> None:
    """What goes with what this person has, and how they buy with discounts: side by side, each only
    where there is something to say."""
    session = current()
    together = show(goes_with_own, session.selection, key=key)
    discounts = show(discounts_of, session.selection, key=key)
    cards: list[Callable[[], None]] = []
    if len(together):
        cards.append(partial(_together, together))
    if discounts is not None:
        cards.append(partial(_discounts, discounts))
    for card, place in zip(cards, columns(*[1] * len(cards)) if cards else (), strict=True):
        with place:
            card()


def _together(rows: pd.DataFrame) -> None:
    session = current()
    with panel("offer.goes_with", help_key="offer.goes_with_about"):
        word_table(
            [
                {
                    "offer.lacks": str(row["lacks"]),
                    "offer.why": session.t(
                        "offer.goes_with_why",
                        has=row["has"],
                        share=session.write(row["ahead"], "rate"),
                        times=formats.number(row["times"], session.language, 1),
                    ),
                }
                for row in rows.to_dict("records")
            ]
        )


def _discounts(view: Discounts) -> None:
    session = current()
    with panel("offer.discounts", help_key="offer.discounts_about"):
        part, whole = (session.write(n, "count") for n in (view.discounted, view.orders))
        given = session.write(view.off, "money")
        if view.rate is not None:
            rate = session.write(view.rate, "rate")
            given = session.t("offer.given_of", money=given, rate=rate)
        codes = [
            session.t(
                "offer.code_used",
                code=code,
                orders=session.write(orders, "count"),
                day=formats.day(day, session.language),
            )
            for code, orders, day in view.codes
        ]
        told = [
            ("offer.discounted", session.t("offer.part_of", part=part, whole=whole)),
            ("offer.given", given),
            ("offer.codes", session.t("rules.comma").join(codes)),
        ]
        pairs([(label, value) for label, value in told if value])


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
