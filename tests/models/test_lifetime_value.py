from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from crm_core.errors import CrmError
from crm_core.models import gamma_gamma, lifetime_value, value_evidence, value_pieces
from crm_core.models.base import Fitted
from crm_core.models.beginnings import Beginnings
from crm_core.models.order_models import ORDER_MODELS
from crm_core.models.snapshots import Snapshot
from crm_core.models.triples import Triples
from crm_core.models.value_ahead import score_table
from crm_core.store import Build
from tests.models.histories import AS_OF, Log, cdnow, shop, simulate

MONEY = pa.decimal128(18, 2)
WORDS = ("acquisition_source", "sales_channel", "region", "category")
AMOUNTS = (
    "gross",
    "discount",
    "refund",
    "goods_cost",
    "shipping_income",
    "shipping_cost",
    "fees",
    "service_cost",
    "marketing_cost",
)


def ledger(log: Log, **shares: float | np.ndarray | None) -> pa.Table:
    """Sale rows of a log; each amount a share of the row's revenue, None where not known."""
    rows = len(log.customer)
    order = np.lexsort((log.day, log.customer))
    first = np.concatenate([[True], log.customer[order][1:] != log.customer[order][:-1]])
    number = np.empty(rows, dtype=np.int64)
    number[order] = np.where(first, 1, 2)
    columns: dict[str, object] = {"customer_key": log.customer, "day": log.table()["day"]}
    columns |= {"entry": ["sale"] * rows, "order_no": number}
    columns |= {name: pa.nulls(rows, pa.string()) for name in WORDS}
    for name in AMOUNTS:
        share = 1.0 if name == "gross" else shares.get(name, 0.0)
        columns[name] = (
            pa.nulls(rows, MONEY)
            if share is None
            else pa.array(np.round(log.cents * share) / 100.0).cast(MONEY, safe=False)
        )
    return pa.table(columns)


LOG = simulate(3_000, seed=8)


