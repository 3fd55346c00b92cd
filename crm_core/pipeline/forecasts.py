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
    return {
        "forecast": _arrow(made.frame),
        "forecast_backtest": _arrow(made.backtest),
        "forecast_events": _arrow(made.events),
    }


def _frozen(store: Store, as_of: date, path: Path | None) -> Forecast | None:
    if path is None or not path.is_file():
        return None
    made = Forecast.from_json(path.read_text(encoding="utf-8"))
    same = made.as_of == as_of and made.fingerprint == fingerprint(
        daily_revenue(store, as_of), as_of
    )
    return made if same else None


def _arrow(frame: pd.DataFrame) -> pa.Table:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    dates = [name for name in ("day", "origin", "starts_on", "ends_on") if name in frame.columns]
    for name in dates:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table.column(name).cast(pa.date32()))
    return table.replace_schema_metadata(None)
