"""Building an audience: by segment, by a rule of a few conditions, or one that was saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any as Anything
from typing import NoReturn

import streamlit as st

from crm_core.audiences import FIELDS, rule_of, segments_rule
from crm_core.records import Audience as Saved
from crm_core.rules import All, Any, Condition, Not, Rule, sentence, to_document, to_json
from crm_core.text import formats
from crm_core.ui.condition_row import condition_row, is_editable
from crm_core.ui.fields import form, submit, text_field
from crm_core.ui.layout import panel
from crm_core.ui.segment_words import (
    BY_FIELD,
    about_key,
    segment_name,
    segment_words,
    value_words,
)
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, flash, note, paragraph
from crm_core.views.audiences import Audience, choices

MOST_CONDITIONS = 6
FROM_SEGMENT = "from_segment"
_BY = "audience_by"
_SEGMENTS = "audience_segments"
_MATCH = "audience_match"
_ROWS = "_audience_rows"
_GIVEN = "_audience_given"
_REMOVED = "_audience_removed"
_FIRST = Condition("orders", ">=", 2)
_NEXT = Condition("recency_days", ">=", 90)


@dataclass(frozen=True)
class Choice:
    """Who was chosen, and what to call them."""

    rule: Rule
    name: str

    @property
    def document(self) -> str:
        """The rule as JSON: what a view is asked with."""
        return to_json(self.rule)


def chosen_audience() -> Choice | None:
    """Draws the choice and returns the rule it means; None while it is not complete."""
    _arrive()
    by = _switch("audiences.by.label", ("segment", "rule", "saved"), _BY, "audiences.by")
    if by == "segment":
        return _by_segment()
    return _by_rule() if by == "rule" else _saved()


def _switch(label_key: str, codes: Sequence[str], key: str, prefix: str) -> str:
    """One of a few codes, which links and buttons elsewhere may set."""
    session = current()
    st.session_state.setdefault(key, codes[0])
    chosen = st.segmented_control(
        session.md(label_key),
        codes,
        required=True,
        format_func=lambda code: session.word(prefix, code),
        key=key,
        persist_state="session",
    )
    return chosen or codes[0]


def _arrive() -> None:
    """A link may name a segment to begin with."""
    code = st.query_params.get(FROM_SEGMENT)
    if code is None:
        return
    del st.query_params[FROM_SEGMENT]
    if segment_name(code, current().language):
        st.session_state[_BY] = "segment"
        st.session_state[_SEGMENTS] = [code]


def _by_segment() -> Choice | None:
    session = current()
    codes = show(choices, session.selection)
    asked = st.session_state.get(_SEGMENTS, codes[:1])
    st.session_state[_SEGMENTS] = [code for code in asked if code in codes]
    chosen = st.multiselect(
        session.md("audiences.segments"),
        codes,
        format_func=lambda code: segment_name(code, session.language, full=True),
        key=_SEGMENTS,
        persist_state="session",
    )
    if not chosen:
        note("audiences.no_segment")
        return None
    for code in chosen:
        about = about_key(code, "definition")
        if about:
            caption(about)
    return Choice(segments_rule(chosen), ", ".join(segment_words(chosen)))


def _by_rule() -> Choice | None:
    joint = _switch("audiences.match", ("all", "any"), _MATCH, "audiences.joint")
    given: dict[int, Condition] = st.session_state.setdefault(_GIVEN, {0: _FIRST})
    rows: list[int] = st.session_state.setdefault(_ROWS, [0])
    made = [condition_row(place, given.get(place, _NEXT), _remove) for place in rows]
    if len(rows) < MOST_CONDITIONS:
        st.button(
            current().md("audiences.add"), key="audience_add", icon=":material/add:", on_click=_add
        )
    conditions = tuple(condition for condition in made if condition is not None)
    if len(conditions) < len(rows):
        note("audiences.incomplete")
        return None
    name = current().t("nav.page.audiences")
    if not conditions:
        caption("audiences.everyone_rule")
        return Choice(All(), name)
    return Choice(All(conditions) if joint == "all" else Any(conditions), name)


def _add() -> None:
    rows: list[int] = st.session_state[_ROWS]
    st.session_state[_ROWS] = [*rows, _fresh()]


def _fresh() -> int:
    """A place no row of this session has had, so that its fields begin empty."""
    last = int(st.session_state.get("_audience_last", 0)) + 1
    st.session_state["_audience_last"] = last
    return last


def _remove(place: int) -> None:
    st.session_state[_ROWS] = [kept for kept in st.session_state[_ROWS] if kept != place]


def edit(rule: Rule) -> None:
    """Puts a flat rule into the builder, to be changed there."""
    parts = rule.parts if isinstance(rule, All | Any) else (rule,)
    given = {_fresh(): part for part in parts if isinstance(part, Condition)}
    st.session_state[_GIVEN] = given
    st.session_state[_ROWS] = list(given)
    st.session_state[_MATCH] = "any" if isinstance(rule, Any) else "all"
    st.session_state[_BY] = "rule"


def _saved() -> Choice | None:
    session = current()
    _offer_undo()
    saved = {audience.id: audience for audience in session.records.audiences()}
    if not saved:
        note("audiences.no_saved")
        return None
    chosen = st.selectbox(
        session.md("audiences.saved_label"),
        list(saved),
        format_func=lambda number: saved[number].name,
        key="audience_saved",
        persist_state="session",
    )
    audience = saved.get(chosen) or next(iter(saved.values()))
    rule = rule_of(audience.name, session.records)
    with st.container(horizontal=True):
        _edit_button(rule)
        # Not a callback: those run before main has decided anew who may do what.
        if st.button(
            session.md("audiences.delete"), key="audience_delete", icon=":material/delete:"
        ):
            _delete(audience)
    return Choice(rule, audience.name)


def _edit_button(rule: Rule) -> None:
    session = current()
    flat = is_flat(rule)
    st.button(
        session.md("audiences.edit_copy"),
        key="audience_edit",
        icon=":material/edit:",
        on_click=edit,
        args=(rule,),
        disabled=not flat,
        help=None if flat else session.t("audiences.too_nested"),
    )


def is_flat(rule: Rule) -> bool:
    """Whether the builder can show a rule: a few conditions under one all or any.

    >>> is_flat(Condition("orders", ">=", 2)), is_flat(All((All(),)))
    (True, False)
    """
    parts = rule.parts if isinstance(rule, All | Any) else (rule,)
    return len(parts) <= MOST_CONDITIONS and all(is_editable(part) for part in parts)


def _delete(audience: Saved) -> NoReturn:
    session = current()
    session.records.remove_audience(audience.id)
    st.session_state[_REMOVED] = audience
    flash("audiences.deleted", name=audience.name)
    st.rerun()


def _offer_undo() -> None:
    removed: Anything = st.session_state.get(_REMOVED)
    if not isinstance(removed, Saved):
        return
    session = current()
    words = session.md("audiences.undo", name=removed.name)
    if st.button(words, key="audience_undo", icon=":material/undo:"):
        session.records.add_audience(
            removed.name, removed.rule, owner=removed.owner, now=removed.created_at
        )
        st.session_state.pop(_REMOVED)
        flash("audiences.restored", name=removed.name)
        st.rerun()


def save_audience(rule: Rule) -> None:
    """A name and a button that keeps the rule under it."""
    session = current()
    with form("audience_save"):
        name = text_field("audiences.name", key="audience_name", max_chars=120)
        if submit("audiences.save_button"):
            session.records.add_audience(
                name, to_document(rule), owner=session.access.user, now=datetime.now(UTC)
            )
            flash("audiences.saved", name=name)
            st.rerun()


def draw_nobody(view: Audience, rule: Rule) -> None:
    """Says that nobody fits, and which condition to drop so that somebody does."""
    session = current()
    with panel("audiences.nobody_title"):
        caption("audiences.nobody_about")
        parts = rule.parts if isinstance(rule, All | Any) else ()
        for place, customers in view.without:
            count = formats.number(customers, session.language)
            said = in_words(parts[place])
            paragraph("audiences.nobody_relax", condition=said, customers=count)


def in_words(rule: Rule) -> str:
    """A rule as a sentence in the viewer's language, segments by their names."""
    session = current()
    return sentence(
        _named(rule), fields=FIELDS, language=session.language, currency=session.currency
    )


def _named(rule: Rule) -> Rule:
    """The rule with segment codes replaced by their names: for reading, never for choosing."""
    match rule:
        case Condition(field, operator, str(code)) if field in BY_FIELD:
            return Condition(field, operator, value_words(field, code))
        case Condition(field, operator, tuple(codes)) if field in BY_FIELD:
            return Condition(field, operator, tuple(value_words(field, code) for code in codes))
        case Condition():
            return rule
        case Not(part):
            return Not(_named(part))
        case All(parts):
            return All(tuple(_named(part) for part in parts))
        case Any(parts):
            return Any(tuple(_named(part) for part in parts))
