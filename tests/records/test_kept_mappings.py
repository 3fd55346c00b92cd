"""What columns mean is kept by the column names, the last word counts, and it can be forgotten."""

from __future__ import annotations

from datetime import timedelta

from crm_core.records import Records
from tests.records.conftest import NOW


def test_the_last_word_about_the_same_columns_counts(records: Records) -> None:
    records.keep_mapping("a" * 64, 'decimal = "comma"', user="mia", now=NOW)
    records.keep_mapping("b" * 64, 'decimal = "dot"', user="mia", now=NOW + timedelta(hours=1))
    records.keep_mapping("a" * 64, 'decimal = "auto"', user="bo", now=NOW + timedelta(hours=2))
    found = records.kept_mappings()
    assert [(each.toml, each.saved_by) for each in found] == [
        ('decimal = "auto"', "bo"),
        ('decimal = "dot"', "mia"),
    ]
    records.forget_mapping("a" * 64)
    assert [each.fingerprint for each in records.kept_mappings()] == ["b" * 64]
