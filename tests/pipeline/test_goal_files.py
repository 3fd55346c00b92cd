"""Lists of goals as people write them: good rows are kept, the others told with what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.goal_files import GoalFile, read_goals
from crm_core.pipeline.goal_values import amount_of, decimal_mark, month_of
from crm_core.records import GoalKey
from tests.store.imports.tables import book

NOVEMBER = date(2026, 11, 1)
SALES = GoalKey("net_revenue", NOVEMBER)


def read(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "plan.csv") -> GoalFile:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return read_goals(path, name=name, channels=("web", "app"))


def test_a_list_is_read_as_it_is_meant(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "Metric;Month;Sales channel;Target\n"
        "net_revenue;2026-11;;120.000,50\n"
        "Net revenue;Nov 2026;Web shop;80.000\n"
        "orders;11/2026;APP;500\n"
        "Repeat share;2026-11-15;all;35 %\n",
    )
    assert found.issues == ()
    assert (found.rows, found.taken, found.refused) == (4, 4, 0)
    assert found.targets == {
        SALES: 120_000.5,
        GoalKey("net_revenue", NOVEMBER, "web"): 80_000.0,
        GoalKey("orders", NOVEMBER, "app"): 500.0,
        GoalKey("repeat_share", NOVEMBER): 0.35,
    }


def test_a_list_in_chinese(tmp_path: Path) -> None:
    text = "指标,月份,渠道,目标\n净销售额,2026年11月,网店,¥80000\n订单数,2026年12月,全店,900\n"
    found = read(tmp_path, text, encoding="gb18030")
    assert found.targets == {
        GoalKey("net_revenue", NOVEMBER, "web"): 80_000.0,
        GoalKey("orders", date(2026, 12, 1)): 900.0,
    }


def test_each_bad_row_is_told_by_row_and_column_and_the_good_ones_are_kept(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "metric,month,channel,target\n"
        "net_revenue,2026-11,,1000\n"
        "net_revenu,2026-11,,1000\n"
        "\n"
        "orders,03/04/2026,,10\n"
        "orders,2026-11,,many\n"
        "orders,2026-11,,-5\n"
        "orders,2026-11,,\n"
        "repeat_share,2026-11,,35\n"
        "orders,2026-11,,40%\n"
        "net_revenue,2026-11,,2000\n"
        "net_revenue,2026-11,,1000\n"
        "weather,someday,,x\n",
    )
    assert found.targets == {SALES: 1000.0}
    assert (found.rows, found.taken) == (11, 2)
    assert [(each.row, each.column, each.code) for each in found.issues] == [
        (3, "metric", "metric_unknown"),
        (5, "month", "month_unclear"),
        (6, "target", "target_unclear"),
        (7, "target", "target_not_positive"),
        (8, "target", "target_missing"),
        (9, "target", "target_no_share"),
        (10, "target", "target_percent"),
        (11, "target", "twice"),
        (13, "metric", "metric_unknown"),
        (13, "month", "month_unclear"),
        (13, "target", "target_unclear"),
    ]
    assert {each.file for each in found.issues} == {"plan.csv"}
    assert found.issues[0].facts["match"] == "net_revenue"
    assert found.issues[7].facts["other"] == 2
    assert found.issues[0].words("en").startswith("“net_revenu” is no number")
    assert found.issues[0].remedy("en").endswith("Did you mean “net_revenue”?")
    assert all(
        each.words(one) and each.remedy(one) for each in found.issues for one in ("en", "zh")
    )


def test_a_channel_nobody_bought_through_is_taken_and_told(tmp_path: Path) -> None:
    found = read(tmp_path, "metric,month,channel,target\norders,2026-11,weeb,5\n")
    assert found.targets == {GoalKey("orders", NOVEMBER, "weeb"): 5.0}
    (issue,) = found.issues
    assert (issue.code, issue.facts["match"], found.refused) == ("channel_new", "web", 0)


def test_thousands_and_decimals_are_told_apart_by_the_whole_column(tmp_path: Path) -> None:
    found = read(tmp_path, "metric;month;target\norders;2026-11;1,500\nunits;2026-11;2,5\n")
    assert list(found.targets.values()) == [1.5, 2.5]
    found = read(tmp_path, "metric;month;target\norders;2026-11;1,500\nunits;2026-11;2500\n")
    assert list(found.targets.values()) == [1500.0, 2500.0]
    mixed = "metric;month;target\norders;2026-11;1,500\nunits;2026-11;2,5\nmargin;2026-11;3.5\n"
    found = read(tmp_path, mixed)
    assert list(found.targets.values()) == [2.5, 3.5]
    assert [(each.row, each.code) for each in found.issues] == [(2, "target_unclear")]


def test_what_is_no_list_of_goals_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(CrmError, match="goals_columns") as refused:
        read(tmp_path, "metric,month\norders,2026-11\n")
    assert refused.value.facts["missing"] == "target"
    with pytest.raises(CrmError, match="import_empty_file"):
        read(tmp_path, "")
    with pytest.raises(CrmError, match="goals_too_many"):
        read(tmp_path, "metric,month,target\n" + "orders,2026-11,5\n" * 20_001)


def test_a_workbook_is_read_and_its_other_sheets_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    rows = [
        ["metric", "month", "target"],
        ["orders", "2026-11", 1250],
        ["margin_rate", "2026-11", 0.42],
    ]
    path.write_bytes(book(Notes=[["what", "why"], ["x", "y"]], Goals=rows))
    found = read_goals(path, name="plan.xlsx", channels=())
    assert found.targets == {
        GoalKey("orders", NOVEMBER): 1250.0,
        GoalKey("margin_rate", NOVEMBER): 0.42,
    }


@pytest.mark.parametrize(
    "text", ["2026-11", "2026/11", "202611", "11.2026", "1.11.2026", "15/11/2026", "November 2026",
             "2026-11-01 00:00:00", "２０２６年１１月", "Nov. 2026"]
)  # fmt: skip
def test_months(text: str) -> None:
    assert month_of(text) == NOVEMBER


@pytest.mark.parametrize(
    "text", ["", "11", "2026", "2026-13", "Brumaire 2026", "11/12/2026", "3026-11"]
)
def test_no_months(text: str) -> None:
    assert month_of(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 200 000", 1_200_000.0), ("CHF 1'200.50", 1200.5), ("12.5", 12.5), ("0.125", 0.125),
        ("1.200.000", 1_200_000.0), ("1,200", 1200.0), ("125e-1", 12.5), ("¥ 3,000", 3000.0), ("500 EUR", 500.0),
    ],
)  # fmt: skip
def test_amounts(text: str, value: float) -> None:
    assert amount_of(text, decimal_mark([text])) == (value, False)


@pytest.mark.parametrize(
    "text", ["", "12k", "5 apples", "1,2,3", "12..5", "--5", "1.2.3,4.5", "nan"]
)
def test_no_amounts(text: str) -> None:
    assert amount_of(text, "") is None
