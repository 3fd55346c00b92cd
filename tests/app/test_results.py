"""The page of campaign results as one clicks through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen
from tests.past_campaigns import sealed_in_the_past
from tests.pipeline.test_campaign_steps import NOW, PLAN


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_each_campaign_says_what_it_taught_and_how_sure_that_is(
    open_page: Open, language: str
) -> None:
    screen = open_page("results", language=language)
    assert not screen.failures
    assert not screen.keys_shown
    words = "\n".join(screen.words)
    for key in ("results.learned", "campaign_results.segments", "uplift.title"):
        assert t(key, language) in words
    assert t("uplift.verdict.no_better_than_random", language) in words
    lift = next(m for m in screen.test.metric if m.label == t("campaign_results.lift", language))
    assert str(lift.value).startswith("+2.9")


@pytest.mark.slow
def test_a_campaign_with_few_control_buyers_has_no_interval(open_page: Open) -> None:
    test = open_page("results").test
    test.selectbox(key="results_campaign").set_value("winback_2025_09").run()
    screen = Screen(test)
    words = "\n".join(screen.words)
    assert not screen.failures
    assert t("campaign_results.no_range", "en") in words
    assert t("campaign_results.no_whiskers", "en") in words
    assert "an interval needs 10" in words
    assert t("campaign_results.segments_few", "en", needed=10) in words


@pytest.fixture(scope="module")
def drawn(
    shops: dict[str, Path],
    copy_demo: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The demo with a campaign that is over and one that is not, both sealed here."""
    var = copy_demo(tmp_path_factory.mktemp("drawn") / "var")
    settings = Settings(var=var)
    store, records = open_workspace(settings, workspace(settings, demo_url(settings)))
    for plan in (
        PLAN,
        replace(PLAN, name="Winter letters", starts_on=date(2026, 10, 20)),
        replace(PLAN, name="Christmas letters", starts_on=date(2026, 12, 1)),
    ):
        sealed_in_the_past(store, records, plan, now=NOW)
    store.close()
    records.close()
    shops["drawn"] = var
    return "drawn"


@pytest.mark.slow
def test_a_campaign_drawn_here_tells_its_return_and_whether_the_lot_held(
    open_page: Open, drawn: str
) -> None:
    test = open_page("results", shop=drawn).test
    assert t(
        "campaign_results.said.not_begun", "en", starts="1 Dec 2026", ends="30 Dec 2026"
    ) in "\n".join(Screen(test).words)
    assert "€0.00, no interval" not in "\n".join(Screen(test).words)
    test.selectbox(key="results_campaign").set_value("Winter letters").run()
    assert t("campaign_results.said.interim", "en", ends="18 Nov 2026") in "\n".join(
        Screen(test).words
    )
    test.selectbox(key="results_campaign").set_value("Autumn letters").run()
    screen = Screen(test)
    words = "\n".join(screen.words)
    assert not screen.failures
    assert t("campaign_results.check.split_good", "en") in words
    labels = [metric.label for metric in test.metric]
    assert t("campaign_results.gain", "en") in labels
    assert t("campaign_results.money_back", "en") not in labels  # its margin may be chance


@pytest.mark.slow
def test_the_result_of_a_campaign_that_is_over_stands_above_its_lists(
    open_page: Open, drawn: str
) -> None:
    test = open_page("campaign", shop=drawn).test
    for name, is_over in (("Autumn letters", True), ("Winter letters", False)):
        chosen = test.selectbox(key="campaign_chosen")
        chosen.select_index(chosen.options.index(name)).run()
        screen = Screen(test)
        assert not screen.failures
        words = "\n".join(screen.words)
        result, lists = (t(key, "en") for key in ("campaign_results.arms", "campaign.list.title"))
        assert (words.index(result) < words.index(lists)) is is_over


def test_a_shop_without_campaigns_is_told_what_to_do(open_page: Open) -> None:
    screen = open_page("results", shop="empty")
    assert not screen.crashed
