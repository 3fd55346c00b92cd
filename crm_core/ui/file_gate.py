"""Files on their way out and in: their addresses alone open nothing.

The server hands a made file to whoever names its address, and takes uploads for whoever names a
session; both are asked here for the same sign-in and right as the pages. No page shows the
server's own counters, which tell what the program's functions are called.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import (
    _get_signed_cookie_with_chunks,  # pyright: ignore[reportPrivateUsage]
)

from crm_core.errors import CrmError
from crm_core.privacy.policy import require
from crm_core.settings import Settings
from crm_core.ui import claims, workspace
from crm_core.ui.access import Visit, decide, is_forwarded
from crm_core.ui.door import login_configured
from crm_core.ui.opening import records_at, settings_and_disk

_FILES = ("/media/", "/_stcore/upload_file/")
_CLOSED = ("/_stcore/metrics", "/_stcore/st-metrics", "/st-metrics")
_REFUSED = 403


class FileGate:
    """Refuses files to who may not export, and the server's counters to everybody."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers it with a refusal."""
        path = str(scope.get("path", ""))
        is_closed = scope["type"] == "http" and path.endswith(_CLOSED)
        is_file = scope["type"] == "http" and any(part in path for part in _FILES)
        if is_closed or (is_file and not await run_in_threadpool(_may, Headers(scope=scope))):
            await PlainTextResponse("", _REFUSED)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _may(headers: Headers) -> bool:
    """Whether who sent these headers may take files along, at this moment."""
    try:
        settings, _ = settings_and_disk()
        place = workspace.choose(settings, visitor=None, name=workspace.first_name(settings))
        access = decide(
            _visit(headers, settings),
            lambda user, sign_in: records_at(place.records_url).member_standing(user, sign_in),
            now=datetime.now(UTC).timestamp(),
        )
        require(access, "export")
    except CrmError:
        return False
    return True


def _visit(headers: Headers, settings: Settings) -> Visit:
    configured = login_configured()
    user = _signed_in(headers) if configured else {}
    return Visit(
        single_user=settings.single_user,
        forwarded=is_forwarded(headers),
        login_configured=configured,
        real_store=settings.store_url is not None,
        visitor="",
        claims=claims.read(user, settings) if user.get("is_logged_in") else None,
        hours=settings.sign_in_hours,
    )


def _signed_in(headers: Headers) -> dict[str, Any]:
    """What the sign-in cookie says, if this server signed it."""
    cookies = cookie_parser(headers.get("cookie", ""))
    signed = _get_signed_cookie_with_chunks(cookies, USER_COOKIE_NAME)
    try:
        told = json.loads(signed or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
