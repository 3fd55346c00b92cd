"""Notes and tasks are kept on what they are about, and follow customers."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.records import NOTE_LENGTH, Records, Subject, open_records
from crm_core.records.connection import connect, migrate, reading
from crm_core.records.customer_codes import SECRET, customer_code
from tests.records.conftest import NOW

SALES = Subject("metric", "net_revenue")
JUNE = date(2026, 6, 30)


def note(
    records: Records, text: str = "Price up", subject: Subject = SALES, day: date = JUNE
) -> int:
    return records.add_note(subject, text, day=day, author="mia", now=NOW).id


def task(records: Records, text: str, due: date | None = None, subject: Subject = SALES) -> int:
    return records.add_task(subject, text, owner="bo", due=due, author="mia", now=NOW).id


def person(records: Records, key: int) -> Subject:
    return Subject("customer", customer_code(records.secret(SECRET), key))


def said(records: Records, subject: Subject) -> list[str]:
    return [note.text for note in records.notes(subject.kind, subject.code)]


def test_a_note_is_kept_changed_removed_and_brought_back(records: Records) -> None:
    number = note(records, "  Price up\r\nby 5 %\u202e ")
    (kept,) = records.notes("metric", "net_revenue")
    assert (kept.text, kept.author, kept.made_at, kept.day) == (
        "Price up\nby 5 %",
        "mia",
        NOW,
        JUNE,
    )
    changed = records.change_note(number, version=1, text="Price down", day=date(2026, 6, 1))
    assert (changed.text, changed.day, changed.version) == ("Price down", date(2026, 6, 1), 2)
    with pytest.raises(CrmError, match="records_note_changed"):
        records.change_note(number, version=1, text="Mine", day=JUNE)
    removed = records.remove_note(number)
    assert records.notes() == []
    with pytest.raises(CrmError, match="records_note_unknown"):
        records.remove_note(number)
    records.bring_back_note(removed)
    (again,) = records.notes()
    assert (again.text, again.author, again.made_at, again.day) == (
        "Price down",
        "mia",
        NOW,
        date(2026, 6, 1),
    )


def test_notes_are_asked_for_by_kind_subject_and_days(records: Records) -> None:
    for day in (1, 15, 30):
        note(records, f"Day {day}", day=date(2026, 6, day))
    note(records, "Outage", Subject("page", "overview"))
    assert said(records, SALES) == ["Day 30", "Day 15", "Day 1"]
    middle = records.notes("metric", since=date(2026, 6, 2), until=date(2026, 6, 29))
    assert [each.text for each in middle] == ["Day 15"]
    assert len(records.notes()) == 4
    task(records, "Ask the supplier")
    records.finish_task(task(records, "Done already"), user="bo", now=NOW)
    assert records.count_notes("metric", ["net_revenue", "orders"]) == {"net_revenue": 4}


@pytest.mark.parametrize("text", ["", " \n ", "\u200b", "x" * (NOTE_LENGTH + 1)])
def test_a_note_that_says_nothing_or_too_much_is_refused(records: Records, text: str) -> None:
    with pytest.raises(CrmError, match="records_note_invalid"):
        note(records, text)
    with pytest.raises(CrmError, match="records_note_invalid"):
        task(records, text)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("customer", "mary@example.com"),
        ("customer", "17"),
        ("metric", "mary@example.com"),
        ("metric", "Net revenue"),
        ("metric", ""),
        ("order", "A-1"),
    ],
)
def test_a_subject_is_a_code_and_names_nobody(records: Records, kind: str, code: str) -> None:
    with pytest.raises(CrmError, match="records_subject_invalid"):
        note(records, subject=Subject(kind, code))
    with pytest.raises(CrmError, match="records_subject_invalid"):
        task(records, "Call", subject=Subject(kind, code))


def test_tasks_are_due_done_and_open_again(records: Records) -> None:
    late = task(records, "Late", date(2026, 6, 1))
    some_day = task(records, "Some day")
    soon = task(records, "Soon", date(2026, 7, 9), Subject("campaign", "3"))
    assert [each.id for each in records.open_tasks()] == [late, soon, some_day]
    assert [each.id for each in records.open_tasks() if each.is_overdue(date(2026, 7, 1))] == [late]
    done = records.finish_task(late, user="bo", now=NOW)
    assert (done.done_at, done.done_by) == (NOW, "bo")
    assert records.finish_task(late, user="mia", now=NOW + timedelta(1)).done_by == "bo"
    assert not done.is_overdue(date(2026, 7, 1))
    assert [each.text for each in records.tasks("metric", "net_revenue")] == ["Some day", "Late"]
    records.reopen_task(late)
    assert [each.text for each in records.open_tasks()] == ["Late", "Soon", "Some day"]
    changed = records.change_task(soon, version=1, text="Sooner", owner=" Ann ", due=None)
    assert (changed.text, changed.owner, changed.due) == ("Sooner", "Ann", None)
    with pytest.raises(CrmError, match="records_note_changed"):
        records.change_task(soon, version=1, text="Mine", owner="", due=None)
    records.finish_task(soon, user="bo", now=NOW)
    records.bring_back_task(records.remove_task(soon))
    (kept,) = records.tasks("campaign", "3")
    assert (kept.text, kept.owner, kept.done_by, kept.version) == ("Sooner", "Ann", "bo", 2)


def test_notes_follow_customers_who_become_one_and_two_again(records: Records) -> None:
    one, two = person(records, 1), person(records, 2)
    note(records, "Likes tea", one)
    note(records, "Moved house", two)
    task(records, "Call back", subject=two)
    assert records.move_customers([(2, 1)]) == 2
    assert sorted(said(records, one)) == ["Likes tea", "Moved house"]
    assert said(records, two) == []
    assert [each.text for each in records.tasks("customer", one.code)] == ["Call back"]
    assert records.move_customers([(2, 1)]) == 0
    records.move_customers([(2, 1), (1, 7)])
    assert len(said(records, person(records, 7))) == 2
    records.separate_customers([(2, 1)])
    assert sorted(said(records, one)) == ["Likes tea", "Moved house"]
    records.separate_customers([])
    assert (said(records, one), said(records, two)) == (["Likes tea"], ["Moved house"])
    assert [each.text for each in records.tasks("customer", two.code)] == ["Call back"]
    assert records.separate_customers([]) == 0


def test_what_was_deleted_and_brought_back_still_knows_on_whom_it_was_written(
    records: Records,
) -> None:
    one, two = person(records, 1), person(records, 2)
    note(records, "Moved house", two)
    task(records, "Call back", subject=two)
    records.move_customers([(2, 1)])
    (moved,), (call,) = records.notes("customer", one.code), records.tasks("customer", one.code)
    records.bring_back_note(records.remove_note(moved.id))
    records.bring_back_task(records.remove_task(call.id))
    assert said(records, one) == ["Moved house"]
    records.separate_customers([])
    assert (said(records, one), said(records, two)) == ([], ["Moved house"])
    assert [each.text for each in records.tasks("customer", two.code)] == ["Call back"]


def test_notes_about_numbers_stay_where_they_are_when_customers_move(records: Records) -> None:
    records.secret(SECRET)
    note(records)
    assert records.move_customers([(2, 1)]) == 0
    assert said(records, SALES) == ["Price up"]


def test_a_backup_carries_notes_and_tasks(records: Records, tmp_path: Path) -> None:
    ann = person(records, 5)
    note(records, "Likes tea", ann)
    late = task(records, "Late", date(2026, 6, 1))
    records.finish_task(late, user="bo", now=NOW)
    records.dump(tmp_path)
    before = records.notes(), records.tasks("metric", "net_revenue")
    records.remove_note(before[0][0].id)
    records.remove_task(late)
    records.replace_all(tmp_path, Records.version)
    assert (records.notes(), records.tasks("metric", "net_revenue")) == before
    assert person(records, 5) == ann
    note(records, "Another")  # numbering goes on


def test_records_of_before_notes_are_brought_up(url: str) -> None:
    engine = connect(url)
    migrate(engine, "r0006")
    with reading(engine) as connection:
        assert not engine.dialect.has_table(connection, "notes")
    engine.dispose()
    records = open_records(url)
    note(records)
    assert said(records, SALES) == ["Price up"]
    records.close()
