"""Signing in and out with a provider: who comes in, as what, and for how long."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.provider import running_provider, secrets_file
from tests.browser.server import free_port, running_app

pytestmark = pytest.mark.slow

PEOPLE = {
    name: {"email": f"{name}@shop.example", "email_verified": True}
    for name in ("admin", "viewer", "marketer", "stranger", "leaver")
} | {
    "claimed": {"email": "claimed@shop.example", "groups": ["shop-care"]},
    "unchecked": {"email": "admin@shop.example", "email_verified": False},
}


@dataclass(frozen=True)
class Shop:
    """A running app behind a sign-in."""

    url: str
    records: Records

    def set_role(self, name: str, role: str) -> None:
        self.records.save_user(f"{name}@shop.example", role, datetime.now(UTC))


@pytest.fixture(scope="module")
def shop(
    copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("signed-in")
    var, port = copy_demo(folder), free_port()
    settings = Settings(var=var)
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    with running_provider(folder / "provider.log", PEOPLE) as provider:
        secrets = secrets_file(folder / "secrets.toml", provider=provider, app_port=port)
        claims = {"CLIENTELE_ROLE_CLAIM": "groups", "CLIENTELE_CLAIMED_ROLES": "shop-care=care"}
        env = {"CLIENTELE_SINGLE_USER": "", **claims}
        with running_app(var, folder / "log", port=port, secrets=secrets, **env):
            shop = Shop(f"http://localhost:{port}", records)
            for name in ("admin", "viewer", "marketer"):
                shop.set_role(name, name)
            shop.set_role("leaver", "admin")
            yield shop
    records.close()


@contextmanager
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB")
    try:
        yield context
    finally:
        context.close()


def opened(context: BrowserContext, shop: Shop, page: str = "glossary") -> Page:
    tab = context.new_page()
    tab.goto(f"{shop.url}/{page}?lang=en", timeout=WAIT_MS)
    settle(tab)
    return tab


def sign_in(context: BrowserContext, shop: Shop, name: str) -> Page:
    """A tab of somebody who pressed the button and told the provider who they are."""
    tab = opened(context, shop)
    assert title(tab) == t("app.sign_in_title", "en")
    tab.get_by_role("button", name=t("app.sign_in", "en")).click()
    tab.get_by_role("button", name=name, exact=True).click(timeout=WAIT_MS)
    tab.wait_for_url(f"{shop.url}/**", timeout=WAIT_MS)
    tab.goto(f"{shop.url}/glossary?lang=en", timeout=WAIT_MS)
    settle(tab)
    return tab


def title(tab: Page) -> str:
    return tab.locator("h1").first.inner_text()


def groups(tab: Page) -> set[str]:
    """The groups of pages that the sidebar offers."""
    links = tab.get_by_test_id("stSidebar").get_by_role("link")
    return {link.split("\n")[-1] for link in links.all_inner_texts() if link.strip()}


def test_each_role_comes_in_to_its_own_pages(browser: Browser, shop: Shop) -> None:
    for name, sees, not_sees in (
        ("admin", {"Campaigns", "Analyse", "Customers"}, set()),
        ("viewer", {"Analyse", "Customers"}, set()),
        ("claimed", {"Customers"}, {"Analyse", "Campaigns", "Plan"}),
    ):
        with visitor(browser) as context:
            tab = sign_in(context, shop, name)
            assert title(tab) == t("nav.page.glossary", "en")
            assert sees <= groups(tab), name
            assert not groups(tab) & not_sees, name
            refused = opened(context, shop, "imports" if name != "admin" else "glossary")
            assert title(refused) != t("imports.title", "en")


def test_a_stranger_and_an_unchecked_address_stay_outside(browser: Browser, shop: Shop) -> None:
    for name, words in (("stranger", "access_no_role"), ("unchecked", "access_unverified")):
        with visitor(browser) as context:
            tab = sign_in(context, shop, name)
            assert title(tab) == t("app.sign_in_title", "en")
            assert tab.get_by_text(t(f"error.{words}", "en")).is_visible()
            assert groups(tab) == set()


def test_who_is_removed_is_out_at_the_next_click(browser: Browser, shop: Shop) -> None:
    with visitor(browser) as context:
        tab = sign_in(context, shop, "leaver")
        assert title(tab) == t("nav.page.glossary", "en")
        shop.records.remove_user("leaver@shop.example", datetime.now(UTC))
        tab.get_by_text(t("app.present", "en")).click()
        settle(tab)
        assert title(tab) == t("app.sign_in_title", "en")
        assert groups(tab) == set()


def test_a_copy_of_the_cookie_opens_nothing_after_signing_out(browser: Browser, shop: Shop) -> None:
    with visitor(browser) as context, visitor(browser) as thief:
        tab = sign_in(context, shop, "marketer")
        stolen: Any = context.cookies()
        thief.add_cookies(stolen)
        assert title(opened(thief, shop)) == t("nav.page.glossary", "en")
        tab.get_by_role("button", name=t("app.sign_out", "en")).click()
        tab.wait_for_timeout(2_000)
        late = opened(thief, shop)
        assert title(late) == t("app.sign_in_title", "en")
        assert late.get_by_text(t("error.access_ended", "en")).is_visible()
    with visitor(browser) as again:
        assert title(sign_in(again, shop, "marketer")) == t("nav.page.glossary", "en")


def test_a_stolen_session_id_shows_nothing(browser: Browser, shop: Shop) -> None:
    with visitor(browser) as context, visitor(browser) as other:
        ids: list[str] = []
        tab = context.new_page()
        tab.on(
            "websocket", lambda socket: socket.on("framereceived", lambda f: ids.extend(told(f)))
        )
        tab.goto(shop.url, timeout=WAIT_MS)
        settle(tab)
        tab.get_by_role("button", name=t("app.sign_in", "en")).click()
        tab.get_by_role("button", name="admin", exact=True).click(timeout=WAIT_MS)
        tab.wait_for_url(f"{shop.url}/**", timeout=WAIT_MS)
        tab.goto(f"{shop.url}/imports?lang=en", timeout=WAIT_MS)
        settle(tab)
        assert title(tab) == t("imports.title", "en")
        session = ids[-1]
        viewers = sign_in(other, shop, "viewer").context.cookies()
        theirs = "; ".join(f"{each['name']}={each['value']}" for each in viewers)
        for cookies in ("", theirs):
            shown = taken_over(shop, session, cookies)
            assert shown
            assert t("imports.title", "en").encode() not in shown
            assert b"admin@shop.example" not in shown


def told(frame: Any) -> list[str]:
    """The session a message from the server begins, if it begins one."""
    message = ForwardMsg()
    if isinstance(frame, bytes):
        message.ParseFromString(frame)
    named = message.new_session.initialize.session_id
    return [named] if named else []


def taken_over(shop: Shop, session: str, cookies: str) -> bytes:
    """All that the server sends to who names another's session and asks for a page."""
    jar = dict(each.split("=", 1) for each in cookies.split("; ") if each)
    token = jar.get("_streamlit_xsrf", "none")
    asked = BackMsg()
    asked.rerun_script.query_string = "lang=en"
    asked.rerun_script.page_name = "imports"
    said = b""
    with connect(
        shop.url.replace("http", "ws", 1) + "/_stcore/stream",
        origin=shop.url,  # type: ignore[arg-type]
        subprotocols=["streamlit", token, session],  # type: ignore[list-item]
        additional_headers={"Cookie": cookies} if cookies else {},
        max_size=None,
    ) as socket:
        socket.send(asked.SerializeToString())
        while True:
            frame = socket.recv(timeout=60)
            assert isinstance(frame, bytes)
            said += frame
            message = ForwardMsg()
            message.ParseFromString(frame)
            if message.WhichOneof("type") == "script_finished":
                return said


def status(url: str, cookies: str = "") -> int:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers={"Cookie": cookies}), timeout=20
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_files_address_alone_opens_nothing(browser: Browser, shop: Shop) -> None:
    """The server says 404 for a file it does not have, and 403 to who may have none."""
    with visitor(browser) as context, visitor(browser) as other:
        sign_in(context, shop, "marketer")
        sign_in(other, shop, "viewer")
        jars = [context.cookies(), other.cookies()]
        mine, theirs = ("; ".join(f"{c['name']}={c['value']}" for c in jar) for jar in jars)
    guessed = f"{shop.url}/media/{'a' * 56}.csv"
    assert status(guessed, mine) == 404
    assert status(guessed, theirs) == 403
    assert status(guessed) == 403
    forged = "_streamlit_user=" + mine.split("_streamlit_user=")[1].split(";")[0][:-4] + "AAAA"
    assert status(guessed, forged) == 403
    assert status(f"{shop.url}/_stcore/metrics", mine) == 403
    assert status(f"{shop.url}/_stcore/upload_file/one/two") == 403
