"""Notes and tasks on the pages, and the box one asks a question in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, Subject, open_records
from crm_core.records.customer_codes import SECRET, customer_code
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import NOW, Open
from tests.app.screen import Screen

SALES = Subject("metric", "net_revenue")
NASTY = "**Price** <b>up</b> [x](http://evil.example) $a$ =1+1"


@pytest.fixture
def kept(shops: dict[str, Path]) -> Iterator[Records]:
    """The demo's records; what was noted is gone afterwards."""
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    yield records
    for note in records.notes():
        records.remove_note(note.id)
    for task in records.open_tasks():
        records.remove_task(task.id)
    for subject in (SALES, somebody(records)):
        for done in records.tasks(subject.kind, subject.code):
            records.remove_task(done.id)
    records.close()


def somebody(records: Records) -> Subject:
    return Subject("customer", customer_code(records.secret(SECRET), 1))


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def said(test: AppTest) -> list[str]:
    return [str(text.value) for text in test.text]


def opened(test: AppTest, key: str) -> AppTest:
    """The page with that popover open; a browser says so with every click."""
    test.session_state[key] = True
    return test.run()


def press(test: AppTest, label_key: str, key: str = "") -> None:
    """Presses a button, in an open popover."""
    if key:
        test.session_state[key] = True
    next(b for b in test.button if b.label == t(label_key, "en")).click().run()
    if key:
        opened(test, key)


def test_a_note_is_written_changed_deleted_and_brought_back(open_page: Open, kept: Records) -> None:
    place = "notes_metric_net_revenue"
    test = opened(open_page("overview").test, place)
    test.text_area(key="notes_add_metric_net_revenue_note_text").input(NASTY)
    press(test, "notes.add_note", place)
    assert not Screen(test).failures
    assert said(test) == [NASTY]
    (note,) = kept.notes("metric", "net_revenue")
    assert (note.text, note.author) == (NASTY, "single_user")
    press(test, "notes.edit", place)
    test.text_area(key=f"notes_change_note_{note.id}_note_text").input("Price down")
    press(test, "notes.save", place)
    assert said(test) == ["Price down"]
    press(test, "notes.delete", place)
    assert said(test) == []
    assert kept.notes() == []
    press(test, "notes.undo_note", place)
    assert said(test) == ["Price down"]
    assert not Screen(test).failures


@pytest.mark.slow
def test_a_task_is_added_ticked_off_and_taken_back(open_page: Open, kept: Records) -> None:
    kept.add_task(SALES, "No day", author="mia", now=NOW)
    kept.add_task(SALES, "Late", owner="Bo", due=date(2026, 1, 5), author="mia", now=NOW)
    kept.add_task(somebody(kept), "Call back", due=date(2099, 1, 1), author="mia", now=NOW)
    test = open_page("overview", warm=True).test
    assert not Screen(test).failures
    assert said(test) == ["Late", "Call back", "No day"]
    overdue = t("notes.tasks.overdue", "en", day="5 Jan 2026")
    marks = [str(words.value) for words in test.markdown]
    assert [mark for mark in marks if overdue in mark]
    late = next(box for box in test.checkbox if str(box.key).startswith("task_tasks_2"))
    late.set_value(True).run()
    assert said(test) == ["Call back", "No day"]
    (done,) = [task for task in kept.tasks(SALES.kind, SALES.code) if task.done_at]
    assert (done.text, done.done_by) == ("Late", "single_user")
    press(test, "notes.undo_done")
    assert said(test) == ["Late", "Call back", "No day"]
    assert not Screen(test).failures


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "writes", "sees"),
    [
        ("viewer", False, False),
        pytest.param("marketer", True, True, marks=pytest.mark.slow),
        ("single_user", True, True),
    ],
)
def test_each_role_sees_and_writes_what_it_may(
    open_page: Open, kept: Records, role: str, writes: bool, sees: bool
) -> None:
    person = somebody(kept)
    kept.add_note(person, "Her husband's name is Karl", day=NOW.date(), author="mia", now=NOW)
    kept.add_task(person, "Call Karl", author="mia", now=NOW)
    kept.add_task(SALES, "Ask the supplier", author="mia", now=NOW)
    test = open_page("overview", role=role, warm=True).test
    assert not Screen(test).failures
    assert ("Call Karl" in said(test)) == sees
    assert "Ask the supplier" in said(test)
    assert bool(test.checkbox) == writes
    test = opened(open_page("overview", role=role, warm=True).test, "notes_metric_net_revenue")
    assert bool([b for b in labels(test) if b == t("notes.add_note", "en")]) == writes
    page = open_page("customer", role=role, warm=True, id=person.code)
    test = opened(page.test, f"notes_customer_{person.code}")
    assert not Screen(test).failures
    assert ("Her husband's name is Karl" in said(test)) == sees
    assert (b"Karl" in Screen(test).sent) == sees


