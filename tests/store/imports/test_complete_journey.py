from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from crm_core.store.imports import recognise
from tests.store.imports.conftest import Staged


@pytest.mark.slow
def test_the_year_has_its_published_totals(
    staged: Callable[..., Staged], complete_journey: Path
) -> None:
    done = staged(complete_journey)
    result = done.result
    assert result.format == "complete_journey"
    assert (result.rows_read, result.quarantined, result.duplicates) == (1_469_307, 0, 0)
    assert result.totals["orders"] == 155_848
    assert result.totals["customers"] == 2_469
    assert result.totals["net"] == 4_596_039.58
    assert result.starts_with_shop is False
    assert result.good["products"] == 92_331
    assert result.good["touches"] == 6_589
    assert {row[0] for row in done.rows("touches", "distinct arm")} == {"treated"}
    assert "import_not_random" in {notice.code for notice in result.notices}
    exact = "count(*) filter (line_total - discount < 0), max(quantity)"
    assert done.rows("order_lines", exact) == [(0, 144)]


def test_promotions_are_never_read(complete_journey: Path) -> None:
    names = {file.path.name for file in recognise([complete_journey]).files}
    assert "transactions.parquet" in names
    assert "promotions.parquet" not in names


def test_bad_lines_are_set_aside(
    staged: Callable[..., Staged],
    con: duckdb.DuckDBPyConnection,
    complete_journey: Path,
    tmp_path: Path,
) -> None:
    log = f"'{complete_journey / 'transactions.parquet'}'"
    con.execute(
        f"copy (select * exclude (i) replace (case when i = 3 then null else household_id end as household_id, "
        "case when i = 5 then 'nan'::double else sales_value end as sales_value, "
        "case when i = 7 then -1 else quantity end as quantity) from "
        f"(select *, row_number() over () as i from {log} limit 20)) "
        f"to '{tmp_path}/transactions.parquet'"
    )
    done = staged(tmp_path)
    assert done.rows("quarantine", "source_row, column_name, reason", "1") == [
        (3, "household_id", "import_missing_value"),
        (5, "sales_value", "import_bad_number"),
        (7, "quantity", "import_negative_quantity"),
    ]
    assert done.result.good["order_lines"] == 17
