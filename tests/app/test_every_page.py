"""Every page, for everyone, in both languages, with and without data, opened first of all."""

from __future__ import annotations

import re
from itertools import product

import pytest

from crm_core.text import t
from crm_core.ui.navigation import PAGES, PageSpec
from tests.app.conftest import LANGUAGES, ROLES, STORES, Open
from tests.contracts.tree import python_files

#: What a page on a small computer draws without waiting.
MOST_CHARTS, MOST_POINTS = 5, 2_000
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Without data every page leads to the same two: these three, and the rest as slow tests.
EMPTY_AT_THE_GATE = ("overview", "customers", "imports")
LEAST_FIRST = ("viewer", "care", "marketer", "admin")
SPECS = {spec.stem: spec for spec in PAGES}


def is_at_the_gate(stem: str, shop: str, role: str, language: str) -> bool:
    """Each page in Chinese by who may do least of those who may open it; all others as slow tests."""
    least = next(who for who in LEAST_FIRST if who in SPECS[stem].roles)
    is_drawn = shop == "demo" or stem in EMPTY_AT_THE_GATE
    return is_drawn and (role, language) == (least, "zh")


VISITS = [
    pytest.param(*visit, marks=[] if is_at_the_gate(*visit) else pytest.mark.slow)
    for visit in product(SPECS, STORES, ROLES, LANGUAGES)
]


def stem_expected(spec: PageSpec, role: str, shop: str) -> str:
    """Where an address leads: to its page, or to the start where it is not for this visitor."""
    if role not in spec.roles:
        if shop == "empty":
            return "first_run"
        return next(other.stem for other in PAGES if role in other.roles)
    return spec.stem if shop == "demo" or not spec.needs_store else "first_run"


def test_every_script_is_a_page_and_every_page_has_a_script() -> None:
    scripts = {name.removeprefix("pages/").removesuffix(".py") for name in python_files("pages/")}
    assert scripts == set(SPECS)


@pytest.mark.parametrize(("stem", "shop", "role", "language"), VISITS)
def test_page_opens_first(stem: str, shop: str, role: str, language: str, open_page: Open) -> None:
    screen = open_page(stem, role=role, shop=shop, language=language)
    assert not screen.crashed, screen.failures
    assert screen.page == stem_expected(SPECS[stem], role, shop)
    assert screen.keys_shown == []
    titles = [title.value for title in screen.test.title]
    assert titles
    if screen.page in SPECS and screen.page != "customer":
        assert t(f"nav.page.{screen.page}", language)
        assert not screen.failures
    chinese = [word for word in titles if CHINESE.search(word)]
    assert bool(chinese) == (language == "zh")
    assert len(screen.charts) <= MOST_CHARTS
    assert max(screen.charts, default=0) <= MOST_POINTS


def test_charts_and_their_points_are_counted(open_page: Open) -> None:
    charts = open_page("overview", warm=True).charts
    assert len(charts) > 1
    assert max(charts) >= 30  # revenue to date has a point a day


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stranger_is_asked_to_sign_in(language: str, open_page: Open) -> None:
    screen = open_page("customers", role="stranger", language=language)
    assert not screen.crashed, screen.failures
    assert screen.page == ""
    assert not screen.test.dataframe
