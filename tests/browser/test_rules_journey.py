"""A rule is written, tried on the past, saved, and used as an audience."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.conftest import Watched
from tests.browser.screens import MODES, Mode


def words(key: str, **facts: object) -> str:
    return t(key, "en", **facts)


def press(page: Page, key: str) -> None:
    button = page.get_by_role("button", name=words(key), exact=False).first
    button.scroll_into_view_if_needed()
    button.click()
    settle(page)


def unfold(page: Page, key: str, button: str) -> None:
    """Opens a box; a click that meets a page just being drawn anew is lost, so looks and repeats."""
    inside = page.get_by_role("button", name=words(button), exact=False).first
    for _ in range(4):
        page.get_by_text(words(key), exact=True).first.click()
        with suppress(TimeoutError):
            inside.wait_for(state="visible", timeout=WAIT_MS / 4)
            settle(page)
        if inside.is_visible():
            return
    raise AssertionError(f"the box {key} does not open")


@pytest.mark.slow
def test_a_rule_is_written_tried_saved_and_used(
    tab: Callable[[Mode], Watched], app_var: Path
) -> None:
    watched = tab(MODES["light"])
    page = watched.page
    page.goto(f"{watched.url}/rules?lang=en", timeout=WAIT_MS)
    page.get_by_role("heading", name=words("offer_rules.title"), level=1).wait_for(timeout=WAIT_MS)
    settle(page)
    name = page.get_by_label(words("offer_rules.name"), exact=True)
    name.fill("Second helping")
    name.press("Enter")
    settle(page)
    unfold(page, "offer_rules.look", "offer_rules.look_button")
    press(page, "offer_rules.look_button")
    page.get_by_text(words("offer_rules.look_matched")).first.wait_for(timeout=WAIT_MS)
    assert page.get_by_text(words("offer_rules.look_observed")).first.is_visible()
    press(page, "offer_rules.check")
    page.get_by_text(words("offer_rules.gets")).first.wait_for(timeout=WAIT_MS)
    press(page, "offer_rules.save")
    page.get_by_role("heading", name="1 · Second helping").wait_for(timeout=WAIT_MS)
    settle(page)
    press(page, "offer_rules.audience")
    page.get_by_role("heading", name=words("audiences.title"), level=1).wait_for(timeout=WAIT_MS)
    settle(page)
    assert page.get_by_text(words("audiences.customers")).first.is_visible()
    records = records_of(app_var)
    (kept,) = records.offer_book().rules
    (audience,) = records.audiences()
    records.close()
    assert dict(audience.rule) == {"in_offer_rule": kept.id}
    assert watched.foreign == []
    assert watched.complaints == []


def records_of(var: Path) -> Records:
    settings = Settings(var=var)
    return open_records(workspace(settings, demo_url(settings)).records_url)
