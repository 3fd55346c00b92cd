"""What was bought together, as models of baskets read it: whole-number codes, an order a basket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse as sp

from crm_core.models.triples import Floats, Ints, read_columns
from crm_core.store import StoreAt, Tables

Level = str
LEVELS: Final = ("product", "category", "brand")
PERIOD_DAYS: Final = 730
MOST_ITEMS: Final = 200

Matrix = Any  # a scipy.sparse.csr_array of int32, whose types say nothing
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_LEAST_DISCOUNT = 0.05
_HOLIDAY = "holiday"
_SPARE_PLACES = 1_000_000


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

    @property
    def size(self) -> Codes:
        """How many different items each basket has."""
        return np.diff(self.matrix.indptr)

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    @property
    def counts(self) -> Ints:
        """In how many baskets each item is."""
        found = np.bincount(self.matrix.indices, minlength=len(self.items))
        return found.astype(np.int64)

    def only(self, rows: Flags) -> Baskets:
        """Only those baskets."""
        from dataclasses import replace

        return replace(
            self, matrix=self.matrix[rows], day=self.day[rows], customer=self.customer[rows]
        )


def read_baskets(store: Tables, as_of: date, days: int = PERIOD_DAYS) -> dict[Level, Baskets]:
    """The baskets of the last `days` up to `as_of` at every level that the shop's products have.

    A basket is an order that counts. Products go by their id: a new name is no new product.
    """
    first = as_of - timedelta(days - 1)
    tables = StoreAt(store, as_of)
    ledger = tables.table("ledger")
    ledger = ledger.filter((ledger.day >= ibis.literal(first)) & ledger.product_key.notnull())
    sales = ledger.filter(ledger.entry == "sale")
    keys, day, customer = _orders(store, sales, first)
    matrix, products = _lines(store, sales, keys)
    size = np.diff(matrix.indptr)
    fits = size <= MOST_ITEMS
    told = _products(store, products)
    margin, known = _margins(store, ledger, products)
    begun = first + timedelta(int(day.min())) if len(day) else first
    shared = {
        "day": day[fits] - (begun - first).days,
        "customer": customer[fits],
        "first": begun,
        "last": as_of,
        "promotions": promotion_days(store, tables, sales, begun, as_of),
        "capped": int(np.count_nonzero(~fits)),
        "largest": int(size.max(initial=0)),
    }
    matrix = matrix if fits.all() else matrix[fits]
    found: dict[Level, Baskets] = {}
    for level, names in zip(LEVELS, told, strict=True):
        found[level] = _of_level(level, names, told[1], matrix, (margin, known), shared)
    return {level: baskets for level, baskets in found.items() if len(baskets.items)}


def _of_level(
    level: Level,
    names: Sequence[str | None],
    categories: Sequence[str | None],
    matrix: Matrix,
    money: tuple[Floats, Flags],
    shared: dict[str, Any],
) -> Baskets:
    """The baskets as this level sees them: items of one name are one item, those of none are none."""
    kept, code = _codes(names)
    if level == "product":  # an id is a product, however it is written
        kept, code = tuple(str(name) for name in names), np.arange(len(names), dtype=np.int32)
    margin, known = money
    has = code >= 0
    brought = np.bincount(code[has], margin[has], len(kept))
    unknown = np.bincount(code[has], ~known[has], len(kept)) > 0
    found = matrix if level == "product" else _regrouped(matrix, code, len(kept))
    baskets = np.bincount(found.indices, minlength=len(kept))
    group = np.full(len(kept), -1, dtype=np.int32)
    if level == "product":
        group = _codes(categories)[1]
    each = np.where(unknown, np.nan, brought / np.maximum(baskets, 1))
    rows = np.diff(found.indptr) > 0
    return Baskets(level, Items(kept, each), group, found, **shared).only(rows)


def _codes(names: Sequence[str | None]) -> tuple[tuple[str, ...], Codes]:
    """The different names in order, and which of them each is; -1 where there is none."""
    said = [(name or "").strip() for name in names]
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


def _orders(store: Tables, sales: ir.Table, first: date) -> tuple[Ints, Codes, Codes]:
    """Each basket's order key, its day from `first`, and a number for who bought it."""
    person = sales.customer_key
    told = sales.group_by("order_key").agg(
        at=sales.day.min(),
        who=person.max().fill_null(0),
        is_known=person.notnull().cast("int64").max(),
    )
    told = told.select(
        "order_key",
        "who",
        "is_known",
        day=told["at"].delta(ibis.literal(first), unit="day").cast("int64"),
    )
    keys, who, is_known, day = read_columns(store, told)
    order = np.argsort(keys, kind="stable")
    keys, who, known, day = keys[order], who[order], is_known[order] > 0, day[order]
    customer = np.empty(len(keys), dtype=np.int32)
    people, customer[known] = np.unique(who[known], return_inverse=True)
    customer[~known] = len(people) + np.arange(np.count_nonzero(~known))
    return keys, day.astype(np.int32), customer


