"""A call is answered: found by phone, read, noted, promised, paused; and the person is in no list."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.privacy.export import export_list
from crm_core.privacy.policy import Access
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.conftest import Watched
from tests.browser.screens import MODES, Mode

WRITTEN_TO = Access("marketer", "mia")


def words(key: str, **facts: object) -> str:
    return t(key, "en", **facts)


def press(page: Page, key: str, **facts: object) -> None:
    button = page.get_by_role("button", name=words(key, **facts)).first
    button.scroll_into_view_if_needed()
    button.click()
    settle(page)


def opened_shop(var: Path) -> tuple[Store, Records]:
    settings = Settings(var=var)
    return open_workspace(settings, workspace(settings, demo_url(settings)))


def listed(var: Path, key: int, out: Path) -> tuple[bool, dict[str, int]]:
    """Whether an e-mail list has this customer, and who was left out of it."""
    store, records = opened_shop(var)
    table = store.table("customer_facts")
    result = export_list(
        access=WRITTEN_TO, store=store, records=records, name="all", contact_channel="email",
        members=table.filter(table.customer_key == key).select("customer_key"),
        columns=("email",), file_format="csv", now=datetime.now(UTC), language="en", out=out,
    )  # fmt: skip
    with (out / result.file_name).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    store.close()
    records.close()
    return len(rows) > 1, dict(result.excluded)


@pytest.mark.slow
def test_a_call_is_answered(tab: Callable[[Mode], Watched], app_var: Path, tmp_path: Path) -> None:
    watched = tab(MODES["light"])
    page = watched.page
    page.goto(f"{watched.url}/call?lang=en", timeout=WAIT_MS)
    page.get_by_role("heading", name=words("call.title"), level=1).wait_for(timeout=WAIT_MS)
    settle(page)
    assert page.get_by_role("heading", name=words("call.waiting")).is_visible()
    assert listed(app_var, 1, tmp_path)[0]
    box = page.get_by_label(words("call.search"))
    box.fill("0049 (0)30 23125-000")
    box.press("Enter")
    page.get_by_role("heading", name="Oskar Petersen").wait_for(timeout=WAIT_MS)
    settle(page)
    assert page.get_by_text("+49 30 23125000").first.is_visible()
    assert page.get_by_role("heading", name=words("call.line")).is_visible()
    page.get_by_role("textbox", name=words("notes.text_note")).fill(
        "Prefers to be called before noon"
    )
    press(page, "notes.add_note")
    assert page.get_by_text("Prefers to be called before noon").first.is_visible()
    page.get_by_role("radio", name=words("notes.kinds.task"), exact=True).first.click()
    settle(page)
    page.get_by_role("textbox", name=words("notes.text_task")).fill(
        "Ring back about the blue teapot"
    )
    press(page, "notes.add_task")
    assert page.get_by_text("Ring back about the blue teapot").first.is_visible()
    press(page, "call.pause", days=14)
    assert page.get_by_text(words("customer.standing.paused")).first.is_visible()
    is_listed, left_out = listed(app_var, 1, tmp_path)
    assert not is_listed
    assert left_out == {"paused": 1}
    press(page, "call.lift")
    assert listed(app_var, 1, tmp_path)[0]
    press(page, "call.end")
    assert page.get_by_role("heading", name=words("call.waiting")).is_visible()
    assert not [asked for asked in watched.requests if "23125" in asked or "petersen" in asked]
    assert watched.foreign == []
    assert watched.complaints == []
