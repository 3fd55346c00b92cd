"""Which store is open: the bundled demo, or the shop's own, and where its decisions are kept."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.pipeline.workspace import demo_url, store_url
from crm_core.pipeline.workspace import workspace as place_of
from crm_core.records import copy_records
from crm_core.settings import Settings
from crm_core.store import engine_of

DEMO, SHOP = "demo", "shop"
VISIT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Workspace:
    """One store with its records, and the store an import from a page would fill.

    `name` is demo or shop. `private` means that only this visitor sees it and that it expires.
    `records_url` are the open store's decisions, `shop_records_url` those of the shop's own.
    """

    name: str
    store_url: str
    records_url: str
    shop_url: str
    shop_records_url: str
    private: bool = False

    @property
    def is_demo(self) -> bool:
        """Whether the open store is the bundled, invented one."""
        return self.name == DEMO

    def records_of(self, url: str) -> str:
        """Where decisions about one of its stores are kept: a job on the own shop, started while
        the demo is open, must not decide for the demo."""
        return self.shop_records_url if url == self.shop_url else self.records_url


def choose(settings: Settings, *, visitor: str | None, name: str) -> Workspace:
    """The workspace of a request; nothing is opened or written yet.

    `visitor` is the random id of someone without a role (None for the single user and for
    signed-in people); `name` is what was last made active.
    """
    demo = demo_url(settings)
    if visitor is None:
        shop = settings.store_url or store_url(settings.var / SHOP)
        url = demo if name == DEMO else shop
        own = place_of(settings, shop).records_url
        return Workspace(name, url, place_of(settings, url).records_url, shop, own)
    folder = visitor_folder(settings, visitor)
    shop = store_url(folder / SHOP)
    own = place_of(replace(settings, records_url=None), shop).records_url
    if name == DEMO:
        records = f"sqlite:///{folder / 'demo.sqlite'}"
        return Workspace(name, demo, records, shop, own, private=True)
    return Workspace(name, shop, own, shop, own, private=True)


def copy_for_visitor(settings: Settings, place: Workspace) -> None:
    """Gives a visitor of the demo a private copy of its records, once."""
    copy = Path(place.records_url.removeprefix("sqlite:///"))
    if place.private and place.is_demo and not copy.exists():
        original = place_of(settings, place.store_url).records_url
        copy_records(Path(original.removeprefix("sqlite:///")), copy)


def first_name(settings: Settings) -> str:
    """What opens at first: a store named in the settings, else what was open last, or the demo."""
    if settings.store_url is not None:
        return SHOP
    file = settings.var / "active"
    name = file.read_text(encoding="utf-8").strip() if file.is_file() else DEMO
    return name if name in (DEMO, SHOP) else DEMO


def remember(settings: Settings, name: str) -> None:
    """Makes a workspace the one that opens next time, where no setting says which."""
    if settings.store_url is None:
        settings.var.mkdir(parents=True, exist_ok=True)
        (settings.var / "active").write_text(name, encoding="utf-8")


def shop_exists(settings: Settings, place: Workspace) -> bool:
    """Whether the own store was ever filled; one that cannot be asked will say why when opened."""
    try:
        return engine_of(place.shop_url, settings).pointer().facts is not None
    except CrmError:
        return True


def visitor_folder(settings: Settings, visitor: str) -> Path:
    """Where one visitor's private copies lie."""
    return settings.var / "visitors" / visitor


def uploads_folder(settings: Settings, place: Workspace) -> Path:
    """Where uploads wait to be imported: a visitor's expire with everything else of theirs."""
    private = engine_of(place.shop_url, settings).folder.parent
    return (private if place.private else settings.var) / "uploads"


def expire(settings: Settings, *, now: float) -> int:
    """Deletes what visitors and uploads left behind more than a day before `now`; how many."""
    roots = (settings.var / "visitors", settings.var / "uploads")
    left = [path for root in roots if root.is_dir() for path in root.iterdir()]
    old = [path for path in left if now - path.stat().st_mtime > VISIT_SECONDS]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return len(old)


def lasts(settings: Settings, url: str) -> bool:
    """Whether records at a URL are meant to outlive this process where the disk under `settings.var`
    does not: all but those of a shop's own that lie there. The demo's and visitors' expire anyway."""
    file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    if file is None or url == settings.records_url or settings.var not in file.parents:
        return True
    return settings.var / DEMO in file.parents or settings.var / "visitors" in file.parents


def writable(settings: Settings) -> tuple[Settings, bool]:
    """The settings, with a temporary folder where theirs cannot be written; and whether so."""
    try:
        settings.var.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.var):
            return settings, True
    except OSError:
        return replace(settings, var=Path(tempfile.mkdtemp(prefix="clientele-"))), False
