"""Who is on the phone: the search, whom it may be, and who waits while nobody calls.

What is typed and who is open stay in the session: never in an address, a cache or a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import pandas as pd
import streamlit as st

from crm_core.privacy import audit
from crm_core.privacy.callers import LEAST_TYPED, MOST_LISTED, Lookup, Match, look_up
from crm_core.privacy.gate import identities
from crm_core.text import formats
from crm_core.ui.layout import details_box, link, panel, part, row
from crm_core.ui.order_table import buyer_names
from crm_core.ui.people import customer_known
from crm_core.ui.reveal import open_in_full
from crm_core.ui.service_words import cell_words, current_rules, hours_words
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note
from crm_core.views.call import MOST_LISTED as MOST_SHOWN
from crm_core.views.call import strays, waiting

# Forgotten with the shop they are of.
_OPEN, _FOUND, _CALLS = "_shop_call", "_shop_call_found", "_shop_calls"
_TOLD = ("name", "city", "email", "phone")


@dataclass(frozen=True)
class Opened:
    """Whose record is open (a customer, or an order of nobody known), for whom and since when."""

    key: int | None
    order_key: int | None
    order_id: str
    user: str
    since: datetime


def look_up_caller() -> Opened | None:
    """The search, and the record that is open, if one is. What names one customer wholly opens."""
    session = current()
    number = st.session_state.get(_CALLS, 0)
    with st.form(f"call_search_{number}", border=False), row():
        # Another call begins with an empty box.
        words = st.text_input(
            session.md("call.search"),
            key=f"call_words_{number}",
            placeholder=session.t("call.search_hint"),
            icon=":material/call:",
            max_chars=200,
            width="stretch",
        )
        pressed = st.form_submit_button(
            session.md("call.look_up"), type="primary", icon=":material/search:"
        )
    if pressed and (words or "").strip():
        found = look_up(session.store, session.access, str(words))
        st.session_state.pop(_OPEN, None)
        st.session_state[_FOUND] = found
        if found.only is not None:
            open_record(found.only)
    return _opened(session)


def _opened(session: Session) -> Opened | None:
    kept = st.session_state.get(_OPEN)
    if not isinstance(kept, Opened) or kept.user != session.access.user:
        return None
    # Merged with another customer meanwhile, or erased.
    return kept if kept.key is None or customer_known(kept.key) else None


def open_record(match: Match) -> NoReturn:
    """Opens a record: a line of the log, once for each call."""
    session = current()
    now = datetime.now(UTC)
    if match.key is not None:
        open_in_full(match.key)
    else:
        told = {"order": match.order_id}
        audit.append(session.records, session.access, "order_opened", {}, now=now, as_is=told)
    st.session_state.pop(_FOUND, None)
    st.session_state[_OPEN] = Opened(
        match.key, match.order_key, match.order_id, session.access.user, now
    )
    st.rerun()


def end_call() -> NoReturn:
    """Shuts the record and empties the box."""
    for key in (_OPEN, _FOUND):
        st.session_state.pop(key, None)
    st.session_state[_CALLS] = st.session_state.get(_CALLS, 0) + 1
    st.rerun()


def draw_matches() -> None:
    """Whom it may be, to choose from; or that it is nobody, as what it was looked for, and how to ask."""
    found: Any = st.session_state.get(_FOUND)
    if not isinstance(found, Lookup):
        caption("call.how", least=LEAST_TYPED)
        return
    if not found.matches:
        session = current()
        tried = [session.t(f"call.tried.{code}") for code in found.tried]
        if tried:
            note("call.nobody", tried=session.t("rules.comma").join(tried))
        else:
            note("call.nothing_to_look_for")
        caption("call.how", least=LEAST_TYPED)
        return
    with panel("call.matches", help_key="call.matches_about"), part():
        _draw_list(found)


def _draw_list(found: Lookup) -> None:
    session = current()
    keys = [match.key for match in found.matches if match.key is not None]
    people = identities(session.store, session.access, keys, "search").set_index("customer_key")
    rows = [_row(match, people, session) for match in found.matches]
    shown = [Column("who", label_key="app.table.customer")]
    shown += [
        Column(name, label_key=f"privacy.column.{name}") for name in _TOLD[1:] if name in people
    ]
    shown += [Column("by", "code", "call.column.by", prefix="call.by")]
    shown += [Column("order_id", label_key="customer.column.reference")]
    opened = data_table(
        pd.DataFrame(rows),
        shown,
        key=f"call_matches_{st.session_state.get(_CALLS, 0)}",
        alt_key="call.matches",
        on_click=True,
        icon="person",
    )
    if found.more:
        caption("call.more", most=MOST_LISTED)
    if opened:
        open_record(found.matches[int(opened["place"])])


def _row(match: Match, people: pd.DataFrame, session: Session) -> dict[str, Any]:
    told: dict[str, Any] = dict.fromkeys(_TOLD, "")
    if match.key is not None:
        person = people.loc[match.key]
        told |= {name: person[name] if isinstance(person.get(name), str) else "" for name in _TOLD}
    nobody = "call.no_name" if match.key is not None else "call.no_customer"
    who = told.pop("name") or session.t(nobody)
    by = match.by if match.exact else f"{match.by}_part"
    return {"who": who, **told, "by": by, "order_id": match.order_id, "place": _place(match)}


def _place(match: Match) -> int:
    found: Any = st.session_state[_FOUND]
    return int(found.matches.index(match))


def draw_waiting() -> None:
    """Who has waited longer than was promised, the longest first; a row opens the record."""
    session, rules = current(), current_rules()
    with panel("call.waiting", help_key="service.waiting_about"), part():
        view = show(waiting, session.selection, "call", rules=rules)
        if not view.contacts:
            caption("call.no_contacts")
            link("imports", "service.to_imports", icon="upload_file")
            return
        day = formats.day(session.store.meta.as_of, session.language)
        caption("call.waiting_of", day=day, reply=rules.reply_hours, settle=rules.settle_hours)
        if not view.total:
            caption("service.nobody_waits")
            return
        caption("call.waits", **view.counts)
        told = [
            Column("waited_words", label_key="service.column.waited"),
            Column("wait_words", label_key="service.column.waits_for"),
            Column("at", "time", "customer.column.at"),
        ]
        rows = view.rows.assign(
            waited_words=[hours_words(hours) for hours in view.rows["waited"]],
            wait_words=[cell_words("service.wait", code) for code in view.rows["wait_state"]],
        )
        _draw_contacts(rows, told, key="call_waiting", alt_key="call.waiting")
        if view.total > MOST_SHOWN:
            caption("call.waits_more", most=MOST_SHOWN)


def draw_strays() -> None:
    """Contacts that lead to no customer, apart."""
    session = current()
    view = show(strays, session.selection, "call")
    if not view.total:
        return
    with details_box("call.strays", count=session.write(view.total, "count")):
        caption("call.strays_about", most=MOST_SHOWN)
        _draw_contacts(
            view.rows,
            [
                Column("at", "time", "customer.column.at"),
                Column("direction", "code", "call.column.direction", prefix="customer.direction"),
                Column("order_id", label_key="customer.column.reference"),
            ],
            key="call_strays",
            alt_key="call.strays_alt",
        )


def _draw_contacts(rows: pd.DataFrame, told: list[Column], *, key: str, alt_key: str) -> None:
    """Contacts with who they are from; a row opens the record it leads to."""
    named = rows.assign(
        who=buyer_names(rows["customer_key"].tolist()),
        channel=[cell_words("behaviour.value.contact_channel", code) for code in rows["channel"]],
        topic=[cell_words("behaviour.value.topic", code) for code in rows["topic"]],
    )
    words = [
        Column("channel", label_key="customer.column.channel"),
        Column("topic", label_key="service.split_by.topic"),
    ]
    opened = data_table(
        named,
        [Column("who", label_key="app.table.customer"), *told, *words],
        key=key,
        alt_key=alt_key,
        on_click=True,
        icon="call",
        height=None if len(named) < 8 else 36 * 9,
    )
    if not opened:
        return
    key_of, order = opened["customer_key"], opened.get("order_key")
    if not pd.isna(key_of):
        open_record(Match(int(key_of), "order", exact=True))
    if not pd.isna(order):
        order_id = str(opened.get("order_id", ""))
        open_record(Match(None, "order", exact=True, order_key=int(order), order_id=order_id))
    note("call.leads_nowhere")
