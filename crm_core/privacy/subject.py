"""Everything that is held about one person: in the store and among what people decided.

A table is found by what its columns are called, so that one that comes later is found, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.records import Records
from crm_core.store import Store

Rows = list[dict[str, Any]]
_BATCH_ROWS = 5_000
_MOST_LIKE = 2_000
_PARTS = re.compile(r'[,;\t|"{}\[\]]+|: ')
# Mirrors of the records, which are told as they are.
_MIRRORS = ("decisions", "members")


@dataclass(frozen=True)
class Held:
    """What is held of one person. `store` and `records`: table -> rows, those without a row left
    out; `files`: the imports that rows came with (number, when, files)."""

    key: int
    store: dict[str, Rows]
    records: dict[str, Rows]
    files: Rows

    @property
    def is_nobody(self) -> bool:
        """Whether there is no such customer: of who was erased the log alone may still have lines,
        by a code that leads to nobody."""
        return not self.store and not self.records.keys() - {"audit"}

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(len(rows) for told in (self.store, self.records) for rows in told.values())


def held_on(store: Store, records: Records, key: int) -> Held:
    """Reads all tables that there are for one customer; who is nobody has no rows."""
    person = _Person(store, key)
    found = {name: list(_rows(store, rows)) for name, rows in about(store, key)}
    found["quarantine"] = person.set_aside()
    traces = frozenset((kind, value) for kind, value in person.traces)
    return Held(
        key,
        {name: rows for name, rows in found.items() if rows},
        records.held_of(person.keys, traces.__contains__),
        _files(store, found),
    )


def about(store: Store, key: int) -> Iterator[tuple[str, ir.Table]]:
    """Every table of the store that tells something of people, with its rows about this one."""
    person = _Person(store, key)
    for name in sorted(store.names()):
        table = store.table(name)
        if _is_mirror(table):
            continue
        test = person.test(name, table)
        if test is not None:
            yield name, table.filter(test)


def _is_mirror(table: ir.Table) -> bool:
    """Told by the catalogue on DuckDB, by a schema named after it on PostgreSQL."""
    named: Any = table.op()
    place = named.namespace.catalog or named.namespace.database or ""
    return place.startswith(_MIRRORS)


class _Person:
    """What leads to one person."""

    def __init__(self, store: Store, key: int) -> None:
        self._store, self._key = store, key
        self.keys = self._all_keys()
        self.traces = self._all_traces()

    def _all_keys(self) -> list[int]:
        """This key and all that became it."""
        found = {self._key}
        if self._store.has("key_moves"):
            moves = self._store.table("key_moves")
            fresh = set(found)
            while fresh:
                older = self._store.fetch(moves.filter(moves.new_key.isin(fresh)))
                fresh = {int(old) for old in older["old_key"]} - found
                found |= fresh
        return sorted(found)

    def _all_traces(self) -> list[tuple[str, str]]:
        if not self._store.has("identity_links"):
            return []
        links = self._store.table("identity_links")
        mine = self._store.fetch(links.filter(links.customer_key == self._key))
        return list(zip(mine["kind"].astype(str), mine["value"].astype(str), strict=True))

    def test(self, name: str, table: ir.Table) -> Any:
        """Which rows of a table are about them; None for a table that is about nobody."""
        columns = set(table.columns)
        if name == "web_events" and "visitor_id" in columns:
            return (table.customer_key == self._key) | self._same_visitor(table)
        if "customer_key" in columns:
            return table.customer_key == self._key
        if {"old_key", "new_key"} <= columns:
            return table.old_key.isin(self.keys) | table.new_key.isin(self.keys)
        if name == "shared_addresses":
            return table.value.isin(self._addresses())
        if columns & {"order_id", "order_key"} and name != "quarantine":
            via = "order_key" if "order_key" in columns else "order_id"
            orders = self._store.table("orders")
            return table[via].isin(orders.filter(orders.customer_key == self._key)[via])
        if "account_key" in columns and self._store.has("account_members"):
            members = self._store.table("account_members")
            mine = members.filter(members.customer_key == self._key)
            return table.account_key.isin(mine.account_key)
        return None

    def _same_visitor(self, events: ir.Table) -> Any:
        """Steps of a visitor who was this person at another time, before signing in."""
        mine = events.filter((events.customer_key == self._key) & events.visitor_id.notnull())
        return events.customer_key.isnull() & events.visitor_id.isin(mine.visitor_id)

    def _addresses(self) -> list[str]:
        """Their addresses and numbers, also those that lead to nobody."""
        if not self._store.has("identities"):
            return [""]
        table = self._store.table("identities")
        mine = self._store.fetch(table.filter(table.customer_key == self._key))
        told = [*mine["email"].dropna(), *mine["phone"].dropna()]
        return [*(str(text).strip().casefold() for text in told), ""]

    def set_aside(self) -> Rows:
        """Rows set aside by imports with one of their traces as a part of its own."""
        if not self._store.has("quarantine") or not self.traces:
            return []
        table = self._store.table("quarantine")
        values = {value.casefold() for _, value in self.traces}
        texts = table.raw.lower()
        like = table.filter(ibis.or_(*[texts.contains(value) for value in sorted(values)]))
        rows = self._store.fetch(like.limit(_MOST_LIKE)).to_dict("records")
        return [
            {str(name): value for name, value in row.items()}
            for row in rows
            if values & {part.strip().casefold() for part in _PARTS.split(str(row["raw"]))}
        ]


def _rows(store: Store, table: ir.Table) -> Iterator[dict[str, Any]]:
    for batch in store.stream(table, _BATCH_ROWS, purpose="export"):
        yield from batch.to_pylist()


def _files(store: Store, found: dict[str, Rows]) -> Rows:
    """Where the rows came from: the imports that told them."""
    numbers: Sequence[int] = sorted(
        {int(row["batch_id"]) for rows in found.values() for row in rows if row.get("batch_id")}
    )
    if not numbers or not store.has("import_batches"):
        return []
    log = store.table("import_batches")
    mine = log.filter(log.batch_id.isin(numbers)).order_by("batch_id")
    frame = store.fetch(mine.select("batch_id", "imported_at", "files", "format"))
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
