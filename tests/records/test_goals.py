"""Goals are set, changed, cleared and taken back; who did what stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.records import GoalKey, GoalSaving, Records, open_records
from crm_core.records.connection import connect, migrate
from tests.records.conftest import NOW

NOVEMBER = date(2026, 11, 1)
SALES = GoalKey("net_revenue", NOVEMBER)
WEB = GoalKey("net_revenue", NOVEMBER, "web")


def saved(
    records: Records, targets: dict[GoalKey, float | None], author: str = "ann"
) -> GoalSaving | None:
    return records.save_goals(targets, origin="grid", author=author, now=NOW)


def held(records: Records) -> dict[GoalKey, float]:
    return {goal.key: goal.target for goal in records.goals()}


def test_goals_are_set_changed_and_cleared_and_every_change_is_kept(records: Records) -> None:
    saved(records, {SALES: 120_000, WEB: 80_000})
    saved(records, {SALES: 125_000.5, WEB: None}, "bo")
    assert held(records) == {SALES: 125_000.5}
    (goal,) = records.goals()
    assert (goal.author, goal.made_at) == ("bo", NOW)
    latest, first = records.goal_savings()
    assert [(each.key, each.before, each.after) for each in latest.changes] == [
        (SALES, 120_000, 125_000.5),
        (WEB, 80_000, None),
    ]
    assert [(each.before, each.after) for each in first.changes] == [
        (None, 120_000),
        (None, 80_000),
    ]
    assert (first.author, first.origin, latest.author) == ("ann", "grid", "bo")


def test_the_same_again_changes_nothing(records: Records) -> None:
    saved(records, {SALES: 120_000, WEB: None})
    assert held(records) == {SALES: 120_000}
    version = records.goals_version()
    assert saved(records, {SALES: 120_000, WEB: None}, "bo") is None
    assert records.goals_version() == version
    assert [goal.author for goal in records.goals()] == ["ann"]


def test_a_saving_is_taken_back_and_that_too(records: Records) -> None:
    saved(records, {SALES: 100.0})
    second = saved(records, {SALES: 200.0, WEB: 50.0})
    assert second is not None
    undone = records.undo_goals(second.number, author="bo", now=NOW)
    assert held(records) == {SALES: 100.0}
    assert (undone.origin, undone.author) == ("undo", "bo")
    records.undo_goals(undone.number, author="bo", now=NOW)
    assert held(records) == {SALES: 200.0, WEB: 50.0}


def test_what_was_changed_since_is_not_taken_back_nor_saved_over(records: Records) -> None:
    first = saved(records, {SALES: 100.0})
    assert first is not None
    seen = records.goals_version()
    saved(records, {SALES: 150.0}, "bo")
    with pytest.raises(CrmError, match="records_goals_changed"):
        records.undo_goals(first.number, author="ann", now=NOW)
    with pytest.raises(CrmError, match="records_goals_changed"):
        records.save_goals({SALES: 110.0}, origin="grid", author="ann", now=NOW, seen=seen)
    # another goal is nobody's business, and what was typed by both is the same
    records.save_goals({WEB: 10.0, SALES: 150.0}, origin="grid", author="ann", now=NOW, seen=seen)
    assert held(records) == {SALES: 150.0, WEB: 10.0}
    with pytest.raises(CrmError, match="records_goals_unknown"):
        records.undo_goals(99, author="ann", now=NOW)


@pytest.mark.parametrize(
    ("key", "target"),
    [
        (SALES, 0.0),
        (SALES, -5.0),
        (SALES, float("nan")),
        (SALES, float("inf")),
        (GoalKey("net_revenue", date(2026, 11, 2)), 5.0),
        (GoalKey("Net revenue", NOVEMBER), 5.0),
        (GoalKey("orders", NOVEMBER, "web\x00"), 5.0),
        (GoalKey("orders", NOVEMBER, "w" * 201), 5.0),
    ],
)
def test_what_can_be_no_goal_is_refused_with_all_beside_it(
    records: Records, key: GoalKey, target: float
) -> None:
    with pytest.raises(CrmError, match="records_goal_invalid"):
        saved(records, {WEB: 10.0, key: target})
    assert held(records) == {}


def test_a_backup_carries_goals_and_their_history(records: Records, tmp_path: Path) -> None:
    saved(records, {SALES: 100.0})
    second = saved(records, {SALES: 200.0})
    assert second is not None
    records.dump(tmp_path)
    before = records.goals(), records.goal_savings()
    saved(records, {SALES: None})
    records.replace_all(tmp_path, Records.version)
    assert (records.goals(), records.goal_savings()) == before
    records.undo_goals(second.number, author="bo", now=NOW)
    assert held(records) == {SALES: 100.0}


def test_records_of_before_goals_are_brought_up(url: str) -> None:
    engine = connect(url)
    migrate(engine, "r0007")
    engine.dispose()
    records = open_records(url)
    assert records.goals_version() == 0
    saved(records, {SALES: 100.0})
    assert held(records) == {SALES: 100.0}
    records.close()
