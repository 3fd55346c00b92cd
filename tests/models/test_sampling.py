"""A large shop learns from some of its customers and scores all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from crm_core.models import churn, lifetime_value, value_choice, value_evidence, value_pieces
from crm_core.models.sampling import sample_of, sampled
from crm_core.models.snapshots import read_snapshot
from crm_core.models.triples import read_triples
from crm_core.store import Build
from tests.models.histories import AS_OF, shop, simulate
from tests.models.test_lifetime_value import ledger

CUSTOMERS, FEW = 2_000, 800
LOG = simulate(CUSTOMERS, seed=8)
SUMS = ["expected_orders", "expected_revenue", "expected_margin", "expected_revenue_91d"]
RANGES = ["orders_low", "orders_high", "revenue_low", "revenue_high"]


@pytest.fixture(scope="module", autouse=True)
def in_a_hurry() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(value_pieces, "REFITS", 10)
        patch.setattr(value_evidence.blends, "LEAST_CUSTOMERS", 1_000_000)
        patch.setattr(value_choice, "_MOST_EARLIER", 1)
        yield


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    rows = ledger(LOG, goods_cost=0.5, fees=0.1)
    folder = tmp_path_factory.mktemp("sampled")
    with shop(folder, customer_days=LOG.table(), ledger=rows) as opened:
        yield opened


def scored(build: Build, most: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and totals of a shop that learns from at most so many customers."""
    lifetime_value.materialise(build, AS_OF, most=most)
    return build.fetch(build.table("lifetime_value")), build.fetch(build.table("value_totals"))


def test_a_small_shop_is_its_own_sample(build: Build) -> None:
    assert sampled(build, CUSTOMERS, CUSTOMERS) is build
    assert sample_of(build, AS_OF) is build
    assert sample_of(build, AS_OF, FEW) is not build


def test_a_sample_holds_the_same_customers_on_every_day(build: Build) -> None:
    few = sampled(build, CUSTOMERS, FEW)
    now = read_snapshot(few, AS_OF)["customer_key"]
    before = read_snapshot(few, AS_OF - timedelta(91))["customer_key"]
    assert len(now) == pytest.approx(FEW, rel=0.1)
    assert set(before) < set(now)
    # From the first to the last of those who came alike, however few.
    assert np.mean(now) == pytest.approx(CUSTOMERS / 2, rel=0.05)
    whole = read_triples(build, AS_OF)
    part = read_triples(few, AS_OF)
    assert part.having(1) / part.customers == pytest.approx(
        whole.having(1) / whole.customers, abs=0.05
    )


@pytest.mark.slow
def test_values_of_a_sample_add_up_to_those_of_all(build: Build) -> None:
    """Everybody's expectations within a thousandth; the ends of ranges within a tenth of the upper."""
    whole, totals = scored(build, CUSTOMERS)
    few, few_totals = scored(build, FEW)
    assert few["customer_key"].tolist() == whole["customer_key"].tolist()
    for name in SUMS:
        assert few[name].sum() == pytest.approx(whole[name].sum(), rel=1e-3), name
        assert np.corrcoef(few[name], whole[name])[0, 1] > 0.999, name
    for what in ("orders", "revenue"):
        near = 0.1 * whole[f"{what}_high"].mean()
        for name in (f"{what}_low", f"{what}_high"):
            assert few[name].mean() == pytest.approx(whole[name].mean(), abs=near), name
    assert few_totals["orders"].tolist() == pytest.approx(totals["orders"].tolist(), rel=1e-3)
    assert (few_totals["orders_low"] < few_totals["orders"]).all()
    assert (few_totals["orders_high"] > few_totals["orders"]).all()
    assert not few[[*SUMS, *RANGES]].isna().any().any()
    assert (few["revenue_low"] <= few["revenue_high"]).all()


def test_churn_of_a_sample_is_that_of_all(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(churn, "METHODS", ("btyd", "rate"))
    seen = read_snapshot(build, AS_OF)
    whole = churn.learn(build, as_of=AS_OF, horizon_days=60, model="mbg_nbd")
    few = churn.learn(build, as_of=AS_OF, horizon_days=60, model="mbg_nbd", most=FEW)
    told, said = whole.p_no_order(seen), few.p_no_order(seen)
    assert said.mean() == pytest.approx(told.mean(), abs=0.02)
    assert np.corrcoef(said, told)[0, 1] > 0.99
    assert few.triples.customers == CUSTOMERS > few.rhythm.orders.customers


def test_windows_of_like_histories_are_those_of_each(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = read_snapshot(build, AS_OF)
    exact = churn.untried(build, as_of=AS_OF, horizon_days=60, model="pareto_nbd")
    windows = exact.next_order_days(seen)
    monkeypatch.setattr(churn, "MOST_CUSTOMERS", FEW)
    alike = churn.untried(build, as_of=AS_OF, horizon_days=60, model="pareto_nbd")
    assert np.abs(alike.next_order_days(seen) - windows).max() < 0.5
