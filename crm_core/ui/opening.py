"""Opens what a run needs, once a process: settings, the demo store, stores, records."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from crm_core.errors import CrmError
from crm_core.pipeline.decisions import finish_sync
from crm_core.pipeline.forgetting import finish_forgetting
from crm_core.pipeline.restored import finish_restore
from crm_core.pipeline.upgrade import ensure_version
from crm_core.pipeline.without import Without, without_of
from crm_core.pipeline.workspace import ensure_demo, mirror_folder
from crm_core.pipeline.workspace import workspace as place_of
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.store import Decisions, Engine, Store, engine_of
from crm_core.ui.address import PARTS
from crm_core.ui.filters import Bounds
from crm_core.ui.session import Session
from crm_core.ui.workspace import Workspace, copy_for_visitor, expire, lasts, writable
from crm_core.views.segments import segment_choices


@dataclass(frozen=True)
class Opened:
    """A store (None while empty) with the records and the decisions it was joined to."""

    store: Store | None
    records: Records
    decisions: Decisions | None


@st.cache_resource(show_spinner=False)
def _settings() -> tuple[Settings, bool]:
    return writable(Settings.from_env(os.environ))


def settings_and_disk() -> tuple[Settings, bool]:
    """The process's settings, and whether what it writes lasts."""
    return _settings()


@st.cache_resource(max_entries=64, show_spinner=False)
def engine_at(url: str, _settings: Settings) -> Engine:
    """The engine of a store, made once: it keeps its connections for the next run."""
    return engine_of(url, _settings)


@st.cache_resource(max_entries=64, show_spinner=False, on_release=Records.close)
def records_at(url: str) -> Records:
    """The records at a URL, opened once; let go, they connect anew for who still holds them."""
    settings, lasting = settings_and_disk()
    return open_records(url, lasts=lasting or lasts(settings, url))


@st.cache_resource(max_entries=64, show_spinner=False)
def url_secret(url: str) -> bytes:
    """The key of customer codes in addresses."""
    return records_at(url).secret("url_key")


@st.cache_resource(show_spinner=False)
def _demo(_settings: Settings, var: str) -> str:
    del var  # the cache's key
    return ensure_demo(_settings, now=datetime.now(UTC))


def prepare(settings: Settings, place: Workspace) -> None:
    """Builds the demo on first start; gives a visitor a private copy of its records."""
    expire(settings, now=datetime.now(UTC).timestamp())
    if place.is_demo:
        _demo(settings, str(settings.var))
        if place.private:
            # Made before the copy, so that a link to a customer means the same to every visitor.
            url_secret(place_of(settings, place.store_url).records_url)
            copy_for_visitor(settings, place)


def open_place(settings: Settings, place: Workspace) -> Opened:
    """The workspace's current snapshot joined with today's decisions, and its records."""
    records = records_at(place.records_url)
    records.end_pauses(datetime.now(UTC))
    engine = engine_at(place.store_url, settings)
    finish_restore(engine, records)
    pointer = engine.pointer()
    if pointer.facts is None:
        return Opened(None, records, None)
    if _upgraded((place.store_url, pointer.facts), settings, records):
        pointer = engine.pointer()
    if not (place.private and place.is_demo):  # the demo's consents are not a visitor's
        finish_sync(engine, records)
        if finish_forgetting(engine, records, settings):
            pointer = engine.pointer()
    decisions = _decisions(settings, place, engine, records)
    key = (place.store_url, pointer.facts or "", pointer.scores or "", str(decisions))
    try:
        store = _store(key, engine, decisions)
    except CrmError as error:
        if error.code != "store_empty":  # all that was imported may have been taken back
            raise
        return Opened(None, records, None)
    return Opened(store, records, decisions)


@st.cache_resource(max_entries=16, show_spinner=False)
def _store(key: tuple[str, ...], _engine: Engine, _decisions: Decisions) -> Store:
    del key
    return _engine.open(_decisions)


@st.cache_resource(max_entries=64)
def _upgraded(key: tuple[str, str], _settings: Settings, _records: Records) -> bool:
    """Whether a store of an earlier version of the program had to be brought up, once."""
    return ensure_version(key[0], settings=_settings, records=_records)


def _decisions(settings: Settings, place: Workspace, engine: Engine, records: Records) -> Decisions:
    """The mirror of decisions: beside the store, or a visitor's own once theirs differ."""
    if place.private and place.is_demo:
        original = records_at(place_of(settings, place.store_url).records_url)
        if records.decisions_revision() == original.decisions_revision():
            return engine.mirrored(original, engine.folder)
    return engine.mirrored(records, mirror_folder(place.records_url, engine))


def without_at(session: Session) -> Without | None:
    """What is set aside in the open workspace, and where the store without it is."""
    place = session.workspace
    engine = engine_at(place.store_url, session.settings)
    return without_of(engine, session.records, mirror_folder(place.records_url, engine))


def open_without(session: Session, found: Without) -> Store:
    """The store without what was set aside, joined with the same decisions."""
    engine = engine_at(found.url, session.settings)
    pointer = engine.pointer()
    key = (found.url, pointer.facts or "", pointer.scores or "", session.decisions)
    return _store(key, engine, session.decisions)


def bounds_of(store: Store, url: str) -> Bounds:
    """What may be chosen in the filter bar of a store."""
    key = (url, store.snapshot, store.scores_snapshot or "", store.meta.without)
    return Bounds(store.meta.first_day, store.meta.as_of, _choices(key, store))


@st.cache_data(max_entries=32, show_spinner=False)
def _choices(key: tuple[str, ...], _store: Store) -> Mapping[str, Sequence[str]]:
    del key
    found: dict[str, list[str]] = {}
    found["segment"] = segment_choices(_store)
    for part in PARTS:
        if part == "segment" or not _store.has("ledger"):
            continue
        table = _store.table("ledger")
        known = table.filter(table[part].notnull())
        counted = known.group_by(part).agg(rows=known.count())
        try:
            frame = _store.fetch(counted.order_by(counted.rows.desc(), counted[part]), limit=500)
        except CrmError:
            continue  # too many values to choose from: this part offers no filter
        found[part] = [str(value) for value in frame[part] if str(value)]
    return found
