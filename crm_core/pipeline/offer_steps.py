"""Offers as tables of the scores snapshot: what each customer may buy again, and what is new to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.metrics.catalog import metric
from crm_core.metrics.parts import of_ledger, parts_of, worked_out
from crm_core.models.base import need
from crm_core.models.offer_history import purchases, stream_bought
from crm_core.models.offer_shelf import UNKNOWN, Shelf, read_shelf
from crm_core.models.triples import Floats, Ints
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.store import StoreAt, Tables

if TYPE_CHECKING:
    from crm_core.models.offer_choice import Choice
    from crm_core.models.offer_learned import NextOffer

TABLES: Final = ("offers_again", "offers_new", "offer_products", "next_offer_trials")
_BOUGHT = "offer_purchases"
_MARGIN_DAYS = 365
_TRIALS_BACK = 3

_AGAIN = pa.schema(
    [
        ("customer_key", pa.int64()),
        ("rank", pa.int32()),
        ("product_id", pa.string()),
        ("score", pa.float32()),
        ("times", pa.int32()),
        ("last_day", pa.date32()),
        ("usual_days", pa.float32()),
        ("due", pa.float32()),
    ]
)
_NEW = pa.schema(
    [
        ("customer_key", pa.int64()),
        ("rank", pa.int32()),
        ("product_id", pa.string()),
        ("score", pa.float32()),
        ("because_product_id", pa.string()),
        ("because_people", pa.int32()),
    ]
)
_PRODUCTS = pa.schema(
    [
        ("product_id", pa.string()),
        ("again_people", pa.int32()),
        ("new_people", pa.int32()),
        ("buyers", pa.int32()),
        ("margin_rate", pa.float32()),
        ("in_stock", pa.bool_()),
    ]
)
_TRIALS = pa.schema(
    [
        ("list", pa.string()),
        ("method", pa.string()),
        ("origin", pa.date32()),
        ("customers", pa.int64()),
        ("recall_10", pa.float64()),
        ("ndcg_10", pa.float64()),
        ("hit_10", pa.float64()),
    ]
)


def next_offer(job: Scoring) -> None:
    """`offers_again` and `offers_new`: what to offer each customer, best first; `offer_products`:
    to how many each product is offered; `next_offer_trials`: how such lists did on the past."""
    sensitive = frozenset(job.said.sensitive_categories)
    sold_out = job.said.offer_sold_out

    def learn() -> Documents:
        from crm_core.models.offer_choice import Choice
        from crm_core.models.offer_learned import NAME, NEEDED
        from crm_core.models.offer_learned import learn as learned_of
        from crm_core.models.sampling import buyers_by

        build, choice = job.build, Choice(job.build)
        need(NAME, buyers=(buyers_by(build, job.as_of), NEEDED["buyers"]))
        manner = choice.manner(job.as_of)
        shelf = read_shelf(build, job.as_of, sensitive=sensitive, sold_out=sold_out)
        build.materialise(_BOUGHT, purchases(build, job.as_of, manner.half_life_days), helper=True)
        try:
            rows = build.table(_BOUGHT)
            learned = learned_of(build, shelf, as_of=job.as_of, rows=rows, manner=manner)
            told = _Told(learned, build, rows)
            reader = pa.RecordBatchReader.from_batches
            build.upload("offers_again", reader(_AGAIN, told.again()))
            build.upload("offers_new", reader(_NEW, told.new()))
            build.upload("offer_products", told.products(_margins(build, job.as_of)))
            build.upload("next_offer_trials", _tried(build, job.as_of, choice))
        finally:
            build.drop(_BOUGHT)
        return [(learned.fitted.model, learned.fitted.to_json())]

    if sensitive or sold_out:
        job.documents.extend(learn())  # what is shipped speaks of every product
    else:
        job.keep("next_offer", TABLES, learn)


def _tried(store: Tables, as_of: date, choice: Choice) -> pa.Table:
    """Rows of `next_offer_trials`; none for the months before a shop had enough to learn from."""
    from crm_core.models.offer_choice import HORIZON_DAYS
    from crm_core.models.offer_trials import trials

    rows: list[dict[str, object]] = []
    for back in range(1, _TRIALS_BACK + 1):
        origin = as_of - timedelta(HORIZON_DAYS * back)
        try:
            found = trials(store, origin, HORIZON_DAYS, choice)
        except CrmError as error:
            if error.code != "not_enough_data":
                raise
            break
        for one in found:
            told: dict[str, object] = {"list": one.list, "method": one.method, "origin": origin}
            rows.append(told | vars(one.found))
    return pa.Table.from_pylist(rows, schema=_TRIALS)


class _Told:
    """All customers' offers as rows, and how often each product is among them."""

    def __init__(self, learned: NextOffer, store: Tables, rows: ir.Table) -> None:
        self._learned, self._store, self._rows = learned, store, rows
        shelf = learned.shelf
        self._ids = pa.array(shelf.product_id, pa.string())
        self._again = np.zeros(len(shelf.product_id), np.int64)
        self._new = np.zeros(len(shelf.product_id), np.int64)

    def again(self) -> Iterator[pa.RecordBatch]:
        """Rows of `offers_again`."""
        today = np.datetime64(self._learned.as_of)
        for bought in stream_bought(self._store, self._rows, self._learned.shelf):
            found = self._learned.again(bought)
            self._again += np.bincount(found.product, minlength=len(self._again))
            last, usual = bought.last_age[found.row], bought.usual_days[found.row]
            yield pa.RecordBatch.from_arrays(
                [
                    pa.array(bought.customers[found.person]),
                    pa.array(found.rank, pa.int32()),
                    self._ids.take(pa.array(found.product)),
                    pa.array(_short(found.score), pa.float32()),
                    pa.array(bought.times[found.row], pa.int32()),
                    pa.array(today - last.astype("timedelta64[D]"), pa.date32()),
                    pa.array(np.round(usual, 1), pa.float32(), from_pandas=True),
                    pa.array(np.round(last / usual, 2), pa.float32(), from_pandas=True),
                ],
                schema=_AGAIN,
            )

    def new(self) -> Iterator[pa.RecordBatch]:
        """Rows of `offers_new`."""
        for block in stream_bought(self._store, self._rows, self._learned.shelf):
            for bought, found in self._learned.new(block):
                self._new += np.bincount(found.product, minlength=len(self._new))
                yield pa.RecordBatch.from_arrays(
                    [
                        pa.array(bought.customers[found.person]),
                        pa.array(found.rank, pa.int32()),
                        self._ids.take(pa.array(found.product)),
                        pa.array(_short(found.score), pa.float32()),
                        self._ids.take(pa.array(bought.product[found.row])),
                        pa.array(found.people, pa.int32()),
                    ],
                    schema=_NEW,
                )

    def products(self, margins: dict[int, float]) -> pa.Table:
        """Rows of `offer_products`: what is offered to anybody, and who bought it so far."""
        shelf, told = self._learned.shelf, np.flatnonzero(self._again + self._new)
        buyers = self._buyers(shelf)
        stock = shelf.stock[told]
        return pa.table(
            [
                self._ids.take(pa.array(told)),
                pa.array(self._again[told], pa.int32()),
                pa.array(self._new[told], pa.int32()),
                pa.array(buyers[told], pa.int32()),
                pa.array([margins.get(int(key)) for key in shelf.product_key[told]], pa.float32()),
                pa.array([None if n == UNKNOWN else bool(n) for n in stock], pa.bool_()),
            ],
            schema=_PRODUCTS,
        )

    def _buyers(self, shelf: Shelf) -> Ints:
        counted = self._rows.group_by("product_key").agg(n=self._rows.count().cast("int64"))
        found = np.zeros(len(shelf.product_id), np.int64)
        for batch in self._store.stream(counted, purpose="score"):
            place = shelf.places(np.asarray(batch.column("product_key"), np.int64))
            known = place >= 0
            found[place[known]] = np.asarray(batch.column("n"), np.int64)[known]
        return found


def _short(values: Floats) -> Floats:
    """Two digits of each: enough to compare, and a third of the room on disk."""
    unit = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(values), 1e-12))) - 1.0)
    return np.rint(values / unit) * unit


def _margins(store: Tables, as_of: date) -> dict[int, float]:
    """Each product's margin as a share of its net revenue in the last year, where costs are known
    and anything was earned."""
    ledger = StoreAt(store, as_of).table("ledger")
    since = ibis.literal(as_of - timedelta(_MARGIN_DAYS))
    year = ledger.filter((ledger.day > since) & ledger.product_key.notnull())
    parts = {part.name: of_ledger(part, year) for part in parts_of(("margin_rate", "net_revenue"))}
    sums = year.group_by("product_key").agg(**parts)
    rates = sums.select("product_key", rate=worked_out(metric("margin_rate"), sums))
    rates = rates.filter(rates.rate.notnull())
    found: dict[int, float] = {}
    for batch in store.stream(rates, purpose="score"):
        keys, values = (batch.column(name).to_pylist() for name in ("product_key", "rate"))
        found |= dict(zip(keys, values, strict=True))
    return found
