"""The people of a shop on screen: inviting, another role, letting go, handing over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.privacy import team as acts
from crm_core.records import ROLES
from crm_core.text import formats
from crm_core.ui.fields import button, choice_field, form, submit, switch_field, text_field
from crm_core.ui.layout import columns, details_box, panel, part, row
from crm_core.ui.note_words import user_words
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash, note, plain, word_table
from crm_core.views.team import Team, rights

_OPENED = "_shop_team_opened"


def draw_invite() -> None:
    """Lets somebody in, by the address they sign in with."""
    session = current()
    with panel("team.invite"), part():
        if session.settings.role_claim:
            note("team.claimed", claim=session.settings.role_claim)
        with form("team_invite"):
            left, right = columns(2, 1)
            with left:
                user = text_field("team.address", key="team_address", kind="email", max_chars=320)
            with right:
                role = choice_field("team.role", ROLES, key="team_role", prefix="privacy.role")
            pressed = submit("team.invite_button")
        caption("team.invite_about")
        if pressed:
            acts.save_role(session.records, session.access, user, str(role), now=datetime.now(UTC))
            flash("team.invited", person=user)
            st.rerun()


def draw_people(view: Team) -> None:
    """Everybody, what they look after, and below whoever was opened."""
    session = current()
    with panel("team.people", help_key="team.people_about"):
        people = view.people
        shown = people.assign(
            role=[_role_words(each, session) for each in people.to_dict("records")],
            looks_after=[_owned_words(view.owns(user), session) for user in people["user"]],
            since=pd.to_datetime(people["since"], utc=True).dt.tz_localize(None),
        )
        opened = data_table(
            shown,
            [
                Column("user", label_key="team.person", width="medium"),
                Column("role", label_key="team.role"),
                Column("looks_after", label_key="team.looks_after", width="large"),
                Column("since", "date", "team.since"),
            ],
            key="team",
            alt_key="team.people",
            on_click=True,
            icon="person",
        )
    if opened:
        st.session_state[_OPENED] = str(opened["user"])
    user = st.session_state.get(_OPENED)
    found = people[people["user"] == user]
    if not found.empty:
        _draw_person(found.iloc[0].to_dict(), view, session)


def _draw_person(person: dict[Any, Any], view: Team, session: Session) -> None:
    user = str(person["user"])
    with panel("team.one", person=user):
        left, right = columns(1, 1)
        with left, part():
            _draw_role(user, str(person["role"]), is_in=_is_in(person), session=session)
        with right, part():
            _draw_hand_over(user, view, session)


def _draw_role(user: str, role: str, *, is_in: bool, session: Session) -> None:
    with row():
        value = role if role in ROLES else None
        chosen = choice_field(
            "team.role", ROLES, key=f"team_role_{user}", prefix="privacy.role", value=value
        )
        saves = button("team.save_role" if is_in else "team.let_in", key="team_save", main=True)
    if saves:
        acts.save_role(session.records, session.access, user, str(chosen), now=datetime.now(UTC))
        flash("team.role_saved", person=user)
        st.rerun()
    if is_in:
        sure = switch_field("team.sure", key=f"team_sure_{user}", help_key="team.remove_about")
        reason = None if sure else "team.remove_first"
        if button("team.remove", key="team_remove", icon="person_off", disabled_reason_key=reason):
            acts.remove(session.records, session.access, user, now=datetime.now(UTC))
            flash("team.removed", person=user)
            st.rerun()


def _draw_hand_over(user: str, view: Team, session: Session) -> None:
    owned = view.owns(user)
    plain(_owned_words(owned, session) or session.t("team.looks_after_nothing"))
    takers = acts.takers(session.records, user)
    if not owned:
        return
    if not takers:
        caption("team.no_takers")
        return
    with row():
        to = choice_field(
            "team.taker", takers, key=f"team_taker_{user}", help_key="team.taker_about"
        )
        pressed = button("team.hand_over", key="team_hand_over", icon="move_up")
    if pressed and to:
        acts.hand_over(session.records, session.access, user, to, now=datetime.now(UTC))
        flash("team.handed_over", person=to)
        st.rerun()


def draw_rights() -> None:
    """What each role may do, as the program decides it."""
    session = current()
    with details_box("team.rights"):
        words = [
            {
                "team.right": session.t(f"team.may.{each['purpose']}"),
                **{
                    f"privacy.role.{role}": session.t("team.yes") if each[role] else "–"
                    for role in ROLES
                },
            }
            for each in rights().to_dict("records")
        ]
        word_table(words)


def draw_acts(view: Team) -> None:
    """What was changed, by whom, newest first: out of the log that nobody can rewrite unseen."""
    session = current()
    with details_box("team.acts"):
        if view.acts.empty:
            caption("team.no_acts")
            return
        frame = view.acts
        data_table(
            frame.assign(
                at=pd.to_datetime(frame["at"], utc=True)
                .dt.tz_convert(_zone(session))
                .dt.tz_localize(None),
                by=[user_words(str(user), session) for user in frame["by"]],
                what=[_act_words(each, session) for each in frame.to_dict("records")],
            ),
            [
                Column("at", "time", "team.when"),
                Column("by", label_key="team.by"),
                Column("what", label_key="team.what", width="large"),
            ],
            key="team_acts",
            alt_key="team.acts",
        )


def _zone(session: Session) -> str:
    return session.opened.meta.timezone if session.opened else "UTC"


def _is_in(person: dict[Any, Any]) -> bool:
    return bool(person["role"]) and not person["is_removed"]


def _role_words(person: dict[Any, Any], session: Session) -> str:
    if person["is_removed"]:
        return session.t("team.is_removed")
    if not person["role"]:
        return session.t("team.not_on_list")
    return session.word("privacy.role", person["role"])


def _owned_words(owned: dict[str, int], session: Session) -> str:
    return " · ".join(
        session.t(f"team.owned.{kind}", count=formats.number(count, session.language))
        for kind, count in owned.items()
    )


def _act_words(act: dict[Any, Any], session: Session) -> str:
    facts = {
        "person": act["person"],
        "to": act["to"] or "",
        "role": session.word("privacy.role", act["role"] or ""),
        "before": session.word("privacy.role", act["before"] or ""),
        "moved": _owned_words(act["moved"], session),
    }
    return session.t(f"team.act.{act['act']}", **facts)
