"""The box one asks a question in: what was understood, what was not, and the way to Explore.

What is typed stays in the session and never enters an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import streamlit as st

from crm_core.metrics.exploration import Exploration, to_query
from crm_core.privacy.escape import md_escape
from crm_core.selection import LANGUAGES, segment_of_code
from crm_core.text import formats, has, t
from crm_core.ui.explore_state import PAGE
from crm_core.ui.explore_state import asked as asked_now
from crm_core.ui.explore_words import dimension_name, value_name
from crm_core.ui.layout import go
from crm_core.ui.opening import bounds_of
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.words import caption, note, warning
from crm_core.views.ask import (
    SEGMENT_DIMENSIONS,
    Known,
    Understood,
    Unread,
    mended,
    subcategories,
    understand,
)
from crm_core.views.ask_words import LONGEST
from crm_core.views.code_words import segment_name, words_for

_BOX = "ask_question"
_ASKED = "_asked_question"
_NEXT = "_ask_next"


def ask_box() -> None:
    """Draws the box. A question that was wholly understood opens Explore at once; of any other it
    shows what was read, what was not, and what may have been meant."""
    session = current()
    if _NEXT in st.session_state:  # a suggestion that was taken in the run before
        st.session_state[_BOX] = st.session_state.pop(_NEXT)
    elif _BOX not in st.session_state:
        st.session_state[_BOX] = str(st.session_state.get(_ASKED, ""))
    with (
        st.form("ask", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        question = st.text_input(
            session.md("ask.label"),
            key=_BOX,
            placeholder=session.t("ask.hint"),
            help=session.md("ask.help"),
            max_chars=LONGEST,
            icon=":material/manage_search:",
            label_visibility="collapsed",
        )
        pressed = st.form_submit_button(session.md("ask.button"))
    if pressed:
        st.session_state[_ASKED] = question
    asked = str(st.session_state.get(_ASKED, "")).strip()
    if asked:
        _answer(asked, opening=pressed)


def _answer(question: str, *, opening: bool) -> None:
    session = current()
    found = understand(question, _known(session))
    if found.is_plain:
        if opening:
            _open(found)
        if session.page != PAGE or asked_now() != found.exploration:
            return  # it was answered, and something else is asked by now
    with st.container(key="ask_answer", gap="xsmall"):
        if found.is_empty:
            note("ask.nothing")
        else:
            _draw_read(found, session)
        _draw_unread(question, found.unread)
        if found.beyond:
            caption("ask.beyond", words=session.t("rules.comma").join(found.beyond))
        if found.outside:
            bounds = bounds_of(session.store, session.workspace.store_url)
            warning(
                "ask.outside",
                words=session.t("rules.comma").join(found.outside),
                first=formats.day(bounds.first_day, session.language),
                last=formats.day(bounds.as_of, session.language),
            )
        if not (found.is_empty or found.is_plain):
            label = session.md("ask.open")
            if st.button(label, key="ask_open", icon=":material/arrow_forward:"):
                _open(found)


def _open(found: Understood) -> NoReturn:
    """Opens Explore with the question in its address and in the filter bar."""
    go(PAGE, **filters_of(found), **to_query(found.exploration))


def filters_of(found: Understood) -> dict[str, Any]:
    """What a question says of the filter bar.

    >>> filters_of(Understood(Exploration(), compare="year"))
    {'compare': 'year'}
    """
    said: dict[str, Any] = {}
    if found.days is not None:
        said["period"] = found.days.period
        if found.days.period == "custom":
            said |= {"start": found.days.start, "end": found.days.end}
    if found.compare is not None:
        said["compare"] = found.compare
    return said


def _known(session: Session) -> Known:
    """What this shop has to ask about, under its names in every language."""
    bounds = bounds_of(session.store, session.workspace.store_url)
    values = [
        (part, code, tuple(_names(part, code)))
        for part, codes in bounds.choices.items()
        if part != "segment"
        for code in codes
    ]
    values += [("subcategory", name, (name,)) for name in show(subcategories, session.selection)]
    values += list(_segments(bounds.choices.get("segment", ())))
    return Known(bounds.first_day, bounds.as_of, tuple(values))


def _names(part: str, code: str) -> Iterator[str]:
    yield code
    for language in LANGUAGES:
        yield _value_name(part, code, language)


def _value_name(part: str, code: str, language: str) -> str:
    """A value in words; channels of the program's own codes have names."""
    named = f"overview.channels_named.{code}"
    if part == "sales_channel" and has(named, language):
        return t(named, language)
    return words_for(part, code, language)


def _segments(codes: Sequence[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Segments by the dimension they are values of; the usual way to divide customers first."""
    order = list(SEGMENT_DIMENSIONS)
    for code in sorted(codes, key=lambda code: order.index(segment_of_code(code)[0])):
        name, value = segment_of_code(code)
        names = [
            segment_name(code, language, full=full)
            for language in LANGUAGES
            for full in (False, True)
        ]
        yield SEGMENT_DIMENSIONS[name], value, tuple(name for name in names if name)


def _draw_read(found: Understood, session: Session) -> None:
    """What was read, each part as a badge."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption(session.md("ask.read"), width="content")
        for icon, words in _parts(found, session):
            st.badge(md_escape(words), icon=f":material/{icon}:", color="gray")


def _parts(found: Understood, session: Session) -> Iterator[tuple[str, str]]:
    """Icon and words of each part of a question."""
    asked: Exploration = found.exploration
    for name in asked.metrics:
        words = session.t(f"metric.{name}.label")
        yield "tag", session.t("ask.assumed", name=words) if found.no_metric else words
    for name in asked.by:
        yield "splitscreen", dimension_name(name)
    if asked.across:
        yield (
            "view_column",
            session.t("ask.chip_across", dimension=dimension_name(asked.across)),
        )
    for name, code in asked.where:
        value = value_name(name, code, {})
        dimension = dimension_name(name)
        yield "filter_alt", session.t("ask.chip_value", dimension=dimension, value=value)
    if asked.top != Exploration().top:
        yield "format_list_numbered", session.t("ask.chip_top", count=asked.top)
    if found.days is not None:
        yield "calendar_month", _days_words(found, session)
    if found.compare is not None:
        yield "compare_arrows", session.t(f"filters.compare.{found.compare}")
    if asked.show in ("share", "running"):
        yield "percent", session.t(f"explore.show.{asked.show}")


def _days_words(found: Understood, session: Session) -> str:
    days = found.days
    if days is None or days.period != "custom":
        return session.t(f"filters.period.{days.period if days else 'all'}")
    start, end = (formats.day(day, session.language) for day in (days.start, days.end))
    return start if start == end else session.t("ask.chip_days", start=start, end=end)


def _draw_unread(question: str, unread: Sequence[Unread]) -> None:
    """Words nobody knows, each with a button that puts the closest known in their place."""
    session = current()
    if not unread:
        return
    words = session.t("rules.comma").join(each.words for each in unread)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(session.md("ask.unread", words=words), width="content")
        for place, each in enumerate(unread):
            if each.match:
                st.button(
                    session.md("ask.meant", known=each.match),
                    key=f"ask_meant_{place}",
                    help=session.md("ask.take", words=each.words, known=each.match),
                    type="tertiary",
                    icon=":material/spellcheck:",
                    on_click=_take,
                    args=(mended(question, each),),
                )


def _take(question: str) -> None:
    st.session_state[_NEXT] = question
    st.session_state[_ASKED] = question
