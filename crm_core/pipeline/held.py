"""What is held beside the snapshots, and how it goes when its time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from crm_core.records import Records
from crm_core.store.batches import Batch, tidy_told
from crm_core.store.uploads import tidy_uploads


def tidy_held(folder: Path, log: Sequence[Batch], *, records: Records, now: datetime) -> None:
    """Removes what no batch of the store's current log told, and originals kept long enough.

    Only the store's writer may: an import at work has written what nothing names yet.
    """
    tidy_told(folder, log)
    tidy_uploads(folder, log, days=records.shop_settings().raw_uploads_days, now=now)
