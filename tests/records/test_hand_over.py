from __future__ import annotations

from datetime import date

from crm_core.records import Records, Subject
from tests.records.conftest import NOW

RULE = {"all": []}


def fill(records: Records, owner: str) -> None:
    records.add_audience("Tea lovers", RULE, owner=owner, now=NOW)
    records.save_view("Mine", "p=30d", owner=owner)
    subject = Subject("page", "overview")
    made = {"author": owner, "now": NOW}
    records.add_task(subject, "Call the printer", owner=owner, due=date(2026, 7, 3), **made)
    done = records.add_task(subject, "Order tape", owner=owner, due=None, **made)
    records.finish_task(done.id, user=owner, now=NOW)
    records.add_note(subject, "Quiet week", day=date(2026, 7, 1), **made)


def test_a_leavers_things_go_to_another_and_history_stays(records: Records) -> None:
    fill(records, "lea@shop.example")
    records.save_view("Mine", "p=90d", owner="mia@shop.example")
    assert records.owned()["lea@shop.example"] == {"audiences": 1, "tasks": 1, "views": 1}
    moved = records.hand_over("Lea@shop.example", "mia@shop.example")
    assert moved == {"audiences": 1, "tasks": 1, "views": 1}
    assert set(records.owned()) == {"mia@shop.example"}
    assert [each.name for each in records.views("mia@shop.example")] == ["Mine", "Mine (2)"]
    assert records.views("mia@shop.example")[0].query == "p=90d"
    (note,) = records.notes("page", "overview")
    assert note.author == "lea@shop.example"
    waiting, done = records.tasks("page", "overview")
    assert (waiting.owner, done.owner) == ("mia@shop.example", "lea@shop.example")
    assert waiting.author == "lea@shop.example"


def test_handing_over_nothing_changes_nothing(records: Records) -> None:
    fill(records, "mia@shop.example")
    before = records.owned()
    assert records.hand_over("bo@shop.example", "mia@shop.example") == {}
    assert records.owned() == before
