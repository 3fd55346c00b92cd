"""The people of a shop, as an administrator works with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import NOW, Open
from tests.app.screen import Screen


@pytest.fixture
def records(shops: dict[str, Path]) -> Records:
    settings = Settings(var=shops["demo"])
    return open_records(workspace(settings, demo_url(settings)).records_url)


def test_an_administrator_lets_in_changes_hands_over_and_removes(
    open_page: Open, records: Records
) -> None:
    screen = open_page("team", role="admin", warm=True)
    assert not screen.failures
    test = screen.test
    test.text_input(key="team_address").set_value("New@shop.example")
    test.selectbox(key="team_role").set_value("marketer")
    test.button[0].click().run()
    assert not Screen(test).failures
    assert records.role_of("new@shop.example") == "marketer"
    records.save_view("Mine", "p=30d", owner="new@shop.example")

    test.session_state["_shop_team_opened"] = "new@shop.example"
    test.run()
    assert t("team.owned.views", "en", count=1) in [each.value for each in test.text]
    test.selectbox(key="team_taker_new@shop.example").set_value("marketer@example.test")
    test.button(key="team_hand_over").click().run()
    assert not Screen(test).failures
    assert [view.name for view in records.views("marketer@example.test")] == ["Mine"]

    assert test.button(key="team_remove").disabled
    test.toggle(key="team_sure_new@shop.example").set_value(True).run()
    test.button(key="team_remove").click().run()
    assert not Screen(test).failures
    assert records.role_of("new@shop.example") is None
    acts = [line.action for line in records.audit_lines(limit=3)]
    assert acts == ["person_removed", "person_handed_over", "person_invited"]
    records.close()


def test_a_name_that_is_none_is_refused_in_place(open_page: Open, records: Records) -> None:
    screen = open_page("team", role="admin", warm=True)
    screen.test.text_input(key="team_address").set_value("two words")
    screen.test.button[0].click().run()
    shown = Screen(screen.test)
    assert shown.failures == [t("error_records.user_invalid", "en")]
    assert shown.test.expander  # the page goes on
    records.close()


@pytest.mark.parametrize("role", ["viewer", "care", "marketer"])
def test_nobody_else_gets_there(open_page: Open, role: str) -> None:
    screen = open_page("team", role=role, warm=True)
    assert not screen.crashed
    assert screen.page not in ("team", "")


def test_who_was_removed_is_out_at_the_next_click(open_page: Open, records: Records) -> None:
    records.save_user("leaver@example.test", "admin", NOW)
    screen = open_page("glossary", role="leaver", warm=True)
    assert screen.page == "glossary"
    records.remove_user("leaver@example.test", NOW)
    out = Screen(screen.test.run())
    assert [title.value for title in out.test.title] == [t("app.sign_in_title", "en")]
    assert out.page == ""
    records.close()
