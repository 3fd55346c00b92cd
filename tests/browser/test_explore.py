"""From a number of the overview down to one customer, back up, and the same view by its link."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.conftest import Watched
from tests.browser.screens import MODES, Mode
from tests.browser.test_journey import arrive, start

_FIRST_ROW = {
    "x": 38,
    "y": 36 + 18,
}  # pixels inside a table: on the first letters below the heading


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def open_first_row(page: Page) -> None:
    """What is drawn is a canvas: only a place can be clicked."""
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + _FIRST_ROW["x"], box["y"] + _FIRST_ROW["y"])


def open_level(page: Page, level: int) -> None:
    open_first_row(page)
    crumbs = page.locator(".st-key-explore_crumbs button")
    crumbs.nth(level).wait_for(timeout=WAIT_MS)
    settle(page)
    assert len(asked(page)["f"]) == level


def money_of_bars(page: Page) -> list[str]:
    """The amounts of the chart: the same in every language, as its names are not."""
    return re.findall(r"€[\d,]+", page.get_by_test_id("stPlotlyChart").first.inner_text())


@pytest.mark.slow
def test_from_a_number_to_a_customer_and_back(tab: Callable[[Mode], Watched]) -> None:
    watched = tab(MODES["light"])
    page = watched.page
    start(watched)
    page.get_by_text(t("overview.explore", "en")).click()
    arrive(page, "explore")
    assert "net_revenue" in asked(page)["m"]
    page.goto(f"{page.url.partition('?')[0]}?lang=en")
    settle(page)
    for level in (1, 2, 3):
        open_level(page, level)
    shared = page.url
    here = money_of_bars(page)
    assert here
    page.get_by_role("radio", name=t("explore.behind.customers", "en")).click()
    settle(page)
    open_first_row(page)
    page.wait_for_url("**/customer?**", timeout=20_000)
    page.goto(shared)
    settle(page)
    other = tab(MODES["zh"]).page
    other.goto(shared.replace("lang=en", "lang=zh"))
    settle(other)
    assert t("explore.crumbs", "zh") in other.inner_text("body")
    assert asked(other)["f"] == asked(page)["f"]
    assert money_of_bars(other) == money_of_bars(page) == here
    page.get_by_role("button", name=t("explore.crumbs", "en")).click()
    settle(page)
    assert "f" not in asked(page)
    assert watched.complaints == []
