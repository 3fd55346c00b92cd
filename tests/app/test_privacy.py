"""Who may see names: on every page, from a warm cache, and with identities hidden."""

from __future__ import annotations

import pytest

from crm_core.text import t
from crm_core.ui.navigation import PAGES
from tests.app.conftest import Open, People
from tests.app.screen import Screen

STEMS = [spec.stem for spec in PAGES]
#: Pages that show single customers to somebody; the others are looked at in the slow tests.
OF_PEOPLE = ("customer", "customers", "audiences", "churn", "value", "privacy")


@pytest.mark.parametrize(
    "stem",
    [pytest.param(stem, marks=[] if stem in OF_PEOPLE else pytest.mark.slow) for stem in STEMS],
)
def test_a_viewer_never_sees_who_a_customer_is(
    stem: str, open_page: Open, people: People, code: str
) -> None:
    screen = open_page(stem, role="viewer", id=code)
    assert not screen.crashed, screen.failures
    assert people.seen_on(screen) == set()


@pytest.mark.slow
def test_a_marketer_sees_names_and_then_a_viewer_does_not(
    open_page: Open, people: People, code: str
) -> None:
    marketer = open_page("customer", role="marketer", id=code)
    assert people.seen_on(marketer)
    viewer = open_page("customer", role="viewer", id=code, warm=True)
    assert people.seen_on(viewer) == set()


@pytest.mark.slow
@pytest.mark.parametrize("stem", STEMS)
def test_hiding_identities_hides_them_from_the_owner_too(
    stem: str, open_page: Open, people: People, code: str
) -> None:
    screen = open_page(stem, id=code)
    screen.test.toggle(key="present").set_value(True).run()
    hidden = Screen(screen.test)
    assert not hidden.crashed, hidden.failures
    assert people.seen_on(hidden) == set()


def test_the_overview_names_nobody(open_page: Open, people: People) -> None:
    assert people.seen_on(open_page("overview")) == set()


def test_a_made_up_code_opens_nobody(open_page: Open, people: People) -> None:
    screen = open_page("customer", id="a" * 26)
    assert not screen.crashed
    assert t("customer.nobody.title", "en") in [title.value for title in screen.test.title]
    assert people.seen_on(screen) == set()
