"""A campaign drawn here, measured from the orders that came after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from crm_core.audiences.measurement import (
    campaign_names,
    sealed_assignment,
    touched_assignment,
)
from crm_core.errors import CrmError
from crm_core.pipeline.campaign_steps import result, terms_of
from crm_core.pipeline.uplift_steps import next_scores
from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.privacy.policy import Access
from crm_core.records import CampaignPlan, Records
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.views.uplift import next_people, uplift
from tests.past_campaigns import sealed_in_the_past

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
ME = Access("single_user", "ann")
PLAN = CampaignPlan(
    "Autumn letters",
    {"all": [{"field": "orders", "operator": ">=", "value": 1}]},
    "email",
    date(2026, 9, 1),
    window_days=30,
    holdout_share=0.4,
    cost_per_contact=0.1,
    fixed_cost=50.0,
    strata="stage",
)
Opened = tuple[Store, Records]


@pytest.fixture(scope="module")
def drawn(
    copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    """The demo with two sealed campaigns that did nothing, one of them not over, and a draft."""
    settings = Settings(var=copy_demo(tmp_path_factory.mktemp("drawn") / "var"))
    place = workspace(settings, demo_url(settings))
    store, records = open_workspace(settings, place)
    later = replace(PLAN, name="Winter letters", starts_on=date(2026, 10, 20), strata="")
    for plan in (PLAN, later):
        sealed_in_the_past(store, records, plan, now=NOW)
    records.add_campaign(replace(PLAN, name="Spring letters"), owner="ann", now=NOW)
    store.close()
    records.close()
    store, records = open_workspace(settings, place)
    yield store, records
    store.close()
    records.close()


def test_letters_that_were_never_sent_have_no_effect(drawn: Opened) -> None:
    store, records = drawn
    told = result(store, records, "Autumn letters")
    sizes = {arm["code"]: arm["members"] for arm in told["arms"]}
    assert told["over"]
    assert sizes["holdout"] == pytest.approx(0.4 * sum(sizes.values()), abs=5)
    (buyers,) = (row for row in told["lifts"] if row["outcome"] == "buyers")
    assert buyers["interval"] == "welch"
    assert buyers["low"] < 0 < buyers["high"]
    assert not told["sample_ratio"]["is_broken"]
    (money,) = told["money"]
    assert money["cost"] == pytest.approx(50 + 0.1 * sizes["treatment"])
    assert money["gain"] == pytest.approx(money["margin"]["extra"] - money["cost"])


@pytest.mark.slow
def test_a_name_is_a_name_in_any_case(drawn: Opened) -> None:
    store, records = drawn
    for asked, name in (
        ("autumn LETTERS", "Autumn letters"),
        ("Tea_Club_2026_05", "tea_club_2026_05"),
    ):
        assert result(store, records, asked)["campaign"] == name


def test_what_adjusts_was_known_when_people_were_drawn(drawn: Opened) -> None:
    assignment = sealed_assignment(drawn[0], "Autumn letters")
    assert assignment is not None
    assert assignment.known_until == date(2026, 8, 31)
    assert assignment.ends_on == date(2026, 9, 30)


def test_a_window_that_is_not_over_gives_no_interval(drawn: Opened) -> None:
    store, records = drawn
    told = result(store, records, "Winter letters")
    assert told["verdict"] == "interim"
    assert all(row["low"] is None for row in told["lifts"])
    assert uplift(Selection(), store=store, access=ME, name="Winter letters") is None


def test_a_campaign_without_effect_offers_no_uplift(drawn: Opened) -> None:
    view = uplift(Selection(), store=drawn[0], access=ME, name="Autumn letters")
    assert view is not None
    assert view.control_buyers >= 100
    assert view.verdict != "offered"
    assert set(view.methods["method"]) == {"t_learner", "x_learner", "response"}


def test_customers_of_now_are_ordered_by_what_the_campaign_taught(drawn: Opened) -> None:
    """The planted message works for tea drinkers alone: they come first, and each is there once."""
    store = drawn[0]
    assignment = touched_assignment(store, "tea_club_2026_05")
    keys, scores = next_scores(store, assignment, "t_learner")
    known = store.fetch(store.table("features").select("customer_key", "favourite_category"))
    assert sorted(keys) == sorted(known["customer_key"])
    assert list(scores) == sorted(scores, reverse=True)
    tea = known["customer_key"][known["favourite_category"] == "Tea"]
    first = keys[: len(keys) // 5]
    assert np.isin(first, tea).mean() > 1.3 * len(tea) / len(keys)
    listed = next_people(Selection(), store=store, access=ME, name="tea_club_2026_05")
    assert listed.empty  # no order is known to beat a lot there


def test_drafts_and_strangers_are_not_measured(drawn: Opened) -> None:
    store, records = drawn
    assert campaign_names(store)[:2] == ["Winter letters", "Autumn letters"]
    assert "Spring letters" not in campaign_names(store)
    assert terms_of(records, "tea_club_2026_05") is None
    for name, code in (("Spring letters", "campaign_draft"), ("Summer", "no_such_campaign")):
        with pytest.raises(CrmError) as refused:
            result(store, records, name)
        assert refused.value.code == code
