"""No list lies ready to be fetched, and nobody without the right is offered one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.ui.navigation import PAGES
from tests.app.conftest import Open
from tests.app.screen import Screen


def downloads(screen: Screen) -> list[Any]:
    """The messages of all download buttons."""
    return [button.proto for button in screen.test.get("download_button")]


def records_of(var: Path) -> Records:
    settings = Settings(var=var)
    return open_records(workspace(settings, demo_url(settings)).records_url)


#: Pages of a customer or of many, from which others take lists; the rest among the slow tests.
OF_LISTS = ("audiences", "compare", "customer", "segments")


@pytest.mark.parametrize(
    "stem",
    [
        pytest.param(spec.stem, marks=[] if spec.stem in OF_LISTS else pytest.mark.slow)
        for spec in PAGES
    ],
)
def test_a_viewer_is_offered_no_list_on_any_page(stem: str, open_page: Open) -> None:
    screen = open_page(stem, role="viewer", from_segment="champions", warm=True)
    assert not screen.crashed, screen.failures
    assert downloads(screen) == []
    assert screen.page != "audiences"


@pytest.mark.parametrize("role", ["single_user", "marketer"])
def test_a_list_has_no_address_and_no_bytes_before_the_click(
    role: str, open_page: Open, shops: dict[str, Path]
) -> None:
    records = records_of(shops["demo"])
    before = len(records.audit_lines())
    screen = open_page("audiences", role=role, from_segment="champions", warm=True)
    assert not screen.crashed, screen.failures
    (button,) = downloads(screen)
    assert not button.disabled
    assert button.url == ""
    assert len(records.audit_lines()) == before
    records.close()


def test_while_presenting_the_list_stays_in(open_page: Open) -> None:
    screen = open_page("audiences", from_segment="champions", warm=True)
    screen.test.toggle(key="present").set_value(True).run()
    assert all(button.disabled for button in downloads(Screen(screen.test)))
