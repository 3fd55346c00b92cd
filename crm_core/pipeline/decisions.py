"""Decisions between their owner (records) and the engine that must join them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store import Store, open_store, write_decisions

_BATCH_ROWS = 100_000


def sync_consents(url: str, *, settings: Settings, records: Records) -> int:
    """Copies consents that files brought into the records, their one owner; how many were new.

    First, what people decided about a customer follows the key that a merge gave the customer.
    Safe to repeat: a move is made once, the same event counts once.
    """
    store = open_store(url, settings=settings)
    try:
        records.move_customers(_moves(store))
        consents = store.table("imported_consents").drop("day", "batch_id")
        added = 0
        for batch in store.stream(consents, _BATCH_ROWS, purpose="score"):
            added += records.load_consents(pa.Table.from_batches([batch]))
        return added
    finally:
        store.close()


def _moves(store: Store) -> list[tuple[int, int]]:
    """Every customer key that was ever given up, and the one it became."""
    pairs: list[tuple[int, int]] = []
    moves = store.table("key_moves").select("old_key", "new_key")
    for batch in store.stream(moves, _BATCH_ROWS, purpose="score"):
        pairs += zip(batch["old_key"].to_pylist(), batch["new_key"].to_pylist(), strict=True)
    return pairs


def mirror_decisions(folder: Path, records: Records) -> Path:
    """The decisions as a file in `folder`, made anew only when a decision changed.

    The folder belongs to these records alone: two people's copies never share a mirror.
    """
    path = folder / f"decisions-{records.decisions_revision():09d}.duckdb"
    if not path.exists():
        mirror = records.mirror()
        path = folder / f"decisions-{mirror.revision:09d}.duckdb"
        write_decisions(path, mirror.tables, mirror.revision)
        for older in sorted(folder.glob("decisions-*.duckdb"))[:-2]:
            older.unlink(missing_ok=True)
    return path
