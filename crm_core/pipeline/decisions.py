"""Decisions between their owner (records) and the engine that must join them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store import Store, folder_of, open_store, write_decisions, writing

_BATCH_ROWS = 100_000
_PENDING = "decisions.pending"


def sync_pending(url: str) -> Path:
    """The mark of an import whose consents and moves may not have reached the records yet."""
    return folder_of(url) / _PENDING


def finish_sync(url: str, *, settings: Settings, records: Records) -> bool:
    """Does what an import that was cut off after publishing had left to do; whether there was.

    Else a denial in its file, or that of a customer who was found to be another, would not count.
    """
    mark = sync_pending(url)
    if not mark.exists():
        return False
    try:
        with writing(folder_of(url), settings):
            sync_consents(url, settings=settings, records=records)
            mark.unlink(missing_ok=True)
    except CrmError as error:
        # An import at work does it itself; an empty store has nothing to tell.
        if error.code not in ("store_busy", "store_read_only", "store_empty"):
            raise
        return False
    return True


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
    if not store.has("key_moves"):
        return pairs
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
