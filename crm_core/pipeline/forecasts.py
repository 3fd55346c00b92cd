"""The forecast as tables of the scores snapshot."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa

from crm_core.models.forecast import daily_revenue, forecast, own_events
from crm_core.pipeline.learned import Documents
from crm_core.store import Store


def forecast_tables(
    store: Store, as_of: date, planned: pd.DataFrame
) -> tuple[dict[str, pa.Table], Documents]:
    """Tables forecast, forecast_backtest and forecast_events, and the forecast's document; `planned`
    events (see `planned_events`) are known beside those of the shop's files.

    Raises: CrmError("not_enough_data").
    """
    told = [frame for frame in (own_events(store), planned) if len(frame)]
    events = pd.concat(told, ignore_index=True) if told else planned
    made = forecast(daily_revenue(store, as_of), events=events, as_of=as_of)
    frames = {
        "forecast": made.frame,
        "forecast_backtest": made.backtest,
        "forecast_events": made.events,
    }
    tables = {name: _arrow(frame) for name, frame in frames.items()}
    return tables, [("forecast", made.to_json())]


_TYPES = {
    **dict.fromkeys(("day", "origin", "starts_on", "ends_on"), pa.date32()),
    **dict.fromkeys(("method", "event"), pa.string()),
    **dict.fromkeys(("horizon_days", "times_seen"), pa.int64()),
    "is_past": pa.bool_(),
}


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """The frame with its types told, so that a shop without events has the same columns."""
    return pa.table(
        {
            name: pa.array(frame[name].tolist(), _TYPES.get(name, pa.float64()), from_pandas=True)
            for name in frame.columns
        }
    )
