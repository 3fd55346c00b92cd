"""Campaigns as one clicks through them: from Churn to a list, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen
from tests.contracts.tree import ROOT


@pytest.fixture
def own(shops: dict[str, Path], copy_demo: Callable[[Path], Path], tmp_path: Path) -> Path:
    """A demo whose records are this test's alone."""
    shops["campaigns"] = copy_demo(tmp_path / "var")
    return shops["campaigns"]


def records(var: Path) -> Records:
    settings = Settings(var=var)
    return open_records(workspace(settings, demo_url(settings)).records_url)


def words(test: AppTest) -> str:
    return "\n".join(Screen(test).words)


def to(test: AppTest, stem: str) -> AppTest:
    return test.switch_page(str(ROOT / "pages" / f"{stem}.py")).run()


def fine(test: AppTest) -> None:
    screen = Screen(test)
    assert not screen.failures
    assert not screen.keys_shown


@pytest.mark.slow
def test_from_churn_to_a_list_in_five_clicks(own: Path, open_page: Open) -> None:
    test = open_page("churn", shop="campaigns").test
    test.button(key="churn_campaign").click().run()  # 1
    assert Screen(test).page == "campaign"
    to(test, "campaign")  # where a browser is by now
    fine(test)
    assert t("campaign.sight.title", "en") in words(test)
    assert "you would see a rise of" in words(test)
    assert "tea_club_2026_05" in words(test).replace("\\", "")
    test.button(key="campaign_take").click().run()
    fine(test)
    (draft,) = records(own).campaigns()
    assert draft.plan.expected_lift == 0.123  # 0.109 at the prices paid, discounts added back
    assert test.button(key="campaign_take").disabled
    test.checkbox[0].check().run()  # 2
    test.button(key="campaign_seal").click().run()  # 3
    fine(test)
    kept = records(own).campaigns()
    assert len(kept) == 1
    assert kept[0].sealed_at is not None
    assert kept[0].plan.playbook == "win_back"
    lists = [each for each in test.get("download_button") if each.key.startswith("export_campaign")]
    assert len(lists) == 3  # who is written to (4), who is held out, who left
    formats = test.segmented_control(key="campaign_format_email").options
    assert [t(f"exports.format.{name}", "en") for name in ("klaviyo", "mailchimp")] == formats[:2]
    counted = {metric.label: metric.value for metric in test.metric}
    assert t("exports.ready_rows", "en") in counted
    assert not any(each.proto.disabled for each in lists)
    to(test, "campaigns")
    fine(test)
    assert kept[0].plan.name in words(test).replace("\\", "")


@pytest.mark.slow
def test_a_draft_is_deleted_and_brought_back(own: Path, open_page: Open) -> None:
    test = open_page("playbooks", shop="campaigns").test
    fine(test)
    test.button(key="play_vip_thanks").click().run()
    fine(to(test, "campaign"))
    name = records(own).campaigns()[0].plan.name
    test.button(key="campaign_delete").click().run()
    assert Screen(test).page == "campaigns"
    assert records(own).campaigns() == []
    to(test, "campaigns")
    test.button(key="campaign_undo").click().run()
    fine(test)
    assert [each.plan.name for each in records(own).campaigns()] == [name]


@pytest.mark.slow
def test_a_draft_is_changed_and_chooses_by_budget(own: Path, open_page: Open) -> None:
    test = open_page("campaigns", shop="campaigns").test
    fine(test)
    assert t("campaigns.offers.none", "en") in words(test)
    test.text_input(key="campaign_new_name").set_value("Letters by post")
    next(b for b in test.button if b.label == t("campaigns.new.button", "en")).click().run()
    fine(to(test, "campaign"))
    kept = records(own).campaigns()[0]
    place = f"{kept.id}_{kept.version}"
    test.number_input(key=f"c_cost_{place}").set_value(0.4)
    test.number_input(key=f"c_holdout_{place}").set_value(30)
    next(b for b in test.button if b.label == t("campaign.form.save", "en")).click().run()
    fine(test)
    changed = records(own).campaign(kept.id)
    assert (changed.plan.cost_per_contact, changed.plan.holdout_share) == (0.4, 0.3)
    test.number_input(key=f"b_money_{kept.id}").set_value(20.0)
    next(b for b in test.button if b.label == t("campaign.budget.button", "en")).click().run()
    fine(test)
    assert "Send to" in "\n".join(str(alert.value) for alert in (*test.info, *test.warning))


@pytest.mark.slow
def test_the_policy_and_an_offer_are_kept(own: Path, open_page: Open) -> None:
    test = open_page("campaigns", shop="campaigns").test
    test.number_input(key="policy_global").set_value(5.0)
    test.number_input(key="policy_most_contacts").set_value(1)
    save = t("campaigns.policy.save", "en")
    next(b for b in test.button if b.label == save).click().run()
    fine(test)
    policy = records(own).campaign_policy()
    assert (policy.global_control_share, policy.most_contacts) == (0.05, 1)
    test.text_input(key="offer_name").set_value("Ten off")
    test.number_input(key="offer_value").set_value(10.0)
    next(b for b in test.button if b.label == t("campaigns.offers.save", "en")).click().run()
    fine(test)
    assert [offer.terms.name for offer in records(own).offers()] == ["Ten off"]


@pytest.mark.parametrize("stem", ["campaigns", "campaign", "playbooks"])
def test_an_empty_shop_is_told_what_to_do(open_page: Open, stem: str) -> None:
    screen = open_page(stem, shop="empty")
    assert not screen.crashed
    assert not screen.keys_shown


def test_a_viewer_sees_no_campaigns(open_page: Open) -> None:
    screen = open_page("campaigns", role="viewer")
    assert screen.page != "campaigns" or screen.failures
