"""The page of values: sums of the scores, ranges of the whole, nothing but today's worth apart."""

from __future__ import annotations

import pytest

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.value import MONTHS, Value, value


def seen(store: Store, access: Access, days: int = 365, **chosen: object) -> Value:
    return value(Selection(**chosen), store=store, access=access, days=days)


@pytest.mark.parametrize("days", MONTHS.values())
def test_a_horizon_is_the_sum_of_its_customers_within_its_range(
    store: Store, owner: Access, days: int
) -> None:
    view = seen(store, owner, days)
    suffix = "" if days == 365 else f"_{days}d"
    scores = store.fetch(store.table("lifetime_value"))
    revenue = scores[f"expected_revenue{suffix}"]
    assert view.totals["revenue"] == pytest.approx(revenue.sum())
    assert view.totals["orders"] == pytest.approx(scores[f"expected_orders{suffix}"].sum())
    left = revenue * scores["contribution_rate"]
    assert view.totals["contribution"] == pytest.approx(left.sum())
    assert view.totals["value"] == pytest.approx((left * scores[f"discount_{days}d"]).sum())
    assert view.rate == pytest.approx(0.1)
    for name, (low, high) in view.ranges.items():
        assert low < (view.totals[name] or 0) < high


def test_segments_add_up_and_have_no_range_of_their_own(store: Store, owner: Access) -> None:
    whole = seen(store, owner)
    part = seen(store, owner, segment=("stage.at_risk",))
    assert whole.segments["value"].sum() == pytest.approx(whole.totals["value"])
    mine = whole.segments.set_index("code").loc["stage.at_risk"]
    assert part.totals["value"] == pytest.approx(mine["value"])
    assert part.customers == mine["customers"] < whole.customers == whole.everyone
    assert part.ranges == {}
    assert whole.deciles["value"].sum() == pytest.approx(1)


def test_the_top_are_ranked_by_worth_and_know_their_range(store: Store, owner: Access) -> None:
    top = seen(store, owner).top
    assert top["worth"].is_monotonic_decreasing
    assert (top["low"] <= top["high"]).all()
    assert top["worth"].between(top["low"], top["high"]).mean() > 0.9


def test_the_page_can_say_why_it_is_this_model(store: Store, owner: Access) -> None:
    choice = seen(store, owner).choice
    assert choice["order_model"] in ("bg_nbd", "mbg_nbd", "pareto_nbd")
    assert choice["reason"] == "own_past"
    assert choice["ranking"] == "order_model"
    assert choice["ranking_reason"] == "own_past"
    assert choice["missing"] == {}
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(store, owner, 100)
