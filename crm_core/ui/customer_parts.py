"""Parts of the pages about customers: the search, a person's identity, consent, facts in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from crm_core.audiences import FIELDS
from crm_core.errors import CrmError
from crm_core.privacy.consent import standing_now
from crm_core.privacy.escape import one_line
from crm_core.privacy.gate import IDENTITY_COLUMNS, MOST_FOUND, identities, search
from crm_core.privacy.policy import allowed, treatment
from crm_core.records import CONTACT_CHANNELS
from crm_core.selection import segment_code
from crm_core.text import formats
from crm_core.ui.customer_traces import draw_traces
from crm_core.ui.layout import details_box, grid
from crm_core.ui.people import ask_query, asked_customer, asked_query, names_for, secret_of
from crm_core.ui.reveal import purpose_for, reveal_button
from crm_core.ui.rights_parts import draw_rights, tell_rights
from crm_core.ui.segment_words import segment_words, value_words
from crm_core.ui.session import current
from crm_core.ui.trust_parts import model_badge
from crm_core.ui.words import caption, pairs, paragraph
from crm_core.views.audiences import GROUPS
from crm_core.views.code_words import segment_name
from crm_core.views.customer import Customer, Scores

_BOX = "customers_search"
_SEEN = "_customers_seen"
_NEARLY = 0.999  # no model is surer than that
_ENDS = ("low", "high")
_OWN_UNITS = ("money", "count", "rate", "days")


def found_customers(limit: int = MOST_FOUND) -> tuple[int, ...] | None:
    """The search box of the list, and whom it finds; None when nothing is searched for.

    The words stay in the session: never in an address, a cache or a log. Who may not search
    by identity is told so.
    """
    session = current()
    if not allowed(session.access, "search"):
        caption("customers.search_denied")
        return None
    if st.session_state.get(_SEEN) != asked_query():
        st.session_state[_BOX] = asked_query()
    words = st.text_input(
        session.md("customers.search"),
        key=_BOX,
        type="search",
        placeholder=session.t("customers.search_hint"),
        icon=":material/search:",
        max_chars=200,
    )
    words = (words or "").strip()
    ask_query(words)
    st.session_state[_SEEN] = words
    if not words:
        return None
    caption("customers.searched", limit=limit)
    secret = secret_of(session)
    return tuple(search(session.store, session.access, words, limit, secret=secret))


def opened_customer() -> int | None:
    """The person the address names, or None when it names nobody."""
    try:
        return asked_customer()
    except CrmError:
        return None


def called(key: int) -> str:
    """What to call a person here: a name, a masked name, or a short code."""
    return names_for([key], current(), purpose_for(key))[0]


def draw_identity(view: Customer) -> None:
    """Who the person is, as far as the role may see, and what they were recognised by."""
    tell_rights(view.key)
    is_known = draw_person(view.key)
    draw_traces(view)
    if is_known and treatment(current().access, purpose_for(view.key), "email") == "mask":
        caption("customer.masked")
    reveal_button(view.key)
    draw_rights(view.key)


def draw_person(key: int) -> bool:
    """Name and contact details, as clearly as the role may see them; whether there are any."""
    session = current()
    person = identities(session.store, session.access, [key], purpose_for(key)).iloc[0]
    shown = [
        (f"privacy.column.{column}", str(person[column]))
        for column in IDENTITY_COLUMNS
        if column in person and isinstance(person[column], str) and person[column].strip()
    ]
    pairs(shown)
    if not shown:
        caption("customer.no_identity")
    return bool(shown)


def draw_consent(key: int) -> None:
    """For each channel whether the person may be contacted, as the records say now."""
    session = current()
    rows: list[tuple[str, str]] = []
    for channel in CONTACT_CHANNELS:
        barred = standing_now(session.records, [key], channel).barred
        answer = session.t(f"customer.standing.{barred.get(key, 'granted')}")
        rows.append((f"privacy.contact_channel.{channel}", answer))
    pairs(rows)
    caption("customer.consent_about")


def fact_words(name: str, value: Any) -> str:
    """A fact about a customer in words; unknown is a dash."""
    session = current()
    if value is None:
        return "–"
    if isinstance(value, bool):
        return session.t("customer.yes" if value else "customer.no")
    if isinstance(value, date):
        return formats.day(value, session.language)
    if isinstance(value, str):
        return one_line(value_words(name, value))
    if name == "p_no_order" and value > _NEARLY:
        return session.t("customer.nearly", share=session.write(_NEARLY, "rate"))
    unit = FIELDS[name].unit
    whole = unit in _OWN_UNITS and name != "expected_orders"  # an average: 0.4 orders is not none
    return session.write(value, unit if whole else "per")


def draw_why(view: Customer) -> None:
    """The segment shown everywhere and why; the other segments behind "more"."""
    session = current()
    stage = view.fact_text("stage")
    if stage is None:
        caption("customer.no_scores", day=formats.day(view.as_of, session.language))
        return
    code = segment_code("stage", stage)
    name, about = segment_words([code])[0], session.t(f"lifecycle.{stage}.definition")
    paragraph("customer.why_segment", name=name, definition=about)
    if view.rhythm_days is not None and view.scores is not None:
        days = formats.number(view.rhythm_days, session.language)
        kind = "usual" if view.scores.frequency > 1 else "shop"
        caption(f"customer.rhythm.{kind}", days=days, silent=view.scores.recency_days)
    tier = view.fact_text("value_tier")
    if tier is not None:
        about = session.t(f"value_tier.{tier}.definition")
        name = segment_words([segment_code("value", tier)])[0]
        paragraph("customer.why_segment", name=name, definition=about)
    caption("customer.why_action", action=session.t(f"lifecycle.{stage}.action"))
    if view.scores is not None:
        with details_box("customer.more_segments"):
            _more_segments(view, view.scores)


def _more_segments(view: Customer, scores: Scores) -> None:
    """RFM with its scores, the loyalty tier with what is missing to the next, the group."""
    session = current()
    definition = session.t(f"rfm.{scores.segment}.definition")
    name = segment_name(scores.segment, session.language, full=True)
    paragraph("customer.why_segment", name=name, definition=definition)
    money = session.write(scores.monetary, "money")
    rows = [
        ("rfm.score.r", session.t("customer.why_r", days=scores.recency_days, score=scores.r)),
        ("rfm.score.f", session.t("customer.why_f", days=scores.frequency, score=scores.f)),
        ("rfm.score.m", session.t("customer.why_m", money=money, score=scores.m)),
    ]
    for field in ("loyalty_tier", "to_next_tier", "cluster"):
        if view.facts.get(field) is not None:
            rows.append((FIELDS[field].label, fact_words(field, view.facts[field])))
    pairs(rows)


def draw_value(view: Customer) -> None:
    """What to expect of the person, worded as the average it is."""
    if view.number("expected_orders") is None:
        caption("customer.no_value")
        return
    model_badge("lifetime_value")
    draw_facts(view, ("expected_orders", "expected_revenue", "expected_contribution"))
    if view.ahead:
        session = current()
        orders = (formats.number(view.ahead[f"orders_{end}"], session.language) for end in _ENDS)
        money = (session.write(view.ahead[f"revenue_{end}"], "money") for end in _ENDS)
        facts = zip(("few", "many", "low", "high"), (*orders, *money), strict=True)
        caption("customer.between", **dict(facts))
    here = view.ahead.get("p_alive")
    if here is None:
        caption("customer.alive_unsaid")
    else:
        caption("customer.alive", chance=current().write(here, "rate"))
    caption("customer.value_about")


def draw_facts(view: Customer, names: Sequence[str]) -> None:
    """Facts as a list."""
    pairs([(FIELDS[name].label, fact_words(name, view.facts.get(name))) for name in names])


def draw_all_facts(view: Customer) -> None:
    """Every fact, by theme."""
    session = current()
    caption("customer.facts_about", day=formats.day(view.as_of, session.language))
    with grid(2, min_width=320):
        for group, names in GROUPS.items():
            with st.container():
                caption(f"customer.group.{group}")
                draw_facts(view, names)
