"""The command that makes a shop's numbers without what was set aside."""

from __future__ import annotations

import argparse
from contextlib import closing
from time import perf_counter
from typing import Any

from crm_core.cli.process import progress
from crm_core.pipeline import jobs
from crm_core.pipeline.without import make_without
from crm_core.pipeline.workspace import mirror_folder, workspace
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.store import engine_of

#: Commands that can be asked for the numbers without what was set aside.
READING = frozenset({
    "measure", "changes", "digest", "cohorts", "fit", "validate", "predict", "audience", "export",
    "report",
})  # fmt: skip
FLAG = "--without-set-aside"


def set_aside(arguments: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """Makes the store without what was set aside, unless it is made; how much that is."""
    url = jobs.url_of(settings, arguments.store)
    records_url = arguments.records or workspace(settings, url).records_url
    started = perf_counter()
    with closing(open_records(records_url)) as records:
        found = make_without(
            url,
            settings=settings,
            records=records,
            folder=mirror_folder(records_url, engine_of(url, settings)),
            progress=progress(arguments),
        )
        _, counts = records.set_aside_counts()
    states = {
        state: {f"{kind}s": counts.get((kind, state), 0) for kind in ("order", "review")}
        for state in ("approved", "proposed", "kept")
    }
    seconds = round(perf_counter() - started, 1)
    return {"made": found is not None and found.is_made, **states, "seconds": seconds}


def options(parser: argparse.ArgumentParser) -> None:
    """What may be said with the command."""
    parser.add_argument("--records", help="whose decisions: an SQLite address, if not the store's")
