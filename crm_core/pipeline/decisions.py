"""Decisions between their owner (records) and the engine that must join them."""

from __future__ import annotations

from contextlib import closing

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.records import Records
from crm_core.store import Engine, Store

_BATCH_ROWS = 100_000


def finish_sync(engine: Engine, records: Records) -> bool:
    """Does what an import that was cut off after publishing had left to do; whether there was.

    Else a denial in its file, or that of a customer who was found to be another, would not count.
    """
    if not engine.pending():
        return False
    try:
        with engine.writing():
            sync_consents(engine, records)
            engine.set_pending(False)
    except CrmError as error:
        # An import at work does it itself; an empty store has nothing to tell.
        if error.code not in ("store_busy", "store_read_only", "store_empty"):
            raise
        return False
    return True


def sync_consents(engine: Engine, records: Records) -> int:
    """Copies consents that files brought into the records, their one owner; how many were new.

    First, what people decided about a customer follows the key that a merge gave the customer.
    Safe to repeat: a move is made once, the same event counts once.
    """
    with closing(engine.open()) as store:
        records.move_customers(_moves(store))
        consents = store.table("imported_consents").drop("day", "batch_id")
        added = 0
        for batch in store.stream(consents, _BATCH_ROWS, purpose="score"):
            added += records.load_consents(pa.Table.from_batches([batch]))
        return added


def _moves(store: Store) -> list[tuple[int, int]]:
    """Every customer key that was ever given up, and the one it became."""
    pairs: list[tuple[int, int]] = []
    if not store.has("key_moves"):
        return pairs
    moves = store.table("key_moves").select("old_key", "new_key")
    for batch in store.stream(moves, _BATCH_ROWS, purpose="score"):
        pairs += zip(batch["old_key"].to_pylist(), batch["new_key"].to_pylist(), strict=True)
    return pairs