def _lines(store: Tables, sales: ir.Table, keys: Ints) -> tuple[Matrix, Ints]:
    """The baskets by products, and the keys of the products sold, in order.

    Read a batch at a time into 4-byte codes; two lines of a product in an order are one.
    """
    rows: list[Codes] = []
    items: list[Ints] = []
    place = _Places(keys)
    for batch in store.stream(sales.select("order_key", "product_key"), purpose="fit"):
        rows.append(place.of(_whole(batch, "order_key")))
        items.append(_whole(batch, "product_key").astype(np.int32))
    row = np.concatenate([np.empty(0, np.int32), *rows])
    del rows
    item = np.concatenate([np.empty(0, np.int32), *items])
    del items
    products = _different(item)
    column = _Places(products).of(item)
    del item
    shape = (len(keys), len(products))
    matrix = sp.csr_array((np.ones(len(row), dtype=np.int32), (row, column)), shape=shape)
    matrix.data[:] = 1
    return matrix, products


def _whole(batch: pa.RecordBatch, name: str) -> Ints:
    return np.asarray(batch.column(name), dtype=np.int64)


def _different(numbers: npt.NDArray[np.integer[Any]]) -> Ints:
    """The different numbers, in order; of numbers close together without sorting them."""
    most = int(numbers.max(initial=0))
    if most < _SPARE_PLACES and int(numbers.min(initial=0)) >= 0:
        return np.flatnonzero(np.bincount(numbers)).astype(np.int64)
    return np.unique(numbers).astype(np.int64)


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

    def of(self, numbers: npt.NDArray[np.integer[Any]]) -> Codes:
        """The place of each; every number must be among the keys."""
        if self._table is not None:
            return self._table[numbers - self._low]
        return np.searchsorted(self._keys, numbers).astype(np.int32)


def _products(
    store: Tables, products: Ints
) -> tuple[list[str], list[str | None], list[str | None]]:
    """Id, category and brand of each product; its key where nothing more is known of it."""
    told = store.table("product_facts").select("product_key", "product_id", "category", "brand")
    ids = [str(key) for key in products.tolist()]
    more: tuple[list[str | None], list[str | None]] = ([None] * len(ids), [None] * len(ids))
    place = {key: number for number, key in enumerate(products.tolist())}
    for batch in store.stream(told, purpose="fit"):
        columns = (batch.column(name).to_pylist() for name in told.columns)
        for key, product, category, brand in zip(*columns, strict=True):
            number = place.get(key)
            if number is not None:
                ids[number], more[0][number], more[1][number] = product, category, brand
    return ids, *more


def _margins(store: Tables, ledger: ir.Table, products: Ints) -> tuple[Floats, Flags]:
    """What each product brought in the period after refunds and goods, and whether all its costs
    are known."""
    money = ledger.filter(ledger.entry.isin(("sale", "refund")))
    kept = money.gross - money.discount - money.refund
    summed = money.group_by("product_key").agg(
        kept=(kept.sum() * 100).cast("int64"),
        cost=(money.goods_cost.sum().fill_null(0) * 100).cast("int64"),
        uncosted=(money.goods_cost.isnull() & (money.entry == "sale")).cast("int64").sum(),
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
        events = tables.table("events")
        for row in store.fetch(events.select("kind", "starts_on", "ends_on")).itertuples():
            start = (row.starts_on.date() - first).days
            end = (row.ends_on.date() - first).days + 1
            if row.kind != _HOLIDAY and end > 0 and start < days:
                on[max(start, 0) : end] = True
    return on
