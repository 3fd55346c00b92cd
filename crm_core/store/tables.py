"""A store as its readers see it, on any engine: expressions in, small frames out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from ibis.expr.operations import UnboundTable

from crm_core.errors import CrmError, close_match
from crm_core.schema import VERSION

FETCH_LIMIT = 50_000
CATALOGS = ("facts", "scores", "decisions", "members", "work")
# Consents belong to the records: `consents` is their mirror, what files brought is apart.
_ALIASES = {("facts", "consents"): "imported_consents", ("members", "meta"): "members_meta"}
# What goes on growing after a row's own day: refunds of an order, a person's last day.
_LATE = {"customer_facts": ("last_day",), "order_facts": ("refund", "goods_cost")}


@dataclass(frozen=True)
class StoreMeta:
    """What a store says of itself."""

    name: str
    kind: Literal["demo", "shop"]
    snapshot: str
    schema_version: int
    currency: str
    timezone: str
    starts_with_shop: bool
    first_day: date
    last_day: date
    as_of: date
    already_until: date | None
    rules: str


class Reader(Protocol):
    """One engine's way to find tables and to run an expression over them.

    The answer's types are those of the expression, on every engine: decimals come as floats in
    a frame and as decimals in batches, days as timestamps in a frame.
    """

    def tables(self) -> Mapping[str, ir.Table]:
        """The tables there are, as unbound expressions."""
        ...

    def frame(self, expr: ir.Table, seconds: float) -> pd.DataFrame:
        """All rows of an expression that was limited before; stopped after `seconds`."""
        ...

    def batches(self, expr: ir.Table, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """All rows of an expression, in memory only a batch at a time."""
        ...

    def close(self) -> None:
        """Lets go of what the reader holds open."""
        ...


class Tables:
    """Named tables as unbound expressions; `fetch` and `stream` run them.

    An expression cannot run itself: only the reader in here holds a connection.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._schemas: dict[str, ir.Table] = {}
        self.refresh_tables()

    def refresh_tables(self) -> None:
        """Learns the tables' columns anew, after some were made."""
        self._schemas = dict(self._reader.tables())

    def has(self, name: str) -> bool:
        """Whether a table of that name is there."""
        return name in self._schemas

    def table(self, name: str) -> ir.Table:
        """The table as an expression.

        Raises: CrmError("no_such_table").
        """
        if name not in self._schemas:
            raise CrmError("no_such_table", name=name, match=close_match(name, self._schemas))
        return self._schemas[name]

    def fetch(
        self, expr: ir.Table, limit: int = FETCH_LIMIT, seconds: float = 60.0
    ) -> pd.DataFrame:
        """The rows of an expression: money as float, days as timestamps.

        Raises: CrmError("too_many_rows") above `limit`, ("query_timeout") after `seconds`,
        ("query_too_large") for memory, ("store_damaged") where a file fails its checksums,
        ("store_unreachable") where a server does not answer.
        """
        frame = self._reader.frame(expr.limit(limit + 1), seconds)
        if len(frame) > limit:
            raise CrmError("too_many_rows", limit=limit)
        return frame

    def stream(
        self,
        expr: ir.Table,
        batch_rows: int = 100_000,
        *,
        purpose: Literal["fit", "score", "export"],
    ) -> Iterator[pa.RecordBatch]:
        """All rows of an expression in batches: bounded memory, no bound on rows."""
        del purpose  # stated by the caller for whoever reads the code, and by import contract
        yield from self._reader.batches(expr, batch_rows)

    def close(self) -> None:
        """Lets go of the files or connections."""
        self._reader.close()


class Store(Tables):
    """One pinned snapshot of a shop's facts, its scores and the decisions beside them."""

    def __init__(
        self,
        reader: Reader,
        meta: StoreMeta,
        *,
        scores_snapshot: str | None = None,
        scores: Mapping[str, str] | None = None,
        scores_damaged: bool = False,
        decisions: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reader)
        self.meta = meta
        self.snapshot = meta.snapshot
        self.scores_snapshot = scores_snapshot
        self.scores_as_of = as_day((scores or {}).get("as_of"))
        self.scores_facts = (scores or {}).get("facts")
        self.scores_damaged = scores_damaged
        self.decisions_revision = int((decisions or {}).get("revision", 0))

    def fetch(
        self, expr: ir.Table, limit: int = FETCH_LIMIT, seconds: float = 60.0
    ) -> pd.DataFrame:
        """Also raises CrmError("scores_damaged"); the store then goes on without scores."""
        try:
            return super().fetch(expr, limit, seconds)
        except CrmError as error:
            if error.code != "store_damaged" or not any(
                map(_is_score, expr.op().find(UnboundTable))
            ):
                raise
            file, self.scores_snapshot = self.scores_snapshot, None
            self.scores_as_of, self.scores_damaged = None, True
            self._schemas = {n: t for n, t in self._schemas.items() if not _is_score(t.op())}
            raise CrmError("scores_damaged", file=file) from None

    def at(self, as_of: date) -> StoreAt:
        """The same tables, cut to what had happened by the end of `as_of`."""
        return StoreAt(self, as_of)


class StoreAt:
    """Tables without a future: a feature that reads them cannot look ahead."""

    def __init__(self, store: Tables, as_of: date) -> None:
        self.store = store
        self.as_of = as_of

    def has(self, name: str) -> bool:
        """Whether a table of that name is there."""
        return self.store.has(name)

    def table(self, name: str) -> ir.Table:
        """The table with only the rows whose day is not after `as_of`.

        Tables without a day of their own (products, people) come whole; `customer_facts` keeps
        only people seen by then. Columns that sum up what came after are left out.
        """
        table = self.store.table(name)
        days = ("first_day",) if name == "customer_facts" else ("day", "known_on")
        for day in days:
            if day in table.columns:
                table = table.filter(table[day] <= ibis.literal(self.as_of))
        return table.drop(*[late for late in _LATE.get(name, ()) if late in table.columns])


def _is_score(table: Any) -> bool:
    """Whether a table of an expression is one of the scores file's."""
    return table.namespace.catalog == "scores"


def named(catalog: str, table: str) -> str:
    """What a table of a catalogue is called in a store.

    >>> named("facts", "consents"), named("decisions", "consents")
    ('imported_consents', 'consents')
    """
    return _ALIASES.get((catalog, table), table)


def meta_of(pairs: Mapping[str, str], snapshot: str) -> StoreMeta:
    """What the facts of a snapshot say of themselves.

    Raises: CrmError("store_version") for another schema version, ("store_empty") where every
    import with an order that counts was taken back.
    """
    version = int(pairs["schema_version"])
    if version != VERSION:
        raise CrmError("store_version", found=version, needed=VERSION)
    if "first_day" not in pairs:
        raise CrmError("store_empty")
    return StoreMeta(
        name=pairs["name"],
        kind="demo" if pairs["kind"] == "demo" else "shop",
        snapshot=snapshot,
        schema_version=version,
        currency=pairs["currency"],
        timezone=pairs["timezone"],
        starts_with_shop=pairs["starts_with_shop"] == "true",
        first_day=date.fromisoformat(pairs["first_day"]),
        last_day=date.fromisoformat(pairs["last_day"]),
        as_of=date.fromisoformat(pairs["as_of"]),
        already_until=as_day(pairs.get("already_until")),
        rules=pairs.get("rules", "{}"),
    )


def as_day(text: str | None) -> date | None:
    """A day from its ISO text; nothing from nothing."""
    return date.fromisoformat(text) if text else None
