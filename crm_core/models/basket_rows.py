"""What was bought together, as models of baskets read it: whole-number codes, an order a basket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from crm_core.models.triples import Floats, Ints, read_columns
from crm_core.store import StoreAt, Tables
from crm_core.store.marts import as_number

Level = str
PERIOD_DAYS: Final = 730
MOST_ITEMS: Final = 200

Matrix = Any  # a scipy.sparse.csr_array of ones, whose types say nothing
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

_LEAST_DISCOUNT = 0.05
_HOLIDAY = "holiday"
_SPARE_PLACES = 1_000_000
_ROWS = 200_000


@dataclass(frozen=True)
class Items:
    """The things of a level that were sold: their ids or names in order, and what each brought.

    `margin` is the margin a basket with it brought on average; NaN where a cost is not known.
    """

    names: tuple[str, ...]
    margin: Floats

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Baskets:
    """The baskets of a level: a row a basket and a column an item, 1 where it is in it.

    `day`: days from `first`; `customer`: the same number for the same person, one of its own for
    an order of nobody known; `size`: different items. `group` is the category of each item, -1
    for none (of products alone). Baskets of more than MOST_ITEMS products are counted out:
    `capped` of them, the `largest` of so many products.
    """

    level: Level
    items: Items
    group: Codes
    matrix: Matrix
    day: Codes
    customer: Codes
    first: date
    last: date
    promotions: Flags
    capped: int
    largest: int

    @cached_property
    def size(self) -> Codes:
        """How many different items each basket has."""
        return np.diff(self.matrix.indptr)

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    @cached_property
    def counts(self) -> Ints:
        """In how many baskets each item is."""
        return self.summed(np.ones(len(self), dtype=np.int32)).astype(np.int64)

    @cached_property
    def partners(self) -> Floats:
        """How many other items each item met, over all its baskets."""
        return self.summed(self.size - 1)

    def summed(self, weight: Codes, code: Codes | None = None, codes: int = 1) -> Floats:
        """The sum of what each basket weighs, over the baskets of each item; where baskets have a
        `code`, apart for each of `codes`, item after item."""
        items = len(self.items)
        found = np.zeros(codes * items)
        bounds = self.matrix.indptr
        for low in range(0, len(self), _ROWS):
            rows = slice(low, low + _ROWS)
            size = self.size[rows]
            place = self.matrix.indices[bounds[low] : bounds[low] + int(size.sum())]
            if code is not None:
                place = np.repeat(code[rows].astype(np.int64) * items, size) + place
            found += np.bincount(place, np.repeat(weight[rows], size), len(found))
        return found

    def only(self, rows: Flags) -> Baskets:
        """Only those baskets."""
        if bool(rows.all()):
            return self
        return replace(
            self, matrix=self.matrix[rows], day=self.day[rows], customer=self.customer[rows]
        )


@dataclass(frozen=True)
class Sold:
    """All that was sold in a period: `products`, and the names of other levels by product."""

    products: Baskets
    names: Mapping[Level, Texts]
    money: tuple[Floats, Flags]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that the products sold have names at."""
        return ("product", *(level for level in self.names if _codes(self.names[level])[0]))

    def at(self, level: Level) -> Baskets:
        """The baskets as a level sees them: products of one name are one item, those of none are
        none. Made anew each time, so that no two levels need be held at once."""
        if level == "product":
            return self.products
        kept, code = _codes(self.names[level])
        matrix = _regrouped(self.products.matrix, code, len(kept))
        counts = np.bincount(matrix.indices, minlength=len(kept))
        items = Items(kept, _margin_each(self.money, code, counts))
        group = np.full(len(kept), -1, dtype=np.int32)
        seen = replace(self.products, level=level, items=items, group=group, matrix=matrix)
        return seen.only(np.diff(matrix.indptr) > 0)


