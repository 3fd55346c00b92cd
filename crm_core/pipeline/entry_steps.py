"""What first purchases lead to: `entry_products`, one row a product, category or brand.

level, item, buyers, mean_value (a newcomer, in the year after the first order, as measured),
likely_value with value_low and value_high (95 %; see `models.entry_values`), repeat_rate, shop_value,
shop_repeat_rate, basis (what the value is: see `metrics.entry_products.BASES`).
"""

from __future__ import annotations

from typing import Final

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.metrics import entry_products as begun
from crm_core.metrics.bought_together import LEVELS
from crm_core.models.entry_values import LEAST_PEOPLE, held_back
from crm_core.pipeline.learned import Scoring
from crm_core.store import StoreAt, Tables

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
    build = job.build
    ledger = StoreAt(build, job.as_of).table("ledger")
    people = begun.newcomers(build, job.as_of)
    build.materialise(_FIRST_YEARS, begun.first_years(ledger, people), helper=True)
    try:
        rows = entry_rows(build, ledger, build.table(_FIRST_YEARS))
    finally:
        build.drop(_FIRST_YEARS)
    columns = {name: pa.array(rows[name], kind) for name, kind in _TYPES.items()}
    build.upload(NAME, pa.table(columns))


def entry_rows(tables: Tables, ledger: ir.Table, years: ir.Table) -> pd.DataFrame:
    """The rows of `entry_products`, from `years` of newcomers (see `metrics.entry_products.first_years`).

    Raises: CrmError("entry_too_few").
    """
    whole = tables.fetch(begun.everybody(years, begun.BASES[0])).iloc[0]
    known = int(whole["buyers"])
    if known < LEAST_NEWCOMERS:
        raise CrmError("entry_too_few", people=known, needed=LEAST_NEWCOMERS)
    basis = begun.BASES[1 if whole["uncosted"] else 0]
    whole = tables.fetch(begun.everybody(years, basis)).iloc[0]
    found: list[pd.DataFrame] = []
    for level in LEVELS:
        items = begun.first_items(tables, ledger, level)
        rows = tables.fetch(begun.began_with(years, items, basis, least=LEAST_PEOPLE))
        found.append(_told(rows, whole).assign(level=level, basis=basis))
    return pd.concat(found, ignore_index=True)


def _told(rows: pd.DataFrame, whole: pd.Series) -> pd.DataFrame:
    """The items, those of most likely value first."""
    rows = rows.sort_values("item", ignore_index=True)
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
