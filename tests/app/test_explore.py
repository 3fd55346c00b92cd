"""The Explore page as one clicks through it: down to orders and people, and back by its address."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen


def texts(screen: Screen) -> str:
    return "\n".join(screen.words)


@pytest.fixture
def records(shops: dict[str, Path]) -> Records:
    settings = Settings(var=shops["demo"])
    return open_records(workspace(settings, demo_url(settings)).records_url)


def test_a_link_shows_the_same_numbers_in_both_languages(open_page: Open) -> None:
    asked = {"by": "subcategory", "f": "category:Tea", "m": "orders", "period": "12m"}
    english, chinese = (
        open_page("explore", language=lang, warm=True, **asked) for lang in ("en", "zh")
    )
    for screen, language in ((english, "en"), (chinese, "zh")):
        assert not screen.failures
        assert not screen.keys_shown
        assert (
            t("dimension.subcategory.label", language) in screen.test.dataframe[0].value.columns[0]
        )
    one, other = (screen.test.dataframe[0].value for screen in (english, chinese))
    assert one.iloc[:, 1].tolist() == other.iloc[:, 1].tolist()


def test_breadcrumbs_lead_back_up(open_page: Open) -> None:
    screen = open_page("explore", by="product", f="category:Tea", period="12m", warm=True)
    screen.test.button(key="crumb_0").click().run()
    up = Screen(screen.test)
    assert not up.failures
    # By category is how the page opens, so the address says nothing.
    assert "by" not in up.test.query_params
    assert "f" not in up.test.query_params
    assert any("Teaware" in name for name in up.test.dataframe[0].value.iloc[:, 0])


def test_a_shops_own_words_are_letters_in_the_breadcrumbs(open_page: Open) -> None:
    nasty = "*Tea* :red[x] ![a](http://evil.example)"
    screen = open_page("explore", by="region", f=f"category:{nasty}", warm=True)
    assert not screen.failures
    label = screen.test.button(key="crumb_1").label
    assert "*Tea*" not in label
    assert ":red[" not in label
    assert "![a](" not in label
    assert label.replace("\\", "").replace("\u2060", "").endswith(nasty)


def test_a_viewer_sees_orders_masked_and_exports_nothing(open_page: Open) -> None:
    asked = {"by": "region", "f": "category:Tea"}
    screen = open_page("explore", role="viewer", behind="orders", warm=True, **asked)
    assert not screen.failures
    names = screen.test.dataframe[0].value.iloc[:, 0].tolist()
    assert len(names) == 50
    assert not any("@" in name for name in names)
    table = open_page("explore", role="viewer", warm=True, **asked)
    assert not table.failures
    assert len(table.test.get("download_button")) == 0


def test_what_cannot_be_split_offers_what_can(open_page: Open) -> None:
    screen = open_page("explore", by="product", m="contribution", warm=True)
    assert len(screen.failures) == 1
    assert t("metric.margin.label", "en") in screen.failures[0]
    screen.test.button(key="explore_nearest").click().run()
    assert not Screen(screen.test).failures
    assert "margin" in screen.test.query_params["m"]


def test_a_view_that_was_saved_is_on_the_overview(open_page: Open, records: Records) -> None:
    screen = open_page("explore", by="region", m="orders", warm=True)
    screen.test.text_input(key="explore_save_name").set_value("Orders by region")
    form = next(b for b in screen.test.button if b.label == t("explore.save", "en"))
    form.click().run()
    assert not Screen(screen.test).failures
    owner = screen.test.session_state["_session"].access.user
    (view,) = (view for view in records.views(owner) if view.name == "Orders by region")
    assert "by=region" in view.query
    assert "Orders by region" in texts(open_page("overview", warm=True))
    records.remove_view(view.name, owner=view.owner)


@pytest.mark.slow
def test_customers_behind_a_number_become_an_audience(open_page: Open, records: Records) -> None:
    screen = open_page("explore", by="region", f="category:Tea", behind="customers", warm=True)
    screen.test.text_input(key="explore_audience_name").set_value("Tea drinkers")
    save = next(b for b in screen.test.button if b.label == t("explore.audience_save", "en"))
    save.click().run()
    assert not Screen(screen.test).failures
    audience = records.audience("Tea drinkers")
    assert "Tea" in str(audience.rule)
    records.remove_audience(audience.id)
