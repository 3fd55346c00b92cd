"""The way in: which workspace a request belongs to, and who may pass."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.settings import Settings
from crm_core.text import t
from crm_core.ui import claims, workspace
from crm_core.ui.access import Visit, decide, is_forwarded
from crm_core.ui.guard import show_error
from crm_core.ui.opening import records_at
from crm_core.ui.session import Session
from crm_core.ui.workspace import Workspace

_ACTIVE = "_workspace"
#: How keys of the session begin that speak of one shop's records.
OF_ONE_SHOP = "_shop_"
_VISITOR = "_visitor"


def login_configured() -> bool:
    """Whether the server's secrets name a sign-in provider."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def workspace_of(settings: Settings) -> Workspace:
    """The workspace this request looks at."""
    alone = not settings.single_user and not login_configured()
    # A store named in the settings is never a visitor's: without sign-in it must not open.
    visitor = _visitor_id() if alone and settings.store_url is None else None
    first = workspace.DEMO if visitor else workspace.first_name(settings)
    name = str(st.session_state.get(_ACTIVE) or first)
    return workspace.choose(settings, visitor=visitor, name=name)


def _visitor_id() -> str:
    if _VISITOR not in st.session_state:
        st.session_state[_VISITOR] = secrets.token_hex(16)
    return str(st.session_state[_VISITOR])


def activate(session: Session, name: str) -> None:
    """Opens the demo or the own shop from the next run on; for everybody's next visit too, where
    who asks may set such things. What was begun on the records of the one that was open is
    forgotten: the other's rows have the same numbers."""
    for key in [key for key in st.session_state if str(key).startswith(OF_ONE_SHOP)]:
        del st.session_state[key]
    st.session_state[_ACTIVE] = name
    if not session.workspace.private and session.may("settings"):
        workspace.remember(session.settings, name)


def visit_of(settings: Settings, place: Workspace) -> Visit:
    """What is known of this request: asked anew at every run.

    Raises: CrmError("setting_role_unknown").
    """
    configured = login_configured()
    user: dict[str, Any] = st.user.to_dict() if configured else {}
    signed_in = bool(user.get("is_logged_in"))
    return Visit(
        single_user=settings.single_user,
        forwarded=is_forwarded(st.context.headers),
        login_configured=configured,
        real_store=not place.is_demo and not place.private,
        visitor=str(st.session_state.get(_VISITOR, "")),
        claims=claims.read(user, settings) if signed_in else None,
        hours=settings.sign_in_hours,
    )


def access_of(visit: Visit, place: Workspace, *, present: bool) -> Access:
    """The access of a visit at this moment.

    Raises: CrmError when it is refused.
    """
    return decide(
        visit,
        lambda user, sign_in: records_at(place.records_url).member_standing(user, sign_in),
        now=datetime.now(UTC).timestamp(),
        present=present,
    )


def admitted(visit: Visit, place: Workspace, *, language: str, present: bool) -> Access | None:
    """The access of this request; None when a sign-in is offered.

    Raises: CrmError when it is refused.
    """
    try:
        return access_of(visit, place, present=present)
    except CrmError as error:
        if not visit.login_configured or visit.single_user:
            raise
        _sign_in(error, visit, place, language)
        return None


def _sign_in(error: CrmError, visit: Visit, place: Workspace, language: str) -> None:
    """Offers to sign in, or out again for who has no role here."""
    st.title(t("app.sign_in_title", language), anchor=False)
    if error.code != "access_needs_sign_in":
        show_error(error, language)
    st.caption(t("app.sign_in_about", language))
    if visit.claims is not None and error.code in ("access_no_role", "access_unverified"):
        sign_out_button(visit, place, language)
    else:
        st.button(t("app.sign_in", language), type="primary", on_click=st.login)


def sign_out_button(visit: Visit, place: Workspace, language: str) -> None:
    """Ends the sign-in here and with the provider."""
    label = t("app.sign_out", language)
    st.button(label, on_click=_sign_out, args=(visit, place), type="tertiary", key="sign_out")


def _sign_out(visit: Visit, place: Workspace) -> None:
    """A copy of the cookie lives on for a month: what ends is the sign-in, in the records of every
    shop it could open."""
    if visit.claims is not None:
        now = datetime.now(UTC)
        for url in dict.fromkeys((place.shop_records_url, place.records_url)):
            records_at(url).end_sign_in(visit.claims.sign_in, now)
    st.logout()


def still_admitted(session: Session) -> Session:
    """The session with the access its visitor has at this moment: for what happens between runs.

    Raises: CrmError when they were signed out or removed since.
    """
    now = datetime.now(UTC).timestamp()
    present = session.access.present
    access = decide(session.visit, session.records.member_standing, now=now, present=present)
    return replace(session, access=access)
