"""What people decide about who is one customer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_core.errors import CrmError
from crm_core.records import Records

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def test_decisions_are_kept_once_and_can_be_taken_back(records: Records) -> None:
    before = records.decisions_revision()
    assert records.set_apart("email", "x@example.com", user="ann", now=NOW)
    assert not records.set_apart("email", "x@example.com", user="bob", now=NOW)
    assert records.set_same("b", "a", user="ann", now=NOW)
    assert not records.set_same("a", "b", user="ann", now=NOW)
    assert records.decisions_revision() == before + 2
    found = records.identity_overrides()
    assert [(each.kind, each.trace, each.value, each.other) for each in found] == [
        ("same", "source_id", "a", "b"),
        ("apart", "email", "x@example.com", ""),
    ]
    assert records.take_back(found[1])
    assert not records.take_back(found[1])
    assert records.identity_overrides() == found[:1]


@pytest.mark.parametrize(("trace", "value"), [("name", "Ann"), ("email", ""), ("email", "x" * 500)])
def test_only_what_can_join_people_can_be_set_apart(
    records: Records, trace: str, value: str
) -> None:
    with pytest.raises(CrmError, match="records_trace_unknown"):
        records.set_apart(trace, value, user="ann", now=NOW)


def test_nobody_is_the_same_as_themselves(records: Records) -> None:
    with pytest.raises(CrmError, match="records_trace_unknown"):
        records.set_same("a", "a", user="ann", now=NOW)
