"""Tables in memory: a bounded copy of a store's rows that may be changed, for trials."""

from __future__ import annotations

import pyarrow as pa

from crm_core.store.connection import DuckReader, connect
from crm_core.store.tables import Tables


class Scratch(Tables):
    """Tables that lie in memory alone, and end with it."""

    def __init__(self) -> None:
        self._root = connect()
        self._root.execute("ATTACH ':memory:' AS work")
        self._root.execute("SET TimeZone='UTC'")
        super().__init__(DuckReader(self._root, is_small=True))

    def put(self, name: str, rows: pa.Table) -> None:
        """Keeps rows as a table, in place of the one of that name."""
        self._root.register("incoming_rows", rows)
        try:
            self._root.execute(
                f"CREATE OR REPLACE TABLE work.main.{name} AS SELECT * FROM incoming_rows"
            )
        finally:
            self._root.unregister("incoming_rows")
        self.refresh_tables()
