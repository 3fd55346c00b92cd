"""Who may see names: on every page, from a warm cache, and with identities hidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Subject, open_records
from crm_core.settings import Settings
from crm_core.text import t
from crm_core.ui.navigation import PAGES
from tests.app.conftest import NOW, Open, People
from tests.app.screen import Screen

STEMS = [spec.stem for spec in PAGES]
#: Pages that show single customers to somebody; the others are looked at in the slow tests.
OF_PEOPLE = ("customer", "customers", "audiences")


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


@pytest.fixture
def task_about_somebody(shops: dict[str, Path], code: str) -> Iterator[str]:
    """What is to be done about a customer whose name is known."""
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    task = records.add_task(Subject("customer", code), "Ring back", author="mia", now=NOW)
    yield task.text
    records.remove_task(task.id)
    records.close()


def test_the_overview_names_nobody(
    open_page: Open, people: People, code: str, task_about_somebody: str
) -> None:
    for role in ("single_user", "marketer"):
        screen = open_page("overview", role=role, warm=True)
        assert people.seen_on(screen) == set()
        assert task_about_somebody in [str(text.value) for text in screen.test.text]
        assert any(f"#{code[:6]}" in words.replace("\\", "") for words in screen.words)
        assert t("notes.tasks.open", "en") in [button.label for button in screen.test.button]


def test_a_made_up_code_opens_nobody(open_page: Open, people: People) -> None:
    screen = open_page("customer", id="a" * 26)
    assert not screen.crashed
    assert t("customer.nobody.title", "en") in [title.value for title in screen.test.title]
    assert people.seen_on(screen) == set()
