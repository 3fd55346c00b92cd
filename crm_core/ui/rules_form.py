"""One rule being written: if, then, where and how often; counted, checked and tried before saving."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any as Anything

import streamlit as st

from crm_core.audiences.offer_words import channel_words, conflict_words
from crm_core.privacy.escape import md_escape
from crm_core.records import ACTIONS, CONTACT_CHANNELS, EVERY_CHANNEL, OfferBook, OfferRule
from crm_core.rules import Rule, to_document
from crm_core.ui.fields import button, choice_field, number_field, switch_field, text_field
from crm_core.ui.kpi import figures
from crm_core.ui.layout import columns, panel, part
from crm_core.ui.piece import piece
from crm_core.ui.rule_builder import built_rule
from crm_core.ui.rule_tree import edit_document
from crm_core.ui.rules_look_back import draw_look_back
from crm_core.ui.rules_saving import said, save
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.words import caption, plain, success
from crm_core.views.audiences import MOST_LISTED
from crm_core.views.rules import Proposal, products, proposal

DESK = "offer_rule"
_EDITING = "_offer_editing"
_TURN = "_offer_turn"
_CHECKED = "_offer_checked"
_WARN, _STOP = ":material/warning:", ":material/error:"


def begin(offer: OfferRule | None) -> None:
    """Puts a rule into the form, or empties it for a new one."""
    st.session_state[_EDITING] = offer
    st.session_state[_TURN] = _turn() + 1
    st.session_state.pop(_CHECKED, None)
    if offer is not None:
        edit_document(dict(offer.rule), at=DESK)


def _turn() -> int:
    return int(st.session_state.get(_TURN, 0))


def _editing(book: OfferBook) -> OfferRule | None:
    """The rule being changed, if it is still there."""
    kept: Anything = st.session_state.get(_EDITING)
    if not isinstance(kept, OfferRule):
        return None
    return next((each for each in book.rules if each.id == kept.id), None)


@piece
def draw_form(book: OfferBook) -> None:
    """The rule in the form, and below it what it comes to."""
    session = current()
    editing = _editing(book)
    with panel("offer_rules.write"), part():
        if editing is not None:
            caption("offer_rules.writing", name=editing.name)
            if button("offer_rules.anew", key="offer_anew", icon="add"):
                begin(None)
                st.rerun()
        name = text_field(
            "offer_rules.name", key=f"offer_name_{_turn()}",
            value=editing.name if editing else "", max_chars=120,
        )  # fmt: skip
        st.subheader(session.md("offer_rules.if"), anchor=False)
        rule = built_rule(DESK)
        st.subheader(session.md("offer_rules.then"), anchor=False)
        offer, place = _then(book, editing, name, rule)
        if offer is None:
            return
        plain(said(offer, session))
        draw_look_back(offer, key=f"{_turn()}")
        _check(book, offer, place)


def _then(
    book: OfferBook, editing: OfferRule | None, name: str, rule: Rule | None
) -> tuple[OfferRule | None, int]:
    """Draws what is to be done; the rule as the form says it and its place, None while its
    conditions are incomplete."""
    given = editing or OfferRule("", {}, "buy_again", "email")
    one, two, three = columns(2, 2, 1)
    key = _turn()
    with one:
        action = choice_field(
            "offer_rules.then", ACTIONS, key=f"offer_action_{key}", prefix="offer_rules.action",
            value=given.action,
        ) or given.action  # fmt: skip
        what = _what(action, given)
    with two:
        channel = _channel(action, given)
        most = number_field(
            "offer_rules.most_people", key=f"offer_people_{key}", value=given.most_people, low=1,
            step=1, help_key="offer_rules.most_people_about",
        )  # fmt: skip
    with three:
        days = number_field(
            "offer_rules.again_days", key=f"offer_again_{key}", value=given.again_days, low=1,
            high=366, step=1, help_key="offer_rules.again_days_about",
        )  # fmt: skip
        last = len(book.rules) + (editing is None)
        start = book.rules.index(editing) + 1 if editing else last
        place = number_field(
            "offer_rules.order", key=f"offer_place_{key}_{book.version}", value=start, low=1,
            high=last, step=1, help_key="offer_rules.order_about",
        )  # fmt: skip
        is_on = switch_field("offer_rules.is_on", key=f"offer_on_{key}", value=given.is_on)
    if rule is None:
        return None, 0
    offer = OfferRule(
        name=name,
        rule=to_document(rule),
        action=action,
        contact_channel=channel,
        what=what,
        is_on=is_on,
        most_people=None if most is None else int(most),
        again_days=int(days or 0),
        id=given.id,
    )
    return offer, int(place or last) - 1


def _what(action: str, given: OfferRule) -> str:
    """Which product, offer or words, where the action asks for one."""
    session, start = current(), given.what if given.action == action else ""
    key = f"offer_what_{action}_{_turn()}"
    if action == "message":
        return text_field("offer_rules.what_message", key=key, value=start, max_chars=500)
    if action not in ("product", "coupon"):
        return ""
    if action == "product":
        choices = dict(show(products, session.selection))
        if len(choices) >= MOST_LISTED:
            caption("offer_rules.more_products", count=session.write(len(choices), "count"))
    else:
        choices = {each.terms.name: each.terms.name for each in session.records.offers()}
        if not choices:
            caption("offer_rules.no_coupons")
    if start:
        choices.setdefault(start, start)
    codes = list(choices)
    chosen = st.selectbox(
        session.md(f"offer_rules.what_{action}"),
        codes,
        index=codes.index(start) if start else None,
        format_func=lambda code: choices.get(str(code), str(code)),
        placeholder=session.t("builder.values_hint"),
        accept_new_options=len(choices) >= MOST_LISTED,
        key=key,
    )
    return (chosen or "").strip()


def _channel(action: str, given: OfferRule) -> str:
    session = current()
    codes = (EVERY_CHANNEL, *CONTACT_CHANNELS) if action == "nothing" else CONTACT_CHANNELS
    known = given.contact_channel in codes
    chosen = st.selectbox(
        session.md("offer_rules.channel"),
        codes,
        index=codes.index(given.contact_channel) if known else 0,
        format_func=lambda code: channel_words(code, session.language),
        key=f"offer_channel_{action == 'nothing'}_{_turn()}",
    )
    return chosen or codes[0]


def _check(book: OfferBook, offer: OfferRule, place: int) -> None:
    """Counting and checking on demand; saving once that was done for just this rule."""
    stamp = sha256(repr((offer, place, book.version)).encode()).hexdigest()
    if button("offer_rules.check", key="offer_check", icon="rule"):
        st.session_state[_CHECKED] = stamp
    if st.session_state.get(_CHECKED) != stamp:
        caption("offer_rules.check_first")
        return
    session = current()
    proposed = _with(book, offer, place)
    shown = replace(proposed, rules=tuple(_as_on(each, offer) for each in proposed.rules)).checked()
    view = show(proposal, session.selection, book=shown, place=place)
    draw_reach(view)
    _draw_conflicts(view, session)
    sure = True
    if view.conflicts and not (view.stops and offer.is_on):
        sure = st.checkbox(session.md("offer_rules.sure"), key=f"offer_sure_{stamp[:12]}")
    reason = None if sure else "offer_rules.save_sure"
    reason = "offer_rules.save_blocked" if view.stops and offer.is_on else reason
    if button(
        "offer_rules.save", key="offer_save", main=True, icon="save", disabled_reason_key=reason
    ):
        _save(proposed, offer)


def _with(book: OfferBook, offer: OfferRule, place: int) -> OfferBook:
    """The book with the rule at its place, in place of what it was."""
    rules = [each for each in book.rules if not offer.id or each.id != offer.id]
    rules.insert(place, offer)
    return replace(book, rules=tuple(rules))


def _as_on(each: OfferRule, offer: OfferRule) -> OfferRule:
    """Counted as if it were switched on: what it would come to is what is asked."""
    return replace(each, is_on=True) if each is offer else each


def draw_reach(view: Proposal) -> None:
    """The rule in numbers."""
    reach = view.reach
    figures(
        [
            ("offer_rules.fits", reach.fits, "count"),
            ("offer_rules.share", reach.fits / max(reach.everyone, 1), "rate"),
            ("offer_rules.reachable", reach.reachable, "count"),
            ("offer_rules.gets", reach.gets, "count"),
        ]
    )


def _draw_conflicts(view: Proposal, session: Session) -> None:
    if not view.conflicts:
        success("offer_rules.clean")
    for each in view.conflicts:
        words = md_escape(conflict_words(each, session.language))
        (st.error if each.stops else st.warning)(words, icon=_STOP if each.stops else _WARN)


def _save(proposed: OfferBook, offer: OfferRule) -> None:
    begin(None)
    save(proposed, "changed" if offer.id else "added", offer.name)
