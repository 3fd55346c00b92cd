"""The reviews behind a number: what was asked for, a search in their words, one in full."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from crm_core.models.review_lexicon import ASPECTS
from crm_core.privacy.free_text import free_text
from crm_core.text import formats
from crm_core.ui.fields import button, text_field
from crm_core.ui.layout import panel, row
from crm_core.ui.people import go_customer, names_for
from crm_core.ui.review_asking import offer_asking
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table, pager
from crm_core.ui.words import caption, note, pairs, plain
from crm_core.views.review_rows import DEEPEST, Asked, Found, found_reviews
from crm_core.views.reviews import Reviews

_ASKED, _CALLED, _TIMES, _OPENED = (
    "_reviews_asked", "_reviews_called", "_reviews_times", "_reviews_opened",
)  # fmt: skip
_SIZE = 25
_CELL = 300
_KINDS = ("with_words", "against", "starless", "wish")
_ROWS = (
    Column("day", "date", "reviews.column.day", width=110),
    Column("stars", "count", "reviews.column.stars", width=70),
    Column("words", label_key="reviews.column.words", width="large"),
    Column("tone", "bar", "reviews.column.tone", help_key="reviews.tone_about", width=110),
    Column("sign", label_key="reviews.column.sign", width=130),
    Column("customer", label_key="app.table.customer", width=140),
)


def ask_for(asked: Asked, called: str = "") -> None:
    """Narrows the reviews at the end of the page; `called` is the product's name."""
    if st.session_state.get(_ASKED) == asked:
        return
    st.session_state[_ASKED] = asked
    st.session_state[_CALLED] = called
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
    st.session_state.pop(_OPENED, None)


def draw_found(view: Reviews) -> None:
    """What was asked for in words, the search, and a page of reviews; one opens below."""
    session = current()
    asked: Asked = st.session_state.get(_ASKED, Asked())
    times = st.session_state.get(_TIMES, 0)
    with panel("reviews.found", help_key="reviews.found_about", key="reviews_found"):
        with row():
            words = text_field(
                "reviews.search", key="reviews_words", kind="search", hint_key="reviews.search_hint"
            )
            _kinds(view, asked)
        if not asked.is_empty:
            with row(align="center"):
                caption("reviews.narrowed", what=asked_words(asked, session))
                if button("reviews.show_all", key="reviews_all", icon="close"):
                    ask_for(Asked())
                    st.rerun()

        # What is searched for may name somebody: it is never kept with an answer.
        def found(page: int, size: int) -> Found:
            given: dict[str, Any] = {"asked": asked, "page": page, "size": size}
            if words:
                return found_reviews(
                    session.selection,
                    store=session.store,
                    access=session.access,
                    words=words,
                    **given,
                )
            return show(found_reviews, session.selection, **given)

        first = found(1, _SIZE)
        if not first.total:
            caption("reviews.nothing_found")
            return
        place = st.container()
        page, size = pager(min(first.total, DEEPEST), key=f"reviews_{times}", size=_SIZE)
        if first.total > DEEPEST:
            most, total = (formats.number(n, session.language) for n in (DEEPEST, first.total))
            caption("reviews.deepest", most=most, total=total)
        rows = first.rows if (page, size) == (1, _SIZE) else found(page, size).rows
        with place:
            _table(rows, times, session)
    _draw_opened(rows, session)


def _kinds(view: Reviews, asked: Asked) -> None:
    """Buttons to reviews that deserve a look of their own, with how many there are."""
    for kind in _KINDS:
        count = view.counts.get({"wish": "wishes"}.get(kind, kind), 0)
        if count and asked.kind != kind:
            label = current().md(
                f"reviews.kinds.{kind}", count=formats.number(count, current().language)
            )
            if st.button(label, key=f"reviews_kind_{kind}", type="tertiary"):
                ask_for(Asked(kind=kind))
                st.rerun()


