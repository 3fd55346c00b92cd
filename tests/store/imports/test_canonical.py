from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from crm_core.errors import CrmError
from tests.store.imports.conftest import Staged

ORDERS = "select 'o' || i as order_id, 'c' || (i % 3) as customer_id, timestamp '2026-01-01' + to_days(i::int) as ordered_at, 1.5::decimal(18,2) as shipping_income from range(10) t(i)"
LINES = "select case when i = 3 then null else 'o' || i end as order_id, '1' as line_id, 'p' as product_id, 2 as quantity, 2.5 as unit_price from range(10) t(i)"


@pytest.fixture
def folder(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> Callable[..., Path]:
    def write(**tables: str) -> Path:
        for name, select in tables.items():
            con.execute(f"copy ({select}) to '{tmp_path}/{name.replace('__', '-')}.parquet'")
        facts = {"format": "clientele-canonical", "currency": "EUR", "timezone": "Europe/Berlin"}
        manifest = json.dumps(facts | {"starts_with_shop": True})
        (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")
        return tmp_path

    return write


def test_a_folder_is_loaded_as_it_is(
    staged: Callable[..., Staged], folder: Callable[..., Path]
) -> None:
    done = staged(
        folder(orders=ORDERS, order_lines__0=LINES, order_lines__1=LINES.replace("'1'", "'2'"))
    )
    result = done.result
    assert (result.currency, result.timezone, result.starts_with_shop) == (
        "EUR", "Europe/Berlin", True,
    )  # fmt: skip
    assert result.good == {"orders": 10, "order_lines": 18}
    assert result.rows_read == 20
    assert done.rows("quarantine", "source_file, source_row, column_name, reason", "1") == [
        ("order_lines-0.parquet", 4, "order_id", "import_missing_value"),
        ("order_lines-1.parquet", 4, "order_id", "import_missing_value"),
    ]
    assert result.totals["gross"] == 90.0


def test_other_files_beside_the_tables_are_left_alone(
    staged: Callable[..., Staged], folder: Callable[..., Path], con: duckdb.DuckDBPyConnection
) -> None:
    path = folder(orders=ORDERS)
    (path / "truths").mkdir()
    (path / "truths.json").write_text("{}")
    con.execute(f"copy (select 1 as x) to '{path}/truths/customers.parquet'")
    assert staged(path).result.good == {"orders": 10}


@pytest.mark.parametrize(
    ("tables", "code", "match"),
    [
        ({"orders": ORDERS.replace("shipping_income", "shipping_incom")}, "import_unknown_column",
         "shipping_income"),
        ({"order": ORDERS}, "import_unknown_table", "orders"),
        ({"orders": ORDERS.replace("ordered_at", "promised_at")}, "import_missing_column", ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_schema_is_refused(
    staged: Callable[..., Staged],
    folder: Callable[..., Path],
    tables: dict[str, str],
    code: str,
    match: str,
) -> None:
    with pytest.raises(CrmError) as failure:
        staged(folder(**tables))
    assert failure.value.code == code
    assert failure.value.facts["match"] == match
