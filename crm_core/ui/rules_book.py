"""The rule book on screen: each rule as a sentence with its numbers, and what can be done to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from crm_core.audiences.offer_conflicts import Reach
from crm_core.errors import CrmError
from crm_core.privacy.escape import md_escape
from crm_core.privacy.policy import require
from crm_core.records import Audience, OfferBook, OfferRule
from crm_core.rules import InOffer, to_document
from crm_core.text import error_text, formats
from crm_core.ui.audience_saved import CHOSEN_BY
from crm_core.ui.fields import form, number_field, submit
from crm_core.ui.layout import go
from crm_core.ui.rules_form import begin
from crm_core.ui.rules_saving import said, save
from crm_core.ui.session import Session, current
from crm_core.ui.tables import pager
from crm_core.ui.words import caption, flash, note, plain
from crm_core.views.rules import BookView

_PAGED = 25


def draw_book(book: OfferBook, view: BookView) -> None:
    """The rules in their order; the last saving can be taken back."""
    session = current()
    if book.version and st.button(
        session.md("offer_rules.undo"), key="offer_undo", icon=":material/undo:", type="tertiary"
    ):
        require(session.access, "plan")
        session.records.restore_offer_book(
            book.version - 1,
            instead_of=book.version,
            user=session.access.user,
            now=datetime.now(UTC),
        )
        flash("offer_rules.undone", version=book.version - 1)
        begin(None)
        st.rerun()
    if not book.rules:
        note("offer_rules.none")
        return
    caption("offer_rules.numbers_about")
    first, size = 0, len(book.rules)
    if size > _PAGED:
        page, size = pager(len(book.rules), key="offer_pager", size=_PAGED)
        first = (page - 1) * size
    for place, offer in list(enumerate(book.rules))[first : first + size]:
        _draw_rule(book, place, offer, view)


def _draw_rule(book: OfferBook, place: int, offer: OfferRule, view: BookView) -> None:
    session = current()
    with st.container(border=True, key=f"offer_rule_{offer.id}"):
        title = session.md("offer_rules.place", place=place + 1, name=offer.name)
        st.subheader(title, anchor=False)
        if place in view.broken:
            code, facts = view.broken[place]
            why = md_escape(error_text(CrmError(code, **facts), session.language))
            st.warning(session.md("offer_rules.broken") + " " + why, icon=":material/warning:")
        else:
            plain(said(offer, session))
            _draw_numbers(offer, view.reaches[place], session)
        with st.container(horizontal=True, gap="small"):
            _draw_actions(book, place, offer)


def _draw_numbers(offer: OfferRule, reach: Reach, session: Session) -> None:
    facts = {
        name: formats.number(getattr(reach, name), session.language)
        for name in ("fits", "reachable", "gets")
    }
    if not offer.is_on:
        caption("offer_rules.numbers_off", **facts)
    elif offer.action == "nothing":
        caption("offer_rules.numbers_quiet", **facts)
    else:
        caption("offer_rules.numbers", **facts)
        lost = [
            session.t(
                "offer_rules.reason",
                people=formats.number(people, session.language),
                why=session.t(f"offer_rules.why.{state}"),
            )
            for state, people in sorted(reach.states.items(), key=lambda told: -told[1])
            if state not in ("gets", "off")
        ]
        if lost:
            caption("offer_rules.lost", reasons=session.t("rules.comma").join(lost))


def _draw_actions(book: OfferBook, place: int, offer: OfferRule) -> None:
    """Not callbacks: those run before main has decided anew who may do what."""
    rules = list(book.rules)
    switch = "off" if offer.is_on else "on"
    if place and _pressed("up", offer, "arrow_upward"):
        rules[place - 1 : place + 1] = [offer, rules[place - 1]]
        save(replace(book, rules=tuple(rules)), "moved", offer.name)
    if place + 1 < len(rules) and _pressed("down", offer, "arrow_downward"):
        rules[place : place + 2] = [rules[place + 1], offer]
        save(replace(book, rules=tuple(rules)), "moved", offer.name)
    if _pressed("change", offer, "edit"):
        begin(offer)
        st.rerun()
    if _pressed(switch, offer, "pause" if offer.is_on else "play_arrow"):
        rules[place] = replace(offer, is_on=not offer.is_on)
        save(replace(book, rules=tuple(rules)), switch, offer.name)
    if _pressed("audience", offer, "group"):
        _go_audience(offer)
    if _pressed("remove", offer, "delete"):
        del rules[place]
        save(replace(book, rules=tuple(rules)), "removed", offer.name)


def _pressed(what: str, offer: OfferRule, icon: str) -> bool:
    return st.button(
        current().md(f"offer_rules.{what}"),
        key=f"rule_{what}_{offer.id}",
        icon=f":material/{icon}:",
        type="tertiary",
    )


def _go_audience(offer: OfferRule) -> None:
    """Those to whom a rule is given as a saved audience, made once; then its page."""
    session = current()
    require(session.access, "plan")
    rule = to_document(InOffer(offer.id))
    made = next((each for each in session.records.audiences() if dict(each.rule) == rule), None)
    kept: Audience = made or session.records.add_audience(
        offer.name, rule, owner=session.access.user, now=datetime.now(UTC)
    )
    st.session_state[CHOSEN_BY] = "saved"
    st.session_state["audience_saved"] = kept.id
    flash("offer_rules.audience_made", name=kept.name)
    go("audiences")


def draw_caps(book: OfferBook) -> None:
    """How often anybody is written to at all."""
    with form("offer_caps"):
        most = number_field(
            "offer_rules.most_offers", key=f"offer_most_{book.version}", value=book.most_offers,
            low=1, high=100, step=1,
        )  # fmt: skip
        days = number_field(
            "offer_rules.offer_days", key=f"offer_days_{book.version}", value=book.offer_days,
            low=1, high=366, step=1,
        )  # fmt: skip
        if submit("offer_rules.caps_save"):
            fresh = replace(book, most_offers=int(most or 0), offer_days=int(days or 0))
            save(fresh, "caps", "")
