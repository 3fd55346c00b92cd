"""Features and scores of a store as of a day, published as one snapshot beside the facts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.features import build_features
from crm_core.models.rfm import rfm
from crm_core.pipeline.facts import (
    StoreFacts,
    build_marts,
    copy_tables,
    is_without_orders,
    leave_empty,
    old_meta,
)
from crm_core.pipeline.held import tidy_held
from crm_core.pipeline.rules import account_rules, money_rules
from crm_core.pipeline.shared_views import shared_views
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store import Build, Store, StoreAt, engine_of
from crm_core.store.batches import read_log

Progress = Callable[[str, float], None]
Status = dict[str, tuple[str, str]]

TRIAL_DAYS = 91
_MEASURES = ("purchases_error", "spend_error", "mae", "spearman", "gini", "top_decile")


def refresh_marts(
    url: str,
    *,
    settings: Settings,
    records: Records,
    now: datetime | None = None,
    progress: Progress,
) -> dict[str, float]:
    """Builds the marts anew under the shop's settings of now; seconds a step.

    Originals of uploads whose time is over by `now` go.
    """
    started = time.perf_counter()
    with engine_of(url, settings).writing(views=shared_views, progress=progress) as change:
        if change.pointer.facts is None:
            raise CrmError("store_empty")
        with change.building("facts") as build:
            before, log = old_meta(build), read_log(build.connection)
            copy_tables(build)
            progress("marts", 0.3)
            said = records.shop_settings()
            if is_without_orders(before):
                leave_empty(build, before, forget=False)
            else:
                facts = StoreFacts.of(before, said.starts_with_shop)
                build_marts(build, facts, money_rules(said, build), account_rules(said))
        if now is not None:
            tidy_held(change.folder, log, records=records, now=now)
    progress("marts", 1.0)
    return {"marts": time.perf_counter() - started}


def refresh_scores(
    url: str,
    *,
    settings: Settings,
    as_of: date | None = None,
    frozen: Path | None = None,
    progress: Progress = lambda step, share: None,
) -> dict[str, float]:
    """Features, segments, values and the forecast as of a day; seconds a step.

    A model that this shop has too little data for is left out and says why in `model_status`;
    the others go on. `frozen` is a forecast made earlier from the very same series.
    """
    seconds: dict[str, float] = {}
    with engine_of(url, settings).writing(views=shared_views, progress=progress) as change:
        if change.pointer.facts is None:
            raise CrmError("store_empty")
        # Opened in our turn: facts published a moment ago by somebody else are the ones scored.
        with closing(change.facts()) as store, change.building("scores") as build:
            _fill(build, store, as_of or store.meta.as_of, frozen, progress, seconds)
    progress("done", 1.0)
    return seconds


def _fill(
    build: Build,
    store: Store,
    as_of: date,
    frozen: Path | None,
    progress: Progress,
    seconds: dict[str, float],
) -> None:
    at = StoreAt(build, as_of)
    status: Status = {}
    fitted: list[tuple[str, str]] = []

    def features() -> None:
        build.materialise("features", build_features(at).order_by("customer_key"))

    def segments() -> None:
        build.materialise("rfm", rfm(at).order_by("customer_key"))

    # scipy and prophet are slow to load: only a refresh pays for them, never a page.
    def value() -> None:
        from crm_core.models import lifetime_value

        fitted.extend(lifetime_value.materialise(build, as_of))
        build.upload("value_backtest", _backtest(build, as_of))

    def forecast() -> None:
        from crm_core.pipeline.forecasts import forecast_tables

        for name, rows in forecast_tables(store, as_of, frozen=frozen, fitted=fitted).items():
            build.upload(name, rows)

    steps = {"features": features, "rfm": segments, "lifetime_value": value, "forecast": forecast}
    for place, (name, step) in enumerate(steps.items()):
        progress(name, place / len(steps))
        started = time.perf_counter()
        try:
            step()
            status[name] = ("ready", "{}")
        except CrmError as error:
            if name == "features":
                raise
            status[name] = (error.code, _facts(error))
        seconds[name] = round(time.perf_counter() - started, 3)
    _write_status(build, status, fitted)
    build.put_meta({"as_of": as_of.isoformat(), "facts": store.snapshot})


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


def _facts(error: CrmError) -> str:
    return json.dumps(error.facts, default=str)


def _write_status(build: Build, status: Status, fitted: list[tuple[str, str]]) -> None:
    models = list(status)
    build.upload(
        "model_status",
        pa.table(
            {
                "model": models,
                "status": [status[name][0] for name in models],
                "facts": [status[name][1] for name in models],
            }
        ),
    )
    build.upload(
        "fitted",
        pa.table(
            {
                "model": pa.array([name for name, _ in fitted], pa.string()),
                "document": pa.array([document for _, document in fitted], pa.string()),
            }
        ),
    )
