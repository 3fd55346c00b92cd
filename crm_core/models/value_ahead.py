"""How much comes of each purchase history, how soon, and what that is worth today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from crm_core.models.order_models import order_model
from crm_core.models.triples import Floats, Triples
from crm_core.models.value_columns import DISCOUNT_RATE, HORIZONS, YEAR_DAYS

if TYPE_CHECKING:
    from crm_core.models.lifetime_value import Valued

# Ends of the stretches within which money counts as coming in their middle.
_STRETCHES = (45, 91, 136, 182, 273, YEAR_DAYS, 547, 730)
_NEVER_DOUBTED = "bg_nbd"


def score_table(valued: Valued, triples: Triples, *, rate: float = DISCOUNT_RATE) -> pa.Table:
    """What to expect of each distinct history, ready to upload.

    Columns: frequency, recency_days, age_days; for each horizon h of `HORIZONS` coming_h, expected
    orders, and discount_h, what a unit of money that comes with them is worth today at a yearly
    `rate`; p_alive, empty where nothing can be said.
    """
    fitted = valued.orders
    model = order_model(fitted)
    at = model.at(fitted)
    here = model.here(at, triples)
    until = {days: model.expected_at(at, triples, days, here=here) for days in _STRETCHES}
    columns: dict[str, Floats] = {}
    before, begin, worth = np.zeros(len(triples)), 0, np.zeros(len(triples))
    for end in _STRETCHES:
        middle = (begin + end) / 2.0 / YEAR_DAYS
        worth = worth + (until[end] - before) * (1.0 + rate) ** -middle
        before, begin = until[end], end
        if end in HORIZONS:
            columns[f"coming_{end}"] = before
            columns[f"discount_{end}"] = _share(
                worth, before, (1.0 + rate) ** (-end / 2 / YEAR_DAYS)
            )
    return pa.table(
        {
            "frequency": triples.frequency,
            "recency_days": triples.recency_days,
            "age_days": triples.age_days,
            **columns,
            "p_alive": _p_alive(valued, triples, here),
        }
    )


def _share(part: Floats, whole: Floats, otherwise: float) -> Floats:
    """Part of whole, at most one; where next to nothing comes, as if in the middle."""
    known = whole > 1e-12
    return np.where(known, np.minimum(part / np.where(known, whole, 1.0), 1.0), otherwise)


def _p_alive(valued: Valued, triples: Triples, here: Floats) -> pa.Array:
    """Empty for all where the log does not show how customers leave, and for who bought once
    where the model never doubts them."""
    unsaid = np.zeros(len(triples), dtype=bool)
    if "dropout_not_identified" in valued.orders.warnings:
        unsaid[:] = True
    elif valued.orders.model == _NEVER_DOUBTED:
        unsaid = triples.frequency == 0
    return pa.array(here, pa.float64(), mask=unsaid)
