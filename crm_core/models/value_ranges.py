"""Ranges of what single customers may bring, drawn for histories that stand for all like them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from crm_core.models.base import Fitted
from crm_core.models.intervals import draw_futures
from crm_core.models.order_models import order_model
from crm_core.models.threads import one_thread
from crm_core.models.triples import Ints, Triples
from crm_core.models.value_columns import YEAR_DAYS

if TYPE_CHECKING:
    from crm_core.models.value_pieces import Refits

LEAST: Final = "revenue_low_share"
MOST: Final = "revenue_high_share"

_SEED, _TIMES = 11, 3
_ALIKE = 10.0  # cells in a unit of a logarithm: a tenth apart


def with_ranges(scores: pa.Table, triples: Triples, spend: Fitted, refits: Refits) -> pa.Table:
    """Adds to the scores of distinct histories orders_low and orders_high, between which 8 in 10
    futures of a year end, and of revenue what to multiply `gamma_gamma.money_seen` with.

    Histories whose repeats, silence and age each lie within a tenth get the futures of one of
    them: 120 draws tell no smaller difference.
    """
    first, cell = _cells(triples)
    like = Triples(*(column[first] for column in (
        triples.frequency, triples.recency_days, triples.age_days, triples.count
    )))  # fmt: skip
    model, nothing = order_model(refits.fitted), np.zeros(len(like))
    with one_thread():
        drawn = draw_futures(
            refits.at,
            refits.fitted,
            replace(spend, parameters={**spend.parameters, "v": 1.0}),
            like,
            nothing,
            YEAR_DAYS,
            seed=_SEED,
            here=np.stack([model.here(at, like) for at in refits.at]),
            times=_TIMES,
        )
    names = ("orders_low", "orders_high", LEAST, MOST)
    for name, bound in zip(names, drawn.bounds(), strict=True):
        scores = scores.append_column(name, pa.array(bound[cell], pa.float64()))
    return scores


def _cells(triples: Triples) -> tuple[Ints, Ints]:
    """A history of each cell of like ones, and the cell of every history."""
    silent = triples.age_days - triples.recency_days
    key = np.zeros(len(triples), np.int64)
    for column in (triples.frequency, silent, triples.age_days):
        key = key * 1_000 + np.rint(np.log1p(column) * _ALIKE).astype(np.int64)
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    return first, cell
