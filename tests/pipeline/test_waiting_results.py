"""A test that is over waits to be looked at, until somebody notes something or four weeks pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from crm_core.pipeline.waiting_results import waiting_results
from crm_core.records import Records, Subject, open_records
from crm_core.records.campaigns import CampaignPlan, Sealing
from tests.conftest import NOW

START = date(2026, 6, 1)
END = START + timedelta(27)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    found = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield found
    found.close()


def sealed(records: Records, name: str) -> int:
    plan = CampaignPlan(name, {"all": []}, "email", START)
    kept = records.add_campaign(plan, owner="ann", now=NOW)
    members = pa.record_batch(
        {
            "customer_key": pa.array([1], pa.int64()),
            "arm": ["treatment"],
            "stratum": pa.array([""], pa.string()),
        }
    )
    sealing = Sealing("facts-1", START, {})
    records.seal_campaign(kept.id, [members], sealing, version=kept.version, now=NOW)
    return kept.id


def test_it_waits_once_its_window_is_over(records: Records) -> None:
    number = sealed(records, "Win back")
    records.add_campaign(CampaignPlan("Draft", {"all": []}, "email", START), owner="ann", now=NOW)
    assert waiting_results(records, END - timedelta(1)) == ()
    assert waiting_results(records, END) == ((number, "Win back", END),)
    assert waiting_results(records, END + timedelta(29)) == ()


def test_a_note_or_task_of_a_later_day_says_that_somebody_looked(records: Records) -> None:
    noted, planned = sealed(records, "Noted"), sealed(records, "Planned")
    day = END + timedelta(3)
    about = Subject("campaign", str(noted))
    records.add_note(about, "Begins", day=START, author="ann", now=NOW)
    assert len(waiting_results(records, day)) == 2
    records.add_note(about, "It worked", day=day, author="ann", now=NOW)
    assert [number for number, _, _ in waiting_results(records, day)] == [planned]
    later = datetime.combine(day, NOW.timetz())
    records.add_task(Subject("campaign", str(planned)), "Tell Ben", author="ann", now=later)
    assert waiting_results(records, day) == ()
