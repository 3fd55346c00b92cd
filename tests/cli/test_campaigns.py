"""A campaign by the command line: what it is, sealing, its lists, and a list made again."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import CampaignPlan, open_records
from crm_core.settings import Settings
from tests.cli.conftest import Said, command

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def headings(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def codes(path: Path) -> set[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row[0] for row in list(csv.reader(file))[1:]}


@pytest.fixture
def run(copy_demo: Callable[[Path], Path], tmp_path: Path) -> Callable[..., Said]:
    """The command line on a demo with one draft."""
    var = copy_demo(tmp_path / "var")
    settings = Settings(var=var)
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    rule = {"field": "orders", "operator": ">=", "value": 5}
    plan = CampaignPlan("Letters", rule, "email", date(2026, 11, 1), holdout_share=0.25)
    records.add_campaign(plan, owner="ann", now=NOW)
    records.close()
    return lambda *words: command(var, *words, "--json")


@pytest.mark.slow
def test_a_campaign_is_sealed_and_its_lists_leave(run: Callable[..., Said], tmp_path: Path) -> None:
    draft = run("campaign", "letters").answer
    assert (draft["state"], draft["sealed_at"]) == ("draft", None)
    refused = run("campaign", "Letters", "--out", tmp_path / "early.csv")
    assert (refused.code, refused.answer["error"]) == (1, "campaign_draft")
    sealed = run("campaign", "Letters", "--seal").answer
    assert sealed["state"] == "sealed"
    assert {arm: n for arm, n in draft["arms"].items() if n} == sealed["arms"]
    assert run("campaign", "Letters", "--seal").answer["error"] == "campaign_sealed"
    sent = run("campaign", "Letters", "--out", tmp_path / "sent.csv").answer["list"]
    held = run("campaign", "Letters", "--list", "holdout", "--out", tmp_path / "held.csv").answer[
        "list"
    ]
    assert sent["rows"] + sum(sent["excluded"].values()) == sum(sealed["arms"].values())
    assert sent["excluded"]["holdout"] == sealed["arms"]["holdout"]
    assert sent["manifest"]["rule_in_words"]
    assert held["rows"] == sealed["arms"]["holdout"]
    assert not codes(tmp_path / "sent.csv") & codes(tmp_path / "held.csv")
    tool = run("campaign", "Letters", "--for", "mailchimp", "--out", tmp_path / "tool.csv").answer
    assert tool["list"]["rows"] == sent["rows"]
    assert headings(tmp_path / "tool.csv")[:3] == ["Email Address", "First Name", "Last Name"]
    other = run("campaign", "Letters", "--for", "meta", "--out", tmp_path / "ads.csv")
    assert other.answer["error"] == "privacy_format_not_for_channel"
    assert "result" not in draft
    assert tool["result"]["verdict"] == "not_begun"
    assert {arm["code"]: arm["members"] for arm in tool["result"]["arms"]} == sealed["arms"]
    again = run("campaign", "Letters", "--next", "Letters 2").answer
    assert (again["new"], again["leavers"], again["campaign"]) == (0, 0, "Letters")
    assert run("campaign", "Letters 2").answer["error"] == "campaign_unknown"
