"""Where rows live: snapshots, readers, one writer. Nothing else executes."""

from crm_core.store.connection import (
    FETCH_LIMIT,
    Store,
    StoreAt,
    StoreMeta,
    Tables,
    open_store,
    version_of,
)
from crm_core.store.snapshots import folder_of, read_pointer
from crm_core.store.write import Build, Change, write_decisions, writing

__all__ = [
    "FETCH_LIMIT",
    "Build",
    "Change",
    "Store",
    "StoreAt",
    "StoreMeta",
    "Tables",
    "folder_of",
    "open_store",
    "read_pointer",
    "version_of",
    "write_decisions",
    "writing",
]
