"""Pauses of marketing: they end by themselves, can be lifted, and follow customers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.errors import CrmError
from crm_core.records import Records
from tests.records.conftest import NOW

IN_TWO_WEEKS = NOW + timedelta(days=14)


def pause(records: Records, key: int, days: int = 14) -> None:
    ends_at = NOW + timedelta(days=days)
    records.pause(key, ends_at=ends_at, reason="asked on the phone", user="mia", now=NOW)


def ends(records: Records, *keys: int) -> list[int | None]:
    pauses = [records.pause_of(key) for key in keys]
    return [(pause.ends_at - NOW).days if pause else None for pause in pauses]


def test_who_is_paused_stands_so_until_the_end(records: Records) -> None:
    before = records.decisions_revision()
    pause(records, 7)
    assert records.contact_standing([7, 8], "email").paused == {7}
    assert records.decisions_revision() > before
    assert records.end_pauses(IN_TWO_WEEKS - timedelta(seconds=1)) == 0
    assert records.contact_standing([7], "sms").paused == {7}
    assert records.end_pauses(IN_TWO_WEEKS) == 1
    assert records.contact_standing([7], "email").paused == set()
    assert records.pause_of(7) is None


def test_a_pause_tells_who_asked_for_it_and_why(records: Records) -> None:
    pause(records, 7)
    found = records.pause_of(7)
    assert found is not None
    assert (found.user, found.reason, found.at) == ("mia", "asked on the phone", NOW)
    assert found.ends_at == IN_TWO_WEEKS


def test_a_shorter_pause_does_not_shorten_a_longer_one(records: Records) -> None:
    pause(records, 7, days=30)
    pause(records, 7, days=14)
    assert ends(records, 7) == [30]


def test_a_pause_is_lifted_and_no_other_bar_with_it(records: Records) -> None:
    records.suppress([7], "all", reason="complaint", now=NOW)
    pause(records, 7)
    assert records.lift_pause(7)
    assert not records.lift_pause(7)
    assert records.contact_standing([7], "email").paused == set()
    assert records.contact_standing([7], "email").suppressed == {7}


def test_a_pause_says_why(records: Records) -> None:
    with pytest.raises(CrmError, match="records_note_invalid"):
        records.pause(7, ends_at=IN_TWO_WEEKS, reason=" ", user="mia", now=NOW)


def test_the_engine_sees_who_is_paused_among_the_barred(records: Records) -> None:
    records.suppress([1], "sms", reason="complaint", now=NOW)
    records.suppress([2], "all", reason="complaint", now=NOW)
    pause(records, 2)
    pause(records, 3)
    tables = records.mirror().tables
    barred = [
        (row["customer_key"], row["contact_channel"]) for row in tables["suppressions"].to_pylist()
    ]
    assert barred == [(1, "sms"), (2, "all"), (3, "all")]
    assert tables["pauses"].to_pydict() == {"customer_key": [2, 3]}


def test_of_two_who_are_one_the_longer_pause_holds(records: Records) -> None:
    pause(records, 1, days=14)
    pause(records, 2, days=20)
    pause(records, 4, days=9)
    records.move_customers([(2, 1), (4, 3)])
    assert ends(records, 1, 2, 3, 4) == [20, None, 9, None]


def test_of_one_who_is_two_after_all_both_stay_paused(records: Records) -> None:
    records.move_customers([(2, 1)])
    pause(records, 1)
    records.separate_customers([])
    assert ends(records, 1, 2) == [14, 14]
