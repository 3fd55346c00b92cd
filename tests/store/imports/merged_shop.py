"""Imports one after the other, merged without the marts: what is stored after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from crm_core.store.imports import Mapping, recognise, stage
from crm_core.store.merge import Merged, merge

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


@dataclass
class MergedShop:
    """The tables of a store after some imports."""

    folder: Path
    snapshots: list[Path] = field(default_factory=list)

    def load(
        self, *files: Sequence[str], mapping: Mapping | None = None, now: datetime = NOW
    ) -> Merged:
        """Imports files, each a header and its rows, as one batch."""
        paths: list[Path] = []
        for number, rows in enumerate(files):
            paths.append(self.folder / f"{number}.csv")
            paths[-1].write_text("\n".join(rows) + "\n", encoding="utf-8")
        batch = len(self.snapshots) + 1
        snapshot = self.folder / f"{batch}.duckdb"
        with duckdb.connect(config={"threads": 1}) as con:
            con.execute("set threads = 1")
            con.execute("attach ':memory:' as work; use work")
            con.execute(f"attach '{snapshot}' as facts")
            if self.snapshots:
                con.execute(f"attach '{self.snapshots[-1]}' as old (read_only)")
            result = stage(
                con,
                recognise(paths, mapping=mapping),
                currency="EUR",
                timezone="UTC",
                now=now,
                progress=lambda _step, _share: None,
            )
            tables = set(result.good) - {"quarantine"}
            merged = merge(con, tables, batch=batch, timezone="UTC", now=now)
            con.execute("detach facts")
        self.snapshots.append(snapshot)
        return merged

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the stored tables."""
        with duckdb.connect(str(self.snapshots[-1]), read_only=True) as con:
            return con.execute(query).fetchall()


def loaded(merged: Merged) -> int:
    """Rows that an import brought or took away."""
    return sum(merged.loaded.values()) + merged.replaced
