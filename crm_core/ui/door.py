"""The way in: which workspace a request belongs to, and who may pass."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.settings import Settings
from crm_core.text import t
from crm_core.ui import workspace
from crm_core.ui.access import Visit, decide, is_forwarded
from crm_core.ui.guard import show_error
from crm_core.ui.opening import records_at
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


def activate(settings: Settings, place: Workspace, name: str) -> None:
    """Opens the demo or the own shop from the next run on. What was begun on the records of the
    one that was open is forgotten: the other's rows have the same numbers."""
    for key in [key for key in st.session_state if str(key).startswith(OF_ONE_SHOP)]:
        del st.session_state[key]
    st.session_state[_ACTIVE] = name
    if not place.private:
        workspace.remember(settings, name)


def admitted(
    settings: Settings, place: Workspace, *, language: str, present: bool
) -> Access | None:
    """The access of this request, decided anew every run; None when a sign-in is offered.

    Raises: CrmError when it is refused.
    """
    configured = login_configured()
    user: dict[str, Any] = st.user.to_dict() if configured else {}
    signed_in = bool(user.get("is_logged_in"))
    visit = Visit(
        single_user=settings.single_user,
        forwarded=is_forwarded(st.context.headers.keys()),
        login_configured=configured,
        real_store=not place.is_demo and not place.private,
        visitor=str(st.session_state.get(_VISITOR, "")),
        email=str(user.get("email") or "") or None if signed_in else None,
        signed_in_at=_number(user.get("auth_time") or user.get("iat")),
    )
    try:
        return decide(
            visit,
            records_at(place.records_url).role_of if configured else lambda _: None,
            now=datetime.now(UTC).timestamp(),
            present=present,
        )
    except CrmError as error:
        if not configured or settings.single_user:
            raise
        _sign_in(error, language, signed_in=signed_in)
        return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _sign_in(error: CrmError, language: str, *, signed_in: bool) -> None:
    """Offers to sign in, or out again for who has no role here."""
    st.title(t("app.sign_in_title", language), anchor=False)
    if error.code != "access_needs_sign_in":
        show_error(error, language)
    st.caption(t("app.sign_in_about", language))
    if signed_in and error.code == "access_no_role":
        st.button(t("app.sign_out", language), on_click=st.logout)
    else:
        st.button(t("app.sign_in", language), type="primary", on_click=st.login)
