"""A running app, a browser, and a tab that remembers what was asked of whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page

from tests.browser.chromium import chromium
from tests.browser.screens import MODES, Mode, opened
from tests.browser.server import ROOT, running_app

ARTEFACTS = ROOT / "artefacts"


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker drives the browser; the others do the rest meanwhile."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass
class Watched:
    """A tab, the addresses it asked for, what its console complained of and what popped up."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._dismiss)

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    @property
    def foreign(self) -> list[str]:
        """Requests that left the app's own origin."""
        own = urlsplit(self.url).netloc
        asked = (urlsplit(request) for request in self.requests)
        return [part.geturl() for part in asked if part.netloc not in ("", own)]


@pytest.fixture(scope="session")
def app_var(copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The running app's CLIENTELE_VAR, with the demo built."""
    return copy_demo(tmp_path_factory.mktemp("browser-var"))


@pytest.fixture(scope="session")
def app_url(app_var: Path) -> Iterator[str]:
    """The address of a running app on the demo store, for a single user."""
    ARTEFACTS.mkdir(exist_ok=True)
    with running_app(app_var, ARTEFACTS / "server.log") as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def tab(browser: Browser, app_url: str) -> Iterator[Callable[[Mode], Watched]]:
    """Opens watched tabs of fresh visitors."""
    with ExitStack() as open_tabs:

        def open_(mode: Mode = MODES["light"]) -> Watched:
            return Watched(open_tabs.enter_context(opened(browser, mode)), app_url)

        yield open_
