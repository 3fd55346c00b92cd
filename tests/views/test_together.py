"""The demo's planted pairs, why each is named, and the orders and people behind them."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np
import pytest

from crm_core.errors import CrmError
from crm_core.models.pair_tests import lift_range
from crm_core.pipeline.workspace import DEMO_DATA
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.together import pair_orders, together, worked_out
from crm_core.views.together_ideas import entries, ideas

ALL = Selection()


def planted() -> set[frozenset[str]]:
    truths = json.loads((DEMO_DATA / "truths.json").read_text(encoding="utf-8"))
    sides = [(each["first"], each["second"]) for each in truths["pairs"]]
    return {frozenset(side["product_id"] for side in pair) for pair in sides}


def test_the_planted_pairs_are_named_first(store: Store, owner: Access) -> None:
    view = together(ALL, store=store, access=owner)
    pairs = [frozenset(pair) for pair in zip(view.held["a"], view.held["b"], strict=True)]
    assert set(pairs[: len(planted())]) == planted()
    assert view.held["stable"].all()
    assert (view.pairs["times_low"] > 1).all()
    assert (view.pairs["times_low"] <= view.pairs["times"]).all()
    assert (view.pairs["name_a"] != view.pairs["a"]).all()


def test_the_orders_behind_a_pair_are_the_baskets_counted(store: Store, owner: Access) -> None:
    first = together(ALL, store=store, access=owner).pairs.iloc[0]
    pair = (first["a"], first["b"])
    found = pair_orders(ALL, store=store, access=owner, level="product", pair=pair, size=10)
    assert found.total == first["baskets_both"]
    assert found.rows["day"].is_monotonic_decreasing
    assert (found.rows["of_pair"] <= found.rows["revenue"] + 0.005).all()
    assert found.people is not None
    assert min(found.people) > 0


def test_pairs_that_something_explains_are_shown_only_when_asked_for(
    store: Store, owner: Access
) -> None:
    held = together(ALL, store=store, access=owner)
    everything = together(ALL, store=store, access=owner, shown="all")
    assert len(everything.pairs) == len(held.pairs) + held.explained
    told = everything.pairs[everything.pairs["explained"]]
    assert set(told["explained_by"]) <= {"basket_size", "days", "category", "third"}
    assert len(everything.held) == len(held.pairs)


def test_ideas_follow_from_sure_pairs_and_the_three_of_a_chain_share_a_shelf(
    store: Store, owner: Access
) -> None:
    found = ideas(ALL, store=store, access=owner)
    assert (found.bundles["ahead"] >= 0.2).all()
    assert found.bundles["extra_margin"].is_monotonic_decreasing
    shelf = next(names for names in found.shelves["names"] if len(names) == 3)
    assert ["Bamboo" in name or "Matcha" in name or "Stand" in name for name in shelf] == [True] * 3


def test_a_pair_never_seen_together_has_a_range_and_two_things_of_one_name_are_two(
    store: Store, owner: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = together(ALL, store=store, access=owner, shown="all")
    row = view.pairs.iloc[[0]]
    high = lift_range(np.array([0]), row["baskets_a"], row["baskets_b"], int(view.seen["baskets"]))[
        2
    ]
    never = row.assign(baskets_both=0, lift=0.0, lift_low=0.0, lift_high=high, expected_both=20.0)
    told = worked_out(never, {}, view.seen).iloc[0]
    assert (told["times"], told["times_low"]) == (0.0, 0.0)
    assert told["times_high"] == pytest.approx(3.689 / 20, rel=1e-3)
    # The same figures where both are called alike: it is the thing that is asked for, not its name.
    before = ideas(ALL, store=store, access=owner).bundles
    monkeypatch.setattr("crm_core.views.together._names", lambda *_: defaultdict(lambda: "Tea"))
    after = ideas(ALL, store=store, access=owner).bundles
    assert after["without"].tolist() == before["without"].tolist()


def test_refill_products_lead_to_customers_of_more_value(store: Store, owner: Access) -> None:
    """Who began with what runs out comes back for it: the demo has seven such products."""
    found = entries(ALL, store=store, access=owner)
    truths = json.loads((DEMO_DATA / "truths.json").read_text(encoding="utf-8"))
    refills = {each["product_id"] for each in truths["replenishment"]}
    first = set(found.rows["item"].head(10))
    assert len(first & refills) >= 5
    assert (found.rows["buyers"] >= 30).all()
    assert (found.rows["value_low"] < found.rows["value_high"]).all()
    # The luckiest mean is not believed: the likely values lie closer to the shop's.
    spread = found.rows[["likely_value", "mean_value"]].std()
    assert spread["likely_value"] < spread["mean_value"]


def test_who_sees_no_groups_of_few_people_sees_no_pairs_of_them(
    store: Store, viewer: Access
) -> None:
    view = together(ALL, store=store, access=viewer, shown="all")
    assert (view.pairs["customers_both"] >= 5).all()


def test_a_category_keeps_its_own_pairs(store: Store, owner: Access) -> None:
    whole = together(ALL, store=store, access=owner)
    kitchen = together(Selection(category=("Kitchen",)), store=store, access=owner)
    assert 0 < len(kitchen.pairs) < len(whole.pairs)


def test_before_scores_are_made_the_page_says_so(unscored: Store, owner: Access) -> None:
    assert together(ALL, store=unscored, access=owner).missing == "no_scores"
    assert entries(ALL, store=unscored, access=owner).missing == "no_scores"


def test_an_unknown_level_is_refused(store: Store, owner: Access) -> None:
    with pytest.raises(CrmError, match="unknown_choice"):
        together(ALL, store=store, access=owner, level="shelf")
