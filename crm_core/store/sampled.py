"""A share of a store's customers, drawn by their keys: the same ones on every day and every run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from crm_core.store.tables import FETCH_LIMIT, Tables

# Keys are given in the order in which people came; times a number without common factors, modulo
# a prime, they lie in no order that has to do with it.
_PRIME, _FACTOR = 1_000_003, 387_671


class Sampled(Tables):
    """The tables of a store with the rows of a share of its customers only."""

    def __init__(self, store: Tables, share: float) -> None:
        self._store = store
        self.share = share

    def has(self, name: str) -> bool:
        """Whether a table of that name is there."""
        return self._store.has(name)

    def table(self, name: str) -> ir.Table:
        """The table; where its rows are of customers, of those drawn."""
        table = self._store.table(name)
        if "customer_key" not in table.columns:
            return table
        place = (table.customer_key % _PRIME) * _FACTOR % _PRIME
        return table.filter(place < int(self.share * _PRIME))

    def fetch(
        self, expr: ir.Table, limit: int = FETCH_LIMIT, seconds: float = 60.0
    ) -> pd.DataFrame:
        """As of the whole store."""
        return self._store.fetch(expr, limit, seconds)

    def stream(
        self,
        expr: ir.Table,
        batch_rows: int = 100_000,
        *,
        purpose: Literal["fit", "score", "export"],
    ) -> Iterator[pa.RecordBatch]:
        """As of the whole store."""
        return self._store.stream(expr, batch_rows, purpose=purpose)
