"""Makes the pictures of the guide anew from the running app: `python tools/guide_pictures.py`.

Starts the app on the invented demo shop with a folder of its own, or takes `--url` of a
running one (which gets goals), and writes `docs/images/*.png`.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from playwright.sync_api import Page  # noqa: E402

from tests.browser.chromium import WAIT_MS, chromium, settle  # noqa: E402
from tests.browser.screens import Mode, opened, visit  # noqa: E402
from tests.browser.server import running_app  # noqa: E402

IMAGES = ROOT / "docs" / "images"
EXAMPLE = ROOT / "docs" / "guide" / "examples" / "orders.csv"
GOALS = EXAMPLE.with_name("goals.csv")
LIGHT = Mode("light", width=1280, height=860)
DARK = Mode("dark", width=1280, height=860, dark=True)
CHINESE = Mode("zh", width=1280, height=860, language="zh")
COLOURS = 128
_SECOND_ROW = {"x": 60, "y": 36 + 36 + 18}  # pixels inside a table: below the heading row
_PAGES = (
    "overview",
    "segments",
    "customers",
    "value",
    "churn",
    "movement",
    "forecast",
    "goals",
    "events",
    "stock",
    "together",
    "recommend",
    "replenish",
    "coupons",
    "call",
    "service",
    "reviews",
    "review_queue",
    "trust",
    "audiences",
    "results",
)
_IN_CHINESE = {f"{name}-zh": name for name in _PAGES}
_WITH_GOALS = {"overview", "overview-dark", "overview-zh", "goals", "goals-zh"}


def save(page: Page, name: str) -> None:
    """Writes what the window shows, in few colours, so that the repository stays small."""
    page.mouse.move(2, 2)
    settle(page)
    drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = drawn.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    path = IMAGES / f"{name}.png"
    small.save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB", flush=True)


def open_a_customer(page: Page) -> None:
    """Clicks a row of the list: a customer's address is known only from there."""
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    # The table is drawn on a canvas: only a place in it can be clicked.
    box = table.bounding_box()
    if box is None:
        raise RuntimeError("The list of customers is not on the page.")
    page.mouse.click(box["x"] + _SECOND_ROW["x"], box["y"] + _SECOND_ROW["y"])
    page.wait_for_url("**/customer?**", timeout=WAIT_MS)
    settle(page)


def set_goals(page: Page) -> None:
    """Loads the guide's example goals: without goals their page has nothing to show."""
    page.locator("input[type=file]").first.set_input_files(GOALS)
    page.get_by_role("button", name="Load goals").click(timeout=WAIT_MS)
    page.get_by_role("button", name="Close").wait_for(timeout=WAIT_MS)
    settle(page)


def offer_a_file(page: Page) -> None:
    """Chooses the guide's example file; nothing is imported."""
    page.locator("input[type=file]").first.set_input_files(EXAMPLE)
    page.get_by_test_id("stDataFrame").first.wait_for(timeout=WAIT_MS)
    settle(page)


def take_pictures(url: str, wanted: set[str]) -> None:
    """Walks through the pages in light, the first one in dark, then through all in Chinese."""
    with chromium() as browser, ExitStack() as tabs:
        page = tabs.enter_context(opened(browser, LIGHT))
        if wanted & _WITH_GOALS:
            visit(page, url, "goals", "en")
            set_goals(page)
        for name in (each for each in _PAGES if each in wanted):
            visit(page, url, name, "en")
            save(page, name)
        if "customer" in wanted:
            visit(page, url, "customers", "en")
            open_a_customer(page)
            save(page, "customer")
        if "imports" in wanted:
            visit(page, url, "imports", "en")
            offer_a_file(page)
            save(page, "imports")
        if "overview-dark" in wanted:
            page = tabs.enter_context(opened(browser, DARK))
            visit(page, url, "overview", DARK.language)
            save(page, "overview-dark")
        page = tabs.enter_context(opened(browser, CHINESE))
        for name in (each for each in _IN_CHINESE if each in wanted):
            visit(page, url, _IN_CHINESE[name], CHINESE.language)
            save(page, name)


def main() -> None:
    """Takes all pictures, or those named."""
    known = [*_PAGES, "customer", "imports", "overview-dark", *_IN_CHINESE]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--url", help="a running app; otherwise one is started")
    given = parser.parse_args()
    wanted = set(given.names or known)
    if unknown := wanted - set(known):
        parser.error(f"no picture {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    IMAGES.mkdir(parents=True, exist_ok=True)
    if given.url:
        take_pictures(given.url, wanted)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder), Path(folder) / "server.log") as url,
    ):
        take_pictures(url, wanted)


if __name__ == "__main__":
    main()
