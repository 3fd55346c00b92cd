"""What each customer bought, how often and when: the rows that offers are made from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from crm_core.models.offer_shelf import Shelf
from crm_core.models.triples import Floats, Ints
from crm_core.store import StoreAt, Tables

#: With fewer purchases nobody has a rhythm of their own.
RHYTHM_TIMES: Final = 3
#: A product is given back when more than this part of all that was paid for it was.
MOSTLY: Final = 0.5

_FACTS: Final = ("customer_key", "product_key", "times", "first_age", "last_age", "is_back")
_WHOLE = 1_000_000.0
_BATCH_ROWS = 200_000


def purchases(store: Tables, as_of: date, *half_lives: float) -> ir.Table:
    """One row a customer and product bought by the end of `as_of`; whole numbers only.

    `times` days it was bought on, `first_age` and `last_age` days since the first and the last of
    them, `is_back` 1 where more than MOSTLY of what was paid for it was given back and it was not
    bought since, and for each half-life in days `weight_N`: the purchases in millionths, each
    halved whenever that time is over.
    """
    ledger = StoreAt(store, as_of).table("ledger")
    known = ledger.filter(ledger.customer_key.notnull() & ledger.product_key.notnull())
    is_sale = known.entry == "sale"
    is_back = (known.entry == "refund") & (known.refund > 0)
    rows = known.filter(is_sale | is_back)
    # A refund may count on its order's day; it was given on the day it was known.
    day = ibis.ifelse(rows.entry == "sale", rows.day, rows.known_on)
    told = rows.select("customer_key", "product_key", "entry", "refund", day=day,
                       paid=rows.gross - rows.discount)  # fmt: skip
    kinds = told.group_by("customer_key", "product_key", "entry", "day").agg(
        paid=told.paid.sum(), back=told.refund.sum()
    )
    age = ibis.literal(as_of).delta(kinds.day, unit="day").cast("int64")
    aged = kinds.select(
        "customer_key", "product_key", "paid", "back", age=age, is_sale=kinds.entry == "sale"
    )
    faded = {
        f"weight_{place}": ((aged.age.cast("float64") * (-math.log(2.0) / days)).exp() * _WHOLE)
        .floor()
        .cast("int64")
        for place, days in enumerate(half_lives)
    }
    aged = aged.mutate(**faded)
    found = aged.group_by("customer_key", "product_key").agg(
        times=aged.count(where=aged.is_sale).cast("int64"),
        first_age=aged.age.max(where=aged.is_sale),
        last_age=aged.age.min(where=aged.is_sale),
        back_age=aged.age.min(where=~aged.is_sale),
        paid=aged.paid.sum(where=aged.is_sale).cast("float64"),
        back=aged.back.sum(where=~aged.is_sale).cast("float64"),
        **{name: aged[name].sum(where=aged.is_sale).cast("int64") for name in faded},
    )
    is_back = (found.back > found.paid * MOSTLY) & (found.back_age <= found.last_age)
    found = found.mutate(is_back=ibis.ifelse(is_back.fill_null(False), 1, 0).cast("int64"))
    return found.filter(found.times > 0).select(*_FACTS, *faded)


@dataclass(frozen=True)
class Bought:
    """Some customers and what they bought: `starts` says where each one's rows begin.

    One row a customer and item: `times`, `first_age` and `last_age` as in `purchases`, `weights`
    one column a half-life (in purchases), `product` the place on the shelf of what was bought of
    it last and kept, `is_back` whether all of it was given back (see `purchases`).
    """

    customers: Ints
    starts: Ints
    item: Ints
    times: Ints
    first_age: Ints
    last_age: Ints
    weights: Floats
    product: Ints
    is_back: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

    @classmethod
    def of(cls, rows: Mapping[str, Ints], shelf: Shelf) -> Bought:
        """From rows of `purchases` of whole customers, in the order of their keys."""
        place = shelf.places(rows["product_key"])
        item = shelf.item_of(place)
        known = np.flatnonzero(item >= 0)
        customers, person = np.unique(rows["customer_key"], return_inverse=True)
        at = person[known] * max(shelf.items, 1) + item[known]
        # What was kept and bought last comes first among the products that are one item.
        sizes = (place[known], rows["last_age"][known], rows["is_back"][known], at)
        order = known[np.lexsort(sizes)]
        at = person[order] * max(shelf.items, 1) + item[order]
        fresh = np.flatnonzero(np.diff(at, prepend=-1))
        last = rows["last_age"][order]
        weights = [values for name, values in rows.items() if name not in _FACTS]
        return cls(
            customers=customers,
            starts=np.searchsorted(person[order][fresh], np.arange(len(customers) + 1)),
            item=item[order][fresh],
            times=_summed(rows["times"][order], fresh),
            first_age=_at_most(rows["first_age"][order], fresh),
            last_age=last[fresh],
            weights=_summed(np.column_stack(weights)[order], fresh) / _WHOLE,
            product=place[order][fresh],
            is_back=rows["is_back"][order][fresh] > 0,
        )

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def person(self) -> Ints:
        """Whose each row is, as a place among `customers`."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def weight(self) -> Floats:
        """What the purchases of each row count by the first half-life."""
        return self.weights[:, 0]

    def weighed(self, place: int) -> Bought:
        """The same by another half-life."""
        return replace(self, weights=self.weights[:, place : place + 1])

    @property
    def usual_days(self) -> Floats:
        """One's own mean days between two purchases; NaN with fewer than RHYTHM_TIMES."""
        gaps = (self.first_age - self.last_age) / np.maximum(self.times - 1, 1)
        return np.where((self.times >= RHYTHM_TIMES) & (gaps > 0), gaps, np.nan)

    @property
    def due(self) -> Floats:
        """Days since the last purchase in one's own usual days; NaN where those are not known."""
        return self.last_age / self.usual_days

    def part(self, first: int, last: int) -> Bought:
        """Customers `first` up to, not with, `last`."""
        rows = slice(int(self.starts[first]), int(self.starts[last]))
        return Bought(
            customers=self.customers[first:last],
            starts=self.starts[first : last + 1] - self.starts[first],
            item=self.item[rows],
            times=self.times[rows],
            first_age=self.first_age[rows],
            last_age=self.last_age[rows],
            weights=self.weights[rows],
            product=self.product[rows],
            is_back=self.is_back[rows],
        )

    def parts(self, customers: int) -> Iterator[Bought]:
        """The same in pieces of so many customers."""
        for first in range(0, len(self), customers):
            yield self.part(first, min(first + customers, len(self)))


