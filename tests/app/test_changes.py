"""The page of what changed as one clicks through it."""

from __future__ import annotations

from datetime import date

import pytest

from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen

JUNE = {"period": "custom", "from": "2026-06-01", "to": "2026-06-30", "compare": "year"}


def shown(screen: Screen) -> str:
    return "\n".join(screen.words).replace("\\", "")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_a_link_opens_the_same_split_and_says_it_is_arithmetic(
    open_page: Open, language: str
) -> None:
    screen = open_page("changes", language=language, by="region", number="margin", **JUNE)
    assert not screen.failures
    assert not screen.keys_shown
    assert [title.value for title in screen.test.title] == [t("changes.title", language)]
    groups = next(f.value for f in screen.test.dataframe if "goods_cost" in f.value)
    assert len(groups) == 6
    whole = groups.drop(columns=["label", "main", "now", "before", "change"]).sum().sum()
    assert whole == pytest.approx(groups["change"].sum(), abs=0.005)
    screen.test.segmented_control(key="changes_by").set_value("segment").run()
    told = Screen(screen.test)
    assert not told.failures
    assert t("lifecycle.at_risk.name", language) in told.sent.decode("utf-8", "ignore")
    assert screen.test.query_params["by"] == "segment"
    event = screen.test.segmented_control(key="changes_against")
    event.set_value("event").run()
    assert t("changes.against", language) in shown(Screen(screen.test))
    assert "6.18" in shown(Screen(screen.test)) or "618" in shown(Screen(screen.test))


@pytest.mark.slow
def test_what_cannot_be_compared_is_said_and_the_page_stays(open_page: Open) -> None:
    screen = open_page("changes", period="all")
    assert not screen.crashed
    assert any("The log starts on" in failure for failure in screen.failures)
    screen.test.segmented_control(key="period").set_value("90d").run()
    assert not Screen(screen.test).failures


@pytest.mark.slow
def test_a_group_opens_its_own_bars_and_leads_to_its_customers(open_page: Open) -> None:
    test = open_page("changes", by="region", **JUNE).test
    test.session_state["changes_group"] = ("region", "Berlin")
    test.run()
    assert not Screen(test).failures
    assert any("Berlin: its own bars" in header.value for header in test.header)
    factors = next(frame.value for frame in test.dataframe if "factor" in frame.value)
    assert next(iter(factors["factor"])) == "Customers"
    test.button(key="changes_to_overview").click().run()
    assert not Screen(test).failures
    assert Screen(test).page == "overview"
    assert test.multiselect(key="region").value == ["Berlin"]


@pytest.mark.slow
def test_own_days_are_chosen_kept_in_the_address_and_said(open_page: Open) -> None:
    test = open_page("changes", by="region", **{**JUNE, "against": "own"}).test
    assert (test.query_params["against_from"], test.query_params["against_to"]) == (
        "2026-05-02", "2026-05-31",
    )  # fmt: skip
    test.date_input(key="changes_from_2026-06-01").set_value(date(2026, 4, 1)).run()
    screen = Screen(test)
    assert not screen.failures
    assert test.query_params["against_from"] == "2026-04-01"
    assert [each.value for each in test.info] == [
        t("changes.own_length", "en", days=61, days_now=30)
    ]
    kept = {**JUNE, "against": "own", "against_from": "2026-04-01", "against_to": "2026-04-30"}
    again = open_page("changes", by="region", warm=True, **kept)
    assert not again.failures
    assert "Apr" in shown(again)
    assert not again.test.info
    groups = next(f.value for f in again.test.dataframe if "main" in f.value)
    parts = groups.drop(columns=["label", "main", "now", "before", "change"]).sum().sum()
    assert parts == pytest.approx(groups["change"].sum(), abs=0.005)
    # Days that are not before the period are none to hold it against.
    late = open_page("changes", warm=True, **{**kept, "against_to": "2026-06-15"})
    assert not late.failures
    assert late.test.query_params["against_to"] == "2026-05-31"
