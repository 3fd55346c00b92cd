"""The demo's store as it is shipped is the one that this program builds of the demo's files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from crm_core.pipeline import workspace
from crm_core.pipeline.workspace import DEMO_DATA, demo_url, ensure_demo, open_workspace
from crm_core.records import ShopSettings, open_records
from crm_core.schema import SCORES
from crm_core.settings import Settings

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 1, 12, tzinfo=UTC)  # none of the demo's orders is in the future
_MAKE = "tools/make_demo.py --built makes data/built anew"


@pytest.fixture(scope="module")
def both(
    copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> duckdb.DuckDBPyConnection:
    """The snapshots unpacked (`facts`, `scores`) and those built (`facts_anew`, `scores_anew`)."""
    shipped = copy_demo(tmp_path_factory.mktemp("shipped"))
    anew = tmp_path_factory.mktemp("anew")
    ensure_demo(Settings(var=anew), now=LATER, anew=True)
    root = duckdb.connect()
    for folder, suffix in ((shipped, ""), (anew, "_anew")):
        for kind in ("facts", "scores"):
            (file,) = (folder / "demo").glob(f"{kind}-*.duckdb")
            root.execute(f"ATTACH '{file}' AS {kind}{suffix} (READ_ONLY)")
    return root


def _columns(root: duckdb.DuckDBPyConnection, name: str) -> dict[str, list[tuple[str, str]]]:
    rows = root.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = ? "
        "ORDER BY table_name, column_index",
        [name],
    ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, []).append((column, kind))
    return tables


def test_every_table_of_scores_is_known_by_name(both: duckdb.DuckDBPyConnection) -> None:
    assert set(_columns(both, "scores")) - {"meta"} == set(SCORES)


@pytest.mark.parametrize("kind", ["facts", "scores"])
def test_the_shipped_store_is_what_is_built(both: duckdb.DuckDBPyConnection, kind: str) -> None:
    shipped, built = _columns(both, kind), _columns(both, f"{kind}_anew")
    assert shipped == built, _MAKE
    different: dict[str, int] = {}
    for table, columns in built.items():
        said = ", ".join(
            f'round("{name}", 6)' if form == "DOUBLE" else f'"{name}"'
            for name, form in columns
            if name != "imported_at"
        )
        ones, others = (f"SELECT {said} FROM {name}.{table}" for name in (kind, f"{kind}_anew"))
        row = both.execute(
            f"SELECT (SELECT count(*) FROM ({ones} EXCEPT ALL {others})) "
            f"+ (SELECT count(*) FROM ({others} EXCEPT ALL {ones}))"
        ).fetchone()
        if row != (0,):
            different[table] = row[0] if row else -1
    assert not different, _MAKE


def test_rows_lie_in_the_order_in_which_they_are_asked_for(
    both: duckdb.DuckDBPyConnection,
) -> None:
    """One person's history, and one day's entries, are read from few blocks."""
    for table in ("ledger", "ledger_by_day", "day_sums"):
        same = both.execute(
            f"SELECT count(*) FROM (SELECT row_number() OVER () AS n, * FROM facts.{table}) a "
            f"POSITIONAL JOIN facts_anew.{table} b WHERE a.day IS DISTINCT FROM b.day"
        ).fetchone()
        assert same == (0,), table


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a first start does that takes long: nothing but a line here."""
    told: list[str] = []
    monkeypatch.setattr(workspace, "run_import", lambda *_, **__: told.append("import"))
    monkeypatch.setattr(workspace, "refresh_scores", lambda *_, **__: told.append("scores"))
    return told


def test_a_first_start_neither_imports_nor_learns(tmp_path: Path, asked: list[str]) -> None:
    ensure_demo(Settings(var=tmp_path), now=NOW)
    assert asked == [], _MAKE
    assert (tmp_path / "demo" / "source.sha256").is_file()


def test_a_demo_of_other_files_is_built_from_them(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was packed of one shop never stands for another."""
    monkeypatch.setattr(workspace, "fingerprint", lambda data: f"other than {data.name}")
    ensure_demo(Settings(var=tmp_path), now=NOW)
    assert asked == ["import", "scores"]


def test_a_damaged_file_is_no_reason_not_to_start(tmp_path: Path, asked: list[str]) -> None:
    data = tmp_path / "data"
    shutil.copytree(DEMO_DATA, data)
    for file, bytes_ in (
        ("built/facts/orders.parquet", b"not Parquet"),
        ("built/built.json", b"{"),
    ):
        (data / file).write_bytes(bytes_)
        ensure_demo(Settings(var=tmp_path / file), now=NOW, data=data)
    assert asked == ["import", "scores"] * 2


def test_a_demo_that_somebody_set_up_differently_is_built(tmp_path: Path, asked: list[str]) -> None:
    """Its settings count as they would in an import."""
    settings = Settings(var=tmp_path)
    records = open_records(workspace.workspace(settings, demo_url(settings)).records_url)
    records.save_shop_settings(ShopSettings(payment_fee_rate="0.05"), "ann", NOW)
    records.close()
    ensure_demo(settings, now=NOW)
    assert asked == ["import", "scores"]


def test_the_shop_tells_when_it_came_in(copy_demo: Callable[[Path], Path], tmp_path: Path) -> None:
    settings = Settings(var=copy_demo(tmp_path / "var"))
    store, records = open_workspace(settings, workspace.workspace(settings, demo_url(settings)))
    (imported,) = store.fetch(store.table("import_batches"))["imported_at"]
    assert imported.replace(tzinfo=UTC) == NOW
    store.close()
    records.close()
