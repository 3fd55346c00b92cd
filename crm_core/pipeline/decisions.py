"""Decisions between their owner (records) and the engine that must join them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.pipeline.campaigns import hold_globally
from crm_core.records import Records
from crm_core.store import Engine, Store

_BATCH_ROWS = 100_000
_REBUILT = "rebuilt.pending"


def mark_pending(engine: Engine, *, rebuilt: bool = False) -> None:
    """Says that the records may not have heard yet of what is about to be published.

    That a store was made anew stays said until it has reached them.
    """
    if rebuilt:
        _rebuilt(engine).touch()
    engine.set_pending(True)


def _rebuilt(engine: Engine) -> Path:
    return engine.folder / _REBUILT


def finish_sync(engine: Engine, records: Records) -> bool:
    """Does what an import that was cut off after publishing had left to do; whether there was.

    Else a denial in its file, or that of a customer who was found to be another, would not count.
    """
    if not engine.pending():
        return False
    try:
        with engine.writing():
            sync_consents(engine, records)
    except CrmError as error:
        # An import at work does it itself; an empty store has nothing to tell.
        if error.code not in ("store_busy", "store_read_only", "store_empty"):
            raise
        return False
    return True


def sync_consents(engine: Engine, records: Records) -> int:
    """Copies consents that files brought into the records, their one owner; how many were new.

    First, what people decided about a customer follows the key that a merge gave the customer.
    Where the store was made anew it also comes apart with customers who are two after all, and
    consents that no file tells any more leave. Last, whom no campaign writes to is written down.
    Safe to repeat: a move is made once, the same event counts once. Nothing is pending then.
    """
    rebuilt = _rebuilt(engine)
    if not rebuilt.exists():
        with closing(engine.open()) as store:
            records.move_customers(_moves(store))
            added = sum(records.load_consents(events) for events in _told(store))
            _hold_newcomers(store, records)
    else:
        added = _replace(engine, records)
        rebuilt.unlink()
    engine.set_pending(False)
    return added


def _replace(engine: Engine, records: Records) -> int:
    """Lets the records say of customers and imported consents just what the store does."""
    try:
        store = engine.open()
    except CrmError as error:
        if error.code != "store_empty":  # so is one whose imports were all taken back
            raise
        records.separate_customers([])
        return records.replace_imported([])[0]
    with closing(store):
        moves = _moves(store)
        records.separate_customers(moves)
        records.move_customers(moves)
        added = records.replace_imported(_told(store))[0]
        _hold_newcomers(store, records)
        return added


def _hold_newcomers(store: Store, records: Records) -> None:
    """Those of new customers whom no campaign writes to are in the list that other tools get."""
    if records.campaign_policy().global_control_share:
        hold_globally(store, records)


def _told(store: Store) -> Iterator[pa.Table]:
    consents = store.table("imported_consents").drop("day", "batch_id")
    for batch in store.stream(consents, _BATCH_ROWS, purpose="score"):
        yield pa.Table.from_batches([batch])


def _moves(store: Store) -> list[tuple[int, int]]:
    """Every customer key that was ever given up, and the one it became."""
    pairs: list[tuple[int, int]] = []
    if not store.has("key_moves"):
        return pairs
    moves = store.table("key_moves").select("old_key", "new_key")
    for batch in store.stream(moves, _BATCH_ROWS, purpose="score"):
        pairs += zip(batch["old_key"].to_pylist(), batch["new_key"].to_pylist(), strict=True)
    return pairs
