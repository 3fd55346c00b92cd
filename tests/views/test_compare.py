from __future__ import annotations

import pandas as pd
import pytest

from crm_core.audiences import FIELDS
from crm_core.metrics import METRICS, measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.compare import Compare, compare
from crm_core.views.customers import customers_total

YEAR = Selection(period="12m")


@pytest.fixture(scope="module")
def view(store: Store, owner: Access) -> Compare:
    found = compare(YEAR, store=store, access=owner, left="stage.active", right="champions")
    assert found is not None
    return found


def test_every_number_and_every_fact_is_there(view: Compare) -> None:
    assert view.metrics["code"].tolist() == list(METRICS)
    told = {*view.facts["code"], *view.words["code"]}
    days = {name for name, field in FIELDS.items() if field.type == "date"}
    assert set(FIELDS) - told <= days  # no segment has a mean day


def test_each_side_is_the_segment_its_customers_open(
    view: Compare, store: Store, owner: Access
) -> None:
    for side, code in (("left", "stage.active"), ("right", "champions")):
        opened = Selection(segment=(code,))
        assert customers_total(opened, store=store, access=owner) == view.customers[side]
    both = Selection(segment=("stage.active", "champions"))
    assert customers_total(both, store=store, access=owner) == view.both > 0


def test_numbers_are_those_measured_over_the_segment(view: Compare, store: Store) -> None:
    period = YEAR.resolve(store.meta.first_day, store.meta.as_of)
    rows = scope(store, Selection(segment=("champions",)), period)
    found = view.metrics.set_index("code")["right"]
    totals = measure(store, ["net_revenue", "average_order_value"], rows=rows).totals
    assert found["net_revenue"] == pytest.approx(totals["net_revenue"])
    assert found["average_order_value"] == pytest.approx(totals["average_order_value"])


def test_facts_are_medians_and_words_shares(view: Compare, features: pd.DataFrame) -> None:
    mine = features[features["segment"] == "champions"]
    facts = view.facts.set_index("code")["right"]
    assert facts["orders"] == mine["orders"].median()
    assert facts["is_already_customer"] == pytest.approx(mine["is_already_customer"].mean())
    region = view.words[view.words["code"] == "region"].iloc[0]
    assert region["right"] == pytest.approx((mine["region"] == region["value"]).mean())
    segment = view.words[view.words["code"] == "segment"].set_index("value")["right"]
    assert segment["champions"] == 1


@pytest.mark.slow
def test_a_place_narrows_both_sides(view: Compare, store: Store, owner: Access) -> None:
    somewhere = Selection(period="12m", sales_channel=("web",))
    found = compare(somewhere, store=store, access=owner, left="stage.active", right="champions")
    assert found is not None
    for side in ("left", "right"):
        assert 0 < found.customers[side] < view.customers[side]


def test_prospects_can_be_compared_and_have_no_orders(store: Store, owner: Access) -> None:
    found = compare(YEAR, store=store, access=owner, left="stage.prospect", right="stage.lapsed")
    assert found is not None
    assert found.customers["left"] > 0
    assert pd.isna(found.facts.set_index("code").loc["orders", "left"])
    assert found.metrics.set_index("code").loc["orders", "left"] == 0


def test_before_the_first_scores_there_is_nothing(unscored: Store, owner: Access) -> None:
    assert compare(YEAR, store=unscored, access=owner, left="champions", right="loyal") is None