@pytest.fixture(scope="module", autouse=True)
def in_a_hurry() -> Iterator[None]:
    """Few refits and no trees: what they are worth has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(value_pieces, "REFITS", 6)
        patch.setattr(value_evidence.blends, "LEAST_CUSTOMERS", 1_000_000)
        yield


def scored(build: Build, as_of: date = AS_OF) -> pd.DataFrame:
    lifetime_value.materialise(build, as_of)
    return build.fetch(build.table("lifetime_value"))


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    folder = tmp_path_factory.mktemp("lifetime")
    rows = ledger(LOG, goods_cost=0.5, refund=0.05, fees=0.1, service_cost=0.02)
    with shop(folder, customer_days=LOG.table(), ledger=rows) as opened:
        yield opened


@pytest.fixture(scope="module")
def scores(build: Build) -> pd.DataFrame:
    return scored(build)


def test_every_customer_has_one_row_in_the_promised_columns(scores: pd.DataFrame) -> None:
    assert tuple(scores.columns) == lifetime_value.COLUMNS
    assert scores["customer_key"].tolist() == sorted(set(LOG.customer.tolist()))
    assert scores.drop(columns="p_alive").notna().all().all()


@pytest.mark.slow
def test_nobody_is_said_to_be_here_for_sure_on_one_order_alone(
    scores: pd.DataFrame, build: Build
) -> None:
    """BG/NBD never doubts who bought once: nothing is said of them then."""
    once = scores["frequency"] == 0
    doubts = lifetime_value.learn(build, as_of=AS_OF).choice.model != "bg_nbd"
    assert scores.loc[~once, "p_alive"].between(0, 1).all()
    assert scores.loc[once, "p_alive"].notna().all() == doubts
    assert scores.loc[once, "p_alive"].isna().all() != doubts


def test_where_leaving_is_not_seen_nobody_is_said_to_be_here(build: Build) -> None:
    valued = lifetime_value.learn(build, as_of=AS_OF)
    rows = Triples.of([0, 3], [0, 90], [200, 120])
    blind = replace(valued, orders=replace(valued.orders, warnings=("dropout_not_identified",)))
    assert score_table(valued, rows)["p_alive"].null_count < 2
    assert score_table(blind, rows)["p_alive"].null_count == 2


def test_more_comes_in_a_longer_time_and_is_worth_less_the_later_it_comes(
    scores: pd.DataFrame,
) -> None:
    for what in ("orders", "revenue"):
        near, half, far = (scores[f"expected_{what}_{days}d"] for days in (91, 182, 730))
        year = scores[f"expected_{what}"]
        assert (near <= half).all()
        assert (half <= year).all()
        assert (year <= far).all()
    discounts = [scores[f"discount_{days}d"] for days in (91, 182, 365, 730)]
    for sooner, later in pairwise(discounts):
        assert (later < sooner).all()
    assert scores["discount_91d"].between(1.1**-0.25, 1).all()
    # Most of a year's orders come in its first half.
    assert scores["discount_365d"].between(1.1**-0.55, 1.1**-0.3).all()


@pytest.mark.slow
def test_discounting_by_stretches_is_discounting_by_days(build: Build) -> None:
    valued = lifetime_value.learn(build, as_of=AS_OF)
    rows = Triples.of([0, 3, 9], [0, 90, 200], [200, 120, 210])
    said = score_table(valued, rows, rate=0.1)
    model = ORDER_MODELS[valued.choice.model]
    until = np.array([model.expected_orders(valued.orders, rows, t) for t in range(731)])
    daily = np.diff(until, axis=0) * 1.1 ** -((np.arange(730) + 0.5) / 365)[:, None]
    for days in (91, 182, 365, 730):
        share = daily[:days].sum(axis=0) / until[days]
        assert said[f"discount_{days}"].to_numpy() == pytest.approx(share, abs=2e-3)


def test_the_totals_are_those_of_the_customers_within_their_ranges(
    scores: pd.DataFrame, build: Build
) -> None:
    totals = build.fetch(build.table("value_totals")).set_index("horizon_days")
    assert totals.index.tolist() == [91, 182, 365, 730]
    assert totals.loc[365, "orders"] == pytest.approx(scores["expected_orders"].sum())
    assert totals.loc[91, "revenue"] == pytest.approx(scores["expected_revenue_91d"].sum())
    worth = (scores["expected_contribution"] * scores["discount_365d"]).sum()
    assert totals.loc[365, "value"] == pytest.approx(worth)
    for name in ("orders", "revenue", "contribution", "value"):
        assert (totals[f"{name}_low"] < totals[name]).all()
        assert (totals[name] < totals[f"{name}_high"]).all()


@pytest.mark.slow
def test_what_single_customers_may_bring_is_wide_and_holds_most(
    scores: pd.DataFrame, build: Build
) -> None:
    """Of the last quarter as it was foreseen: eight in ten or more lie within their range."""
    assert (scores["orders_low"] <= scores["orders_high"]).all()
    assert (scores["revenue_low"] <= scores["revenue_high"]).all()
    assert ((scores["orders_high"] == 0) == (scores["revenue_high"] == 0)).mean() > 0.97
    busy = scores["expected_orders"] > 3
    inside = scores.loc[busy, "expected_orders"].between(
        scores.loc[busy, "orders_low"], scores.loc[busy, "orders_high"]
    )
    assert inside.mean() > 0.99


@pytest.mark.slow
@pytest.mark.usefixtures("scores")
def test_what_spoke_for_the_models_is_kept(build: Build) -> None:
    rows = build.fetch(build.table("value_choice"))
    asked = rows[rows["question"] == "orders"]
    scores_by = asked[asked["decides"] & (asked["measure"] == "score")].groupby("method")["value"]
    chosen = asked.loc[asked["chosen"], "method"].unique().tolist()
    assert chosen == [lifetime_value.learn(build, as_of=AS_OF).choice.model]
    assert scores_by.mean()[chosen[0]] >= scores_by.mean().max() - 0.01
    told = json.loads(dict(lifetime_value.materialise(build, AS_OF))["value_choice"])
    assert told["order_model"] == chosen[0]
    assert told["ranking"] in ("order_model", "blend")
    ranking = rows[rows["question"] == "ranking"]
    assert (~ranking.loc[ranking["measure"] != "gini_gain", "decides"]).all()


@pytest.mark.slow
def test_where_trees_rank_better_the_total_stays_the_order_models(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = scored(build)

    class Trees:
        pays, gains, told, last = True, {}, {}, None

        def ranked(self, rhythm: object, snapshot: Snapshot) -> np.ndarray:
            return (snapshot["customer_key"] % 7 + 1.0) * 1_000

    monkeypatch.setattr(value_evidence.blends, "learn", lambda *_, **__: Trees())
    blended = scored(build)
    monkeypatch.undo()
    for column in ("expected_revenue", "expected_revenue_91d", "expected_revenue_730d"):
        total = plain[column].sum()
        assert blended[column].sum() == pytest.approx(total)
        share = (blended["customer_key"] % 7 + 1.0) / (blended["customer_key"] % 7 + 1.0).sum()
        assert blended[column].to_numpy() == pytest.approx((plain[column] + share * total) / 2)
    assert blended["expected_orders"].to_numpy() == pytest.approx(plain["expected_orders"])
    lifetime_value.materialise(build, AS_OF)


@pytest.mark.slow
def test_what_customers_began_with_moves_shares_and_keeps_the_total(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = scored(build)
    begun = Beginnings("first_category", {"Tea": 2.0, "Pots": 0.5})
    sold = build.table("ledger")
    kinds = ibis.cases((sold.customer_key % 3 == 0, "Tea"), (sold.customer_key % 3 == 1, "Pots"))
    told = sold.mutate(category=kinds)
    of = build.table

    def table(name: str) -> ir.Table:
        return told if name == "ledger" else of(name)

    monkeypatch.setattr(value_evidence.beginnings, "learn", lambda *_: begun)
    monkeypatch.setattr(build, "table", table)
    moved = scored(build)
    monkeypatch.undo()
    weight = np.array([2.0, 0.5, 1.0])[plain["customer_key"].to_numpy() % 3]
    for column in ("expected_revenue", "expected_revenue_91d", "expected_revenue_730d"):
        expected = plain[column] * weight
        expected *= plain[column].sum() / expected.sum()
        assert moved[column].to_numpy() == pytest.approx(expected.to_numpy())
    assert moved["expected_orders"].to_numpy() == pytest.approx(plain["expected_orders"])
    lifetime_value.materialise(build, AS_OF)


def test_the_engine_gives_what_the_models_give(scores: pd.DataFrame, build: Build) -> None:
    seen = LOG.summary(AS_OF)
    each = Triples.of(seen["frequency"], seen["recency_days"], seen["age_days"])
    valued = lifetime_value.learn(build, as_of=AS_OF)
    model = ORDER_MODELS[valued.choice.model]
    orders = model.fit_triples(each, as_of=AS_OF)
    spend = gamma_gamma.fit_spend(
        gamma_gamma.Spend.of(seen["frequency"], seen["repeat_cents"]), as_of=AS_OF
    )
    single = Triples(*(seen[name] for name in seen if name != "repeat_cents"), seen["age_days"])
    coming = model.expected_orders(orders, single, 365)
    money = gamma_gamma.expected_spend(spend, seen["frequency"], seen["repeat_cents"] / 100.0)
    assert scores["expected_orders"].to_numpy() == pytest.approx(coming)
    assert scores["expected_revenue"].to_numpy() == pytest.approx(coming * money)


def test_where_all_cost_the_same_share_so_does_what_is_expected(scores: pd.DataFrame) -> None:
    revenue = scores["expected_revenue"].sum()
    assert scores["expected_margin"].sum() == pytest.approx(0.45 * revenue, rel=1e-3)
    assert scores["expected_contribution"].sum() == pytest.approx(0.33 * revenue, rel=1e-3)
    assert (scores["expected_contribution"] <= scores["expected_margin"]).all()


@pytest.mark.slow
def test_the_fits_are_kept_and_the_helper_is_gone(build: Build) -> None:
    fits = lifetime_value.materialise(build, AS_OF)
    chosen = lifetime_value.learn(build, as_of=AS_OF).choice.model
    assert [name for name, _ in fits] == ["lifetime_value", chosen, "gamma_gamma", "value_choice"]
    for name, document in fits[:3]:
        assert Fitted.from_json(document).model == name
    both = Fitted.from_json(fits[0][1]).parameters
    rhythm = set(ORDER_MODELS[chosen].parameters)
    assert {*rhythm, "p", "q", "v", "horizon_days"} == set(both)
    assert not build.has("lifetime_value_scores")
    assert not build.has("value_piece_0")


@pytest.mark.slow
def test_a_dear_customer_is_worth_less_but_not_judged_on_one_order(tmp_path: Path) -> None:
    """Who returns everything pulls down the own figure, the more the more often."""
    often = np.bincount(LOG.customer)
    heavy, light = int(np.argmax(often)), int(np.flatnonzero(often == 1)[0])
    back = np.where(np.isin(LOG.customer, (heavy, light)), 0.9, 0.0)
    rows = ledger(LOG, goods_cost=0.4, service_cost=back)
    with shop(tmp_path, customer_days=LOG.table(), ledger=rows) as opened:
        found = scored(opened).set_index("customer_key")
    rate = found["expected_contribution"] / found["expected_revenue"]
    assert rate[heavy] < 0 < rate[light] < rate.median()
    assert rate.median() == pytest.approx(0.6, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("cost", [None, 0.0])
def test_without_known_costs_there_is_no_margin(tmp_path: Path, cost: float | None) -> None:
    rows = ledger(LOG, goods_cost=cost)
    with shop(tmp_path, customer_days=LOG.table(), ledger=rows) as opened:
        found = scored(opened)
    assert found["expected_revenue"].notna().all()
    assert found[["expected_margin", "expected_contribution"]].isna().all().all()


@pytest.mark.slow
def test_money_after_the_day_changes_nothing(tmp_path: Path) -> None:
    cut = AS_OF - timedelta(60)
    known = LOG.until(cut)
    tables: list[pd.DataFrame] = []
    for name, log in (("all", LOG), ("known", known)):
        (tmp_path / name).mkdir()
        rows = ledger(log, goods_cost=0.5)
        with shop(tmp_path / name, customer_days=log.table(), ledger=rows) as opened:
            tables.append(scored(opened, cut))
    pd.testing.assert_frame_equal(*tables)


def test_a_small_shop_is_told_how_little_that_is(tmp_path: Path) -> None:
    log = simulate(120, seed=3, days=100)
    with shop(tmp_path, customer_days=log.table()) as opened:
        warnings = lifetime_value.fit(opened, as_of=AS_OF).warnings
    assert warnings[:3] == ("few_buyers", "few_loyal_buyers", "short_history")


def test_too_small_a_shop_is_told_what_is_missing(tmp_path: Path) -> None:
    log = simulate(40, seed=3, days=20)
    with (
        shop(tmp_path, customer_days=log.table()) as opened,
        pytest.raises(CrmError) as caught,
    ):
        lifetime_value.materialise(opened, AS_OF)
    assert caught.value.code == "not_enough_data"
    assert caught.value.facts["buyers"] == 40
    assert caught.value.facts["history_days_needed"] == 30


# On the whole published log, 26 weeks ahead


@pytest.fixture(scope="module")
def backtest(
    cdnow_master: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, float]]:
    log = cdnow(cdnow_master)
    with shop(tmp_path_factory.mktemp("cdnow"), customer_days=log.table()) as opened:
        rows = lifetime_value.validate(opened, origins=[date(1997, 12, 30)], horizon_days=182)
        with pytest.raises(CrmError, match="not_enough_data"):
            lifetime_value.validate(opened, origins=[date(1998, 2, 1)], horizon_days=182)
    return {str(row["method"]): row for row in rows}


def test_cdnow_is_foreseen_as_measured_elsewhere(backtest: dict[str, dict[str, float]]) -> None:
    ours = backtest["lifetime_value"]
    # Of MBG/NBD, which this log's own past chooses.
    assert ours["gini"] == pytest.approx(0.728, abs=0.001)
    assert ours["top_decile"] == pytest.approx(0.565, abs=0.001)
    assert ours["spearman"] == pytest.approx(0.441, abs=0.001)
    assert abs(ours["purchases_error"]) < 0.06
    assert abs(ours["spend_error"]) < 0.06


@pytest.mark.slow
def test_simple_rules_are_beaten_where_levels_count(
    backtest: dict[str, dict[str, float]],
) -> None:
    ours = backtest["lifetime_value"]
    simple = {name: row for name, row in backtest.items() if name.startswith("naive_")}
    assert set(simple) == {"naive_last_period", "naive_own_rate", "naive_mean"}
    for theirs in simple.values():
        for measure in ("purchases_error", "spend_error", "mae", "rmse"):
            assert abs(ours[measure]) < abs(theirs[measure])
