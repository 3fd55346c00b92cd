"""One condition on behaviour as fields: what happened, how often, when, and what came then."""

from __future__ import annotations

from typing import Any as Anything

import streamlit as st

from crm_core.rules import EVENTS, Condition, Did, Event, Then, event_of
from crm_core.ui.condition_row import condition_row, day_field, days_field, part_menu, remove_button
from crm_core.ui.rule_tree import Node, add, add_then, fresh, remove
from crm_core.ui.session import Session, current

_OFTEN = ("ever", "never", "at_least", "at_most", "exactly")
_SPENT = ("spent_at_least", "spent_at_most")
_OPERATORS = {"at_least": ">=", "at_most": "<=", "exactly": "="}
_WHEN = ("always", "last_days", "between")
_MOST_DETAILS = 4


def behaviour_card(node: Node) -> Did | None:
    """Draws the event at a place with its details; None while something is missing."""
    given = node.given if isinstance(node.given, Did) else Did("purchase")
    session = current()
    with st.container(border=True, key=f"behaviour_{node.place}"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            event = _event(node.place, given.event, session)
            counted = _often(node.place, event, given, session)
            when = _when(node.place, given, session) if event.has_day else {}
            remove_button(node.place, remove)
        where = _details(node, event)
        then = _then(node.then) if node.then is not None and event.has_day else None
        with st.container(horizontal=True, gap="small"):
            _add_detail(node, event, session)
            if event.has_day and node.then is None:
                st.button(
                    session.md("builder.add_then"),
                    key=f"behaviour_{node.place}_then",
                    icon=":material/arrow_forward:",
                    type="tertiary",
                    on_click=add_then,
                    args=(node.place,),
                )
    if counted is None or when is None or where is None:
        return None
    if node.then is not None and event.has_day and then is None:
        return None
    return Did(event.name, where, then=then, **counted, **when)


def _event(place: int, start: str, session: Session, *, dated: bool = False) -> Event:
    names = [event.name for event in EVENTS.values() if event.has_day or not dated]
    chosen = st.selectbox(
        session.md("builder.event"),
        names,
        index=names.index(start),
        format_func=lambda name: session.t(f"behaviour.event.{name}.label"),
        key=f"behaviour_{place}_event",
        persist_state="session",
        width=250,
    )
    return event_of(chosen if chosen in names else start)


def _often(place: int, event: Event, given: Did, session: Session) -> dict[str, Anything] | None:
    """How often, or for how much; None while the number is missing."""
    if not event.has_day:
        start = "holds_not" if _often_code(given) == "never" else "holds"
        codes = ("holds", "holds_not")
        code = _pick(f"behaviour_{place}_holds", "builder.holds", codes, start, session)
        return {} if code == "holds" else {"operator": "<=", "value": 0}
    offered = _OFTEN + (_SPENT if event.has_amount else ())
    code = _pick(f"behaviour_{place}_often", "builder.often", offered, _often_code(given), session)
    if code == "ever":
        return {}
    if code == "never":
        return {"operator": "<=", "value": 0}
    is_money = code in _SPENT
    typed: Anything = st.number_input(
        session.md("builder.amount" if is_money else "builder.times"),
        value=given.value or None if is_money else int(given.value) or 1,
        min_value=0.0 if is_money else 1,
        step=1.0 if is_money else 1,
        key=f"behaviour_{place}_{code}_value",
        persist_state="session",
        width=110,
    )
    if typed is None:
        return None
    measure = "amount" if is_money else "times"
    return {
        "measure": measure,
        "operator": _OPERATORS[code.removeprefix("spent_")],
        "value": float(typed) if is_money else int(typed),
    }


def _often_code(given: Did) -> str:
    if given.measure == "amount":
        return "spent_at_most" if given.operator == "<=" else "spent_at_least"
    if given.operator == ">=":
        return "ever" if given.value == 1 else "at_least"
    if given.value == 0:
        return "never"
    return "at_most" if given.operator == "<=" else "exactly"


def _when(place: int, given: Did, session: Session) -> dict[str, Anything] | None:
    start = "last_days" if given.last_days else "between" if given.between else "always"
    code = _pick(f"behaviour_{place}_when", "builder.when", _WHEN, start, session)
    if code == "always":
        return {}
    if code == "last_days":
        days = days_field(f"behaviour_{place}_days", given.last_days or 90, session)
        return None if days is None else {"last_days": days}
    low, high = given.between or (None, None)
    days = [
        day_field(f"behaviour_{place}_{name}", name, day, session)
        for name, day in (("low", low), ("high", high))
    ]
    first, last = days
    if first is None or last is None:
        return None
    return {"between": (min(first, last), max(first, last))}


def _then(node: Node) -> Then | None:
    given = node.given if isinstance(node.given, Then) else Then("order", 60, happened=False)
    session = current()
    with st.container(border=True, key=f"behaviour_{node.place}"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            start = "then" if given.happened else "then_not"
            key = f"behaviour_{node.place}_happened"
            happened = _pick(key, "builder.followed", ("then_not", "then"), start, session)
            event = _event(node.place, given.event, session, dated=True)
            days = days_field(
                f"behaviour_{node.place}_days", given.within_days, session, "builder.within"
            )
            remove_button(node.place, remove)
        where = _details(node, event)
        _add_detail(node, event, session)
        if happened == "then_not" and days is not None:
            st.caption(session.md("builder.over_note", days=days))
    if days is None or where is None:
        return None
    return Then(event.name, days, where, happened == "then")


def _details(node: Node, event: Event) -> tuple[Condition, ...] | None:
    """The details of an event, each a row; None while one lacks its value."""
    menu = part_menu(event)
    made = [condition_row(part.place, part.given, menu, remove) for part in node.parts]
    found = tuple(row for row in made if row is not None)
    return found if len(found) == len(made) else None


def _add_detail(node: Node, event: Event, session: Session) -> None:
    if len(node.parts) >= _MOST_DETAILS:
        return
    st.button(
        session.md("builder.add_detail"),
        key=f"behaviour_{node.place}_detail",
        icon=":material/add:",
        type="tertiary",
        help=session.t(
            "builder.detail_help", event=session.t(f"behaviour.event.{event.name}.label")
        ),
        on_click=lambda: add(node.place, Node(fresh(), "part")),
    )


def _pick(key: str, label_key: str, codes: tuple[str, ...], start: str, session: Session) -> str:
    chosen = st.selectbox(
        session.md(label_key),
        codes,
        index=codes.index(start),
        format_func=lambda code: session.t(f"builder.choice.{code}"),
        key=key,
        persist_state="session",
        width=190,
    )
    return chosen if chosen in codes else start
