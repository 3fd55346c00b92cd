"""Seconds until the number of a rule's members is known, over one million customers.

The shop is the demo's tables, each row of a customer copied 199 times under new keys: a synthetic
shop of a million buyers with the demo's habits. Ten conditions on facts are what was asked for;
ten of facts and behaviour, and the size with its reach, are shown beside.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from bench._clock import row
from crm_core.audiences import count, members, size
from crm_core.pipeline.workspace import (
    demo_url,
    ensure_demo,
    mirror_folder,
    open_workspace,
    workspace,
)
from crm_core.rules import All, Any, Condition, Did, Not, Rule, Then
from crm_core.settings import Settings
from crm_core.store import Store, engine_of
from crm_core.store.connection import open_files

COPIES, STEP, ROUNDS = 199, 1_000_000, 40
_KEPT = {
    "facts": ("meta", "product_facts", "order_facts", "ledger", "touches", "customers", "identities"),
    "scores": (
        "meta", "features", "lifecycle", "value_tiers", "rfm", "loyalty", "clusters",
        "lifetime_value", "churn",
    ),
    "decisions": ("meta", "consents", "suppressions", "saved_audiences", "id_lists", "id_list_members"),
}  # fmt: skip

FACTS = (
    Condition("orders", ">=", 2),
    Condition("recency_days", "between", (20, 400)),
    Condition("revenue_365d", ">=", 40),
    Condition("average_order_value", "<=", 250),
    Condition("country", "is_known"),
    Condition("favourite_category", "in", ("Tea", "Teaware", "Kitchen", "Table")),
    Condition("stage", "in", ("active", "at_risk", "lapsed")),
    Condition("value_tier", "is_not", "low"),
)
TEN_FACTS = All(
    (
        *FACTS,
        Any((Condition("p_no_order", "<=", 0.9), Condition("expected_contribution", ">=", 10))),
    )
)
TEA = Condition("category", "in", ("Tea",))
TEN_MIXED = All(
    (
        *FACTS,
        Did("order", last_days=365),
        Not(Did("campaign", (Condition("campaign", "in", ("winback_2025_09",)),))),
    )
)
SEQUENCE = All((FACTS[0], Did("purchase", (TEA,), then=Then("order", 60, happened=False))))


def million(folder: Path) -> Store:
    """The demo shop, many times over, as files opened the way any store is."""
    settings = Settings(var=folder / "demo", memory_limit_mb=1024, threads=2)
    ensure_demo(settings, now=datetime(2026, 11, 1, tzinfo=UTC))
    place = workspace(settings, demo_url(settings))
    store, records = open_workspace(settings, place)
    engine = engine_of(place.url, settings)
    pointer = engine.pointer()
    decisions = engine.mirrored(records, mirror_folder(place.records_url, engine))
    store.close()
    home = engine.folder
    sources = {
        "facts": home / str(pointer.facts),
        "scores": home / str(pointer.scores),
        "decisions": Path(decisions),
    }
    made = {name: folder / f"{name}.duckdb" for name in sources}
    with duckdb.connect() as root:
        for name, source in sources.items():
            root.execute(f"ATTACH '{source}' AS src_{name} (READ_ONLY)")
            root.execute(f"ATTACH '{made[name]}' AS {name}")
            for table in _KEPT[name]:
                _copy(root, name, table)
    return open_files(
        made["facts"],
        settings=settings,
        snapshot="million",
        scores=made["scores"],
        decisions=made["decisions"],
    )


def _copy(root: duckdb.DuckDBPyConnection, catalog: str, table: str) -> None:
    source = f"src_{catalog}.main.{table}"
    columns = {name for name, *_ in root.execute(f"DESCRIBE {source}").fetchall()}
    if "customer_key" not in columns:
        root.execute(f"CREATE TABLE {catalog}.main.{table} AS FROM {source}")
        return
    keys = [name for name in ("customer_key", "order_key") if name in columns]
    replaced = ", ".join(f"{name} + i * {STEP} AS {name}" for name in keys)
    root.execute(
        f"CREATE TABLE {catalog}.main.{table} AS "
        f"SELECT * EXCLUDE (i) REPLACE ({replaced}) FROM range({COPIES}) r(i), {source}"
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """The 95th percentile of wall and CPU seconds."""
    wall: list[float] = []
    spent: list[float] = []
    for _ in range(ROUNDS):
        start, began = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        spent.append(time.process_time() - began)
    place = int(ROUNDS * 0.95) - 1
    return sorted(wall)[place], sorted(spent)[place]


def main() -> None:
    with tempfile.TemporaryDirectory() as passing:
        store = million(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(passing))
        everyone = store.fetch(store.table("features").agg(n=store.table("features").count()))
        row(f"{int(everyone['n'].iloc[0]):,} customers", "members", "p95 s", "p95 CPU s", "asked")
        rules: dict[str, Rule] = {
            "ten facts": TEN_FACTS,
            "ten, behaviour too": TEN_MIXED,
            "a sequence": SEQUENCE,
        }
        for name, rule in rules.items():
            found = count(store, rule)
            row(name, found, *timed(lambda rule=rule: count(store, rule)), "0.5")
        row("its expression alone", "", *timed(lambda: members(store, TEN_FACTS, ())))
        row("size and reach", "", *timed(lambda: size(store, TEN_FACTS)))
        store.close()


if __name__ == "__main__":
    main()
