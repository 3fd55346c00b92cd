"""A store that tells some tables otherwise than it holds them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crm_core.store import Store


class Retold:
    """The store with other rows in the tables named, to be fetched whole."""

    def __init__(self, store: Store, **tables: pd.DataFrame) -> None:
        self.store, self.tables = store, tables

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def table(self, name: str) -> Any:
        return self.tables[name] if name in self.tables else self.store.table(name)

    def fetch(self, asked: Any) -> pd.DataFrame:
        return asked if isinstance(asked, pd.DataFrame) else self.store.fetch(asked)
