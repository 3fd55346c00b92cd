"""A table leaves as the screen shows it, with a line in the log that it can be held against."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.privacy.export_table import TableTold, export_table
from crm_core.privacy.policy import Access
from crm_core.records import ShopSettings, open_records

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
TABLE = TableTold(
    "Explore",
    ("Category", "Revenue"),
    [["Tea", 297647.46], ["=1+1", 12.5], ["Total", 297659.96]],
    {"by": ["category"]},
    {"revenue": 297659.96},
)


def test_the_file_is_the_screen_and_the_log_has_its_total(tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path}/records.sqlite")
    out = io.BytesIO()
    owner = Access("single_user", "owner")
    result = export_table(access=owner, records=records, table=TABLE, now=NOW, out=out)
    rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    assert rows[0] == ["Category", "Revenue"]
    assert float(rows[1][1]) + float(rows[2][1]) == pytest.approx(float(rows[3][1]))
    assert not rows[2][0].startswith("=")
    (line,) = records.audit_lines(action="export_table", limit=5)
    assert line.subject["control_totals"] == {"revenue": 297659.96}
    assert (line.rows, line.export_id) == (3, result.export_id)
    assert line.sha256 == hashlib.sha256(out.getvalue()).hexdigest()


def test_a_viewer_takes_no_table_along(tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path}/records.sqlite")
    out = io.BytesIO()
    with pytest.raises(CrmError, match="privacy_denied"):
        export_table(access=Access("viewer", "ann"), records=records, table=TABLE, now=NOW, out=out)
    assert out.getvalue() == b""
    (line,) = records.audit_lines(action="export_denied", limit=5)
    assert line.user == "ann"


def test_a_table_is_not_named_by_what_the_shop_calls_sensitive(tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path}/records.sqlite")
    told = replace(ShopSettings(), sensitive_categories=("Tea",))
    records.save_shop_settings(told, "owner", NOW)
    owner, table = Access("single_user", "owner"), replace(TABLE, name="Teas by month")
    result = export_table(access=owner, records=records, table=table, now=NOW, out=io.BytesIO())
    assert result.file_name.startswith("by-month-")
    assert records.audit_lines(action="export_table")[0].subject["list"] == "by month"
