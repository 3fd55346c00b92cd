"""The forecasts of a shop as tables of the scores snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import pandas as pd
import pyarrow as pa

from crm_core.models.forecast import HORIZON_DAYS, forecast, history_of, own_events
from crm_core.models.forecast_document import Forecast
from crm_core.models.forecast_effects import learned_effects
from crm_core.models.forecast_events import all_days
from crm_core.models.forecast_members import PROPHET
from crm_core.models.forecast_oddities import oddities
from crm_core.models.forecast_prophet import components
from crm_core.pipeline.demand_table import demand_rows
from crm_core.pipeline.distinct_series import distinct_series
from crm_core.pipeline.effect_days import effect_rows
from crm_core.pipeline.forecast_rows import COLUMNS, of_series
from crm_core.pipeline.forecast_series import every_series
from crm_core.pipeline.learned import Documents
from crm_core.pipeline.series_days import SPLITS, daily_totals
from crm_core.store import Store

MEASURE: Final = "net_revenue"
#: Shares of the time that the shop's net revenue and all other series take, as measured on the demo.
_FIRST, _SERIES = 0.2, 0.7
TABLES: Final = tuple(COLUMNS)
_TYPES: Final = {
    **dict.fromkeys(("day", "origin", "starts_on", "ends_on"), pa.date32()),
    **dict.fromkeys(("horizon_days", "history_days", "times_seen", "customers"), pa.int64()),
    **dict.fromkeys(
        (
            "measure", "dimension", "member", "grain", "method", "reason", "warnings", "event",
            "region", "segment", "lever", "verdict",
        ),
        pa.string(),
    ),
    "is_past": pa.bool_(),
}  # fmt: skip


def forecast_tables(
    store: Store,
    as_of: date,
    planned: pd.DataFrame,
    *,
    tell: Callable[[float], None] = lambda share: None,
) -> tuple[dict[str, pa.Table], Documents]:
    """Tables TABLES, and the document of the forecast of the shop's net revenue; `planned` events
    (see `planned_events`) are known beside those of the shop's files.

    The shop's net revenue is tried with every method, everything else with quick ones; parts add up
    to their total at every date. Buyers of weeks and months are series of their own, no sums of days.
    What a shop is too young or too small for is left out, and
    `forecast_series` says why.
    `tell` hears which share of the work is done.
    Raises: CrmError("not_enough_data") where not even the shop's net revenue can be forecast.
    """
    totals = daily_totals(store, as_of, tuple(SPLITS))
    events = own_events(store, planned)
    made = _first(totals, events, as_of, lambda share: tell(_FIRST * share))
    series = every_series(
        store, totals, made, events, as_of, tell=lambda share: tell(_FIRST + _SERIES * share)
    )
    frames = of_series(series, distinct_series(store, totals, events, as_of))
    frames["forecast_events"] = made.events
    frames["forecast_components"] = _explained(totals, made, events, as_of)
    frames["forecast_demand"] = demand_rows(store, series, as_of)
    frames["forecast_effects"] = effect_rows(store, totals, events, as_of)
    tables = {name: _arrow(frames[name], columns) for name, columns in COLUMNS.items()}
    return tables, [("forecast", made.to_json())]


def _first(
    totals: pd.DataFrame, events: pd.DataFrame, as_of: date, tell: Callable[[float], None]
) -> Forecast:
    return forecast(_revenue(totals), events=events, as_of=as_of, tell=tell)


def _revenue(totals: pd.DataFrame) -> pd.DataFrame:
    return totals.rename(columns={MEASURE: "value"})[["day", "value"]]


def _explained(
    totals: pd.DataFrame, made: Forecast, events: pd.DataFrame, as_of: date
) -> pd.DataFrame:
    """What Prophet sees in the shop's net revenue, whether it is the method shown or not; nothing
    where it may not be chosen."""
    may = made.eligible.set_index("method")["may"]
    if not bool(may.get(PROPHET, False)):
        return pd.DataFrame(columns=list(COLUMNS["forecast_components"]))
    plain = history_of(_revenue(totals), as_of)
    last = plain.day(len(plain.values) + HORIZON_DAYS - 1)
    known = all_days(events, plain.first, last)
    history = oddities(plain, known).history
    effects = learned_effects(history, known)
    return components(history, HORIZON_DAYS, effects=effects, yearly=made.yearly, seed=0)


def _arrow(frame: pd.DataFrame, columns: tuple[str, ...]) -> pa.Table:
    """The frame with its types told, so that a shop without events has the same columns."""
    return pa.table(
        {
            name: pa.array(
                frame[name].tolist() if name in frame else [None] * len(frame),
                _TYPES.get(name, pa.float64()),
                from_pandas=True,
            )
            for name in columns
        }
    )
