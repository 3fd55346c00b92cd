"""Goals by the command line: out of a file, told what became of its rows, and as they stand."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import OwnShop


def test_goals_of_a_file_are_taken_once_and_stand_beside_the_log(
    own: OwnShop, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(
        "metric,month,channel,target\norders,2026-01,,20\norders,2026-01,web,99\norder,2026-01,,5\n"
    )
    first = own("goals", plan, "--json").answer
    assert first["rows"] == {"read": 3, "taken": 2, "changed": 2, "set_aside": 1}
    (issue,) = first["issues"]
    assert (issue["file"], issue["row"], issue["column"]) == ("plan.csv", 4, "metric")
    assert "orders" in issue["remedy"]
    assert [(each["sales_channel"], each["verdict"]) for each in first["goals"]] == [
        ("", "hit"),
        ("web", "missed"),
    ]
    assert [each["actual"] for each in first["goals"]] == [31.0, 31.0]
    again = own("goals", plan, "--json").answer
    assert again["rows"]["changed"] == 0
    assert again["goals"] == first["goals"]
    assert own("goals", "--json").answer["goals"] == first["goals"]


def test_a_file_that_is_no_list_of_goals_is_refused(own: OwnShop, tmp_path: Path) -> None:
    plan = tmp_path / "orders.csv"
    plan.write_text("order,day\n1,2026-01-01\n")
    said = own("goals", plan, "--json")
    assert (said.code, said.answer["error"]) == (1, "goals_columns")
    missing = own("goals", tmp_path / "none.csv", "--json")
    assert (missing.code, missing.answer["error"]) == (1, "import_missing_file")
