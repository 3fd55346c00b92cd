"""What first purchases lead to: `entry_products`, one row a product, category or brand.

level, item, buyers, mean_value (a newcomer, in the year after the first order, as measured),
likely_value with value_low and value_high (95 %; see `models.entry_values`), repeat_rate, shop_value,
shop_repeat_rate, basis (what the value is: see `metrics.entry_products.BASES`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.metrics import entry_products as begun
from crm_core.models.entry_values import LEAST_PEOPLE, held_back
from crm_core.pipeline.learned import Scoring
from crm_core.store import StoreAt

NAME: Final = "entry_products"
_FIRST_YEARS: Final = "entry_first_years"
#: Newcomers of a whole year that a shop needs before its products are told apart.
LEAST_NEWCOMERS: Final = 100
MOST_ITEMS: Final = 1_000
_TYPES: Final = {
    "level": pa.string(),
    "item": pa.string(),
    "buyers": pa.int32(),
    "mean_value": pa.float32(),
    "likely_value": pa.float32(),
    "value_low": pa.float32(),
    "value_high": pa.float32(),
    "repeat_rate": pa.float32(),
    "shop_value": pa.float32(),
    "shop_repeat_rate": pa.float32(),
    "basis": pa.string(),
}


def entry_products(job: Scoring) -> None:
    """Measures the first year of known newcomers by what their first order held.

    Raises: CrmError("entry_too_few") where too few newcomers have a whole year behind them.
    """
    build, at = job.build, StoreAt(job.build, job.as_of)
    ledger = at.table("ledger")
    people = begun.newcomers(build, job.as_of)
    build.materialise(_FIRST_YEARS, begun.first_years(ledger, people), helper=True)
    try:
        years = build.table(_FIRST_YEARS)
        whole = build.fetch(begun.everybody(years, begun.BASES[0])).iloc[0]
        known = int(whole["buyers"])
        if known < LEAST_NEWCOMERS:
            raise CrmError("entry_too_few", people=known, needed=LEAST_NEWCOMERS)
        basis = begun.BASES[1 if whole["uncosted"] else 0]
        whole = build.fetch(begun.everybody(years, basis)).iloc[0]
        found = [
            build.fetch(begun.began_with(years, begun.first_items(build, ledger, level), basis))
            .assign(level=level)
            for level in begun.LEVELS
        ]
    finally:
        build.drop(_FIRST_YEARS)
    rows = pd.concat([_told(each, whole) for each in found], ignore_index=True)
    rows["basis"] = basis
    build.upload(NAME, pa.table({name: pa.array(rows[name], kind) for name, kind in _TYPES.items()}))


def _told(rows: pd.DataFrame, whole: pd.Series) -> pd.DataFrame:
    """The items that enough people began with, those of most likely value first."""
    rows = rows[rows["buyers"] >= LEAST_PEOPLE].sort_values("item", ignore_index=True)
    count, total, squares = (
        rows[name].to_numpy(np.float64) for name in ("buyers", "total", "squares")
    )
    everyone = float(whole["buyers"])
    found = held_back(count, total, squares, whole=float(whole["total"]) / everyone)
    told = rows.assign(
        mean_value=found.mean,
        likely_value=found.likely,
        value_low=found.low,
        value_high=found.high,
        repeat_rate=rows["again"] / rows["buyers"],
        shop_value=float(whole["total"]) / everyone,
        shop_repeat_rate=float(whole["again"]) / everyone,
    )
    ranked = told.sort_values(["likely_value", "item"], ascending=[False, True])
    return ranked.head(MOST_ITEMS)
