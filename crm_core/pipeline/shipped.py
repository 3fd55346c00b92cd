"""The demo's store as it was built, shipped as Parquet: a first start only unpacks it.

`pack` writes what an import and a refresh of scores made of the demo's files; `unpack` makes the
same snapshots of it, in a quarter of the time. It does so only beside the very files that the
store was built from. Marts that are sooner made than read are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError
from crm_core.pipeline import mart_expressions as expressions
from crm_core.pipeline.decisions import mark_pending, sync_consents
from crm_core.pipeline.facts import OF_LEDGER, build_of_ledger
from crm_core.pipeline.rules import money_rules
from crm_core.records import Records, ShopSettings
from crm_core.settings import Settings
from crm_core.store import Build, Change, engine_of
from crm_core.store.connection import attach, connect, quoted

NOTE = "built.json"
_LEVEL = 19

Types = Mapping[str, Mapping[str, str]]
"""By table and column: the engine's type, which Parquet does not always keep."""


def pack(url: str, folder: Path, source: str, *, settings: Settings, but: Iterable[str]) -> None:
    """Writes the store's tables into a folder; `source` is the mark of the files it was built
    from, `but` are tables of scores that are shipped elsewhere."""
    folder.mkdir(parents=True)
    told: dict[str, Types] = {}
    with engine_of(url, settings).writing() as change:
        for kind, left_out in (("facts", OF_LEDGER), ("scores", tuple(but))):
            name = getattr(change.pointer, kind)
            (folder / kind).mkdir()
            with closing(connect()) as root:
                attach(root, change.file(name), kind)
                told[kind] = _types(root, kind, left_out)
                for table in told[kind]:
                    root.execute(
                        f"COPY {kind}.main.{table} TO {quoted(str(_file(folder, kind, table)))} "
                        f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {_LEVEL}, "
                        "PARQUET_VERSION V2)"
                    )
    (folder / NOTE).write_text(json.dumps({"source": source, **told}) + "\n", encoding="utf-8")


def unpack(
    url: str,
    folder: Path,
    source: str,
    *,
    settings: Settings,
    records: Records,
    now: datetime,
    learned: Mapping[str, Path],
) -> bool:
    """Makes the store of what was packed of these very files; whether it could.

    It cannot where somebody's settings or decisions would have made another store, or where a
    file is damaged. `learned` are the Parquet files of the tables of scores that are shipped
    elsewhere. The store says that its files came in `now`.
    """
    told = _note(folder)
    own = records.shop_settings() != ShopSettings() or bool(records.identity_overrides())
    own = own or bool(records.planned_events())
    if told.get("source") != source or own:
        return False
    engine = engine_of(url, settings)
    try:
        with engine.writing() as change:
            mark_pending(engine, rebuilt=change.pointer.facts is not None)
            with change.building("facts") as build:
                _unpack_facts(build, folder, told["facts"], now)
            with change.building("scores") as build:
                _unpack_scores(build, change, folder, told["scores"], learned)
            sync_consents(engine, records)
    except CrmError as error:
        if error.code != "store_damaged":
            raise
        return False
    return True


def _note(folder: Path) -> dict[str, Any]:
    """What was written of the packed store; nothing where there is none that can be read."""
    try:
        return dict(json.loads((folder / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _unpack_facts(build: Build, folder: Path, types: Types, now: datetime) -> None:
    for table, columns in types.items():
        build.load(table, _file(folder, "facts", table), columns)
    build.connection.execute(
        "UPDATE facts.main.import_batches SET imported_at = ?", [now.replace(tzinfo=None)]
    )
    build.refresh_tables()
    rules = money_rules(ShopSettings(), build)
    found = build.fetch(expressions.kinds(build))["n"].iloc[0]
    build.materialise("orders_counted", expressions.orders(build, rules, bool(found)), helper=True)
    build_of_ledger(build)
    build.drop("orders_counted")


def _unpack_scores(
    build: Build, change: Change, folder: Path, types: Types, learned: Mapping[str, Path]
) -> None:
    for table, columns in types.items():
        build.load(table, _file(folder, "scores", table), columns)
    for table, file in learned.items():
        build.load(table, file, {})
    build.connection.execute(
        "UPDATE scores.main.meta SET value = ? WHERE key = 'facts'", [change.pointer.facts]
    )


def _types(root: Any, kind: str, left_out: tuple[str, ...]) -> Types:
    rows = root.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = ? ORDER BY table_name, column_index",
        [kind],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind_of in rows:
        if table not in left_out:
            found.setdefault(table, {})[column] = kind_of
    return found


def _file(folder: Path, kind: str, table: str) -> Path:
    return folder / kind / f"{table}.parquet"
