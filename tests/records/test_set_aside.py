"""Two people set an order or a review aside, and anybody may bring it back; nothing is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from crm_core.errors import CrmError
from crm_core.records import Item, Records, open_records
from crm_core.records.connection import connect, migrate
from tests.records.conftest import NOW

BRUSHED = [Item("order", "A-1"), Item("order", "A-2"), Item("review", "R-1")]


def propose(records: Records, user: str = "mia") -> int:
    return records.propose_set_aside(BRUSHED, reason="made up", user=user, vouched=True, now=NOW)


def approve(records: Records, user: str, *, vouched: bool = True) -> int:
    return records.approve_set_aside(BRUSHED, user=user, vouched=vouched, now=NOW)


def test_what_one_proposes_counts_until_another_approves(records: Records) -> None:
    assert propose(records) == 3
    assert propose(records, "bo") == 0  # the first proposal stands
    assert not records.set_aside()
    assert approve(records, "bo") == 3
    assert approve(records, "cy") == 0
    found = records.set_aside()
    assert (found.orders, found.reviews) == (("A-1", "A-2"), ("R-1",))
    told = records.set_aside_decisions(BRUSHED)[BRUSHED[0]]
    assert (told.state, told.proposer, told.approver, told.vouched) == (
        "approved",
        "mia",
        "bo",
        True,
    )


@pytest.mark.parametrize("same", ["mia", " Mia ", "ＭＩＡ"])
def test_nobody_approves_what_they_proposed(records: Records, same: str) -> None:
    propose(records)
    with pytest.raises(CrmError) as raised:
        approve(records, same)
    assert raised.value.code == "set_aside_same_person"
    assert not records.set_aside()


def test_names_that_were_only_typed_are_told_as_such(records: Records) -> None:
    propose(records)
    approve(records, "bo", vouched=False)
    assert not records.set_aside_decisions(BRUSHED)[BRUSHED[0]].vouched


def test_what_was_set_aside_can_be_brought_back_and_the_log_says_who_did_what(
    records: Records,
) -> None:
    propose(records)
    approve(records, "bo")
    before = records.set_aside().revision
    back = records.keep_counted(
        BRUSHED[:1], reason="a real customer", user="cy", vouched=True, now=NOW
    )
    assert back == 1
    found = records.set_aside()
    assert (found.orders, found.reviews) == (("A-2",), ("R-1",))
    assert found.revision == before + 1
    assert records.set_aside_counts() == (
        found.revision,
        {("order", "approved"): 1, ("order", "kept"): 1, ("review", "approved"): 1},
    )
    assert [
        (line.action, line.kind, line.items, line.user) for line in records.set_aside_log()
    ] == [
        ("bring_back", "order", 1, "cy"),
        ("approve", "review", 1, "bo"),
        ("approve", "order", 2, "bo"),
        ("propose", "review", 1, "mia"),
        ("propose", "order", 2, "mia"),
    ]
    assert propose(records) == 1  # looked at anew


def test_what_is_kept_or_turned_down_leaves_the_numbers_alone(records: Records) -> None:
    propose(records)
    revision = records.set_aside().revision
    assert records.keep_counted(BRUSHED, reason="", user="bo", vouched=True, now=NOW) == 3
    assert records.keep_counted(BRUSHED, reason="", user="bo", vouched=True, now=NOW) == 0
    assert approve(records, "bo") == 0
    assert records.set_aside().revision == revision


def test_a_reason_is_asked_for(records: Records) -> None:
    with pytest.raises(CrmError) as raised:
        records.propose_set_aside(BRUSHED, reason=" ", user="mia", vouched=True, now=NOW)
    assert raised.value.code == "set_aside_reason"


def test_what_one_had_set_aside_alone_is_a_proposal_now(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    engine = connect(url)
    migrate(engine, "r0011")
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO set_aside_orders VALUES ('A-9', 'brushed', 'mia', :at)"),
            {"at": NOW.replace(tzinfo=None)},
        )
    engine.dispose()
    records = open_records(url)
    assert records.set_aside_in("proposed") == [Item("order", "A-9")]
    assert not records.set_aside()
    records.close()
