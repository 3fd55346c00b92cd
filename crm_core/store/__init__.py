"""Where rows live: engines, snapshots, readers, one writer. Nothing else executes."""

from crm_core.store.engines import Decisions, Engine, engine_of, open_store
from crm_core.store.grouped import Among, Between, Figure, Grouped, Prepared
from crm_core.store.sampled import Sampled
from crm_core.store.snapshots import Pointer
from crm_core.store.tables import FETCH_LIMIT, Store, StoreAt, StoreMeta, Tables
from crm_core.store.write import Build, Change

__all__ = [
    "FETCH_LIMIT",
    "Among",
    "Between",
    "Build",
    "Change",
    "Decisions",
    "Engine",
    "Figure",
    "Grouped",
    "Pointer",
    "Prepared",
    "Sampled",
    "Store",
    "StoreAt",
    "StoreMeta",
    "Tables",
    "engine_of",
    "open_store",
]
