from __future__ import annotations

import pandas as pd
import pytest

from crm_core.metrics import measure, scope
from crm_core.models.rfm import SEGMENTS
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.customers import customers_total
from crm_core.views.segments import Segments, segments
from crm_core.views.within import read_within

EVERYONE = Selection(period="12m")
SOMEWHERE = Selection(period="90d", sales_channel=("web",), region=("Abroad",))


def seen(store: Store, owner: Access, selection: Selection = EVERYONE, by: str = "rfm") -> Segments:
    return segments(selection, store=store, access=owner, by=by)


@pytest.fixture(scope="module")
def view(store: Store, owner: Access) -> Segments:
    """What everyone's page says by recency, frequency and money."""
    return seen(store, owner)


def test_every_customer_is_in_one_segment(view: Segments, features: pd.DataFrame) -> None:
    assert list(view.rows["segment"]) == [segment.code for segment in SEGMENTS]
    assert view.rows["customers"].sum() == view.customers == len(features)
    assert view.rows["share"].sum() == pytest.approx(1.0)
    counted = features["segment"].value_counts()
    for row in view.rows.to_dict("records"):
        assert row["customers"] == counted.get(row["segment"], 0)


def test_the_matrix_holds_every_customer_once(view: Segments) -> None:
    assert view.grid["customers"].sum() == view.customers
    assert not view.grid.duplicated(["row", "column"]).any()


@pytest.mark.parametrize(
    "by", ["stage", *(pytest.param(by, marks=pytest.mark.slow) for by in ("loyalty", "cluster"))]
)
def test_every_way_divides_all_customers(
    store: Store, owner: Access, view: Segments, by: str
) -> None:
    other = seen(store, owner, by=by)
    counts = other.rows.set_index("segment")["customers"]
    assert other.customers == view.customers
    assert counts.sum() - counts.get("stage.prospect", 0) == view.customers
    assert other.grid["customers"].sum() == view.customers
    assert other.rows["revenue"].sum() == pytest.approx(view.totals["revenue"])
    assert other.totals["net_revenue"] == pytest.approx(view.totals["net_revenue"])
    across = other.grid.groupby("row")["customers"].sum()
    assert (across == counts[across.index]).all()


@pytest.mark.slow
def test_a_stage_and_a_tier_together_are_a_cell_of_the_grid(store: Store, owner: Access) -> None:
    grid = seen(store, owner, by="stage").grid
    cell = grid[grid["customers"] > 0].iloc[0]
    both = Selection(segment=tuple(cell["code"].split(",")))
    assert both.segment == (cell["row"], cell["column"])
    assert customers_total(both, store=store, access=owner) == cell["customers"]
    either = Selection(segment=("stage.active", "stage.won_back"))
    rows = seen(store, owner, by="stage").rows.set_index("segment")["customers"]
    assert customers_total(either, store=store, access=owner) == rows[list(either.segment)].sum()


def test_a_cell_of_scores_opens_as_many_customers_as_it_says(
    store: Store, owner: Access, view: Segments
) -> None:
    for cell in view.grid.iloc[[0, -1]].to_dict("records"):
        found = tuple(filter(None, map(read_within, cell["code"].split(","))))
        assert [(each.low, each.high) for each in found] == [
            (cell["row"],) * 2,
            (cell["column"],) * 2,
        ]
        opened = customers_total(EVERYONE, store=store, access=owner, within=found)
        assert opened == cell["customers"]


@pytest.mark.slow
def test_other_segments_chosen_narrow_the_ones_shown(store: Store, owner: Access) -> None:
    top = seen(store, owner, Selection(period="12m", segment=("value.top",)), by="stage")
    everyone = seen(store, owner, by="stage")
    tiers = everyone.grid[everyone.grid["column"] == "value.top"]["customers"].sum()
    assert top.customers == tiers > 0
    assert top.rows["revenue"].sum() == pytest.approx(top.totals["revenue"])


@pytest.mark.slow
def test_groups_come_with_how_well_each_number_held(store: Store, owner: Access) -> None:
    view = seen(store, owner, by="cluster")
    chosen = view.trials[view.trials["is_chosen"]]
    assert chosen["k"].tolist() == [len(view.rows)]
    assert chosen["ari_mean"].iloc[0] >= 0.78
    assert view.rows["spent"].is_monotonic_decreasing


@pytest.mark.slow
@pytest.mark.parametrize("selection", [EVERYONE, SOMEWHERE])
@pytest.mark.parametrize("by", ["stage", "rfm"])
def test_a_segment_opens_as_many_customers_as_it_says(
    store: Store, owner: Access, selection: Selection, by: str
) -> None:
    view = seen(store, owner, selection, by)
    for row in view.rows.to_dict("records"):
        clicked = Selection(
            segment=(row["segment"],),
            sales_channel=selection.sales_channel,
            region=selection.region,
        )
        assert customers_total(clicked, store=store, access=owner) == row["customers"]


@pytest.mark.parametrize("selection", [pytest.param(EVERYONE, marks=pytest.mark.slow), SOMEWHERE])
def test_money_of_the_segments_is_the_money_of_known_buyers(
    store: Store, owner: Access, selection: Selection
) -> None:
    view = seen(store, owner, selection)
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    rows = scope(store, selection, period)
    known = measure(store, ["keyed_revenue", "known_buyer_share"], rows=rows).totals
    assert view.rows["revenue"].sum() == pytest.approx(view.totals["revenue"])
    assert view.totals["revenue"] == pytest.approx(known["keyed_revenue"])
    assert view.known_buyer_share == known["known_buyer_share"]


def test_the_total_row_is_measured_anew(view: Segments) -> None:
    last = view.with_total().iloc[-1]
    assert last["segment"] == ""
    assert last["customers"] == view.rows["customers"].sum()
    orders = view.rows["revenue"] / view.rows["average_order_value"]
    assert last["average_order_value"] == pytest.approx(last["revenue"] / orders.sum())
    assert (
        view.rows["recency_days"].min() <= last["recency_days"] <= view.rows["recency_days"].max()
    )


def test_scores_agree_with_the_features(view: Segments, features: pd.DataFrame) -> None:
    recency = features.groupby("segment")["recency_days"].median()
    rows = view.rows.set_index("segment")
    for code in recency.index:
        assert rows.loc[code, "recency_days"] == recency[code]
    assert rows["p_no_order"].dropna().between(0, 1).all()
    assert rows.loc["champions", "p_no_order"] < rows.loc["lost_one_time", "p_no_order"]
    assert view.quiet_days is not None
    assert view.quiet_days > 0


def test_only_the_chosen_segments_are_shown(store: Store, owner: Access) -> None:
    view = seen(store, owner, Selection(segment=("at_risk", "champions")))
    assert list(view.rows["segment"]) == ["champions", "at_risk"]
    assert view.grid["customers"].sum() == view.customers == view.rows["customers"].sum()


def test_without_scores_there_are_no_segments(unscored: Store, owner: Access) -> None:
    view = seen(unscored, owner)
    assert view.as_of is None
    assert view.rows.empty