def asked_words(asked: Asked, session: Session) -> str:
    """Which reviews are shown, in words."""
    said: list[str] = []
    if asked.star is not None:
        said.append(session.t("reviews.star", stars=asked.star))
    if asked.product_id:
        said.append(str(st.session_state.get(_CALLED) or asked.product_id))
    if asked.aspect:
        side = asked.side or "named"
        aspect = session.t(f"reviews.aspect.{asked.aspect}")
        said.append(session.t(f"reviews.sides.{side}", aspect=aspect))
    if asked.kind:
        said.append(session.t(f"reviews.kind.{asked.kind}"))
    if asked.word:
        said.append(session.t("reviews.with_word", word=asked.word))
    if asked.days is not None:
        ends = (formats.day(day, session.language) for day in (asked.days.start, asked.days.end))
        said.append(session.t("reviews.between", **dict(zip(("low", "high"), ends, strict=True))))
    return " · ".join(said)


def signs(rows: pd.DataFrame, session: Session) -> list[str]:
    """What to notice about each review."""
    told: list[str] = []
    for against, wish in zip(rows["against"], rows["wish"], strict=True):
        said = [name for name, held in (("against", against), ("wish", wish)) if _yes(held)]
        told.append(" · ".join(session.t(f"reviews.sign.{name}") for name in said))
    return told


def _yes(held: Any) -> bool:
    return not pd.isna(held) and bool(held)


def _table(rows: pd.DataFrame, times: int, session: Session) -> None:
    keys = [int(key) for key in rows["customer_key"].dropna()]
    names = dict(zip(keys, names_for(keys, session), strict=True))
    shown = rows.assign(
        words=[free_text(session.access, body, _CELL) for body in rows["body"].fillna("")],
        sign=signs(rows, session),
        customer=[names.get(key, "") for key in rows["customer_key"]],
    )
    opened = data_table(
        shown,
        [Column("product", label_key="reviews.column.product", width=190), *_ROWS],
        key=f"reviews_found_{times}",
        alt_key="reviews.found",
        on_click=True,
    )
    if opened:
        st.session_state[_OPENED] = str(opened["review_id"])


def _draw_opened(rows: pd.DataFrame, session: Session) -> None:
    """The review whose row was opened, in full."""
    mine = rows[rows["review_id"] == st.session_state.get(_OPENED, "")]
    if mine.empty:
        caption("reviews.open_hint")
        return
    review = mine.iloc[0].to_dict()
    with panel("reviews.one", product=str(review["product"])):
        draw_review(review, session)
        known = not pd.isna(review["customer_key"])
        if not known:
            note("reviews.nobody")
            return
        key = int(review["customer_key"])
        with row():
            if button("reviews.to_customer", key="reviews_customer", icon="person"):
                go_customer(key)
            offer_asking(str(review["review_id"]), key)


def draw_review(review: dict[Any, Any], session: Session) -> None:
    """Stars, words and what was read of them."""
    body = review["body"]
    if isinstance(body, str) and body.strip():
        plain(free_text(session.access, body))
    stars = review["stars"]
    given = "reviews.no_stars" if pd.isna(stars) else "reviews.star"
    told = [("reviews.column.stars", session.t(given, stars=int(stars) if stars == stars else 0))]
    day = pd.Timestamp(review["day"]).date()
    told.append(("reviews.column.day", formats.day(day, session.language)))
    if not pd.isna(review["tone"]):
        told.append(("reviews.column.tone", session.write(float(review["tone"]), "rate")))
    about = [name for name in ASPECTS if not pd.isna(review[name])]
    if about:
        said = [
            session.t(
                f"reviews.sides.{_SIDES[int(review[name])]}",
                aspect=session.t(f"reviews.aspect.{name}"),
            )
            for name in about
        ]
        told.append(("reviews.column.about", session.t("rules.comma").join(said)))
    pairs(told)
    for name in ("against", "wish"):
        if _yes(review[name]):
            caption(f"reviews.sign_about.{name}")


_SIDES = {-1: "blame", 0: "named", 1: "praise"}
