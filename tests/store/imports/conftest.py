"""Files as text in, staging tables out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from crm_core.store.imports import Mapping, Said, StageResult, recognise, stage

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEADER = "Order ID,Order Date,Customer ID,SKU,Product,Quantity,Price"


class Staged:
    """A staged import: its result, and rows of its tables."""

    def __init__(self, con: duckdb.DuckDBPyConnection, result: StageResult) -> None:
        self.con = con
        self.result = result
        # Whatever was read: every row and every amount of it is somewhere.
        assert result.bill.adds_up, (result.bill.rows, result.bill.findings)

    def rows(self, table: str, columns: str = "*", order: str = "all") -> list[tuple[object, ...]]:
        return self.con.execute(
            f"select {columns} from staging.{table} order by {order}"
        ).fetchall()

    def contents(self, table: str) -> list[tuple[object, ...]]:
        """Rows without their place in a file."""
        return self.rows(table, "* exclude (source_row, source_file)")


@contextmanager
def imported(content: str, mapping: Mapping) -> Iterator[Staged]:
    """A file's content staged by itself, for properties that try many."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"threads": 1}) as con:
        path = Path(folder) / "rows.csv"
        path.write_text(content, encoding="utf-8")
        result = stage(
            con,
            recognise([path], mapping=mapping),
            currency="EUR",
            timezone="UTC",
            now=NOW,
            progress=lambda _step, _share: None,
        )
        yield Staged(con, result)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set threads = 1")
        yield connection


@pytest.fixture
def staged(con: duckdb.DuckDBPyConnection) -> Callable[..., Staged]:
    """Imports files and folders."""

    def run(
        *paths: Path,
        mapping: Mapping | None = None,
        currency: str | None = None,
        timezone: str | None = None,
        format: str | None = None,
        said: Said | None = None,
    ) -> Staged:
        result = stage(
            con,
            replace(recognise(paths, mapping=mapping, format=format), said=said or Said()),
            currency=currency,
            timezone=timezone,
            now=NOW,
            progress=lambda _step, _share: None,
        )
        return Staged(con, result)

    return run


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file: the header row is given or the usual one."""

    def write(*rows: str, header: str = HEADER, name: str = "orders.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write
