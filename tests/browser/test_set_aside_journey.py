"""An order is set aside by two people, every number is seen with and without it, and it comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.conftest import ARTEFACTS
from tests.browser.screens import MODES, opened
from tests.browser.server import running_app

#: All models learn anew without the order.
MAKING_MS = 280_000
_FIRST_TICK = {"x": 20, "y": 36 + 18}  # pixels inside the table: the box of its first row


def words(key: str, **facts: object) -> str:
    return t(key, "en", **facts)


def number(page: Page, key: str) -> str:
    metric = page.get_by_test_id("stMetric").filter(has_text=words(key)).first
    return metric.get_by_test_id("stMetricValue").inner_text().strip()


def at(page: Page, url: str) -> None:
    page.goto(url, timeout=WAIT_MS)
    page.get_by_role("heading", level=1).first.wait_for(timeout=WAIT_MS)
    settle(page)


def fill(page: Page, key: str, name: str) -> None:
    field = page.get_by_label(words(key), exact=True)
    field.fill(name)
    field.press("Enter")
    settle(page)


def press(page: Page, key: str) -> None:
    button = page.get_by_role("button", name=words(key), exact=False).first
    button.scroll_into_view_if_needed()
    button.click()
    settle(page)


def has(page: Page, key: str, value: str, wait_ms: int = WAIT_MS) -> None:
    metric = page.get_by_test_id("stMetric").filter(has_text=words(key)).first
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(value, timeout=wait_ms)


@contextmanager
def own_app(var: Path) -> Iterator[str]:
    """An app whose shop no other journey looks at."""
    ARTEFACTS.mkdir(exist_ok=True)
    with running_app(var, ARTEFACTS / "set-aside.log") as url:
        yield url


@pytest.mark.slow
def test_an_order_is_set_aside_by_two_and_seen_with_and_without(
    browser: Browser, copy_demo: Callable[[Path], Path], tmp_path: Path
) -> None:
    with own_app(copy_demo(tmp_path / "var")) as url, opened(browser, MODES["light"]) as page:
        at(page, f"{url}/review_queue?lang=en")
        waiting = int(number(page, "review_queue.open_orders"))
        assert waiting > 100
        table = page.get_by_test_id("stDataFrame").nth(1)  # behind that of the cases
        table.scroll_into_view_if_needed()
        table.click(position=_FIRST_TICK)
        settle(page)
        assert page.get_by_text(words("review_queue.ticked", count="1")).is_visible()
        fill(page, "review_queue.your_name", "Mia Chen")
        press(page, "review_queue.propose")
        has(page, "review_queue.open_orders", str(waiting - 1))
        has(page, "review_queue.waiting", "1")
        fill(page, "review_queue.second_name", "Mia Chen")
        press(page, "review_queue.approve")
        assert page.get_by_text("cannot approve", exact=False).first.is_visible()
        has(page, "review_queue.set_aside", "0")
        fill(page, "review_queue.second_name", "Bo Larsen")
        button = page.get_by_role("button", name=words("review_queue.approve")).first
        button.click()
        has(page, "review_queue.set_aside", "1", MAKING_MS)
        settle(page)
        effect = page.get_by_test_id("stTable").filter(has_text=words("metric.orders.label")).first
        row = effect.get_by_role("row").filter(has_text=words("metric.orders.label")).first
        _, counted, without = (cell.strip() for cell in row.inner_text().split("\t"))
        orders = int(counted.replace(",", ""))
        assert without == f"{orders - 1:,}"

        at(page, f"{url}/?lang=en&period=all")
        assert number(page, "metric.orders.label") == counted
        revenue = number(page, "metric.net_revenue.label")
        page.get_by_text(words("review_queue.switch.label")).first.click()
        has(page, "metric.orders.label", without)
        settle(page)
        assert "set_aside=out" in page.url
        badge = words("review_queue.switch.on", orders="1", reviews="0")
        assert page.get_by_text(badge).is_visible()
        assert number(page, "metric.net_revenue.label") != "–" != revenue

        at(page, f"{url}/review_queue?lang=en")
        page.get_by_role("radio", name=words("review_queue.states.approved")).or_(
            page.get_by_role("button", name=words("review_queue.states.approved"), exact=True)
        ).first.click()
        settle(page)
        fill(page, "review_queue.your_name", "Mia Chen")
        press(page, "review_queue.bring_back")
        has(page, "review_queue.set_aside", "0", MAKING_MS)
        has(page, "review_queue.open_orders", str(waiting - 1))  # kept: it does not come back
