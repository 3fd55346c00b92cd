"""Decisions follow customers who become one, and come apart with them."""

from __future__ import annotations

from datetime import timedelta

from crm_core.records import Records
from tests.records.conftest import NOW
from tests.records.test_consents import table

LATER = NOW + timedelta(days=1)


def test_a_no_of_two_who_were_taken_for_one_holds_for_both(records: Records) -> None:
    records.move_customers([(2, 1)])
    records.record_consent(1, "email", "denied", at=NOW, source="phone")
    records.suppress([1], "sms", reason="complaint", now=NOW)
    assert records.separate_customers([]) == 2
    assert records.consent_states([1, 2], "email") == {1: "denied", 2: "denied"}
    assert records.suppressed([1, 2], "sms") == {1, 2}
    assert records.separate_customers([]) == 0


def test_a_yes_goes_back_to_whom_it_was_told_of(records: Records) -> None:
    records.record_consent(2, "email", "granted", at=NOW, source="form")
    records.record_consent(1, "sms", "granted", at=NOW, source="form")
    records.move_customers([(2, 1)])
    assert records.consent_states([1, 2], "email") == {1: "granted"}
    records.separate_customers([])
    assert records.consent_states([1, 2], "email") == {2: "granted"}
    assert records.consent_states([1, 2], "sms") == {1: "granted"}


def test_of_three_only_who_is_another_leaves(records: Records) -> None:
    for key in (1, 2, 3):
        records.record_consent(key, "email", "granted", at=NOW, source=f"form {key}")
    records.record_consent(3, "email", "denied", at=LATER, source="phone")
    records.move_customers([(3, 2)])
    records.move_customers([(3, 2), (2, 1)])
    records.separate_customers([(3, 2)])
    assert records.consent_states([1, 2, 3], "email") == {1: "denied", 2: "denied"}
    records.record_consent(1, "email", "granted", at=LATER + timedelta(days=1), source="form")
    records.separate_customers([])
    assert records.consent_states([1, 2, 3], "email") == {1: "granted", 2: "denied", 3: "denied"}


def test_what_no_file_tells_any_more_goes_and_what_people_recorded_stays(
    records: Records,
) -> None:
    told = [(1, "email", "granted", 1), (2, "email", "granted", 1)]
    records.load_consents(table([*told, (3, "email", "granted", 1)]))
    records.record_consent(3, "sms", "granted", at=NOW, source="form")
    for _ in range(2):
        found = records.replace_imported([table(told[:1]), table([(4, "email", "denied", 1)])])
        assert records.consent_states([1, 2, 3, 4], "email") == {1: "granted", 4: "denied"}
        assert records.consent_states([3], "sms") == {3: "granted"}
    assert found == (0, 0)


def test_a_file_that_tells_what_somebody_recorded_does_not_take_it_along(
    records: Records,
) -> None:
    records.record_consent(1, "email", "denied", at=NOW, source="")
    events = table([(1, "email", "denied", 0)]).drop_columns(["at"])
    events = events.append_column("at", [[NOW]])
    assert records.load_consents(events) == 0
    assert records.replace_imported([]) == (0, 0)
    assert records.consent_states([1], "email") == {1: "denied"}
