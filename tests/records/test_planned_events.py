"""Events that people type are kept, changed, removed and brought back; nothing odd gets in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.planned_events import COLUMNS, planned_events
from crm_core.records import EventPlan, Records, open_records
from tests.records.conftest import NOW

SALE = EventPlan("Garden Sale", "花园特卖", "promotion", date(2026, 8, 1), date(2026, 8, 3), 1.8)


def test_an_event_is_kept_changed_removed_and_brought_back(records: Records) -> None:
    kept = records.add_planned_event(SALE, author="mia", now=NOW)
    assert (kept.plan, kept.author, kept.made_at, kept.version) == (SALE, "mia", NOW, 1)
    moved = replace(SALE, ends_on=date(2026, 8, 5), uplift=None)
    changed = records.change_planned_event(kept.id, moved, version=1)
    assert (changed.plan, changed.version) == (moved, 2)
    with pytest.raises(CrmError, match="event_changed"):
        records.change_planned_event(kept.id, SALE, version=1)
    with pytest.raises(CrmError, match="event_changed"):
        records.remove_planned_event(kept.id, version=1)
    removed = records.remove_planned_event(kept.id, version=2)
    assert records.planned_events() == []
    with pytest.raises(CrmError, match="event_unknown"):
        records.remove_planned_event(kept.id, version=2)
    records.bring_back_planned_event(removed)
    (again,) = records.planned_events()
    assert (again.plan, again.author, again.version) == (moved, "mia", 2)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kind": "party"}, "event_invalid"),
        ({"ends_on": date(2026, 7, 31)}, "event_invalid"),
        ({"ends_on": SALE.starts_on + timedelta(62)}, "event_too_long"),
        ({"uplift": -0.5}, "event_uplift"),
        ({"uplift": float("nan")}, "event_uplift"),
        ({"name_en": " ", "name_zh": ""}, "records_name_invalid"),
        ({"name_zh": "花\u202e园"}, "records_name_invalid"),
    ],
)
def test_what_is_no_event_is_refused(wrong: dict[str, object], code: str) -> None:
    with pytest.raises(CrmError, match=code):
        replace(SALE, **wrong).checked()  # type: ignore[arg-type]


def test_the_forecast_gets_them_as_a_frame(tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path}/records.db")
    assert list(planned_events(records).columns) == list(COLUMNS)
    assert planned_events(records).empty
    records.add_planned_event(replace(SALE, uplift=None), author="mia", now=NOW)
    closed = EventPlan("", "盘点", "closed", date(2026, 7, 1), date(2026, 7, 1), 3.0)
    records.add_planned_event(closed, author="mia", now=NOW)
    frame = planned_events(records)
    assert frame["name"].tolist() == ["盘点", "Garden Sale"]
    assert frame["uplift"].iloc[0] == 0.0  # a closed day sells nothing, whatever was typed
    assert frame["uplift"].isna().tolist() == [False, True]
    records.close()


def test_ticks_of_a_checklist_are_of_one_time_of_one_event(records: Records) -> None:
    day, next_year = date(2026, 11, 11), date(2027, 11, 11)
    records.tick_event_step("singles_day", day, "order_stock", author="mia", now=NOW)
    records.tick_event_step("singles_day", day, "order_stock", author="ben", now=NOW)
    records.tick_event_step("own:Fair", day, "choose", author="ben", now=NOW)
    done = records.event_steps_done("singles_day", day)
    assert list(done) == ["order_stock"]
    assert (done["order_stock"].author, done["order_stock"].done_at) == ("mia", NOW)
    assert records.event_steps_done("singles_day", next_year) == {}
    records.untick_event_step("singles_day", day, "order_stock")
    records.untick_event_step("singles_day", day, "order_stock")
    assert records.event_steps_done("singles_day", day) == {}
    assert list(records.event_steps_done("own:Fair", day)) == ["choose"]
    with pytest.raises(CrmError, match="event_invalid"):
        records.tick_event_step("singles_day", day, "x" * 41, author="mia", now=NOW)
