"""Expected daily net revenue, its uncertainty, and how the method did on this shop's past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from crm_core.metrics import between, measure
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.model_state import fitted_document, need_model

_SHOWN_DAYS = 120


@dataclass(frozen=True)
class Forecast:
    """`days`: day, actual, median, low_80, high_80, low_95, high_95; `backtest`: method and the
    means of its past trials; `events`: event, starts_on, ends_on, extra, times_seen."""

    as_of: date
    method: str
    warnings: tuple[str, ...]
    horizon_days: int
    total_30: float
    total_90: float
    last_30: float | None
    coverage_80: float | None
    mase: float | None
    mase_naive: float | None
    trials: int
    days: pd.DataFrame
    backtest: pd.DataFrame
    events: pd.DataFrame


def forecast(selection: Selection, *, store: Store, access: Access) -> Forecast:
    """Reads the forecast that the last refresh fitted; nothing is fitted here.

    Raises: CrmError of the model when the shop has too little data, ("no_scores").
    """
    del selection, access
    need_model(store, "forecast")
    document = fitted_document(store, "forecast")
    as_of = date.fromisoformat(document["as_of"])
    ahead = store.fetch(store.table("forecast").order_by("day"))
    backtest = store.fetch(store.table("forecast_backtest"))
    events = store.table("forecast_events")
    coming = events.filter(~events.is_past).order_by("starts_on", "event").limit(50)
    measures = document["measures"]
    first = max(store.meta.first_day, as_of - timedelta(_SHOWN_DAYS - 1))
    past = _actual(store, first, as_of)
    return Forecast(
        as_of=as_of,
        method=document["method"],
        warnings=tuple(document["warnings"]),
        horizon_days=len(ahead),
        total_30=float(ahead["value"].head(30).sum()),
        total_90=float(ahead["value"].sum()),
        last_30=float(past["actual"].tail(30).sum()) if len(past) >= 30 else None,
        coverage_80=measures.get("coverage_80"),
        mase=measures.get("mase"),
        mase_naive=measures.get("mase_naive_seasonal"),
        trials=int(backtest["origin"].nunique()),
        days=pd.concat([past, ahead.rename(columns={"value": "median"})], ignore_index=True),
        backtest=_means(backtest),
        events=store.fetch(coming),
    )


def _actual(store: Store, first: date, last: date) -> pd.DataFrame:
    rows = between(store.table("ledger"), Period(first, last))
    measured = measure(store, ("net_revenue",), rows=rows, by=("day",)).rows
    days = pd.date_range(first, last, freq="D", name="day")
    series = measured.set_index("day")["net_revenue"].reindex(days, fill_value=0.0)
    return series.rename("actual").reset_index()


def _means(backtest: pd.DataFrame) -> pd.DataFrame:
    """One row a method, best first: the means over the past trials."""
    names = ["mase", "wape", "coverage_80", "coverage_95"]
    grouped = backtest.groupby("method", sort=False)[names].mean().reset_index()
    return grouped.sort_values("mase", ignore_index=True)
