"""The same shop without what was set aside: a store beside the store, made by the same pipeline.

It is exact because nothing is worked out by other means: the canonical rows are copied less what was
set aside, then marts and scores are made of them as of any shop. Its folder is named after the facts it
was copied from and after what was set aside, so it is right or it is not there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.pipeline.facts import StoreFacts, build_marts, copy_tables, old_meta
from crm_core.pipeline.planned_events import planned_events
from crm_core.pipeline.rules import account_rules, money_rules
from crm_core.pipeline.scores import refresh_scores
from crm_core.records import Approved, Records
from crm_core.settings import Settings
from crm_core.store import Engine, engine_of
from crm_core.store.left_out import leave_out
from crm_core.store.snapshots import folder_of, writer_lock

Progress = Callable[[str, float], None]
_FOLDER = "without"
#: What a log is, whatever is set aside of it: the days it covers, and until when it is complete.
_OF_THE_LOG = ("first_day", "last_day", "as_of")


@dataclass(frozen=True)
class Without:
    """Where the store without what was set aside is, or would be; `is_made` tells which. `name` is
    the same only for the same facts without the same orders and reviews."""

    url: str
    orders: int
    reviews: int
    is_made: bool

    @property
    def name(self) -> str:
        """What it was made of."""
        return folder_of(self.url).name


def without_of(engine: Engine, records: Records, folder: Path) -> Without | None:
    """The store without what was set aside; None while nothing is. `folder` is where these records
    have their mirror: two people's copies never share one."""
    facts = engine.pointer().facts
    revision, counts = records.set_aside_counts()
    orders, reviews = (counts.get((kind, "approved"), 0) for kind in ("order", "review"))
    if facts is None or not orders + reviews:
        return None
    place = folder.absolute() / _FOLDER / f"{Path(facts).stem}-{revision:06d}"
    url = f"duckdb:///{place}"
    return Without(url, orders, reviews, (place / "current.json").exists())


def make_without(
    url: str,
    *,
    settings: Settings,
    records: Records,
    folder: Path,
    progress: Progress = lambda step, share: None,
) -> Without | None:
    """Makes it, unless it is made, and removes those of earlier facts or decisions.

    Scores are made where the store has scores, as of the same day.
    Raises: CrmError("store_empty"), ("no_orders") where nothing that counts would be left,
    ("store_busy") while somebody else makes it.
    """
    engine = engine_of(url, settings)
    wanted, approved = without_of(engine, records, folder), records.set_aside()
    if wanted is None:
        forget_without(folder)
        return None
    if not wanted.is_made or engine_of(wanted.url, settings).pointer().scores is None:
        with closing(engine.open()) as store:
            day = store.scores_as_of
        if not wanted.is_made:
            _facts(engine, wanted, approved, settings=settings, records=records)
        progress("marts", 1.0)
        if day is not None:
            refresh_scores(
                wanted.url,
                settings=settings,
                said=records.shop_settings(),
                planned=planned_events(records),
                as_of=day,
                progress=progress,
            )
    _leave_only(folder_of(wanted.url))
    return without_of(engine, records, folder)


def forget_without(folder: Path) -> None:
    """Removes every such store beside these records: somebody in it was erased."""
    shutil.rmtree(folder / _FOLDER, ignore_errors=True)


def _facts(
    engine: Engine, wanted: Without, approved: Approved, *, settings: Settings, records: Records
) -> None:
    source = engine.facts_file()
    said = records.shop_settings()
    with (
        engine_of(wanted.url, settings).writing() as change,
        change.building("facts", source=source) as build,
    ):
        before = old_meta(build)
        copy_tables(build)
        leave_out(build, orders=approved.orders, reviews=approved.reviews)
        facts = StoreFacts.of(before, said.starts_with_shop)
        build_marts(build, facts, money_rules(said, build), account_rules(said))
        build.put_meta({name: before[name] for name in _OF_THE_LOG})
        build.put_meta({"without": wanted.name})


def _leave_only(place: Path) -> None:
    """Nobody's numbers, nor names, stay in what is out of date; who reads it goes on reading."""
    for other in place.parent.iterdir():
        if other == place:
            continue
        try:
            with writer_lock(other):
                shutil.rmtree(other, ignore_errors=True)
        except CrmError:
            continue  # being made this moment
