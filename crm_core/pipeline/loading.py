"""Rows into a store and out again, as the command line asks for it."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.pipeline.imports import Wishes, run_import
from crm_core.pipeline.jobs import Answer, Progress, own_url
from crm_core.pipeline.mended import as_given
from crm_core.pipeline.planned_events import planned_events
from crm_core.pipeline.pulls import find_source, pull
from crm_core.pipeline.said_mappings import given_mappings, keep_said, said_mappings
from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.undo import undo_batch
from crm_core.pipeline.workspace import is_empty, remake_without, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.store import Store, engine_of
from crm_core.store.imports import Plan, Said, SourceFile, recognise
from crm_core.store.imports.mapping import Mapping
from crm_core.store.quarantine import Layout, layouts


def import_files(
    settings: Settings,
    store: str | None,
    paths: Sequence[Path],
    *,
    format_name: str | None,
    mapping: Sequence[Path],
    said: Said,
    wishes: Wishes,
    refresh: bool,
    now: datetime,
    progress: Progress,
) -> Answer:
    """Imports files into a store and, unless told not to, refreshes its scores."""
    url = own_url(settings, store)
    records = open_records(workspace(settings, url).records_url)
    try:
        with as_given(paths) as (files, healed):
            plan = plan_of(
                files, format_name=format_name, mapping=mapping, kept=said_mappings(records),
                said=said,
            )  # fmt: skip
            report = run_import(
                plan, url=url, settings=settings, records=records, now=now,
                wishes=replace(wishes, healed=tuple(healed)), progress=progress,
            )  # fmt: skip
        if mapping and not wishes.dry_run:
            keep_said(records, plan, user=wishes.user, now=now)
        if refresh and not wishes.dry_run:
            report["seconds"] = score_if_needed(url, settings, records, progress)
    finally:
        records.close()
    return report


def pull_source(
    settings: Settings,
    store: str | None,
    name: str,
    *,
    user: str,
    wishes: Wishes,
    everything: bool,
    refresh: bool,
    now: datetime,
    progress: Progress,
) -> Answer:
    """Imports what changed in a shop's own database since it was last asked."""
    url = own_url(settings, store)
    source = find_source(settings, name)
    records = open_records(workspace(settings, url).records_url)
    try:
        report = pull(
            source, url=url, settings=settings, records=records, user=user, now=now,
            wishes=wishes, everything=everything, progress=progress,
        )  # fmt: skip
        if refresh and report["batch"] is not None:
            report["seconds"] = score_if_needed(url, settings, records, progress)
    finally:
        records.close()
    return report


def set_aside(store: Store, batch: int | None, *, into_folder: bool) -> list[Layout]:
    """The forms of the files that have rows set aside.

    Raises: CrmError("quarantine_empty"), ("quarantine_several") when one file cannot hold them.
    """
    forms = layouts(store, batch)
    if not forms:
        raise CrmError("quarantine_empty")
    if len(forms) > 1 and not into_folder:
        raise CrmError("quarantine_several", forms=len(forms))
    return forms


def score_if_needed(
    url: str, settings: Settings, records: Records, progress: Progress
) -> dict[str, float]:
    """Scores the facts of now, unless they are: a job cut off in between left others; then those
    without what was set aside."""
    with closing(engine_of(url, settings).open()) as store:
        scored = store.scores_facts == store.snapshot
    seconds: dict[str, float] = {}
    if not scored:
        seconds = refresh_scores(
            url,
            settings=settings,
            said=records.shop_settings(),
            planned=planned_events(records),
            progress=progress,
        )
    remake_without(url, settings=settings, records=records, progress=progress)
    return seconds


def undo(
    settings: Settings,
    store: str | None,
    batch: int,
    *,
    refresh: bool,
    now: datetime,
    progress: Progress,
) -> Answer:
    """Takes an import back and, unless told not to, refreshes the scores."""
    url = own_url(settings, store)
    records = open_records(workspace(settings, url).records_url)
    try:
        report = undo_batch(
            url, batch, settings=settings, records=records, now=now, progress=progress
        )
        report["empty"] = is_empty(url, settings)
        if refresh and not report["empty"]:
            report["seconds"] = score_if_needed(url, settings, records, progress)
    finally:
        records.close()
    return report


def plan_of(
    paths: Sequence[Path | SourceFile],
    *,
    format_name: str | None,
    mapping: Sequence[Path],
    kept: MappingOf[str, Mapping],
    said: Said,
) -> Plan:
    """What files are, with the mappings given, or what their columns were said to mean before
    (`kept`), and what was said of their values.

    Raises: CrmError("import_several_mappings"), ("import_mapping_unused").
    """
    given = given_mappings(mapping)
    plan = recognise(
        paths, format=format_name, mapping=given.for_all, said={**kept, **given.by_header}
    )
    given.check_used(plan)
    return replace(plan, said=said)
