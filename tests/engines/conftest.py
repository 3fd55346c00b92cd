from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from crm_core.pipeline.scores import refresh_scores
from crm_core.settings import Settings
from crm_core.store import Store, engine_of
from crm_core.store.parquet_folder import write_folder
from tests.engines.shop import fill
from tests.servers.postgresql import Server
from tests.small_shop import SmallShop, no_forecast, small_shop


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A cluster and Spark Connect give Spark the same plans as this process does: what may differ
    is the way there and back, so they are asked one question of each kind."""
    if os.environ.get("CLIENTELE_TEST_SPARK", "local") == "local":
        return
    second = [item for item in items if sum(1 for _ in item.iter_markers("slow")) > 1]
    config.hook.pytest_deselected(items=second)
    items[:] = [item for item in items if item not in second]


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    """The battery's shop on DuckDB, scored but for its forecast."""
    folder = tmp_path_factory.mktemp("battery")
    found = small_shop(folder)
    fill(found, folder)
    with no_forecast():
        refresh_scores(found.url, settings=found.settings)
    return found


@pytest.fixture(scope="package")
def reference(shop: SmallShop) -> Iterator[Store]:
    """The shop as DuckDB reads it."""
    engine = engine_of(shop.url, shop.settings)
    store = engine.open(engine.mirrored(shop.records, engine.folder))
    yield store
    store.close()


@pytest.fixture(scope="package")
def on_postgres(
    shop: SmallShop, postgres: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The same snapshots on PostgreSQL."""
    engine = engine_of(shop.url, shop.settings)
    pointer = engine.pointer()
    settings = Settings(var=tmp_path_factory.mktemp("var"), memory_limit_mb=256)
    address = postgres.make()
    team = engine_of(address, settings)
    with team.writing() as change:
        change.adopt("facts", engine.folder / str(pointer.facts))
        change.adopt("scores", engine.folder / str(pointer.scores))
    store = team.open(team.mirrored(shop.records, team.folder))
    yield store
    store.close()
    postgres.drop(address)


@pytest.fixture(scope="package")
def lake(shop: SmallShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same snapshots as Parquet files."""
    folder = tmp_path_factory.mktemp("lake") / "shop"
    with closing(engine_of(shop.url, shop.settings).open()) as store:
        write_folder(store, folder, progress=lambda step, share: None)
    return folder


@pytest.fixture(scope="package")
def on_spark(
    shop: SmallShop, lake: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The files as Spark reads them: in this process, or where CLIENTELE_TEST_SPARK says."""
    folder = tmp_path_factory.mktemp("spark")
    with _spark_address(os.environ.get("CLIENTELE_TEST_SPARK", "local"), folder, lake) as address:
        engine = engine_of(address, Settings(var=folder, threads=2))
        store = engine.open(engine.mirrored(shop.records, engine.folder))
        yield store
        store.close()
        store._reader._session.stop()


@contextmanager
def _spark_address(kind: str, logs: Path, lake: Path) -> Iterator[str]:
    if kind == "local":
        yield f"spark-local:///{lake}"
        return
    from tests.servers.spark import cluster, connect_server

    with {"cluster": cluster, "connect": connect_server}[kind](logs) as master:
        yield f"{master}?folder={lake}"
