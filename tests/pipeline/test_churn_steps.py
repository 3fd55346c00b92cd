"""Every refresh tells the chance of no order, and what it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.models.churn_reasons import CODES
from crm_core.pipeline.jobs import predict, refresh
from crm_core.pipeline.learned import Scoring
from crm_core.pipeline.score_steps import STEPS, churn, features
from crm_core.pipeline.scores import refresh_scores
from crm_core.records import ShopSettings
from crm_core.store import Store
from tests.pipeline.young_shops import ODD, scored, young
from tests.small_shop import NOW, SmallShop, small_shop

COLUMNS = [
    "customer_key", "p_no_order", "next_from", "next_median", "next_until", "reason_1", "reason_2",
    "reason_3", "silent_days", "own_gap_days", "purchase_days", "orders_recent", "orders_before",
]  # fmt: skip


def read(store: Store, name: str) -> pd.DataFrame:
    return store.fetch(store.table(name))


def documents(store: Store) -> dict[str, dict[str, Any]]:
    rows = read(store, "fitted")
    return {row["model"]: json.loads(row["document"]) for row in rows.to_dict("records")}


def status(store: Store) -> dict[str, str]:
    rows = read(store, "model_status")
    return dict(zip(rows["model"], rows["status"], strict=True))


def fits_well(table: pd.DataFrame, as_of: date, horizon_days: int) -> None:
    assert list(table.columns) == COLUMNS
    assert table.notna().all().all()
    assert table["p_no_order"].between(0, 1).all()
    assert (table["next_from"] <= table["next_median"]).all()
    assert (table["next_median"] <= table["next_until"]).all()
    last = pd.Timestamp(as_of) + pd.Timedelta(days=horizon_days)
    assert table["next_from"].min() >= pd.Timestamp(as_of)
    assert table["next_until"].max() <= last
    assert set(table["reason_1"]) <= {"", *CODES}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ODD)
def test_odd_shops_are_told_what_is_missing_and_the_rest_goes_on(kind: str, tmp_path: Path) -> None:
    store = scored(tmp_path, ODD[kind]()).open()
    found = status(store)
    assert found["churn"] == "not_enough_data"
    assert found["churn_survival"] == found["rfm"] == "ready"
    facts = read(store, "model_status").set_index("model")["facts"]["churn"]
    assert any(name.endswith("_needed") for name in json.loads(facts))
    assert not store.has("churn")
    assert read(store, "churn_survival").drop(columns="origin").notna().all().all()
    store.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return scored(tmp_path_factory.mktemp("young"), young())


@pytest.mark.slow
def test_a_young_shop_has_untried_chances_and_is_told_so(shop: SmallShop) -> None:
    store = shop.open()
    assert status(store)["churn"] == "ready"
    told = documents(store)["churn_choice"]
    assert (told["method"], told["is_own"]) == ("btyd", False)
    assert told["missing"]["buyers"] == [81, 500]
    assert told["horizon_days"] == told["usual_days"]
    table = read(store, "churn")
    assert len(table) == 81
    fits_well(table, store.meta.as_of, told["horizon_days"])
    assert read(store, "churn_trials").empty
    assert read(store, "churn_reliability").empty
    store.close()
    answer = predict(shop.settings, shop.url, "churn", customer=int(table["customer_key"][0]))
    assert list(answer["rows"][0]) == COLUMNS


@pytest.mark.slow
def test_the_shops_own_horizon_counts(
    shop: SmallShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a longer time everybody is more likely to come."""
    steps = {"features": features, "churn": churn}
    monkeypatch.setattr("crm_core.pipeline.scores.STEPS", steps)
    own = small_shop(tmp_path, young())
    own.records.save_shop_settings(ShopSettings(churn_horizon_days=200), "ann", NOW)
    refresh(own.settings, own.url, as_of=None, now=NOW, progress=lambda step, share: None)
    chances = {}
    for name, each in (("usual", shop), ("own", own)):
        store = each.open()
        chances[name] = read(store, "churn")["p_no_order"]
        told = documents(store)["churn_choice"]
        store.close()
    assert (told["horizon_days"], told["is_own"]) == (200, True)
    assert (chances["own"] < chances["usual"]).all()


def test_what_is_shipped_is_not_taken_for_another_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's chances speak of the usual time; who asks for another must be answered anew."""
    asked: list[str] = []

    def keep(job: Scoring, step: str, *_: object) -> None:
        asked.append(step)

    monkeypatch.setattr(Scoring, "keep", keep)
    nothing: Any = None
    churn(Scoring(nothing, nothing, date(2026, 1, 1)))
    assert asked == ["churn"]
    own = ShopSettings(churn_horizon_days=30)
    with pytest.raises(AttributeError):  # it went on to learn, from nothing
        churn(Scoring(nothing, nothing, date(2026, 1, 1), said=own))
    assert asked == ["churn"]


@pytest.fixture(scope="module")
def cdnow_shop(
    cdnow_sample: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SmallShop, Store]]:
    from crm_core.pipeline.imports import run_import
    from crm_core.store.imports import recognise

    shop = small_shop(tmp_path_factory.mktemp("cdnow"))
    run_import(
        recognise([cdnow_sample]),
        url=shop.url,
        settings=shop.settings,
        records=shop.records,
        now=NOW,
    )
    with pytest.MonkeyPatch.context() as patch:
        steps = {name: step for name, step in STEPS.items() if name != "forecast"}
        patch.setattr("crm_core.pipeline.scores.STEPS", steps)
        refresh_scores(shop.url, settings=shop.settings)
    store = shop.open()
    yield shop, store
    store.close()


@pytest.mark.slow
def test_a_published_log_is_tried_and_told_on_its_own_past(
    cdnow_shop: tuple[SmallShop, Store],
) -> None:
    _, store = cdnow_shop
    told = documents(store)["churn_choice"]
    assert told["missing"] == {}
    table = read(store, "churn")
    fits_well(table, store.meta.as_of, told["horizon_days"])
    assert len(table) == len(read(store, "features"))
    trials = read(store, "churn_trials")
    deciding, last = trials[trials["decides"]], trials[~trials["decides"]]
    assert set(last["method"]) == {told["method"], "naive_share"}
    assert last["origin"].min() > deciding["origin"].max()
    scores = dict(zip(last["method"], last["brier"], strict=True))
    assert scores[told["method"]] < scores["naive_share"]
    means = deciding[deciding["method"] != "naive_share"].groupby("method")["brier"].mean()
    assert means.idxmin() == told["method"]
    reliability = read(store, "churn_reliability")
    assert reliability["customers"].sum() == last["customers"].iloc[0]
    assert (reliability["said"] - reliability["came_true"]).abs().mean() < 0.1
