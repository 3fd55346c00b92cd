"""The imports so far: when, what, how many rows."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crm_core.pipeline.imports import batches
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

_ROWS = ("read", "loaded", "duplicate", "quarantined")


@dataclass(frozen=True)
class Imports:
    """`batches`: batch_id, imported_at, files, format, read, loaded, duplicate, quarantined."""

    batches: pd.DataFrame


def imports(selection: Selection, *, store: Store, access: Access) -> Imports:
    """Lists the latest two hundred imports, newest first."""
    del selection, access
    rows = [
        {
            **{key: batch[key] for key in ("batch_id", "imported_at", "files", "format")},
            **{name: batch["report"]["rows"].get(name, 0) for name in _ROWS},
        }
        for batch in batches(store)
    ]
    columns = ["batch_id", "imported_at", "files", "format", *_ROWS]
    return Imports(pd.DataFrame(rows, columns=columns))
