"""What a refresh learns slowly: made here or, for the demo, taken as it was shipped."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from crm_core.pipeline.planned_events import event_frame
from crm_core.pipeline.rules import SegmentRules, segment_rules
from crm_core.records import ShopSettings
from crm_core.store import Build, Store
from crm_core.store.connection import quoted

_NOTE = "learned.json"
#: Steps that take planned events into account, or what is forecast with them.
_OF_EVENTS = frozenset({"forecast", "attention"})
#: What learned steps read of the facts; whatever else is there is made of these.
_READ = (
    "order_facts", "order_lines", "refunds", "customers", "account_members", "products", "stock",
    "events", "costs", "coupons", "contacts", "touches", "reviews", "web_events",
)  # fmt: skip

Documents = Sequence[tuple[str, str]]
"""What was fitted: (model, its document)."""


@dataclass
class Scoring:
    """A refresh of scores under way: `build` is being filled from `store` as of a day, under what
    the shop `said`.

    `shipped` is a folder with what was learned before from the very same data, if any;
    `documents` are those of the models fitted so far; `planned` are the events that people typed
    (see `planned_events`), which nothing that was shipped knows of; `tell` hears which share of the
    step under way is done.
    """

    build: Build
    store: Store
    as_of: date
    shipped: Path | None = None
    said: ShopSettings = field(default_factory=ShopSettings)
    documents: list[tuple[str, str]] = field(default_factory=list)
    planned: pd.DataFrame = field(default_factory=event_frame)
    tell: Callable[[float], None] = lambda share: None

    @property
    def rules(self) -> SegmentRules:
        """How the shop divides its customers."""
        return segment_rules(self.said)

    def keep(self, step: str, tables: Sequence[str], learn: Callable[[], Documents]) -> None:
        """Has a slow step fill these tables, or takes what was shipped for these very data."""
        note = self.shipped_for(step)
        files = {name: (self.shipped or Path()) / step / f"{name}.parquet" for name in tables}
        if note is None or not all(file.is_file() for file in files.values()):
            self.documents.extend(learn())
            return
        for name, file in files.items():
            self.build.upload(name, pq.read_table(file))
        self.documents.extend(note)

    def shipped_for(self, step: str) -> Documents | None:
        """The documents that were shipped of a step learned from these very data."""
        if step in _OF_EVENTS and not self.planned.empty:
            return None
        note = self.shipped / step / _NOTE if self.shipped else None
        if note is None or not note.is_file():
            return None
        told = json.loads(note.read_text(encoding="utf-8"))
        if told.get("data") != self.data_mark:
            return None
        return [(model, document) for model, document in told["documents"]]

    @cached_property
    def data_mark(self) -> str:
        """Changes when the day changes, or any row that a learned step reads: not only orders, but
        what lies on shelves, events, costs, messages and all that is known of people and goods."""
        connection = self.build.connection
        found = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'facts'"
        ).fetchall()
        there = {name for (name,) in found}
        mark = hashlib.sha256(self.as_of.isoformat().encode())
        for name in (each for each in _READ if each in there):
            row = connection.execute(
                f"SELECT count(*), sum(hash(t)) FROM (SELECT COLUMNS(c -> c <> 'batch_id') "
                f"FROM facts.main.{name}) t"
            ).fetchone()
            mark.update(f"{name}:{row}".encode())
        return mark.hexdigest()[:32]


@dataclass
class Shipping(Scoring):
    """A refresh whose slow steps are written into the folder `to`, for shipping."""

    to: Path = Path()

    def keep(self, step: str, tables: Sequence[str], learn: Callable[[], Documents]) -> None:
        """Learns anew, and writes the tables and documents into the folder."""
        documents = learn()
        folder = self.to / step
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in tables:
            self.build.connection.execute(
                f"COPY scores.main.{name} TO {quoted(str(folder / f'{name}.parquet'))} "
                "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 22)"
            )
        note = {"data": self.data_mark, "documents": [list(pair) for pair in documents]}
        (folder / _NOTE).write_text(json.dumps(note) + "\n", encoding="utf-8")
        self.documents.extend(documents)
