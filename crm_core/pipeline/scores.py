"""Features and scores of a store as of a day, published as one snapshot beside the facts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.pipeline.facts import (
    copy_tables,
    old_meta,
)
from crm_core.pipeline.held import tidy_held
from crm_core.pipeline.learned import Scoring, Shipping
from crm_core.pipeline.marts_anew import marts_anew
from crm_core.pipeline.planned_events import event_frame
from crm_core.pipeline.score_steps import STEPS, of_consumers
from crm_core.pipeline.shared_views import shared_views
from crm_core.records import Records, ShopSettings
from crm_core.settings import Settings
from crm_core.store import Build, engine_of
from crm_core.store.batches import read_log

Progress = Callable[[str, float], None]
Status = dict[str, tuple[str, str]]
#: Takes about as long as all others together.
_SLOW = "forecast"


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
            marts_anew(build, before, said)
        if now is not None:
            tidy_held(change.folder, log, records=records, now=now)
    progress("marts", 1.0)
    return {"marts": time.perf_counter() - started}


def refresh_scores(
    url: str,
    *,
    settings: Settings,
    said: ShopSettings | None = None,
    planned: pd.DataFrame | None = None,
    as_of: date | None = None,
    shipped: Path | None = None,
    ship: Path | None = None,
    progress: Progress = lambda step, share: None,
) -> dict[str, float]:
    """Features, segments, values, churn and the forecast as of a day; seconds a step.

    A model that this shop has too little data for is left out and says why in `model_status`;
    the others go on. `said` are the shop's settings, `planned` the
    events it typed (see `planned_events`). `shipped` is a folder of what was learned earlier from
    these very orders; into `ship` all that is learned slowly is written for that purpose.
    """
    seconds: dict[str, float] = {}
    with engine_of(url, settings).writing(views=shared_views, progress=progress) as change:
        if change.pointer.facts is None:
            raise CrmError("store_empty")
        # Opened in our turn: facts published a moment ago by somebody else are the ones scored.
        with closing(change.facts()) as store, change.building("scores") as build:
            day = as_of or store.meta.as_of
            said, planned = said or ShopSettings(), event_frame() if planned is None else planned
            job = Scoring(build, store, day, shipped, said, planned=planned)
            if ship:
                job = Shipping(build, store, day, said=said, planned=planned, to=ship)
            _fill(job, progress, seconds)
    progress("done", 1.0)
    return seconds


def _fill(job: Scoring, progress: Progress, seconds: dict[str, float]) -> None:
    status: Status = {}
    weights = {name: len(STEPS) if name == _SLOW else 1 for name in STEPS}
    whole, before = sum(weights.values()), 0
    for name, step in STEPS.items():
        job.tell = _teller(progress, name, (before, weights[name], whole))
        job.tell(0.0)
        before += weights[name]
        started = time.perf_counter()
        try:
            with of_consumers(job, name):
                step(job)
            status[name] = ("ready", "{}")
        except CrmError as error:
            if name == "features":
                raise
            status[name] = (error.code, json.dumps(error.facts, default=str))
        seconds[name] = round(time.perf_counter() - started, 3)
    _write_status(job.build, status, job.documents)
    job.build.put_meta({"as_of": job.as_of.isoformat(), "facts": job.store.snapshot})


def _teller(progress: Progress, name: str, room: tuple[int, int, int]) -> Callable[[float], None]:
    """Tells the share of a step as a share of the whole: its place, its weight, all weights."""
    begin, weight, whole = room
    return lambda share: progress(name, (begin + weight * min(max(share, 0.0), 1.0)) / whole)


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
