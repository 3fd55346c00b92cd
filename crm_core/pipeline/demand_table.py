"""Demand by who and where, out of the forecasts by region and by segment."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crm_core.metrics.part_codes import UNKNOWN, code_of
from crm_core.models.demand import COLUMNS, HORIZONS, demand
from crm_core.pipeline.forecast_series import AllSeries
from crm_core.pipeline.series_days import SEGMENT, TOTAL
from crm_core.pipeline.stage_days import people_now
from crm_core.store import Store

_REVENUE, _NEW = "net_revenue", "new_buyers"


def demand_rows(store: Store, series: AllSeries, as_of: date) -> pd.DataFrame:
    """The table of `models.demand`; empty where no past day can tell how segments buy."""
    if not series.seen:
        return pd.DataFrame(columns=list(COLUMNS))
    people = people_now(store, as_of, series.regions)
    ahead = {
        days: (
            _sums(series, _REVENUE, "region", days),
            _sums(series, _REVENUE, SEGMENT, days),
            _sums(series, _NEW, "region", days),
        )
        for days in HORIZONS
    }
    return demand(series.seen, people, ahead)


def _sums(series: AllSeries, measure: str, dimension: str, days: int) -> pd.Series:
    """What is expected of each member; of all together where there are fewer than two."""
    members = series.members(measure, dimension)
    if not members:
        whole = series.told.get((measure, TOTAL, ""))
        is_one = dimension == "region" and series.regions
        only = code_of(series.regions[0]) if is_one else UNKNOWN
        return pd.Series({only: float(whole.values[:days].sum()) if whole else 0.0})
    return pd.Series(
        {name: float(series.told[measure, dimension, name].values[:days].sum()) for name in members}
    )
