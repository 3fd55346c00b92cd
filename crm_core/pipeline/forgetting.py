"""What was decided to go and was cut off is completed by whoever opens the store next."""

from __future__ import annotations

from crm_core.pipeline.erasing import finish_erasures
from crm_core.pipeline.retention import finish_letting_go
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store import Engine


def finish_forgetting(engine: Engine, records: Records, settings: Settings) -> bool:
    """Erases whom it was decided to erase, lets go of what it was decided to let go of; whether
    the store is another now.

    Raises: CrmError of `finish_erasures`.
    """
    erased = finish_erasures(engine, records, settings)
    return finish_letting_go(engine, records) or erased
