"""Saving the rule book from its page, and a rule of it as a sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from crm_core.audiences import FIELDS
from crm_core.audiences.offer_book import askable
from crm_core.audiences.offer_words import offer_sentence
from crm_core.errors import CrmError
from crm_core.pipeline.rule_book_files import check_book
from crm_core.privacy.policy import require
from crm_core.records import OfferBook, OfferRule
from crm_core.rules import from_document
from crm_core.ui.rule_words import in_words
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.words import flash
from crm_core.views.rules import products


def said(offer: OfferRule, session: Session) -> str:
    """A rule as a sentence; its name where its conditions cannot be read any more."""
    try:
        who = in_words(from_document(dict(offer.rule), FIELDS))
    except CrmError:
        return offer.name
    return offer_sentence(offer, who, session.language, named=named(offer, session))


def named(offer: OfferRule, session: Session) -> str:
    """What a rule offers by the name people know: a product's name instead of its id."""
    if offer.action != "product":
        return offer.what
    listed = show(products, session.selection)
    if offer.what not in listed:  # of a large shop only the first products are listed
        listed = show(products, session.selection, asked=offer.what)
    return listed.get(offer.what, offer.what)


def save(book: OfferBook, change: str, about: str) -> None:
    """Keeps the book as its next version and draws the page anew; a rule that is switched on must
    not contradict another.

    Raises: CrmError("offer_book_conflict"), and as `save_offer_book`.
    """
    session = current()
    require(session.access, "plan")
    if change in ("on", "added", "changed"):
        check_book(askable(session.store, book), session.language)
    kept = session.records.save_offer_book(
        book, change=change, about=about, user=session.access.user, now=datetime.now(UTC)
    )
    flash("offer_rules.saved", version=kept.version)
    st.rerun()
