"""What is read once of a shop (of a sample, if it is large) to learn its clocks from."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crm_core.models.rebuy_chance import Standing
from crm_core.models.rebuy_clock import Days
from crm_core.models.rebuy_rows import (
    day_number,
    item_days,
    order_days_of,
    purchases_of,
    rebuyers_days,
)
from crm_core.models.triples import Ints, read_columns
from crm_core.store import Sampled, StoreAt, Tables

#: Lines of a shop that are learned from; of a larger one, those of a share of its customers.
MOST_LINES = 1_500_000
_NONE = -1
_WORDS = ("item", "product_id")
Columns = dict[str, np.ndarray]


def few_of(store: Tables, as_of: date, most: int = MOST_LINES) -> Tables:
    """The store, of so many of its customers that about `most` lines are left."""
    ledger = StoreAt(store, as_of).table("ledger")
    sold = ledger.filter((ledger.entry == "sale") & ledger.customer_key.notnull())
    lines = int(store.fetch(sold.agg(lines=sold.count()))["lines"].iloc[0])
    return store if lines <= most else Sampled(store, most / lines)


def read_days(store: Tables, as_of: date) -> tuple[list[str], Days, Days]:
    """Items that are bought again, the days on which their re-buyers bought them, and all order
    days of these people."""
    past = StoreAt(store, as_of)
    names, rebought = read_named(store, rebuyers_days(item_days(past)))
    orders = order_days_of(past)
    customer, day = read_columns(store, orders.select("customer_key", "day"))
    people, place = np.unique(customer, return_inverse=True)
    ordered = Days.of(np.zeros(len(day), np.int64), place.astype(np.int64), day)
    who = np.searchsorted(people, rebought["customer_key"])
    return names, Days.of(rebought["item"], who, rebought["day"]), ordered


def read_named(store: Tables, expr: ir.Table) -> tuple[list[str], Columns]:
    """All rows of an expression as arrays, and the names of its items in order: a row has its
    item's place among them. What is unknown is -1."""
    batches = list(store.stream(expr, purpose="fit"))
    if not batches:
        return [], {name: np.empty(0, dtype=np.int64) for name in expr.columns}
    table = pa.Table.from_batches(batches)
    numbers = {name: _numbers(table[name]) for name in expr.columns if name != "item"}
    names, places = _placed(table["item"].combine_chunks())
    return names, numbers | {"item": places}


def _placed(column: pa.Array) -> tuple[list[str], Ints]:
    """Distinct words in order, and each row's place among them."""
    coded = column.dictionary_encode()
    words = np.asarray(coded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(words)
    rank = np.empty(len(words), dtype=np.int64)
    rank[order] = np.arange(len(words))
    return [str(word) for word in words[order]], rank[np.asarray(coded.indices)]


def _numbers(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(column, _NONE))


@dataclass(frozen=True)
class History:
    """Purchases of some items and all order days, each row in force until its `next_day`."""

    items: tuple[str, ...]
    bought: Columns
    ordered: Columns

    @classmethod
    def of(cls, store: Tables, until: date, items: Collection[str]) -> History:
        """The purchases of these items up to a day."""
        past, names = StoreAt(store, until), tuple(sorted(items))
        found, bought = read_named(store, purchases_of(past, names).drop("product_key"))
        # Nobody may have bought an item by then.
        bought["item"] = np.searchsorted(names, found)[bought["item"]]
        order = np.lexsort((bought["day"], bought["item"], bought["customer_key"]))
        orders = order_days_of(past)
        columns = zip(orders.columns, read_columns(store, orders.fill_null(_NONE)), strict=True)
        return cls(names, {name: each[order] for name, each in bought.items()}, dict(columns))

    def at(self, day: date) -> Standing:
        """How each customer and item stood at the end of a day, and how long each then waited."""
        today = day_number(day)
        rows = _in_force(self.bought, today)
        orders = _in_force(self.ordered, today)
        by_customer = np.argsort(orders["customer_key"], kind="stable")
        keys = orders["customer_key"][by_customer]
        place = by_customer[np.searchsorted(keys, rows["customer_key"])]
        next_day = rows["next_day"]
        return standing(
            rows | {name: orders[name][place] for name in ("pace_gaps", "pace_days")},
            order_day=orders["day"][place],
            today=today,
            wait=np.where(next_day == _NONE, 0, next_day - today),
        )

    def first_waits(self, until: date) -> tuple[Ints, Ints, np.ndarray]:
        """Of each customer and item the item, the days from the first purchase to the second or
        to the end, and whether there was a second."""
        first = self.bought["purchases"] == 1
        begun, again = self.bought["day"][first], self.bought["next_day"][first]
        came = again != _NONE
        waited = np.where(came, again, day_number(until)) - begun
        return self.bought["item"][first], waited, came

    @property
    def fingerprint(self) -> str:
        """Changes when any of these rows changes."""
        digest = hashlib.sha256("\n".join(self.items).encode())
        for name in ("customer_key", "item", "day"):
            digest.update(np.ascontiguousarray(self.bought[name]).tobytes())
        return digest.hexdigest()[:16]


def _in_force(rows: Columns, today: int) -> Columns:
    begun = rows["day"] <= today
    kept = begun & ((rows["next_day"] > today) | (rows["next_day"] == _NONE))
    return {name: column[kept] for name, column in rows.items()}


def standing(rows: Columns, *, order_day: Ints, today: int, wait: Ints) -> Standing:
    """Rows of `standing_of`, or of a past day, as the chances know them."""
    return Standing(
        item=rows["item"],
        purchases=rows["purchases"],
        elapsed=today - rows["day"],
        log_gaps=rows["log_gaps"],
        log_squares=rows["log_squares"],
        silent=today - order_day,
        pace_gaps=rows["pace_gaps"],
        pace_days=rows["pace_days"],
        wait=wait,
    )


def stream_standing(
    store: Tables, expr: ir.Table, items: Sequence[str], today: int
) -> Iterator[tuple[Columns, Standing]]:
    """Rows of `standing_of` in pieces, for scoring."""
    for batch in store.stream(expr, purpose="score"):
        rows = {name: _numbers(batch.column(name)) for name in expr.columns if name not in _WORDS}
        found, places = _placed(batch.column("item"))
        rows["item"] = np.searchsorted(items, found)[places]
        rows["product_id"] = np.asarray(batch.column("product_id").to_pylist(), dtype=object)
        none = np.zeros(len(rows["item"]), np.int64)
        yield rows, standing(rows, order_day=rows["order_day"], today=today, wait=none)