def read_baskets(store: Tables, as_of: date, days: int = PERIOD_DAYS) -> Sold:
    """The baskets of the last `days` up to `as_of`.

    A basket is an order that counts. Products go by their id: a new name is no new product.
    """
    first = as_of - timedelta(days - 1)
    tables = StoreAt(store, as_of)
    ledger = tables.table("ledger")
    ledger = ledger.filter((ledger.day >= ibis.literal(first)) & ledger.product_key.notnull())
    sales = ledger.filter(ledger.entry == "sale")
    keys, day, customer = _orders(store, tables, first)
    told = _products(store)
    matrix, sold = _lines(store, sales, keys, told[0])
    size = np.diff(matrix.indptr)
    begun = first + timedelta(int(day.min())) if len(day) else first
    kept = (size > 0) & (size <= MOST_ITEMS)
    matrix, seen, part = _without_large(matrix, kept)
    sold = sold[seen]
    products, ids, categories, brands = (told[0][sold], *(names[sold] for names in told[1:]))
    margin, known = _margins(store, ledger, products)
    money = (margin * part, known)
    every = np.arange(len(ids), dtype=np.int32)
    counts = np.bincount(matrix.indices, minlength=len(ids))
    baskets = Baskets(
        level="product",
        items=Items(tuple(str(name) for name in ids), _margin_each(money, every, counts)),
        group=_codes(categories)[1],
        matrix=matrix,
        day=day[kept] - (begun - first).days,
        customer=customer[kept],
        first=begun,
        last=as_of,
        promotions=promotion_days(store, tables, sales, begun, as_of),
        capped=int(np.count_nonzero(size > MOST_ITEMS)),
        largest=int(size.max(initial=0)),
    )
    return Sold(baskets, {"category": categories, "brand": brands}, money)


def _without_large(matrix: Matrix, kept: Flags) -> tuple[Matrix, Ints, Floats]:
    """The baskets that are looked at by the products in them, which products these are, and for each
    the part of all its baskets that these are: what lies in very large orders alone is no thing
    of theirs, and what large orders brought is not theirs either."""
    if bool(kept.all()):
        return matrix, np.arange(matrix.shape[1]), np.ones(matrix.shape[1])
    every = np.bincount(matrix.indices, minlength=matrix.shape[1])
    matrix = matrix[kept]
    counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    seen = np.flatnonzero(counts)
    matrix = matrix if len(seen) == matrix.shape[1] else matrix[:, seen]
    return matrix, seen, counts[seen] / every[seen]


def _margin_each(money: tuple[Floats, Flags], code: Codes, baskets: Ints) -> Floats:
    """What a basket with each item brought on average; NaN where a cost is not known."""
    margin, known = money
    has = code >= 0
    brought = np.bincount(code[has], margin[has], len(baskets))
    unknown = np.bincount(code[has], ~known[has], len(baskets)) > 0
    return np.where(unknown, np.nan, brought / np.maximum(baskets, 1))


def _codes(names: Texts) -> tuple[tuple[str, ...], Codes]:
    """The different names in order, and which of them each is; -1 where there is none."""
    said = [str(name or "").strip() for name in names]
    kept = tuple(sorted({name for name in said if name}))
    place = {name: number for number, name in enumerate(kept)}
    return kept, np.array([place.get(name, -1) for name in said], dtype=np.int32)


def _regrouped(matrix: Matrix, code: Codes, count: int) -> Matrix:
    """The same baskets by groups of items."""
    has = np.flatnonzero(code >= 0)
    shape = (len(code), count)
    chosen = sp.csr_array(
        (np.ones(len(has), dtype=np.int32), (has, code[has])), shape=shape, dtype=np.int32
    )
    found = sp.csr_array(matrix @ chosen)
    found.data[:] = 1
    return found


def _orders(store: Tables, tables: StoreAt, first: date) -> tuple[Ints, Codes, Codes]:
    """Each order's key, its day from `first`, and a number for who bought it."""
    orders = tables.table("order_facts")
    orders = orders.filter(orders.day >= ibis.literal(first))
    person = orders.customer_key
    told = orders.select(
        "order_key",
        who=person.fill_null(0),
        is_known=as_number(person.notnull()),
        at=orders.day.delta(ibis.literal(first), unit="day").cast("int64"),
    )
    keys, who, is_known, day = read_columns(store, told)
    order = np.argsort(keys, kind="stable")
    keys, who, known, day = keys[order], who[order], is_known[order] > 0, day[order]
    customer = np.empty(len(keys), dtype=np.int32)
    people, customer[known] = np.unique(who[known], return_inverse=True)
    customer[~known] = len(people) + np.arange(np.count_nonzero(~known))
    return keys, day.astype(np.int32), customer


