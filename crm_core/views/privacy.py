"""What is held here: rows by table and the personal data in them, and the imports they are of."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crm_core.pipeline.imports import batches
from crm_core.privacy.policy import Access
from crm_core.schema import TABLES
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.store.batches import Batch


@dataclass(frozen=True)
class Privacy:
    """`tables`: table, rows, personal (codes of what names a person, joined); `log`: the imports
    whose originals may still be kept."""

    tables: pd.DataFrame
    log: tuple[Batch, ...]


def privacy(selection: Selection, *, store: Store, access: Access) -> Privacy:
    """Counts every table that holds rows. Names nobody."""
    del selection, access
    rows = [
        {"table": name, "rows": _count(store, name), "personal": _personal(name)}
        for name in TABLES
        if store.has(_stored(name))
    ]
    frame = pd.DataFrame(rows, columns=["table", "rows", "personal"])
    return Privacy(frame[frame["rows"] > 0].reset_index(drop=True), _log(store))


def _stored(table: str) -> str:
    return "imported_consents" if table == "consents" else table


def _count(store: Store, table: str) -> int:
    expr = store.table(_stored(table))
    return int(store.fetch(expr.agg(rows=expr.count()))["rows"].iloc[0])


def _personal(table: str) -> str:
    tags = [column.pii for column in TABLES[table].stored() if column.pii]
    return " ".join(dict.fromkeys(tags))


def _log(store: Store) -> tuple[Batch, ...]:
    return tuple(
        Batch(
            int(batch["batch_id"]),
            batch["imported_at"].to_pydatetime(),
            batch["files"],
            batch["format"],
            {"files": batch["report"].get("files", [])},
            undone_at=batch["undone_at"],
        )
        for batch in batches(store)
    )
