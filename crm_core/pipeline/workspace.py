"""Which shop is open: its store, its records, and the bundled demo made ready on first start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError
from crm_core.pipeline.decisions import finish_sync
from crm_core.pipeline.imports import Wishes, run_import
from crm_core.pipeline.planned_events import planned_events
from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.shipped import unpack
from crm_core.pipeline.upgrade import ensure_version
from crm_core.pipeline.without import make_without, without_of
from crm_core.records import Records, open_records
from crm_core.schema import VERSION
from crm_core.settings import Settings
from crm_core.store import Engine, Store, engine_of
from crm_core.store.imports import recognise

DEMO_DATA = Path(__file__).parents[2] / "data"
LEARNED = "learned"
"""The folder of the demo's data with what is slow to learn of it."""
BUILT = "built"
"""The folder of the demo's data with the store that was built from it."""
_MARK = "source.sha256"


@dataclass(frozen=True)
class Workspace:
    """A store and the records beside it."""

    url: str
    records_url: str


def is_empty(url: str, settings: Settings) -> bool:
    """Whether a store has no order to show: nothing was imported yet, or all of it taken back."""
    try:
        engine_of(url, settings).open().close()
    except CrmError as error:
        if error.code != "store_empty":
            raise
        return True
    return False


def mirror_folder(records_url: str, engine: Engine) -> Path:
    """Where the mirror of decisions lies: beside the records file, else in the store's folder."""
    prefix = "sqlite:///"
    if records_url.startswith(prefix):
        return Path(records_url.removeprefix(prefix)).parent
    return engine.folder


def store_url(folder: Path) -> str:
    """The URL of a store in a folder.

    >>> store_url(Path("/srv/shop"))
    'duckdb:////srv/shop'
    """
    return f"duckdb:///{folder}"


def workspace(settings: Settings, url: str) -> Workspace:
    """The workspace of a store: records lie beside it unless the settings name a place.

    The demo's records are always its own.
    """
    engine = engine_of(url, settings)
    engine.folder.mkdir(parents=True, exist_ok=True)
    if settings.records_url and url != demo_url(settings):
        return Workspace(url, settings.records_url)
    return Workspace(url, engine.records_url)


def demo_url(settings: Settings) -> str:
    """Where the bundled demo store is built."""
    return store_url(settings.var / "demo")


def open_workspace(settings: Settings, place: Workspace) -> tuple[Store, Records]:
    """The store's current snapshot with today's decisions beside it, and the records.

    Raises: CrmError of `open_store` and `open_records`; ("without_nothing") and ("without_not_made")
    where the settings ask for the store without what was set aside.
    """
    records = open_records(place.records_url)
    engine = engine_of(place.url, settings)
    ensure_version(place.url, settings=settings, records=records)
    finish_sync(engine, records)
    folder = mirror_folder(place.records_url, engine)
    opened = _without(engine, records, folder, settings) if settings.without_set_aside else engine
    return opened.open(engine.mirrored(records, folder)), records


def _without(engine: Engine, records: Records, folder: Path, settings: Settings) -> Engine:
    found = without_of(engine, records, folder)
    if found is None:
        raise CrmError("without_nothing")
    if not found.is_made:
        raise CrmError("without_not_made")
    return engine_of(found.url, settings)


def remake_without(
    url: str, *, settings: Settings, records: Records, progress: Callable[[str, float], None]
) -> None:
    """Makes the store without what was set aside anew after its facts changed; one that cannot be
    made is not there, and says so when it is asked for."""
    engine = engine_of(url, settings)
    folder = mirror_folder(workspace(settings, url).records_url, engine)
    try:
        make_without(url, settings=settings, records=records, folder=folder, progress=progress)
    except CrmError as error:
        if error.code not in ("no_orders", "store_empty", "store_busy", "store_read_only_engine"):
            raise


def ensure_demo(
    settings: Settings,
    *,
    now: datetime,
    data: Path = DEMO_DATA,
    anew: bool = False,
    progress: Callable[[str, float], None] = lambda step, share: None,
) -> str:
    """The bundled demo store's URL, made on first start or when its data changed: unpacked if
    the store was shipped as it is built from this data, else, or `anew`, built.
    """
    url = demo_url(settings)
    mark = engine_of(url, settings).folder / _MARK
    source = fingerprint(data)
    made_of = f"{source} {_digest(data.glob(f'{BUILT}/*/*'))}"
    if mark.exists() and mark.read_text(encoding="utf-8") == made_of:
        return url
    records = open_records(workspace(settings, url).records_url)
    try:
        learned = {file.stem: file for file in data.glob(f"{LEARNED}/*/*.parquet")}
        progress("unpack", 0.0)
        if not anew and unpack(
            url,
            data / BUILT,
            source,
            settings=settings,
            records=records,
            now=now,
            learned=learned,
        ):
            mark.write_text(made_of, encoding="utf-8")
            return url
        wishes = Wishes(name=_name(data), kind="demo")
        run_import(
            recognise([data / "manifest.json", *sorted(data.glob("*.parquet"))]),
            url=url,
            settings=settings,
            records=records,
            now=now,
            wishes=wishes,
            progress=progress,
        )
        refresh_scores(
            url,
            settings=settings,
            said=records.shop_settings(),
            planned=planned_events(records),
            shipped=data / LEARNED,
            progress=progress,
        )
    finally:
        records.close()
    mark.write_text(made_of, encoding="utf-8")
    return url


def _name(data: Path) -> str:
    manifest = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    return str(manifest.get("name", ""))


def fingerprint(data: Path) -> str:
    """The mark of the demo's files, and of what was learned of them, under this program's schema."""
    told = [*data.glob("*.parquet"), *data.glob("*.json"), *data.glob(f"{LEARNED}/*/*")]
    return _digest(told, hashlib.sha256(str(VERSION).encode()))


def _digest(files: Iterable[Path], digest: Any = None) -> str:
    digest = digest or hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return str(digest.hexdigest())
