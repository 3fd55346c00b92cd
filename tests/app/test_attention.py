"""The attention list on the first screen: seen, followed and made a task of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen


@pytest.fixture
def kept(shops: dict[str, Path]) -> Iterator[Records]:
    """The demo's records; tasks are gone afterwards."""
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    yield records
    for task in records.open_tasks():
        records.remove_task(task.id)
    records.close()


def test_an_event_ahead_is_told_and_becomes_a_task_once(open_page: Open, kept: Records) -> None:
    screen = open_page("overview")
    assert not screen.failures
    event = t("forecast.event.singles_day", "en")
    said = [word.replace("\\", "") for word in screen.words]
    assert any(event in word for word in said)
    tasks = [each for each in screen.test.button if str(each.key).startswith("attention_task_")]
    assert 2 <= len(tasks) <= 7
    test = tasks[-1].click().run()
    assert not Screen(test).failures
    (task,) = kept.open_tasks()
    assert task.subject.kind == "page"
    assert task.text
    left = [each for each in test.button if str(each.key).startswith("attention_task_")]
    assert len(left) == len(tasks) - 1


def test_the_way_leads_to_the_page(open_page: Open) -> None:
    test = open_page("overview").test
    look = [each for each in test.button if str(each.key).startswith("attention_look_")]
    screen = Screen(look[-1].click().run())
    assert not screen.failures
    assert screen.page == "events"


def test_a_viewer_reads_the_list_and_makes_no_task(open_page: Open) -> None:
    screen = open_page("overview", role="viewer", language="zh")
    assert not screen.failures
    keys = [str(each.key) for each in screen.test.button]
    assert any(key.startswith("attention_look_") for key in keys)
    assert not any(key.startswith("attention_task_") for key in keys)
