"""What takes every customer by itself, piece by piece: ranges of what one may bring, trees' ranks.

And the totals of all, with the errors of the past in their ranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from crm_core.models.base import Fitted
from crm_core.models.blend import Blend
from crm_core.models.intervals import Range, bootstrap, draw_futures, drawn_totals, spread
from crm_core.models.order_models import order_model
from crm_core.models.rhythm import Rhythm
from crm_core.models.snapshots import Snapshot, stream_snapshots
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats, Ints, Triples
from crm_core.models.value_columns import HORIZONS, YEAR_DAYS
from crm_core.store import Build

REFITS = 40

_SEED, _TIMES = 11, 3
_ROWS = 10_000
_PIECE = "value_piece"


@dataclass(frozen=True)
class Refits:
    """Parameters learned anew from customers drawn anew, and what each says of who is here.

    Where `fitted` rests on more customers than were drawn from, they lie around it as refits of
    all would, and `triples` stand for all.
    """

    fitted: Fitted
    triples: Triples
    at: Floats
    here: Floats

    @classmethod
    def of(
        cls, fitted: Fitted, triples: Triples, *, everybody: int | None = None, seed: int = _SEED
    ) -> Refits:
        """Forty refits on the histories of all, or of a sample of `everybody`."""
        model, share = order_model(fitted), triples.customers / (everybody or triples.customers)
        with one_thread():
            at = bootstrap(fitted, triples, seed=seed, fits=REFITS)
            if share < 1:
                logs = np.log(at)
                at = model.at(fitted) * np.exp((logs - logs.mean(axis=0)) * np.sqrt(share))
                count = np.rint(triples.count / share).astype(np.int64)
                triples = replace(triples, count=count)
            here = np.stack([model.here(row, triples) for row in at])
        return cls(fitted, triples, at, here)

    def totals(
        self, days: int, *past_errors: Sequence[float], seed: int = _SEED
    ) -> tuple[Range, ...]:
        """Orders of everybody in the next `days`, once with each of the errors of the past."""
        model = order_model(self.fitted)
        coming = model.expected_orders(self.fitted, self.triples, days)
        expected = float(np.dot(self.triples.count, coming))
        drawn = drawn_totals(
            self.fitted, self.triples, days, refits=self.at, here=self.here, seed=seed
        )
        return tuple(spread(expected, drawn, errors) for errors in past_errors)


def upload_pieces(
    build: Build, rhythm: Rhythm, spend: Fitted, refits: Refits, blend: Blend | None
) -> list[str]:
    """Uploads tables of customers: customer_key, orders_low, orders_high, revenue_low,
    revenue_high (8 in 10 end between, in the next 365 days), ranked (the trees' word, if any).

    However many customers there are, one piece of them is in memory. Returns the tables' names.
    """
    names: list[str] = []
    with one_thread():
        for place, piece in enumerate(stream_snapshots(build, refits.fitted.as_of, _ROWS)):
            name = f"{_PIECE}_{place}"
            ranked = None if blend is None else blend.ranked(rhythm, piece)
            ranges = _ranges(piece, spend, refits, _SEED + place)
            build.upload(name, _with_ranks(ranges, ranked))
            names.append(name)
    return names


def upload_ranks(
    build: Build, rhythm: Rhythm, triples: Triples, as_of: date, blend: Blend | None
) -> list[str]:
    """Uploads a table with the trees' word on every customer, if trees pay: customer_key, ranked.

    `triples` are the histories of all. Returns the table's name, if any.
    """
    if blend is None or not blend.pays:
        return []
    keys: list[Ints] = []
    ranks: list[Floats] = []
    with one_thread():
        told = rhythm.told(triples, blend.horizon_days)
        for piece in stream_snapshots(build, as_of):
            ranked = blend.ranked(rhythm, piece, told)
            if ranked is not None:
                keys.append(piece["customer_key"])
                ranks.append(ranked)
    if not keys:
        return []
    name = f"{_PIECE}_ranks"
    told_of = {"customer_key": np.concatenate(keys), "ranked": np.concatenate(ranks)}
    build.upload(name, pa.table(told_of))
    return [name]


def _ranges(piece: Snapshot, spend: Fitted, refits: Refits, seed: int) -> pa.Table:
    """Between what bounds 8 in 10 futures of each customer end."""
    rows = Triples(
        piece["frequency"], piece["recency_days"], piece["age_days"], np.ones(len(piece), np.int64)
    )
    places = refits.triples.places(rows.frequency, rows.recency_days, rows.age_days)
    drawn = draw_futures(
        refits.at,
        refits.fitted,
        spend,
        rows,
        piece["repeat_cents"] / 100.0,
        YEAR_DAYS,
        seed=seed,
        here=refits.here[:, places],
        times=_TIMES,
    )
    low, high, least, most = drawn.bounds()
    return pa.table(
        {
            "customer_key": piece["customer_key"],
            "orders_low": low,
            "orders_high": high,
            "revenue_low": least,
            "revenue_high": most,
        }
    )


def _with_ranks(ranges: pa.Table, ranked: Floats | None) -> pa.Table:
    nothing = pa.nulls(len(ranges), pa.float64())
    column = nothing if ranked is None else pa.array(ranked, pa.float64())
    return ranges.append_column("ranked", column)


def totals_table(
    refits: Refits,
    sums: Mapping[str, float | None],
    *,
    order_errors: Sequence[float],
    spend_errors: Sequence[float],
    rate: float,
) -> pa.Table:
    """One row a horizon: orders and money of all customers, each with its range of 8 in 10.

    `sums` are the scores added up, by column and horizon. Money's range is that of orders widened
    by the errors of past revenue instead of past orders.
    """
    rows: list[dict[str, float | int | None]] = []
    for days in HORIZONS:
        orders, revenue = refits.totals(days, order_errors, spend_errors)
        row: dict[str, float | int | None] = {
            "horizon_days": days,
            "discount_rate": rate,
            "orders": sums[f"orders_{days}"],
            **_bounds("orders", sums[f"orders_{days}"], orders),
        }
        for name in ("revenue", "margin", "contribution", "value"):
            row[name] = sums[f"{name}_{days}"]
            row |= _bounds(name, sums[f"{name}_{days}"], revenue)
        rows.append(row)
    types = {name: pa.float64() for name in rows[0]} | {"horizon_days": pa.int64()}
    return pa.table({name: pa.array([row[name] for row in rows], types[name]) for name in types})


def _bounds(name: str, expected: float | None, of: Range) -> dict[str, float | None]:
    """Low and high in proportion to a range."""
    if expected is None or of.expected <= 0:
        return {f"{name}_low": expected, f"{name}_high": expected}
    low, high = sorted((expected * of.low / of.expected, expected * of.high / of.expected))
    return {f"{name}_low": low, f"{name}_high": high}
