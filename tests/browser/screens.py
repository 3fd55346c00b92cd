"""Pictures of every page: `python tests/browser/screens.py FOLDER`.

Starts the app on the demo store (or takes --url of a running one) and saves
`FOLDER/<page>-<mode>.png` for the modes light, dark, narrow (390 px) and zh.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Error, Page  # noqa: E402

from tests.browser.chromium import WAIT_MS, chromium, settle  # noqa: E402
from tests.browser.server import running_app  # noqa: E402

MAX_HEIGHT = 4_000
_CONTENT_HEIGHT = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  return main ? main.scrollHeight : document.body.scrollHeight;
}"""


@dataclass(frozen=True)
class Mode:
    """How a page is looked at."""

    name: str
    width: int = 1440
    height: int = 1080
    dark: bool = False
    language: str = "en"


MODES = {
    mode.name: mode
    for mode in (
        Mode("light"),
        Mode("dark", dark=True),
        Mode("narrow", width=390, height=844),
        Mode("zh", language="zh"),
    )
}


def page_names() -> list[str]:
    """Every page of the app, in the order of its navigation."""
    from crm_core.ui.navigation import PAGES

    return [spec.stem for spec in PAGES if spec.path.is_file()]


def address(name: str) -> str:
    """A page's path: the first page is the app's own address."""
    return "" if name == page_names()[0] else name


@contextmanager
def opened(browser: Browser, mode: Mode) -> Iterator[Page]:
    """A fresh visitor's tab."""
    context = browser.new_context(
        viewport={"width": mode.width, "height": mode.height},
        color_scheme="dark" if mode.dark else "light",
        locale="zh-CN" if mode.language == "zh" else "en-GB",
        timezone_id="Europe/Berlin",
        accept_downloads=True,
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def visit(page: Page, url: str, name: str, language: str, query: str = "") -> None:
    """Opens a page by its address and waits until it stands still."""
    page.goto(f"{url}/{address(name)}?lang={language}{query}", timeout=WAIT_MS)
    settle(page)


def picture(page: Page, path: Path, mode: Mode) -> None:
    """Saves the whole page, not only what fits the window."""
    height = min(max(int(page.evaluate(_CONTENT_HEIGHT)), mode.height), MAX_HEIGHT)
    if height > mode.height:
        page.set_viewport_size({"width": mode.width, "height": height})
        settle(page)
    page.screenshot(path=path)
    page.set_viewport_size({"width": mode.width, "height": mode.height})


def save_pictures(url: str, folder: Path, pages: list[str], modes: list[str], query: str) -> int:
    """Saves every page in every mode; returns how many could not be opened."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    with chromium() as browser:
        for mode in (MODES[name] for name in modes):
            with opened(browser, mode) as page:
                for name in pages:
                    path = folder / f"{name}-{mode.name}.png"
                    try:
                        visit(page, url, name, mode.language, query)
                        picture(page, path, mode)
                        print(path)
                    except Error as error:
                        failed += 1
                        print(f"{name} ({mode.name}): {error.message[:300]}", file=sys.stderr)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", help="a running app; otherwise one is started")
    parser.add_argument("--var", type=Path, help="CLIENTELE_VAR of the started app")
    parser.add_argument("--pages", nargs="+", default=None, metavar="NAME")
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=list(MODES))
    parser.add_argument("--query", default="", help="more of the address, such as period=90d")
    given = parser.parse_args()
    pages = given.pages or page_names()
    query = f"&{given.query}" if given.query else ""
    if given.url:
        return min(save_pictures(given.url, given.folder, pages, given.modes, query), 1)
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh:
        var = given.var or Path(fresh)
        with running_app(var, given.folder / "server.log") as url:
            return min(save_pictures(url, given.folder, pages, given.modes, query), 1)


if __name__ == "__main__":
    raise SystemExit(main())