def test_identities_hidden_hide_what_was_written_of_customers(
    open_page: Open, kept: Records
) -> None:
    person = somebody(kept)
    kept.add_task(person, "Call Karl", author="mia", now=NOW)
    page = open_page("overview", warm=True)
    assert "Call Karl" in said(page.test)
    page.test.toggle(key="present").set_value(True).run()
    assert "Call Karl" not in said(page.test)
    assert b"Karl" not in Screen(page.test).sent


@pytest.mark.slow
def test_a_question_that_is_half_understood_says_so(open_page: Open) -> None:
    test = open_page("overview", warm=True).test
    test.text_input(key="ask_question").input("net revenu by channel last month <b>x</b>")
    press(test, "ask.button")
    assert not Screen(test).failures
    captions = [str(caption.value).replace("\\", "") for caption in test.caption]
    assert any("net revenu" in words for words in captions)
    meant = t("ask.meant", "en", known="net revenue")
    next(b for b in test.button if b.label.replace("\\", "") == meant).click().run()
    assert not Screen(test).failures
    assert test.text_input(key="ask_question").value.startswith("net revenue by channel")
    badges = " ".join(str(words.value) for words in test.markdown)
    assert t("metric.net_revenue.label", "en") in badges
    assert t("dimension.sales_channel.label", "en") in badges
    assert "net" not in str(dict(test.query_params))


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("zh", "净收入 按渠道 上月"),
        pytest.param("en", "net revenue by channel last month", marks=pytest.mark.slow),
    ],
)
def test_a_question_opens_explore_by_a_link(open_page: Open, language: str, question: str) -> None:
    screen = open_page("overview", language=language, warm=True)
    screen.test.text_input(key="ask_question").input(question)
    next(b for b in screen.test.button if b.label == t("ask.button", language)).click().run()
    assert not screen.failures
    assert screen.page == "explore"
    said = {name: screen.test.query_params[name] for name in ("by", "period", "from", "to")}
    assert {name: each[0] if isinstance(each, list) else each for name, each in said.items()} == {
        "by": "sales_channel",
        "period": "custom",
        "from": "2026-10-01",
        "to": "2026-10-31",
    }
    assert question not in str(dict(screen.test.query_params))
    names = " ".join(str(words.value) for words in screen.test.markdown)
    assert t("metric.net_revenue.label", language) in names
    assert t("dimension.sales_channel.label", language) in names


def test_nothing_understood_is_told_politely(open_page: Open) -> None:
    test = open_page("overview", language="zh", warm=True).test
    test.text_input(key="ask_question").input("qwrtz")
    next(b for b in test.button if b.label == t("ask.button", "zh")).click().run()
    assert not Screen(test).failures
    assert t("ask.nothing", "zh") in [str(info.value) for info in test.info]


@pytest.mark.slow
def test_what_was_noted_of_a_day_stands_beside_what_changed(open_page: Open, kept: Records) -> None:
    day = date(2026, 10, 20)
    kept.add_note(SALES, NASTY, day=day, author="ann", now=NOW)
    kept.add_note(somebody(kept), "rang twice", day=day, author="ann", now=NOW)
    screen = open_page("changes")
    assert not screen.failures
    cells = [str(cell) for table in screen.test.dataframe for cell in table.value.to_numpy().flat]
    assert NASTY in cells  # in a cell of a table it is only text
    assert not [cell for cell in cells if "rang" in cell]
