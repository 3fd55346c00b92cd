from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.records import Records, open_records
from tests.examples import examples
from tests.records.conftest import NOW

Event = tuple[int, str, str, int]


def table(events: list[Event], **more: list[Any]) -> pa.Table:
    columns = list(zip(*events, strict=True)) or [[], [], [], []]
    return pa.table(
        {
            "customer_key": pa.array(columns[0], pa.int64()),
            "contact_channel": pa.array(columns[1], pa.string()),
            "purpose": pa.array(["marketing"] * len(events), pa.string()),
            "state": pa.array(columns[2], pa.string()),
            "at": pa.array(
                [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in columns[3]],
                pa.timestamp("us", tz="UTC"),
            ),
            **more,
        }
    )


events = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["email", "sms"]),
        st.sampled_from(["granted", "denied"]),
        st.integers(0, 3),
    ),
    max_size=12,
)


@settings(max_examples=examples(25), deadline=None)
@given(events, st.integers(1, 12))
def test_the_latest_word_counts_and_a_later_row_breaks_ties(said: list[Event], cut: int) -> None:
    expected: dict[tuple[int, str], str] = {}
    seen: list[Event] = []
    for event in said:
        if event not in seen:  # said twice, it was said the first time
            seen.append(event)
    for key, channel, state, _ in sorted(seen, key=lambda event: event[3]):
        expected[key, channel] = state
    with TemporaryDirectory() as folder:
        records = open_records(f"sqlite:///{folder}/records.db")
        added = records.load_consents(table(said[:cut])) + records.load_consents(table(said[cut:]))
        assert added == len(seen)
        mirrored = {
            (row["customer_key"], row["contact_channel"]): row["state"]
            for row in records.mirror().tables["consents"].to_pylist()
        }
        for channel in ("email", "sms"):
            now = records.consent_states([1, 2, 3], channel)
            assert now == {key: state for (key, on), state in expected.items() if on == channel}
        records.close()
    assert mirrored == expected


def test_the_same_file_twice_changes_nothing(records: Records) -> None:
    rows = table([(1, "email", "granted", 0), (2, "sms", "denied", 1)])
    assert records.load_consents(rows) == 2
    revision = records.decisions_revision()
    assert records.load_consents(rows) == 0
    assert records.decisions_revision() == revision
    assert records.load_consents(table([])) == 0


def test_a_denial_imported_late_does_not_undo_a_later_yes(records: Records) -> None:
    records.load_consents(table([(1, "email", "granted", 5)]))
    records.load_consents(table([(1, "email", "denied", 2)]))
    assert records.consent_states([1], "email") == {1: "granted"}


def test_bad_rows_are_all_named_and_nothing_is_loaded(records: Records) -> None:
    rows = table([(1, "email", "granted", 0), (2, "fax", "maybe", 1)])
    with pytest.raises(CrmError, match="records_consents_invalid") as refused:
        records.load_consents(rows)
    assert refused.value.facts == {"rows": 1, "columns": "contact_channel, state"}
    with pytest.raises(CrmError, match="records_consents_invalid"):
        records.load_consents(rows.drop_columns(["state"]))
    assert records.consent_states([1, 2], "email") == {}


def test_one_word_at_a_time(records: Records) -> None:
    records.record_consent(1, "email", "granted", at=NOW, source="shop form")
    records.record_consent(
        1, "email", "denied", at=NOW + timedelta(minutes=1), source="footer link"
    )
    assert records.consent_states([1, 2], "email") == {1: "denied"}
    with pytest.raises(CrmError, match="records_time_naive"):
        records.record_consent(1, "email", "granted", at=NOW.replace(tzinfo=None), source="x")
    with pytest.raises(CrmError, match="records_channel_unknown"):
        records.consent_states([1], "fax")


def test_who_is_barred_from_all_is_barred_from_each(records: Records) -> None:
    assert records.suppress([1, 2], "all", reason="complaint", now=NOW) == 2
    assert records.suppress([2, 3], "email", reason="bounce", now=NOW) == 2
    assert records.suppress([3], "email", reason="bounce", now=NOW) == 0
    assert records.suppressed([1, 2, 3, 4], "email") == {1, 2, 3}
    assert records.suppressed([1, 2, 3, 4], "sms") == {1, 2}


@pytest.mark.slow
def test_a_hundred_thousand_events_load_in_seconds(tmp_path: Path) -> None:
    count = 100_000
    records = open_records(f"sqlite:///{tmp_path}/many.db")
    keys = [(number * 2_654_435_761) % 2**40 for number in range(count)]
    rows = table([(key, "email", "granted", key % 900) for key in keys])
    start = time.process_time()
    assert records.load_consents(rows) == count
    assert time.process_time() - start < 10  # a row at a time takes minutes
    states = records.consent_states(keys[:30_000], "email")
    assert set(states.values()) == {"granted"}
    records.close()


@settings(max_examples=examples(25), deadline=None)
@given(events, st.dictionaries(st.integers(2, 3), st.just(0), min_size=1))
def test_people_found_to_be_one_keep_their_latest_word(
    said: list[Event], gone: dict[int, int]
) -> None:
    pairs = [(3, 2), (2, 1)] if len(gone) == 2 else [(key, 1) for key in gone]
    with TemporaryDirectory() as folder:
        records = open_records(f"sqlite:///{folder}/records.db")
        records.load_consents(table(said))
        revision = records.decisions_revision()
        moved = records.move_customers(pairs)
        assert (moved > 0) == any(event[0] in gone for event in said)
        assert (records.decisions_revision() > revision) == (moved > 0)
        for channel in ("email", "sms"):
            now = records.consent_states([1, 2, 3], channel)
            assert not set(now) & set(gone)
            for key in {1, 2, 3} - set(gone):
                own = {key, *gone} if key == 1 else {key}
                words = [event for event in said if event[0] in own and event[1] == channel]
                last = max((event[3] for event in words), default=0)
                latest = {event[2] for event in words if event[3] == last}
                assert now.get(key) in (latest or {None})
        assert records.move_customers(pairs) == 0
        records.close()


def test_a_bar_moves_to_the_customer_who_stays(records: Records) -> None:
    records.suppress([1], "email", reason="bounce", now=NOW)
    records.suppress([2], "email", reason="complaint", now=NOW)
    records.suppress([2], "sms", reason="complaint", now=NOW)
    assert records.move_customers([(2, 1)]) == 2
    assert records.suppressed([1, 2], "sms") == {1}
    assert records.suppressed([1, 2], "email") == {1}
    assert records.move_customers([]) == 0
