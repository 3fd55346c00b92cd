"""The goals page as one works with it: propose, save, undo, load a file; and who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import GoalKey, Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import NOW, Open
from tests.app.screen import Screen

OCTOBER = date(2026, 10, 1)
SALES = GoalKey("net_revenue", OCTOBER)


@pytest.fixture
def kept(shops: dict[str, Path]) -> Iterator[Records]:
    """The demo's records; what was set is cleared afterwards."""
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    yield records
    clear = {goal.key: None for goal in records.goals()}
    records.save_goals(clear, origin="grid", author="mia", now=NOW)
    records.close()


def press(screen: Screen, key: str) -> None:
    label = t(key, "en")
    next(each for each in screen.test.button if each.label == label).click().run()


def test_last_year_and_some_more_is_proposed_saved_and_taken_back(
    open_page: Open, kept: Records
) -> None:
    screen = open_page("goals", warm=True)
    assert t("goals.empty_title", "en") in screen.words
    press(screen, "goals.propose")
    assert kept.goals() == []
    press(screen, "goals.save")
    assert not screen.failures
    held = {goal.key: goal.target for goal in kept.goals()}
    months = {key.month for key in held}
    assert months == {date(2026, number, 1) for number in range(1, 13)}
    for month in months:
        channels = [held[key] for key in held if key.month == month and key.sales_channel]
        assert sum(channels) == held[GoalKey("net_revenue", month)]
    said = [str(each.value) for each in screen.test.caption]
    assert [each for each in said if "of 10 months that are over" in each]
    press(screen, "goals.undo")
    assert not screen.failures
    assert kept.goals() == []
    press(screen, "goals.redo")
    assert {goal.key: goal.target for goal in kept.goals()} == held


def test_a_file_is_loaded_once_and_what_is_wrong_in_it_is_told(
    open_page: Open, kept: Records
) -> None:
    text = "metric,month,channel,target\nnet_revenue,2026-10,,100000\norders,someday,,5\n"
    for round_, changed in enumerate((1, 0)):
        screen = open_page("goals", warm=True)
        field = screen.test.file_uploader(key="goals_file_given")
        field.upload("plan.csv", text.encode(), "text/csv").run()
        press(screen, "goals.file_load")
        assert not screen.failures
        done = t("goals.file_done", "en", rows=2, taken=1, changed=changed)
        assert done in [str(each.value) for each in screen.test.warning], round_
        told = str(screen.test.table[0].value).replace("\\", "")
        assert "plan.csv, row 3, column month" in told
    assert {goal.key: goal.target for goal in kept.goals()} == {SALES: 100_000.0}
    assert [saving.file for saving in kept.goal_savings(1)] == ["plan.csv"]


@pytest.mark.parametrize(
    ("role", "sets"), [("viewer", False), pytest.param("marketer", True, marks=pytest.mark.slow)]
)
def test_who_may_only_look_sees_goals_and_sets_none(
    open_page: Open, kept: Records, role: str, sets: bool
) -> None:
    kept.save_goals({SALES: 100_000.0}, origin="grid", author="mia", now=NOW)
    screen = open_page("goals", role=role, warm=True)
    assert not screen.failures
    assert t("goals.verdict.hit", "en") in " ".join(screen.words)
    labels = [each.label for each in screen.test.button]
    assert (t("goals.save", "en") in labels) == sets
    assert (t("goals.read_only", "en") in screen.words) != sets


def test_the_overview_tells_how_a_goal_stands(open_page: Open, kept: Records) -> None:
    kept.save_goals({SALES: 100_000.0}, origin="grid", author="mia", now=NOW)
    screen = open_page("overview", warm=True)
    assert not screen.failures
    words = t("goals.line.hit", "en", target="€100k")
    assert words in screen.words
    assert t("goals.line.share", "en", month="Oct 2026", share="120%").encode() in screen.sent
    assert t("goals.line.none", "en").encode() in screen.sent
    filtered = open_page("overview", warm=True, category="Tea")
    assert words not in filtered.words
