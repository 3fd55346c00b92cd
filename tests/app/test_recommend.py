"""The page of recommendations as one clicks through it, and the cards on a person's page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.privacy.gate import customer_code
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import NOW, Open
from tests.app.screen import Screen
from tests.offered_shop import with_lists


@pytest.fixture(scope="module", autouse=True)
def offered(
    copy_demo: Callable[[Path], Path],
    shops: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """A shop with lists made by hand, called "offered"."""
    shops["offered"] = with_lists(copy_demo(tmp_path_factory.mktemp("offered")))
    own = Settings(var=shops["offered"])
    records = open_records(workspace(own, demo_url(own)).records_url)
    records.save_user("viewer@example.test", "viewer", NOW)
    records.close()
    return own


def code_of(own: Settings, key: int) -> str:
    records = open_records(workspace(own, demo_url(own)).records_url)
    code = customer_code(records.secret("url_key"), key)
    records.close()
    return code


def open_product(screen: Screen, name: str) -> Screen:
    test = screen.test
    test.session_state["_recommend_opened"] = (name, "P1025")
    return Screen(test.run())


@pytest.mark.slow
def test_two_lists_and_who_should_hear_of_a_product(open_page: Open) -> None:
    screen = open_page("recommend", shop="offered")
    assert not screen.failures
    assert not screen.keys_shown
    again, new = (screen.test.dataframe[place].value for place in (0, 1))
    assert len(again) > len(new) > 0
    assert t("recommend.open_hint", "en") in screen.words
    opened = open_product(screen, "again")
    assert not opened.failures
    listed = next(table.value for table in opened.test.dataframe if "why" in table.value.columns)
    assert len(listed) == 50
    assert listed["why"].str.startswith("bought ").all()
    opened.test.button(key="recommend_audience").click().run()
    there = Screen(opened.test)
    assert (there.page, there.failures) == ("audiences", [])
    rule = " ".join(str(text.value) for text in there.test.text)
    assert "are recommended a product" in rule
    assert "P1025" in rule


def test_a_viewer_sees_counts_and_nobody(open_page: Open) -> None:
    screen = open_product(open_page("recommend", role="viewer", shop="offered", warm=True), "new")
    assert not screen.failures
    assert not [each for each in screen.test.button if each.key == "recommend_audience"]
    assert not [table for table in screen.test.dataframe if "why" in table.value.columns]
    hidden = t("recommend.people_hidden", "en", customers="").strip()
    assert any(hidden in str(told.value) for told in screen.test.info)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_persons_page_shows_both_lists_with_reasons(
    open_page: Open, offered: Settings, language: str
) -> None:
    screen = open_page(
        "customer", shop="offered", language=language, warm=True, id=code_of(offered, 1)
    )
    assert not screen.failures
    assert not screen.keys_shown
    why = t("recommend.column.why", language)
    of_lists = {t("recommend.column.product", language), why}
    cards = [each.value for each in screen.test.table if of_lists <= set(each.value.columns)]
    assert len(cards) == 2
    begins = t("offer.reason.times", language, times=6, ago="").split("6")[0]
    assert cards[0][why].iloc[0].startswith(begins)
    assert t("offer.profile", language) in screen.words


@pytest.mark.slow
def test_a_feed_and_its_extras_are_offered_with_an_audience(open_page: Open) -> None:
    test = open_page("audiences", shop="offered", warm=True).test
    next(each for each in test.button_group if each.key == "audience_format_email").set_value(
        "json_feed"
    ).run()
    assert not test.exception
    on = {each.key: each.value for each in test.toggle}
    assert on["audience_extra_products_True"]
    assert on["audience_extra_preferences_True"]
