"""The forecast as tables of the scores snapshot, fitted here or, for the demo, taken as shipped."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from crm_core.models.forecast import Forecast, daily_revenue, fingerprint, predict
from crm_core.store import Store


def forecast_tables(
    store: Store, as_of: date, *, frozen: Path | None, fitted: list[tuple[str, str]]
) -> dict[str, pa.Table]:
    """Tables forecast, forecast_backtest and forecast_events; the document goes to `fitted`.

    `frozen` holds a forecast made before; it is used only if it was made from this very series.
    Raises: CrmError("not_enough_data").
    """
    made = _frozen(store, as_of, frozen) or predict(store, as_of=as_of)
    fitted.append(("forecast", made.to_json()))
    frames = {
        "forecast": made.frame,
        "forecast_backtest": made.backtest,
        "forecast_events": made.events,
    }
    return {name: _arrow(frame) for name, frame in frames.items()}


def _frozen(store: Store, as_of: date, path: Path | None) -> Forecast | None:
    if path is None or not path.is_file():
        return None
    made = Forecast.from_json(path.read_text(encoding="utf-8"))
    same = made.as_of == as_of and made.fingerprint == fingerprint(
        daily_revenue(store, as_of), as_of
    )
    return made if same else None


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
