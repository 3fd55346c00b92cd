from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from crm_core.errors import CrmError
from crm_core.records import FIRST, AuditEntry, Records
from tests.records.conftest import NOW

ENTRY = AuditEntry(
    NOW, "mia", "marketer", "export", {"list": "Tea", "n": [1, 2.5]}, 3, "a" * 64, "x1"
)


def test_each_line_carries_the_hash_of_the_one_before(records: Records) -> None:
    first = records.append_audit(ENTRY)
    second = records.append_audit(replace(ENTRY, export_id="x2"))
    assert first.previous == FIRST
    assert second.previous == first.hash == first.expected_hash()
    assert list(records.audit_chain()) == [first, second]
    assert records.audit_lines(action="export", limit=1) == [second]
    assert records.audit_lines(action="import") == []
    assert records.audit_count() == (2, 2)


def test_a_lines_hash_does_not_depend_on_the_clocks_zone(records: Records) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=8)))
    line = records.append_audit(replace(ENTRY, at=elsewhere))
    assert line.at == NOW
    assert [told.expected_hash() for told in records.audit_chain()] == [line.hash]


def test_a_line_needs_a_zone(records: Records) -> None:
    with pytest.raises(CrmError, match="records_time_naive"):
        records.append_audit(replace(ENTRY, at=NOW.replace(tzinfo=None)))
    assert records.audit_count() == (0, 0)
