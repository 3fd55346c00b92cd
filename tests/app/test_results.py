"""The page of campaign results as one clicks through it."""

from __future__ import annotations

import pytest

from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen


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


def test_a_shop_without_campaigns_is_told_what_to_do(open_page: Open) -> None:
    screen = open_page("results", shop="empty")
    assert not screen.crashed
