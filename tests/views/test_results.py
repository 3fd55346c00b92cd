"""Campaigns of the demo shop, whose true lift is written down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from crm_core.audiences.campaign_result import BY
from crm_core.audiences.measurement import Assignment, assignment_of
from crm_core.pipeline import uplift_steps
from crm_core.pipeline.campaign_steps import result
from crm_core.privacy.policy import Access
from crm_core.records import Records
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views import uplift as views
from crm_core.views.campaign_results import CampaignResults, campaign_results
from crm_core.views.results import results
from tests.contracts.tree import ROOT

EVERYONE = Selection()
TEA, WINBACK = "tea_club_2026_05", "winback_2025_09"


@pytest.fixture(scope="module")
def truths() -> dict[str, Any]:
    told = json.loads((ROOT / "data" / "truths.json").read_text(encoding="utf-8"))
    return {one["campaign"]: one for one in told["campaigns"]}


@pytest.fixture(scope="module")
def tea(store: Store, owner: Access) -> CampaignResults:
    return campaign_results(EVERYONE, store=store, access=owner, name=TEA)


@pytest.fixture(scope="module")
def winback(store: Store, owner: Access) -> CampaignResults:
    return campaign_results(EVERYONE, store=store, access=owner, name=WINBACK)


def test_the_planted_lift_is_inside_the_interval(
    tea: CampaignResults, truths: dict[str, Any]
) -> None:
    one = tea.result.lifts[0].lifts["buyers"]
    assert one.low is not None
    assert one.high is not None
    assert one.low < truths[TEA]["true_lift"] < one.high
    assert tea.said == "unclear"  # 2.9 points cannot be seen with so few people


def test_too_few_control_buyers_leave_the_planted_lift_without_an_interval(
    winback: CampaignResults, truths: dict[str, Any]
) -> None:
    one = winback.result.lifts[0]
    assert winback.control_buyers < 10
    assert one.lifts["buyers"].low is None
    assert one.lifts["buyers"].difference == pytest.approx(truths[WINBACK]["true_lift"], abs=0.01)
    assert winback.said == "few_yet_sure"
    assert one.chance is not None
    assert one.chance < 1e-6


def test_arms_are_those_that_were_drawn(tea: CampaignResults, truths: dict[str, Any]) -> None:
    members = dict(zip(tea.arms["code"], tea.arms["members"], strict=True))
    assert members == {"treatment": truths[TEA]["treated"], "holdout": truths[TEA]["control"]}
    assert tea.result.segments.keys() == set(BY)


def test_segments_hold_the_planted_effect_and_nothing_is_found(
    tea: CampaignResults, truths: dict[str, Any]
) -> None:
    rows = tea.segments("favourite_category").set_index("code")
    true = truths[TEA]["true_lift_by_favourite"]
    for code, row in rows.iterrows():
        assert row["low"] <= true.get(code, true["others"]) <= row["high"]
    assert rows.index[rows["is_best"]].tolist() == ["Tea"]
    assert not rows["is_found"].any()


def test_what_is_known_before_makes_spend_tell_more(tea: CampaignResults) -> None:
    saved = tea.result.lifts[0].lifts["spend"].variance_reduction
    assert saved is not None
    assert saved > 0.2


def test_the_list_tells_what_each_campaign_taught(store: Store, owner: Access) -> None:
    view = results(EVERYONE, store=store, access=owner)
    assert view.rows["name"].tolist() == [TEA, WINBACK]
    assert view.rows["said"].tolist() == ["unclear", "few_yet_sure"]
    assert view.rows["margin"].gt(0).all()
    assert view.others == ()


@pytest.mark.slow
def test_the_document_says_what_the_page_says(
    store: Store, records: Records, tea: CampaignResults
) -> None:
    told = result(store, records, TEA)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["verdict"] == tea.result.verdict
    (buyers,) = (row for row in told["lifts"] if row["outcome"] == "buyers")
    assert (buyers["low"], buyers["high"]) == pytest.approx(
        (tea.people["low"][0], tea.people["high"][0])
    )
    assert buyers["kind"] == "lift"


@pytest.mark.slow
def test_where_uplift_is_offered_its_first_customers_are_listed(
    store: Store, owner: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = views.uplift(EVERYONE, store=store, access=owner, name=TEA)
    assert learned is not None
    offered = replace(learned, verdict="offered")
    monkeypatch.setattr(views, "uplift", lambda *_, **__: offered)
    rows = views.next_people(EVERYONE, store=store, access=owner, name=TEA)
    assert len(rows) == views.TOP
    assert rows["customer_key"].is_unique
    assert rows["score"].is_monotonic_decreasing
    assert rows["orders"].ge(1).all()


def test_a_cost_of_contact_decides_between_all_and_nobody(store: Store, owner: Access) -> None:
    learned = views.uplift(EVERYONE, store=store, access=owner, name=TEA)
    assert learned is not None
    assert learned.verdict == "no_better_than_random"
    assert views.advice(learned, 0.0).send == "all"
    dear = views.advice(learned, 100.0)
    assert (dear.send, dear.share, dear.profit) == ("none", 0.0, 0.0)
    everyone = learned.profit(1.0).query("share == 1.0")["value"]
    free = learned.profit(0.0).query("share == 1.0")["value"]
    assert (free - everyone).tolist() == pytest.approx([1_000.0] * len(free))
    # A curve of chance has a top somewhere; a part of the people is chosen only by a known order.
    sure = replace(learned, verdict="offered")
    assert views.advice(sure, 0.0).profit >= views.advice(learned, 0.0).profit


def test_what_was_learned_of_another_campaign_of_that_name_is_not_shown(
    store: Store, owner: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = replace(views.assignment_of(store, TEA), first=date(2026, 4, 1))
    monkeypatch.setattr(views, "assignment_of", lambda *_: again)
    told = [{"campaign": TEA, "best": None, "verdict": "few", "people": 5, "control_buyers": 1}]
    told[0]["costs_known"] = True
    monkeypatch.setattr(views, "taught", lambda *_: (told, [], []))
    learned = views.uplift(EVERYONE, store=store, access=owner, name=TEA)
    assert learned is not None
    assert (learned.verdict, learned.people) == ("few", 5)


def test_campaigns_without_a_control_take_no_place_of_those_that_teach(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_: Store, name: str) -> Assignment:
        found = assignment_of(store, TEA)
        if name == TEA:
            return found
        rows = found.assigned
        return replace(found, name=name, assigned=rows.filter(rows.arm == "treatment"))

    monkeypatch.setattr(uplift_steps, "assignment_of", told)
    monkeypatch.setattr(uplift_steps, "campaign_names", lambda _: [*"abcdefg", TEA])
    assert [one.name for one in uplift_steps._latest(store)] == [TEA]
