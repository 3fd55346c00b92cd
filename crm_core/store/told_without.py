"""What imports told, kept so that any can be taken back, written anew without erased people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from crm_core.schema import TABLES
from crm_core.store.batches import Batch, synced, told_files, unite_told
from crm_core.store.columns import columns_at
from crm_core.store.connection import quoted
from crm_core.store.kept_out import count_buried, find_buried, without_buried
from crm_core.store.people import PeopleRules
from crm_core.store.tombstones import Tombstones


def find_told(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    kept: Iterable[Batch],
    buried: Tombstones,
    rules: PeopleRules,
) -> dict[Path, int]:
    """The kept files that tell of somebody erased, each with its batch's number.

    Needs the snapshot before as `old`; leaves what `without_told` needs.
    """
    batches = list(kept)
    find_buried(con, unite_told(con, folder, batches), buried, rules)
    return {
        path: batch.number
        for batch in batches
        for path in told_files(folder, batch)
        if path.stem in TABLES and count_buried(con, *_source(con, path))
    }


def without_told(con: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> None:
    """Writes these files anew, each in place of itself or not at all."""
    for path in files:
        source, present = _source(con, path)
        rest = without_buried(source, TABLES[path.stem], present)
        fresh = path.with_suffix(".part")
        con.execute(f"COPY ({rest}) TO {quoted(str(fresh))} (FORMAT parquet, COMPRESSION zstd)")
        synced(fresh).replace(path)
        synced(path.parent)


def _source(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, set[str]]:
    source = f"read_parquet({quoted(str(path))})"
    return source, set(columns_at(con, source))


def left_parts(folder: Path) -> Iterator[Path]:
    """What an interrupted writing left beside the files."""
    yield from folder.glob("batches/*/*.part")
