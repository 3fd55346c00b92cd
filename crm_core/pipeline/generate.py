"""A demo store of any size, streamed into the engine: what benchmarks run on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from crm_core.demo import END_DAY, generate, write_canonical
from crm_core.pipeline.imports import Wishes, run_import
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.store.imports import recognise


def generate_store(
    url: str,
    *,
    settings: Settings,
    customers: int,
    seed: int,
    now: datetime,
    progress: Callable[[str, float], None],
) -> None:
    """Generates customers in blocks into Parquet files, then imports those as any shop's."""
    from crm_core.pipeline.workspace import workspace

    records = open_records(workspace(settings, url).records_url)
    settings.var.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=settings.var, prefix="demo-") as folder:
            tables = generate(customers=customers, seed=seed, end_day=END_DAY)
            write_canonical(Path(folder), tables, end_day=END_DAY)
            progress("generate", 1.0)
            run_import(
                recognise([Path(folder)]),
                url=url,
                settings=settings,
                records=records,
                now=now,
                wishes=Wishes(name="demo", kind="demo"),
                progress=progress,
            )
    finally:
        records.close()
