"""What a refresh of scores does, step by step; a step fills tables of the scores snapshot.

scipy, scikit-learn and prophet are slow to load: only a refresh pays for them, never a page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.features import build_features
from crm_core.pipeline import segment_steps
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.pipeline.movement_steps import segment_history
from crm_core.store import Build, StoreAt

TRIAL_DAYS = 91
_MEASURES = ("purchases_error", "spend_error", "mae", "spearman", "gini", "top_decile")


def features(job: Scoring) -> None:
    """`features`: what is known of each customer."""
    found = build_features(StoreAt(job.build, job.as_of))
    job.build.materialise("features", found.order_by("customer_key"))


def value(job: Scoring) -> None:
    """`lifetime_value`: the year ahead of each customer; `value_backtest`: how such a promise did."""

    def learn() -> Documents:
        from crm_core.models import lifetime_value

        documents = lifetime_value.materialise(job.build, job.as_of)
        job.build.upload("value_backtest", _backtest(job.build, job.as_of))
        return documents

    job.keep("lifetime_value", ("lifetime_value", "value_backtest"), learn)


def forecast(job: Scoring) -> None:
    """`forecast`, `forecast_backtest`, `forecast_events`: revenue day by day ahead."""

    def learn() -> Documents:
        from crm_core.pipeline.forecasts import forecast_tables

        tables, documents = forecast_tables(job.store, job.as_of)
        for name, rows in tables.items():
            job.build.upload(name, rows)
        return documents

    job.keep("forecast", ("forecast", "forecast_backtest", "forecast_events"), learn)


STEPS: dict[str, Callable[[Scoring], None]] = {
    "features": features,
    "rfm": segment_steps.rfm_segments,
    "lifecycle": segment_steps.stages,
    "loyalty": segment_steps.loyalty,
    "lifetime_value": value,
    "value_tiers": segment_steps.values,
    "clusters": segment_steps.groups,
    "forecast": forecast,
    "segment_history": segment_history,
}


def _backtest(build: Build, as_of: date) -> pa.Table:
    """How values foreseen one quarter ago did, beside simple rules; no rows in a young shop."""
    from crm_core.models import lifetime_value

    try:
        rows = lifetime_value.validate(
            build, origins=[as_of - timedelta(TRIAL_DAYS)], horizon_days=TRIAL_DAYS
        )
    except CrmError:
        rows = []
    measures = [name for name in _MEASURES if not rows or name in rows[0]]
    return pa.table(
        {
            "method": pa.array([str(row["method"]) for row in rows], pa.string()),
            "origin": pa.array(
                [date.fromisoformat(str(row["origin"])) for row in rows], pa.date32()
            ),
            **{name: pa.array([row[name] for row in rows], pa.float64()) for name in measures},
        }
    )
