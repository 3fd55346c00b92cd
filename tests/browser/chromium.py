"""Debian's Chromium, kept to itself, and the waits that make a page's picture sure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

EXECUTABLE = "/usr/bin/chromium"
# It may not look anything up by itself: the journey asserts that no request leaves the app.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 120_000
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
_CHARTS_DRAWN = """() => {
  const charts = [...document.querySelectorAll('[data-testid=stPlotlyChart]')];
  const shown = charts.filter(c => c.offsetParent !== null);
  return !document.querySelector('[data-testid=stSkeleton]')
    && !document.querySelector('[data-stale=true]')
    && shown.every(c => c.querySelector('.main-svg'));
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def settle(page: Page, calm_ms: int = 400) -> None:
    """Waits until the script has run, charts are drawn and nothing starts again."""
    page.wait_for_selector(IDLE, timeout=WAIT_MS)
    page.wait_for_function(_CHARTS_DRAWN, timeout=WAIT_MS)
    page.wait_for_timeout(calm_ms)  # a rerun that a widget asked for starts within this time
    page.wait_for_selector(IDLE, timeout=WAIT_MS)
    page.wait_for_function(_CHARTS_DRAWN, timeout=WAIT_MS)
