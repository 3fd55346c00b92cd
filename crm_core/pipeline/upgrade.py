"""Stores written by an earlier version of the program, brought to the tables of this one."""

from __future__ import annotations

from collections.abc import Callable

from crm_core.errors import CrmError
from crm_core.pipeline.forgetting import finish_forgetting
from crm_core.pipeline.planned_events import planned_events
from crm_core.pipeline.restored import finish_restore
from crm_core.pipeline.scores import refresh_marts, refresh_scores
from crm_core.records import Records
from crm_core.schema import VERSION
from crm_core.settings import Settings
from crm_core.store import engine_of


def ensure_version(
    url: str,
    *,
    settings: Settings,
    records: Records,
    progress: Callable[[str, float], None] = lambda step, share: None,
) -> bool:
    """Rebuilds a store of an earlier schema version as a new snapshot; whether it had to.

    Its rows are kept: tables and columns that are new since then start empty, marts and scores
    are made anew. A store of a later version is left alone (opening it says so). A restore that
    was cut off is completed before, an erasure after.
    """
    engine = engine_of(url, settings)
    finish_restore(engine, records)
    found = engine.version()
    if found is None or found >= VERSION:
        finish_forgetting(engine, records, settings)
        return False
    refresh_marts(url, settings=settings, records=records, progress=progress)
    try:
        refresh_scores(
            url,
            settings=settings,
            said=records.shop_settings(),
            planned=planned_events(records),
            progress=progress,
        )
    except CrmError as error:
        if error.code != "store_empty":  # its orders may all have been taken back
            raise
    finish_forgetting(engine, records, settings)
    return True