def stream_bought(store: Tables, rows: ir.Table, shelf: Shelf) -> Iterator[Bought]:
    """All customers of `rows` (see `purchases`) in pieces of some hundred thousand rows."""
    ordered = rows.order_by("customer_key", "product_key")
    batches = store.stream(ordered, _BATCH_ROWS, purpose="score")
    for columns in _whole_customers(batches):
        yield Bought.of(columns, shelf)


def _whole_customers(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Ints]]:
    """Batches cut where a customer's rows end."""
    held: dict[str, Ints] = {}
    for batch in batches:
        columns = {name: np.asarray(batch.column(name), np.int64) for name in batch.schema.names}
        if held:
            columns = {name: np.concatenate([held[name], columns[name]]) for name in columns}
        keys = columns["customer_key"]
        if not len(keys):
            continue
        cut = int(np.searchsorted(keys, keys[-1]))
        held = {name: values[cut:] for name, values in columns.items()}
        if cut:
            yield {name: values[:cut] for name, values in columns.items()}
    if held:
        yield held


def _summed(values: Ints, starts: Ints) -> Ints:
    return np.add.reduceat(values, starts, axis=0) if len(starts) else values[:0]


def _at_most(values: Ints, starts: Ints) -> Ints:
    return np.maximum.reduceat(values, starts) if len(starts) else values[:0]
