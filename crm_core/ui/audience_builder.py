"""Building an audience: by segment, by a rule of a few conditions, or one that was saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from crm_core.audiences import segments_rule
from crm_core.rules import All, Any, Rule, to_json
from crm_core.text import formats
from crm_core.ui.audience_saved import CHOSEN_BY, saved_rule, stop_editing
from crm_core.ui.layout import panel
from crm_core.ui.rule_builder import built_rule
from crm_core.ui.rule_tree import edit_rule
from crm_core.ui.rule_words import in_words
from crm_core.ui.segment_words import about_key, segment_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, note, paragraph
from crm_core.views.audiences import Audience, choices
from crm_core.views.code_words import segment_name

FROM_SEGMENT = "from_segment"
_SEGMENTS = "audience_segments"


@dataclass(frozen=True)
class Choice:
    """Who was chosen, and what to call them."""

    rule: Rule
    name: str

    @property
    def document(self) -> str:
        """The rule as JSON: what a view is asked with."""
        return to_json(self.rule)


def choose_by() -> str:
    """Draws the switch of how to choose: by segment, by rule or one that was saved."""
    _arrive()
    return _switch("audiences.by.label", ("segment", "rule", "saved"), CHOSEN_BY, "audiences.by")


def chosen_audience(by: str) -> Choice | None:
    """Draws the choice and returns the rule it means; None while it is not complete."""
    if by == "segment":
        return _by_segment()
    if by == "rule":
        return _by_rule()
    found = saved_rule()
    return Choice(*found) if found else None


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
        st.session_state[CHOSEN_BY] = "segment"
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
    rule = built_rule()
    if rule is None:
        return None
    if rule == All():
        caption("audiences.everyone_rule")
    return Choice(rule, current().t("nav.page.audiences"))


def edit(rule: Rule) -> None:
    """Puts a rule into the builder, to be changed there."""
    edit_rule(rule)
    stop_editing()
    st.session_state[CHOSEN_BY] = "rule"


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
