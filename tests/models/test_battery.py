"""What every model must show, whatever it models; a new row of MODELS is tested by itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_core.models import MODELS, Fitted, ModelSpec
from crm_core.settings import Settings
from crm_core.store import Store, open_store

# One worker fits each model once.
pytestmark = pytest.mark.xdist_group("battery")

# A forecast is for weeks; customers are too few to be judged on less than a quarter.
HORIZON_DAYS = {"forecast": 28}
#: Their whole battery is among the slow tests.
LONG = ("churn", "clusters", "forecast", "lifetime_value", "next_offer", "set_aside")
#: Compared with their baselines among the slow tests: they fit several models a period.
LONG_TO_COMPARE = (*LONG, "pareto_nbd")
PERIODS_BACK = {"forecast": (1, 2, 3)}


def horizon_of(name: str) -> int:
    return HORIZON_DAYS.get(name, 90)


@pytest.fixture(scope="session")
def cut(store: Store) -> date:
    """A day in the past, with a later period still in the log."""
    return store.meta.as_of - timedelta(120)


@pytest.fixture(scope="session")
def without_future(
    store: Store, cut: date, demo_store_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The same shop as if the log had been read on the evening of `cut`."""
    folder = tmp_path_factory.mktemp("past") / "shop"
    folder.mkdir()
    (folder / "current.json").write_text(json.dumps({"facts": store.snapshot, "scores": None}))
    shutil.copyfile(demo_store_dir / store.snapshot, folder / store.snapshot)
    with duckdb.connect(str(folder / store.snapshot)) as file:
        dated = file.execute(
            "SELECT table_name FROM duckdb_columns() WHERE column_name = 'day' "
            "AND schema_name = 'main'"
        ).fetchall()
        for (table,) in dated:
            file.execute(f"DELETE FROM {table} WHERE day > ?", [cut])
    found = open_store(f"duckdb:///{folder}", settings=Settings(var=folder / "var"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def fits(store: Store, cut: date) -> dict[str, Fitted]:
    """Each model's fit as of `cut`, made once."""
    return {}


@pytest.fixture(
    params=[
        pytest.param(name, marks=pytest.mark.slow if name in LONG else [])
        for name in sorted(MODELS)
    ]
)
def spec(request: pytest.FixtureRequest) -> ModelSpec:
    return MODELS[str(request.param)]


@pytest.fixture
def fitted(spec: ModelSpec, store: Store, cut: date, fits: dict[str, Fitted]) -> Fitted:
    if spec.name not in fits:
        fits[spec.name] = spec.verb("fit")(store, as_of=cut)
    return fits[spec.name]


def test_says_what_it_is_and_from_when(spec: ModelSpec, fitted: Fitted, cut: date) -> None:
    assert (fitted.model, fitted.as_of) == (spec.name, cut)
    assert fitted.parameters
    assert set(fitted.standard_errors) <= set(fitted.parameters)
    assert all(code.replace("_", "").isalnum() for code in fitted.warnings)


def test_is_kept_as_plain_text(fitted: Fitted) -> None:
    assert Fitted.from_json(fitted.to_json()) == fitted


def test_what_comes_later_changes_nothing_and_the_same_shop_has_the_same_fit(
    spec: ModelSpec, fitted: Fitted, without_future: Store, cut: date
) -> None:
    assert spec.verb("fit")(without_future, as_of=cut).to_json() == fitted.to_json()


@pytest.mark.slow
def test_a_changed_past_changes_the_fingerprint(
    spec: ModelSpec, fitted: Fitted, store: Store, cut: date
) -> None:
    earlier = spec.verb("fit")(store, as_of=cut - timedelta(45))
    assert earlier.fingerprint != fitted.fingerprint


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in LONG_TO_COMPARE else [])
        for name, spec in sorted(MODELS.items())
        if spec.baseline
    ],
)
def test_is_no_worse_than_its_baseline_on_later_periods(name: str, store: Store) -> None:
    spec, horizon = MODELS[name], horizon_of(name)
    back = PERIODS_BACK.get(name, (1, 2))
    origins = [store.meta.as_of - timedelta(horizon * periods) for periods in back]
    rows = spec.verb("validate")(store, origins=origins, horizon_days=horizon)
    ours, theirs = (mean_of(rows, method, spec.measure) for method in (name, spec.baseline))
    if spec.better == "lower":
        assert ours <= theirs
    else:
        assert ours >= theirs


def mean_of(rows: list[dict[str, Any]], method: str, measure: str) -> float:
    values = [row[measure] for row in rows if row["method"] == method]
    assert len({row["origin"] for row in rows}) == len(values)
    return sum(values) / len(values)
