"""A store as its readers see it, on any engine: expressions in, small frames out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from crm_core.store.answers import arrow_schema
from crm_core.store.grouped import (
    Dialect,
    Grouped,
    Prepared,
    answer_of,
    at_once,
    parted,
    statement,
)

FETCH_LIMIT = 50_000
#: How many expressions a store keeps in its engine's words.
MOST_PREPARED = 200
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
    #: What it was made of, where orders and reviews were left out (see `pipeline.without`).
    without: str = ""


class Reader(Protocol):
    """One engine's way to find tables and to run an expression over them.

    The answer's types are those of the expression, on every engine: decimals come as floats in
    a frame and as decimals in batches, days as timestamps in a frame.
    """

    def names(self) -> Iterable[str]:
        """The tables there are."""
        ...

    def described(self, name: str) -> ir.Table:
        """A table that was named, as an unbound expression."""
        ...

    def frame(self, expr: ir.Table, seconds: float) -> pd.DataFrame:
        """All rows of an expression that was limited before; stopped after `seconds`."""
        ...

    def batches(self, expr: ir.Table, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """All rows of an expression, in memory only a batch at a time."""
        ...

    @property
    def dialect(self) -> Dialect:
        """Whose words the engine understands."""
        ...

    @property
    def is_small(self) -> bool:
        """Whether the rows of any question fit into memory with ease."""
        ...

    def words(self, expr: ir.Table) -> str:
        """The expression in the engine's words."""
        ...

    def rows(self, words: str, schema: pa.Schema, seconds: float) -> list[tuple[Any, ...]]:
        """The few rows of a statement, as values of these types; stopped after `seconds`."""
        ...

    def close(self) -> None:
        """Lets go of what the reader holds open."""
        ...


class Named(Protocol):
    """Tables that are asked for by name: what an expression is put together from."""

    def has(self, name: str) -> bool:
        """Whether a table of that name is there."""
        ...

    def table(self, name: str) -> ir.Table:
        """The table as an expression."""
        ...


class Tables:
    """Named tables as unbound expressions; `fetch` and `stream` run them.

    An expression cannot run itself: only the reader in here holds a connection.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._names: set[str] = set()
        self._schemas: dict[str, ir.Table] = {}
        self._prepared: dict[Hashable, Prepared] = {}
        self.refresh_tables()

    def refresh_tables(self) -> None:
        """Learns anew which tables there are, after some were made."""
        self._names = set(self._reader.names())
        self._schemas, self._prepared = {}, {}

    def names(self) -> frozenset[str]:
        """The tables there are."""
        return frozenset(self._names)

    def has(self, name: str) -> bool:
        """Whether a table of that name is there."""
        return name in self._names

    def table(self, name: str) -> ir.Table:
        """The table as an expression.

        Raises: CrmError("no_such_table").
        """
        if name not in self._names:
            raise CrmError("no_such_table", name=name, match=close_match(name, self._names))
        if name not in self._schemas:
            self._schemas[name] = self._reader.described(name)
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

    def prepared(self, key: Hashable, make: Callable[[], ir.Table]) -> Prepared:
        """The expression that `make` gives in the engine's words: made once for each key."""
        found = self._prepared.get(key)
        if found is None:
            expr = make()
            found = Prepared(self._reader.words(expr), expr)
            if len(self._prepared) >= MOST_PREPARED:
                self._prepared = {}
            self._prepared[key] = found
        return found

    def groups(
        self, rows: Prepared, asked: Sequence[Grouped], *, limit: int, seconds: float = 60.0
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The groups of each grouping: its keys, then its figures. All are of the same rows, but
        for conditions on the keys and figures' columns, which are read once where they are few.

        Of more groups than `limit` one more than that comes, for the caller to see; where rows are
        many, each grouping is asked for when it is its turn.
        Raises: as `fetch`, but for the limit.
        """
        reader = self._reader
        if reader.is_small and len(asked) > 1:
            words, schema = at_once(rows, asked, reader.dialect, limit=limit + 1)
            yield from parted(reader.rows(words, schema, seconds), asked, schema)
            return
        for each in asked:
            words = statement(rows, each, reader.dialect, limit=limit + 1)
            yield reader.rows(words, answer_of(rows, each), seconds)

    def then(
        self, rows: Prepared, asked: Grouped, after: Prepared, *, limit: int, seconds: float = 60.0
    ) -> list[tuple[Any, ...]]:
        """The first rows of what `after` asks of the groups.

        Raises: as `fetch`, but for the limit.
        """
        words = statement(rows, asked, self._reader.dialect, then=after.words, limit=limit)
        return self._reader.rows(words, arrow_schema(after.expr, decimals=False), seconds)

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
        with self._less_scores(expr):
            return super().fetch(expr, limit, seconds)

    def groups(
        self, rows: Prepared, asked: Sequence[Grouped], *, limit: int, seconds: float = 60.0
    ) -> Iterator[list[tuple[Any, ...]]]:
        """As `fetch`, raises CrmError("scores_damaged")."""
        with self._less_scores(rows.expr):
            yield from super().groups(rows, asked, limit=limit, seconds=seconds)

    def then(
        self, rows: Prepared, asked: Grouped, after: Prepared, *, limit: int, seconds: float = 60.0
    ) -> list[tuple[Any, ...]]:
        """As `fetch`, raises CrmError("scores_damaged")."""
        with self._less_scores(rows.expr):
            return super().then(rows, asked, after, limit=limit, seconds=seconds)

    @contextmanager
    def _less_scores(self, expr: ir.Table) -> Iterator[None]:
        try:
            yield
        except CrmError as error:
            if error.code != "store_damaged" or not any(
                map(_is_score, expr.op().find(UnboundTable))
            ):
                raise
            file, self.scores_snapshot = self.scores_snapshot, None
            self.scores_as_of, self.scores_damaged = None, True
            self._names = {name for name in self._names if not _is_score(self.table(name).op())}
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
        without=pairs.get("without", ""),
    )


def as_day(text: str | None) -> date | None:
    """A day from its ISO text; nothing from nothing."""
    return date.fromisoformat(text) if text else None
