"""Rows that imports set aside leave as letters, whatever their files held."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pytest

from crm_core.privacy.escape import one_line, unescape
from crm_core.privacy.set_aside import write_rows
from crm_core.store.quarantine import Layout
from tests.privacy.test_escape import BREAKS, HARMLESS, PAYLOADS


@pytest.mark.parametrize("text", [*PAYLOADS, *BREAKS, *HARMLESS])
def test_no_row_set_aside_starts_what_a_spreadsheet_runs(text: str) -> None:
    """As a value, as the heading above it, as the file and the column it came from."""
    heading = text or "name"
    row = {
        "batch_id": 1,
        "source_file": text,
        "source_row": 2,
        "column_name": text,
        "reason": "import_bad_date",
        "raw": json.dumps({heading: text}),
    }
    stream = io.BytesIO()
    layout = Layout((heading,), {(1, text): ""})
    assert write_rows(stream, layout, [pa.RecordBatch.from_pylist([row])], "en") == 1
    told = io.StringIO(stream.getvalue().decode("utf-8-sig"), newline="")
    header, cells = csv.reader(told)  # no break in a value makes a row of its own
    found = dict(zip(header, cells, strict=True))
    values = (cells[0], found["clientele_column"], found["clientele_file"])
    assert [unescape(value) for value in values] == [one_line(text)] * 3
    assert all(value.startswith("'") is (text in PAYLOADS or text[:1] == "'") for value in values)
    assert header[0].startswith("'") is cells[0].startswith("'")
