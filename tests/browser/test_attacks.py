"""A shop in which every name is an attack, in a real browser: it shows letters and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import ARTEFACTS, Watched
from tests.browser.screens import MODES, opened, visit
from tests.browser.server import running_app
from tests.small_shop import no_forecast
from tests.trust.conftest import ATTACKS, hostile_shop

pytestmark = pytest.mark.slow
STEMS = ("customers", "segments", "overview", "imports", "audiences", "reviews")
#: What a name could have become: a tag of its own, or a link away from the app.
_MADE = """() => [...document.querySelectorAll('iframe, object, embed, img, a, [onload], [onerror]')]
  .filter(it => it.tagName === 'IFRAME' || it.hasAttribute('onload') || it.hasAttribute('onerror')
    || [it.src, it.data, it.href].some(to => /evil|:9999|^javascript:|^data:text/.test(to ?? '')))
  .map(it => it.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """The address of an app on a shop of attacks, and the codes of its buyers."""
    with no_forecast():  # none of these pages draws it
        var, codes = hostile_shop(tmp_path_factory.mktemp("attacks"))
    ARTEFACTS.mkdir(exist_ok=True)
    with running_app(var, ARTEFACTS / "attacks.log") as url:
        yield url, codes


@pytest.fixture
def watched(browser: Browser, attacked: tuple[str, list[str]]) -> Iterator[Watched]:
    """A fresh visitor's tab on that app."""
    with opened(browser, MODES["light"]) as page:
        yield Watched(page, attacked[0])


def assert_only_letters(watched: Watched, stem: str) -> None:
    """The page stands, and nothing of it asked elsewhere, ran, or is more than letters."""
    page = watched.page
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_role("heading", level=1).first.is_visible()  # no style hides it
    assert page.url.partition("?")[0].rstrip("/").removesuffix(f"/{stem}") == watched.url
    assert len(page.frames) == 1, [frame.url for frame in page.frames]
    assert page.evaluate(_MADE) == []
    assert watched.dialogs == []
    assert watched.complaints == []
    assert watched.foreign == []


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_of_attacks_asks_nobody_and_runs_nothing(stem: str, watched: Watched) -> None:
    visit(watched.page, watched.url, stem, "en")
    assert_only_letters(watched, stem)


@pytest.mark.parametrize("number", range(len(ATTACKS)))
def test_a_buyer_called_like_an_attack_is_only_looked_at(
    number: int, watched: Watched, attacked: tuple[str, list[str]]
) -> None:
    visit(watched.page, watched.url, "customer", "en", f"&id={attacked[1][number]}")
    assert_only_letters(watched, "customer")
    if number == 3:
        title = watched.page.get_by_role("heading", level=1).first.inner_text()
        assert ATTACKS[number] in title.replace("\u2060", "")


def test_a_name_that_did_become_more_would_be_seen(watched: Watched) -> None:
    """The watch itself: a page on which the attacks do work is told as one."""
    page = watched.page
    page.set_content("".join(ATTACKS[:6]) + '<a href="javascript:alert(1)">x</a>')
    page.wait_for_timeout(200)
    assert len(page.frames) == 2
    assert len(page.evaluate(_MADE)) == 4  # svg, img, iframe, link
    assert set(watched.dialogs) == {"1"}
