"""A report leaves with a line in the log; whoever sees the shop's numbers may have it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crm_core.documents import Document, Section, Text
from crm_core.errors import CrmError
from crm_core.privacy.export_report import ReportTold, export_report
from crm_core.privacy.policy import Access
from crm_core.records import Records, Reported, open_records

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
DOCUMENT = Document(
    "en", "Monthly review", "Juniper", "Oct 2026", (), (Section("A", (Text(("b",)),)),), "foot",
    "{page}", NOW,
)  # fmt: skip
NUMBERS = {"net_revenue": 1_199_294_512.45, "orders": 412.0}
TOLD = ReportTold(
    "Review 2026-10",
    DOCUMENT,
    Reported(date(2026, 10, 1), {"category": ["Tea"]}, "facts-000001.duckdb", NUMBERS, NOW, "vic"),
)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return open_records(f"sqlite:///{tmp_path}/records.sqlite")


@pytest.mark.parametrize("role", ["viewer", "marketer", "admin", "single_user"])
def test_whoever_sees_numbers_may_take_them_away(records: Records, role: str) -> None:
    access = Access(role, "vic", present=True)  # pyright: ignore[reportArgumentType]
    out = io.BytesIO()
    left = export_report(
        access=access, records=records, told=TOLD, file_format="pdf", now=NOW, out=out
    )
    assert out.getvalue().startswith(b"%PDF")
    assert left.file_name == f"Review-2026-10-20261103-{left.export_id}.pdf"
    (line,) = records.audit_lines(action="export_report", limit=5)
    assert line.subject == {
        "list": "Review 2026-10", "format": "pdf", "asked": {"category": ["Tea"]},
        "month": "2026-10", "snapshot": "facts-000001.duckdb", "control_totals": NUMBERS,
    }  # fmt: skip
    assert (line.user, line.sha256, line.export_id) == ("vic", left.sha256, left.export_id)
    assert records.reports_of(date(2026, 10, 1), {"category": ["Tea"]}) == [TOLD.reported]


def test_who_sees_no_numbers_gets_none_and_the_log_says_so(records: Records) -> None:
    out = io.BytesIO()
    with pytest.raises(CrmError) as error:
        export_report(
            access=Access("care", "cora"), records=records, told=TOLD, file_format="pdf", now=NOW,
            out=out,
        )  # fmt: skip
    assert (error.value.code, out.getvalue()) == ("privacy_denied", b"")
    assert [line.action for line in records.audit_lines()] == ["export_denied"]
    assert records.reports_of(date(2026, 10, 1), {"category": ["Tea"]}) == []
