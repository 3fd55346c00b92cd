"""The shop's own events: a table of what was typed, and forms to add, change and remove them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.privacy.policy import allowed, require
from crm_core.records import EVENT_KINDS, MOST_UPLIFT, EventPlan, PlannedEvent
from crm_core.ui.fields import choice_field, day_field, form, number_field, submit, text_field
from crm_core.ui.layout import columns, details_box, panel, row
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash
from crm_core.views.event_calendar import TypedEvent

_OPENED, _UNDO = "_event_opened", "_event_undo"


def typed_events() -> tuple[TypedEvent, ...]:
    """What people typed, as views take it."""
    plans = [event.plan for event in current().records.planned_events()]
    return tuple((p.name_en, p.name_zh, p.starts_on, p.ends_on, p.kind, p.uplift) for p in plans)


def draw_typed() -> None:
    """The events that were typed; who may plan changes them here."""
    session = current()
    kept = session.records.planned_events()
    with panel("events.own", help_key="events.own_about"):
        caption("events.own_note")
        opened = _table(kept)
        if not allowed(session.access, "plan"):
            return
        if opened:
            st.session_state[_OPENED] = int(str(opened["id"]))
        _offer_undo()
        chosen = next((each for each in kept if each.id == st.session_state.get(_OPENED)), None)
        if chosen is not None:
            _change(chosen)
        else:
            with details_box("events.add", is_open=not kept):
                _add()


def _table(kept: list[PlannedEvent]) -> dict[str, object] | None:
    if not kept:
        caption("events.none_typed")
        return None
    session = current()
    rows = [
        {
            "id": each.id,
            "name": (each.plan.name_zh if session.language == "zh" else "") or each.plan.name,
            "kind": each.plan.kind,
            "starts_on": each.plan.starts_on,
            "ends_on": each.plan.ends_on,
            "uplift": each.plan.uplift,
        }
        for each in kept
    ]
    return data_table(
        pd.DataFrame(rows),
        [
            Column("name", label_key="events.field.name"),
            Column("kind", "code", "events.field.kind", prefix="events.kind"),
            Column("starts_on", "date", "events.column.starts_on"),
            Column("ends_on", "date", "events.column.ends_on"),
            Column("uplift", "per", "events.field.uplift", help_key="events.uplift_about"),
        ],
        key="events_typed",
        alt_key="events.own",
        on_click=allowed(session.access, "plan"),
        icon="edit",
    )


def _add() -> None:
    session = current()
    with form("event_new"):
        told = _fields("event_new", None)
        pressed = submit("events.save")
    if pressed:
        require(session.access, "plan")
        plan = _plan(*told)
        session.records.add_planned_event(plan, author=session.access.user, now=datetime.now(UTC))
        _done("events.added", plan)


def _change(kept: PlannedEvent) -> None:
    session = current()
    place = f"event_{kept.id}_{kept.version}"
    with form(place):
        told = _fields(place, kept.plan)
        pressed = submit("events.save")
    with row():
        removed = st.button(
            session.md("events.remove"), key=f"{place}_remove", icon=":material/delete:"
        )
        closed = st.button(session.md("events.close"), key=f"{place}_close")
    if pressed or removed:
        require(session.access, "plan")
    if pressed:
        plan = _plan(*told)
        changed = session.records.change_planned_event(kept.id, plan, version=kept.version)
        st.session_state[_UNDO] = ("changed", kept, changed.version)
        _done("events.changed", plan)
    if removed:
        gone = session.records.remove_planned_event(kept.id, version=kept.version)
        st.session_state[_UNDO] = ("removed", gone, gone.version)
        _done("events.removed", kept.plan)
    if closed:
        st.session_state.pop(_OPENED, None)
        st.rerun()


def _offer_undo() -> None:
    """Takes back the last change or removal."""
    session = current()
    what, kept, version = st.session_state.get(_UNDO, ("", None, 0))
    if not isinstance(kept, PlannedEvent):
        return
    words = session.md(f"events.undo.{what}", name=kept.plan.name)
    if not st.button(words, key="event_undo", icon=":material/undo:"):
        return
    require(session.access, "plan")
    st.session_state.pop(_UNDO)
    if what == "removed":
        session.records.bring_back_planned_event(kept)
    else:
        session.records.change_planned_event(kept.id, kept.plan, version=version)
    flash("events.taken_back", name=kept.plan.name)
    st.rerun()


def _done(key: str, plan: EventPlan) -> None:
    st.session_state.pop(_OPENED, None)
    flash(key, name=plan.name)
    st.rerun()


_Told = tuple[str, str, str | None, date | None, date | None, float | None]


def _fields(place: str, was: EventPlan | None) -> _Told:
    one, two, three = columns(1, 1, 1)
    with one:
        name_en = text_field("events.field.name_en", key=f"{place}_en", max_chars=120,
                             value=was.name_en if was else "")  # fmt: skip
        name_zh = text_field("events.field.name_zh", key=f"{place}_zh", max_chars=120,
                             value=was.name_zh if was else "")  # fmt: skip
    with two:
        starts_on = day_field("events.column.starts_on", key=f"{place}_from",
                              value=was.starts_on if was else None)  # fmt: skip
        ends_on = day_field("events.column.ends_on", key=f"{place}_to",
                            value=was.ends_on if was else None)  # fmt: skip
    with three:
        kind = choice_field("events.field.kind", EVENT_KINDS, key=f"{place}_kind",
                            prefix="events.kind", value=was.kind if was else None)  # fmt: skip
        uplift = number_field("events.field.uplift", key=f"{place}_uplift", low=0.0,
                              high=MOST_UPLIFT, step=0.1, help_key="events.uplift_about",
                              value=was.uplift if was else None)  # fmt: skip
    return name_en, name_zh, kind, starts_on, ends_on, uplift


def _plan(
    name_en: str,
    name_zh: str,
    kind: str | None,
    starts_on: date | None,
    ends_on: date | None,
    uplift: float | None,
) -> EventPlan:
    """What the form says; one day where no last one is given.

    Raises: CrmError("event_no_day").
    """
    if starts_on is None:
        raise CrmError("event_no_day")
    ends_on = ends_on or starts_on
    return EventPlan(name_en, name_zh, kind or EVENT_KINDS[0], starts_on, ends_on, uplift)