def _lines(store: Tables, sales: ir.Table, keys: Ints, products: Ints) -> tuple[Matrix, Ints]:
    """The baskets by the products sold, and which products these are.

    Read a batch at a time into 4-byte codes; two lines of a product in an order are one.
    """
    rows: list[Codes] = []
    items: list[Codes] = []
    basket, item = _Places(keys), _Places(products)
    for batch in store.stream(sales.select("order_key", "product_key"), purpose="fit"):
        rows.append(basket.of(np.asarray(batch.column("order_key"), dtype=np.int64)))
        items.append(item.of(np.asarray(batch.column("product_key"), dtype=np.int64)))
    row = np.concatenate([np.empty(0, np.int32), *rows])
    rows.clear()
    column = np.concatenate([np.empty(0, np.int32), *items])
    items.clear()
    is_sold = np.zeros(len(products), dtype=bool)
    is_sold[column] = True
    sold = np.flatnonzero(is_sold)
    column = (np.cumsum(is_sold, dtype=np.int32) - 1)[column]
    shape = (len(keys), len(sold))
    matrix = sp.csr_array((np.ones(len(row), dtype=np.int8), (row, column)), shape=shape)
    matrix.data[:] = 1
    return matrix, sold


class _Places:
    """Which place a number has among sorted ones: by a table where they lie close together."""

    def __init__(self, keys: Ints) -> None:
        self._keys = keys
        self._low = int(keys[0]) if len(keys) else 0
        span = int(keys[-1]) - self._low + 1 if len(keys) else 0
        self._table: Codes | None = None
        if span <= 4 * len(keys) + _SPARE_PLACES:
            self._table = np.zeros(span, dtype=np.int32)
            self._table[keys - self._low] = np.arange(len(keys), dtype=np.int32)

    def of(self, numbers: Ints) -> Codes:
        """The place of each; every number must be among the keys."""
        if self._table is not None:
            return self._table[numbers - self._low]
        return np.searchsorted(self._keys, numbers).astype(np.int32)


def _products(store: Tables) -> tuple[Ints, Texts, Texts, Texts]:
    """Key, id, category and brand of every product, by key."""
    told = store.table("product_facts").select("product_key", "product_id", "category", "brand")
    columns: list[list[Any]] = [[], [], [], []]
    for batch in store.stream(told.order_by("product_key"), purpose="fit"):
        for column, name in zip(columns, told.columns, strict=True):
            column.extend(batch.column(name).to_pylist())
    ids, categories, brands = (np.array(column, dtype=object) for column in columns[1:])
    return np.array(columns[0], dtype=np.int64), ids, categories, brands


def _margins(store: Tables, ledger: ir.Table, products: Ints) -> tuple[Floats, Flags]:
    """What each product brought in the period after refunds and goods, and whether all its costs
    are known."""
    money = ledger.filter(ledger.entry.isin(("sale", "refund")))
    kept = money.gross - money.discount - money.refund
    summed = money.group_by("product_key").agg(
        kept=(kept.sum() * 100).cast("int64"),
        cost=(money.goods_cost.sum().fill_null(0) * 100).cast("int64"),
        uncosted=as_number(money.goods_cost.isnull() & (money.entry == "sale")).sum(),
    )
    told = summed.select(
        "product_key", "kept", "cost", uncosted=summed.uncosted.fill_null(0).cast("int64")
    )
    keys, revenue, cost, uncosted = read_columns(store, told)
    sold = np.isin(keys, products)
    margin, known = np.zeros(len(products)), np.zeros(len(products), dtype=bool)
    at = np.searchsorted(products, keys[sold])
    margin[at] = (revenue - cost)[sold] / 100.0
    known[at] = uncosted[sold] == 0
    return margin, known


def promotion_days(
    store: Tables, tables: StoreAt, sales: ir.Table, first: date, last: date
) -> Flags:
    """Which days from `first` to `last` were no usual ones: shopping events the shop told of, and
    days with a discount of at least 5 % of sales and twice that of a usual day."""
    days = max((last - first).days + 1, 1)
    gross, discount = sales.gross.cast("float64"), sales.discount.cast("float64")
    told = store.fetch(
        sales.group_by("day").agg(share=discount.sum() / gross.sum().nullif(0.0)).order_by("day")
    )
    share = np.zeros(days)
    at = np.array([(day.date() - first).days for day in told["day"]], dtype=np.int64)
    share[at] = told["share"].fillna(0.0)
    sold = share[at]
    on = share >= max(_LEAST_DISCOUNT, 2.0 * float(np.median(sold))) if len(sold) else share > 1.0
    if on.mean() > 0.5:  # a shop that always gives discounts has no days of them
        on[:] = False
    if tables.has("events"):
        events = store.fetch(tables.table("events").select("kind", "starts_on", "ends_on"))
        events = events[events["kind"] != _HOLIDAY]
        starts, ends = ((events[name] - pd.Timestamp(first)).dt.days for name in ("starts_on", "ends_on"))  # fmt: skip
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            on[max(start, 0) : max(end + 1, 0)] = True
    return on
