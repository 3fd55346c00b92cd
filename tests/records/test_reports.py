"""Reports are remembered by month and filters, for later ones to be held against."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from crm_core.records import Records, Reported
from tests.records.conftest import NOW

OCTOBER = Reported(
    date(2026, 10, 1), {}, "facts-000001.duckdb", {"orders": 412.0, "margin": None}, NOW, "ann"
)


def test_a_report_is_found_by_its_month_and_filters(records: Records) -> None:
    later = replace(OCTOBER, numbers={"orders": 418.0}, made_at=NOW + timedelta(3))
    web = replace(OCTOBER, asked={"sales_channel": ["web"]})
    for each in (OCTOBER, later, web, replace(OCTOBER, month=date(2026, 9, 1))):
        records.keep_report(each)
    assert records.reports_of(OCTOBER.month, {}) == [later, OCTOBER]
    assert records.reports_of(OCTOBER.month, {"sales_channel": ("web",)}) == [web]
    assert records.reports_of(date(2026, 8, 1), {}) == []
