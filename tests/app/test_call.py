"""The call screen as somebody in care clicks through it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.privacy.gate import customer_code
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen

#: The first customer of the demo shop, and one of their orders.
PHONE, NAME, ORDER = "030 / 23125 000", "Oskar Petersen", "O00002604"


@pytest.fixture
def kept(shops: dict[str, Path]) -> Iterator[Records]:
    """The demo's records; what was decided about the customer is gone afterwards."""
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    yield records
    records.lift_pause(1)
    for note in records.notes("customer"):
        records.remove_note(note.id)
    records.close()


def reveals(records: Records) -> int:
    return len(records.audit_lines(action="revealed"))


def look_up(test: AppTest, words: str) -> Screen:
    """Types and presses the button."""
    box = next(each for each in test.text_input if str(each.key).startswith("call_words"))
    box.input(words)
    return press(test, "call.look_up")


def press(test: AppTest, label_key: str, **facts: object) -> Screen:
    label = t(label_key, "en", **facts)
    next(each for each in test.button if each.label == label).click()
    return Screen(test.run())


def headings(screen: Screen) -> list[str]:
    return [str(each.value) for each in screen.test.header]


def told(screen: Screen) -> str:
    return " ".join(screen.words)


def test_a_call_is_opened_read_and_ended_and_is_one_line_of_the_log(
    open_page: Open, kept: Records
) -> None:
    before = reveals(kept)
    screen = open_page("call", role="care")
    assert not screen.failures
    assert not screen.keys_shown
    assert t("call.waiting", "en") in headings(screen)
    screen = look_up(screen.test, PHONE)
    assert not screen.failures
    assert not screen.keys_shown
    assert NAME in headings(screen)
    person = next(each.value for each in screen.test.table if "+49 30 23125000" in str(each.value))
    assert "oskar.petersen" in str(person).replace("\\", "")
    assert {t("call.orders", "en"), t("call.line", "en")} <= set(headings(screen))
    assert reveals(kept) == before + 1
    assert kept.audit_lines(limit=1)[0].subject["customer"] == customer_code(
        kept.secret("url_key"), 1
    )
    screen.test.run()
    assert reveals(kept) == before + 1
    assert "23125" not in str(dict(screen.test.query_params))
    screen = press(screen.test, "call.end")
    assert NAME not in headings(screen)
    look_up(screen.test, ORDER.lower())
    assert reveals(kept) == before + 2


def test_care_sees_no_value_margin_or_reason_to_leave(open_page: Open, kept: Records) -> None:
    screen = look_up(open_page("call", role="care", warm=True).test, PHONE)
    for key in ("customer.value", "customer.risk", "customer.money", "customer.why"):
        assert t(key, "en") not in headings(screen)
    columns = {str(name) for table in screen.test.dataframe for name in table.value.columns}
    assert not columns & {"cost", "contribution", "expected_contribution", "p_no_order", "segment"}


def test_a_part_lists_and_opens_nothing(open_page: Open, kept: Records) -> None:
    before = reveals(kept)
    screen = look_up(open_page("call", role="care", warm=True).test, ORDER[-5:])
    assert not screen.failures
    assert t("call.matches", "en") in headings(screen)
    found = screen.test.dataframe[0].value
    assert ORDER in list(found["order_id"])
    assert not found["email"].str.contains("oskar").any()
    assert reveals(kept) == before
    nobody = look_up(screen.test, "0151 99887766")
    said = " ".join(str(each.value) for each in nobody.test.info)
    assert t("call.tried.phone", "en") in said


def test_marketing_is_paused_and_the_pause_lifted(open_page: Open, kept: Records) -> None:
    screen = look_up(open_page("call", role="care", warm=True).test, PHONE)
    screen.test.text_input(key="call_pause_reason").input("too many mails")
    screen = press(screen.test, "call.pause", days=14)
    assert not screen.failures
    pause = kept.pause_of(1)
    assert pause is not None
    assert (pause.reason, pause.user) == ("too many mails", "care@example.test")
    assert t("customer.standing.paused", "en") in str([each.value for each in screen.test.table])
    screen = press(screen.test, "call.lift")
    assert kept.pause_of(1) is None
    actions = [line.action for line in kept.audit_lines(limit=2)]
    assert actions == ["pause_lifted", "marketing_paused"]


def test_goodwill_is_given_within_the_limit_and_refused_above_it(
    open_page: Open, kept: Records
) -> None:
    screen = look_up(open_page("call", role="care", warm=True).test, PHONE)
    test = screen.test

    def give(amount: float) -> Screen:
        test.number_input(key="call_goodwill_amount_refund").set_value(amount)
        test.selectbox(key="call_goodwill_order").select(ORDER)
        test.text_input(key="call_goodwill_reason_refund").input("parcel came late")
        return press(test, "call.give")

    refused = give(999.0)
    assert any("Call page" in failure for failure in refused.failures)
    assert kept.goodwill(1) == []
    assert not give(10.0).failures
    (given,) = kept.goodwill(1)
    assert (float(given.amount), given.reference) == (10.0, ORDER)
    assert (given.reason, given.user) == ("parcel came late", "care@example.test")
    screen = press(test, "call.take_back")
    assert not screen.failures
    assert kept.goodwill(1)[0].taken_back_by == "care@example.test"


def test_an_order_of_nobody_known_is_opened_as_such(open_page: Open, kept: Records) -> None:
    screen = open_page("call", role="care", warm=True)
    store = screen.test.session_state["_session"].store
    orders = store.table("orders")
    nobodys = store.fetch(orders.filter(orders.customer_key.isnull()).limit(1))
    screen = look_up(screen.test, str(nobodys["order_id"].iloc[0]))
    assert not screen.failures
    assert t("call.nobody_known", "en") in screen.words
    assert t("call.goodwill", "en") not in headings(screen)
    assert kept.audit_lines(limit=1)[0].action == "order_opened"
