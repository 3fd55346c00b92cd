"""The page of values: sums of the scores, ranges of the whole, nothing but today's worth apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.customers import customers_total
from crm_core.views.value import MONTHS, Value, value
from crm_core.views.value_trial import value_trial
from crm_core.views.within import read_within
from tests.retold import Retold


def seen(store: Store, access: Access, days: int = 365, **chosen: Any) -> Value:
    return value(Selection(**chosen), store=store, access=access, days=days)


@pytest.mark.parametrize(
    "days",
    [pytest.param(n, marks=[] if n == 365 else pytest.mark.slow) for n in MONTHS.values()],
)
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


@pytest.fixture(scope="module")
def whole(store: Store, owner: Access) -> Value:
    """What everyone's page says of a year."""
    return seen(store, owner)


def test_a_tenth_opens_the_customers_it_stands_for(
    store: Store, owner: Access, whole: Value
) -> None:
    scores = store.fetch(store.table("lifetime_value"))
    worth = scores["expected_revenue"] * scores["contribution_rate"] * scores["discount_365d"]
    ranked = worth.sort_values(ascending=False, ignore_index=True)
    size = len(ranked) // 10
    for tenth in (0, 5):
        within = read_within(whole.deciles["code"][tenth])
        assert within is not None
        mine = ranked[tenth * size : (tenth + 1) * size]
        assert within.low == pytest.approx(mine.min(), abs=0.01)
        assert within.high == pytest.approx(mine.max(), abs=0.01)
        opened = customers_total(Selection(), store=store, access=owner, within=(within,))
        assert opened == ranked.between(within.low, within.high).sum()
        assert size <= opened < 1.1 * size  # like histories are worth the same


@pytest.mark.slow
def test_segments_add_up_and_have_no_range_of_their_own(
    store: Store, owner: Access, whole: Value
) -> None:
    part = seen(store, owner, segment=("stage.at_risk",))
    assert whole.segments["value"].sum() == pytest.approx(whole.totals["value"])
    mine = whole.segments.set_index("code").loc["stage.at_risk"]
    assert part.totals["value"] == pytest.approx(mine["value"])
    assert part.customers == mine["customers"] < whole.customers == whole.everyone
    assert part.ranges == {}
    assert whole.deciles["value"].sum() == pytest.approx(1)


def test_the_top_are_ranked_by_worth_and_know_their_range(whole: Value) -> None:
    top = whole.top
    assert top["worth"].is_monotonic_decreasing
    assert (top["low"] <= top["high"]).all()
    assert top["worth"].between(top["low"], top["high"]).mean() > 0.9


def test_the_page_can_say_why_it_is_this_model(store: Store, owner: Access, whole: Value) -> None:
    choice = whole.choice
    assert choice["order_model"] in ("bg_nbd", "mbg_nbd", "pareto_nbd")
    assert choice["reason"] == "own_past"
    assert choice["ranking"] == "order_model"
    assert choice["ranking_reason"] == "own_past"
    assert choice["missing"] == {}
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(store, owner, 100)


def ranking(gini: float, error: float) -> pd.DataFrame:
    """The rows of a shop where trees paid on an earlier day, and how the last one went."""
    told = [
        ("blend", "2025-01-01", True, "gini_gain", 0.1),
        ("blend", "2026-08-01", False, "gini_gain", gini - 0.5),
        ("order_model", "2026-08-01", False, "gini", 0.5),
        ("order_model", "2026-08-01", False, "spend_error", error),
        ("blend", "2026-08-01", False, "gini", gini),
        ("blend", "2026-08-01", False, "spend_error", error),
    ]
    rows = pd.DataFrame(told, columns=["method", "origin", "decides", "measure", "value"])
    return rows.assign(question="ranking", origin=pd.to_datetime(rows["origin"]))


@pytest.mark.parametrize(
    ("gini", "error", "verdict"), [(0.6, 0.0, "care"), (0.4, 0.4, "do_not"), (0.6, 0.4, "care")]
)
def test_values_ranked_by_trees_are_judged_as_such(
    store: Store, gini: float, error: float, verdict: str
) -> None:
    """The order model's own quarter, to be relied on in the demo, says nothing of them."""
    assert value_trial(store, {"ranking": "order_model"}).verdict == "rely"
    other: Any = Retold(store, value_choice=ranking(gini, error))
    tried = value_trial(other, {"ranking": "blend"})
    assert (tried.verdict, tried.used, tried.days) == (verdict, "blend", 91)
    assert str(tried.origin) == "2026-08-01"
    shown = tried.rows.set_index("method")
    assert set(shown.columns) == {"gini", "spend_error"}
    assert shown["gini"].to_dict() == {"blend": gini, "order_model": 0.5}
    untold: Any = Retold(store, value_choice=ranking(gini, error).head(1))
    assert value_trial(untold, {"ranking": "blend"}).verdict == "untested"


def test_the_demo_tells_the_trial_of_its_order_model(whole: Value) -> None:
    tried = whole.trial
    assert tried.used == "lifetime_value"
    assert {"lifetime_value", "naive_own_rate"} <= set(tried.rows["method"])
