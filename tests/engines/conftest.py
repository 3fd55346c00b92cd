from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.pipeline import forecasts
from crm_core.pipeline.scores import refresh_scores
from crm_core.settings import Settings
from crm_core.store import Store, engine_of
from tests.engines.shop import fill
from tests.servers.postgresql import Server
from tests.small_shop import SmallShop, small_shop


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    """The battery's shop on DuckDB, scored but for its forecast."""
    folder = tmp_path_factory.mktemp("battery")
    found = small_shop(folder)
    fill(found, folder)

    def none(*_given: object, **_named: object) -> None:
        raise CrmError("not_enough_data")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasts, "forecast_tables", none)
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
def known() -> dict[str, pd.DataFrame]:
    """The reference's answers so far."""
    return {}
