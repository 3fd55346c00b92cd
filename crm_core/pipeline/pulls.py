"""A shop's own database, read from where the last pull ended and imported as one batch."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError, close_match
from crm_core.pipeline.imports import Wishes, run_import
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store.sources import (
    BUNDLED,
    SourceAddress,
    SourceDefinition,
    bundled,
    checked_address,
    plan_of_changes,
    read_changes,
    read_definition,
)

Progress = Callable[[str, float], None]
_KEYS = {"url", "kind", "definition", "prefix"}


@dataclass(frozen=True)
class Source:
    """A source as the admin wrote it down: what it is called, where it is, what to ask it."""

    name: str
    address: SourceAddress = field(repr=False)
    definition: SourceDefinition


def source_names(settings: Settings) -> list[str]:
    """The sources that are written down, by name; none where no file was named."""
    return sorted(_written(settings)) if settings.sources else []


def find_source(settings: Settings, name: str) -> Source:
    """One source, its address checked against the hosts that the admin named.

    Raises: CrmError source_unknown (with the closest name), source_no_file, source_bad_file,
    and those of `checked_address` and of definitions.
    """
    written = _written(settings)
    if name not in written:
        raise CrmError("source_unknown", name=name, match=close_match(name, written))
    told = written[name]
    unknown = set(told) - _KEYS
    if unknown or not isinstance(told.get("url"), str):
        raise CrmError("source_bad_file", key=", ".join(sorted(unknown)) or f"{name}.url")
    parameters = {"prefix": str(told["prefix"])} if "prefix" in told else {}
    if "definition" in told:
        folder = settings.sources.parent if settings.sources else Path()
        definition = read_definition(folder / str(told["definition"]), parameters)
    else:
        definition = bundled(str(told.get("kind", BUNDLED[0])), parameters)
    address = checked_address(str(told["url"]), hosts=settings.source_hosts)
    return Source(name, address, definition)


def pull(
    source: Source,
    *,
    url: str,
    settings: Settings,
    records: Records,
    user: str,
    now: datetime,
    wishes: Wishes | None = None,
    everything: bool = False,
    progress: Progress = lambda step, share: None,
) -> dict[str, Any]:
    """Imports what changed since the last pull; the report of `import`, with rows by table.

    The watermark moves only after the rows are published: cut off at any moment, the next pull
    reads them again and finds them known. `everything` starts from the beginning.
    Raises: CrmError of the source and of `run_import`.
    """
    marks = {} if everything else records.source_marks(source.name)
    with tempfile.TemporaryDirectory(prefix="clientele-source-") as folder:
        changes = read_changes(
            source.address, source.definition, marks=marks, folder=Path(folder), progress=progress
        )
        told: dict[str, Any] = {"source": source.name, "host": source.address.host}
        if not changes.files:
            return {**told, "batch": None, "source_rows": changes.rows}
        report = run_import(
            plan_of_changes(changes, source.definition),
            url=url,
            settings=settings,
            records=records,
            now=now,
            wishes=replace(wishes or Wishes(), source=source.name),
            progress=progress,
        )
    if wishes is None or not wishes.dry_run:
        records.keep_source_marks(source.name, changes.marks, user=user, now=now)
    return {**report, **told, "source_rows": changes.rows}


def _written(settings: Settings) -> dict[str, dict[str, Any]]:
    """The tables `[sources.NAME]` of the file, which may also be Streamlit's secrets file."""
    if settings.sources is None:
        raise CrmError("source_no_file")
    try:
        told = tomllib.loads(settings.sources.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise CrmError("source_no_file") from None
    sources = told.get("sources", {})
    if not isinstance(sources, dict) or not all(
        isinstance(each, dict) for each in sources.values()
    ):
        raise CrmError("source_bad_file", key="sources")
    return sources
