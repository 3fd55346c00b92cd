"""A rule is written on its page, checked, saved, taken back, and its people are an audience."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_core.privacy.gate import customer_code
from crm_core.records import OfferBook, OfferRule
from crm_core.rules import Condition, to_document
from tests.app.conftest import NOW, Open
from tests.app.screen import Screen

BY: dict[str, Any] = {"user": "mia", "now": NOW}


def records_of(test: Any) -> Any:
    """The records of the session."""
    return test.session_state["_session"].records


def press(test: Any, key: str) -> Screen:
    test.button(key=key).click().run()
    screen = Screen(test)
    assert not screen.crashed, screen.failures
    return screen


@pytest.fixture
def own(copy_demo: Callable[[Path], Path], shops: dict[str, Path], tmp_path: Path) -> None:
    shops["own"] = copy_demo(tmp_path / "var")


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_a_rule_is_checked_saved_changed_and_taken_back(open_page: Open) -> None:
    test = open_page("rules", shop="own").test
    test.text_input(key="offer_name_0").input("Tea again").run()
    test.number_input(key="offer_people_0").set_value(40).run()
    screen = press(test, "offer_check")
    assert any("Fits now" in word for word in screen.words)
    screen = press(test, "offer_save")
    assert not screen.failures
    (kept,) = records_of(test).offer_book().rules
    assert (kept.name, kept.most_people, kept.action) == ("Tea again", 40, "buy_again")
    press(test, f"rule_off_{kept.id}")
    assert not records_of(test).offer_book().rules[0].is_on
    press(test, "offer_undo")
    book = records_of(test).offer_book()
    assert (book.version, book.rules[0].is_on) == (3, True)
    press(test, f"rule_audience_{kept.id}")
    (audience,) = records_of(test).audiences()
    assert (audience.name, dict(audience.rule)) == ("Tea again", {"in_offer_rule": kept.id})
    assert Screen(test).page == "audiences"
    assert any("40" in str(each.value) for each in test.metric)


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_odd_rules_are_told_of_and_stand_in_nobodys_way(open_page: Open) -> None:
    test = open_page("rules", shop="own").test
    quiet = to_document(Condition("recency_days", ">", 180))
    gone = {"field": "recency_dayz", "operator": ">", "value": 3}
    rules = (
        OfferRule("Back", quiet, "try_new", "email"),
        OfferRule("Gone", gone, "try_new", "sms"),
        OfferRule("Forth", quiet, "buy_again", "email", is_on=False),
    )
    records_of(test).save_offer_book(OfferBook(rules), change="added", **BY)
    screen = Screen(test.run())
    assert not screen.failures
    assert any("cannot be asked any more" in each.value for each in test.warning)
    test.button(key="rule_on_3").click().run()
    (said,) = Screen(test).failures
    assert "contradict each other" in said
    test.button(key="rule_change_3").click().run()
    assert test.text_input(key="offer_name_1").value == "Forth"


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_a_customer_is_told_which_rules_fit_and_why(open_page: Open) -> None:
    test = open_page("rules", shop="own").test
    session = test.session_state["_session"]
    often = to_document(Condition("orders", ">=", 1))
    rules = (
        OfferRule("First", often, "try_new", "email", most_people=5_000),
        OfferRule("Second", often, "buy_again", "sms"),
    )
    session.records.save_offer_book(OfferBook(rules, most_offers=9), change="added", **BY)
    session.records.save_user("viewer@example.test", "viewer", NOW)
    key = int(session.store.fetch(session.store.table("features").limit(1))["customer_key"].iloc[0])
    code = customer_code(session.records.secret("url_key"), key)
    for role, sees in (("single_user", True), ("viewer", False)):
        screen = open_page("customer", shop="own", role=role, id=code)
        assert not screen.crashed, screen.failures
        assert any("Offer rules for this customer" in word for word in screen.words) == sees
        assert any("First" in word for word in screen.words) == sees
