from __future__ import annotations

import asyncio
from threading import Thread
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from crm_core.ui.headers import POLICY, ROUTES, SecurityHeaders
from crm_core.ui.navigation import PAGES


async def hello(request: object) -> PlainTextResponse:
    return PlainTextResponse("ok", headers={"Referrer-Policy": "no-referrer"})


APP = Starlette(
    routes=[Route("/", hello), *ROUTES],
    middleware=[Middleware(SecurityHeaders)],
)


def ask(path: str, query: str = "") -> tuple[int, dict[str, str]]:
    """Status and headers of a GET, straight through the application."""
    started: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.update(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [],
    }
    # In a thread of its own: a browser test before it may have left a loop running in this one.
    thread = Thread(target=lambda: asyncio.run(APP(scope, receive, send)))
    thread.start()
    thread.join()
    headers = {name.decode().lower(): value.decode() for name, value in started["headers"]}
    return started["status"], headers


def test_every_answer_keeps_the_page_on_its_own_origin() -> None:
    for path in ("/", "/app/static/logo.svg", "/missing"):
        _, headers = ask(path)
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
    assert "http" not in POLICY
    assert "*" not in POLICY


def test_a_stricter_header_of_the_answer_stays() -> None:
    assert ask("/")[1]["referrer-policy"] == "no-referrer"


def test_nothing_beside_the_static_folder_is_served() -> None:
    assert ask("/app/static/../app.py")[0] == 404
    assert ask("/app/static/../../../etc/passwd")[0] == 404
    assert ask("/app/static/inter-400.woff2")[0] == 200


def test_the_first_page_is_found_by_its_name_too() -> None:
    status, headers = ask(f"/{PAGES[0].stem}", "lang=zh")
    assert (status, headers["location"]) == (307, "./?lang=zh")
    assert ask(f"/{PAGES[0].stem}")[1]["location"] == "./"
