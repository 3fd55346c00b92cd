"""What to offer whom on the page: the same people by product, by rule and on a customer's own page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from crm_core.audiences import LISTS, extra_columns, offers, size
from crm_core.errors import CrmError
from crm_core.metrics.small_groups import FEWEST
from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.views import verdicts
from crm_core.views.offers import customer_offers
from crm_core.views.recommend import (
    hearers,
    kept_to_segments,
    offer_rule,
    offered_products,
    recommend,
    segment_offers,
)
from tests.offered_shop import with_lists

EVERYONE = Selection()


@pytest.fixture(scope="module")
def offered(
    copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    own = Settings(var=with_lists(copy_demo(tmp_path_factory.mktemp("offered"))))
    store, records = open_workspace(own, workspace(own, demo_url(own)))
    yield store
    store.close()
    records.close()


@pytest.fixture(scope="module")
def lists(offered: Store) -> dict[str, pd.DataFrame]:
    return {name: offered.fetch(offers(offered, name)) for name in LISTS}


def test_totals_are_those_of_the_lists(
    offered: Store, owner: Access, lists: dict[str, pd.DataFrame]
) -> None:
    view = recommend(EVERYONE, store=offered, access=owner)
    for name, rows in lists.items():
        assert view.listed[name] == rows["customer_key"].nunique() <= view.customers
    assert view.verdicts == {"again": "rely", "new": "care"}


def test_products_are_counted_over_who_is_meant(
    offered: Store, owner: Access, lists: dict[str, pd.DataFrame]
) -> None:
    found = offered_products(EVERYONE, store=offered, access=owner, name="again")
    counted = lists["again"].groupby("product_id")["customer_key"].nunique()
    assert (
        found.set_index("product_id")["people"].to_dict() == counted[found["product_id"]].to_dict()
    )
    assert found["people"].is_monotonic_decreasing
    active = Selection(segment=("stage.active",))
    some = offered_products(active, store=offered, access=owner, name="again")
    everybody = counted[some["product_id"]]
    assert (some["people"].to_numpy() <= everybody.to_numpy()).all()
    assert some["people"].sum() < found["people"].sum()


def test_filters_keep_to_margin_shelf_and_reach(offered: Store, owner: Access) -> None:
    asked = {"store": offered, "access": owner, "name": "again"}
    everything = offered_products(EVERYONE, **asked)  # type: ignore[arg-type]
    dear = offered_products(EVERYONE, **asked, least_margin=0.5)  # type: ignore[arg-type]
    assert 0 < len(dear) < len(everything)
    assert dear["margin_rate"].min() >= 0.5
    counted = offered_products(EVERYONE, **asked, shelf="in_stock")  # type: ignore[arg-type]
    assert counted["in_stock"].all()
    is_counted = everything["in_stock"].fillna(False).astype(bool)
    assert 0 < is_counted.sum() < len(everything)
    assert set(counted["product_id"]) >= set(everything[is_counted]["product_id"])
    reached = offered_products(EVERYONE, **asked, channel="email", bought="90")  # type: ignore[arg-type]
    assert reached["people"].max() < everything["people"].max()
    with pytest.raises(CrmError, match="unknown_choice"):
        offered_products(EVERYONE, **asked, channel="pigeon")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channel", "bought"), [("any", "any"), pytest.param("email", "90", marks=pytest.mark.slow)]
)
def test_an_audience_of_a_product_is_who_should_hear(
    offered: Store, owner: Access, channel: str, bought: str
) -> None:
    active = Selection(segment=("stage.active",))
    found = hearers(
        active, store=offered, access=owner, name="new", product_id="P1025", channel=channel,
        bought=bought,
    )  # fmt: skip
    rule = kept_to_segments(offer_rule("new", "P1025", channel, bought), active)
    assert found.customers == size(offered, rule).customers > 0
    assert found.rows["place"].is_monotonic_increasing
    assert set(found.rows["stage"]) == {"active"}
    assert found.rows["why"].str.startswith("people who bought ").all()


def test_a_viewer_sees_neither_people_nor_products_of_few(
    offered: Store, viewer: Access, owner: Access
) -> None:
    found = hearers(EVERYONE, store=offered, access=viewer, name="new", product_id="P1025")
    assert found.rows.empty
    assert found.customers >= FEWEST
    few = Selection(segment=("stage.won_back",))
    rare = offered_products(few, store=offered, access=owner, name="again")["product_id"].iloc[-1]
    for who, told in ((viewer, None), (owner, 1)):
        heard = hearers(few, store=offered, access=who, name="again", product_id=rare)
        assert heard.customers == told  # not: nobody
    rows = offered_products(few, store=offered, access=viewer, name="again")
    assert rows["people"].min() >= FEWEST
    assert len(rows) < len(offered_products(few, store=offered, access=owner, name="again"))
    assert segment_offers(few, store=offered, access=viewer)["people"].min() >= FEWEST


def test_before_lists_are_made_it_is_said_so(unscored: Store, owner: Access) -> None:
    with pytest.raises(CrmError, match="no_scores"):
        recommend(EVERYONE, store=unscored, access=owner)
    with pytest.raises(CrmError, match="no_scores"):
        extra_columns(unscored, "products")
    view = customer_offers(EVERYONE, store=unscored, access=owner, key=1)
    assert (view.as_of, view.lists) == (None, {})


def test_each_segment_is_told_its_three_most_listed(
    offered: Store, owner: Access, lists: dict[str, pd.DataFrame]
) -> None:
    rows = segment_offers(EVERYONE, store=offered, access=owner)
    mine = rows[(rows["code"] == "stage.active") & (rows["list"] == "again")]
    assert list(mine["place"]) == [1, 2, 3]
    stages = offered.fetch(offered.table("lifecycle").select("customer_key", "stage"))
    active = lists["again"].merge(stages.query("stage == 'active'"), on="customer_key")
    counted = active["product_id"].value_counts()
    assert list(mine["people"]) == list(counted.head(3))
    assert mine["share"].iloc[0] == pytest.approx(
        counted.iloc[0] / (stages["stage"] == "active").sum()
    )


def test_a_person_sees_both_lists_apart_and_what_they_prefer(offered: Store, owner: Access) -> None:
    view = customer_offers(EVERYONE, store=offered, access=owner, key=1)
    again, new = (set(view.lists[name]["product_id"]) for name in LISTS)
    assert again
    assert new
    assert not again & new
    assert view.lists["again"]["why"].iloc[0].startswith("bought 6 times, usually every ")
    assert view.prefers == {
        "category": "Home textiles",
        "brand": "Weberei Morgen",
        "price_band": "low",
    }


def test_the_verdict_is_by_the_best_plain_list() -> None:
    def told(ours: float, plain: float) -> str:
        rows = {"method": ["mine", "naive_popular"], "recall_10": [ours, plain]}
        return verdicts.of_offers(pd.DataFrame(rows).assign(origin=pd.Timestamp("2026-06-01")))

    assert [told(0.3, 0.2), told(0.2, 0.2), told(0.18, 0.2)] == ["rely", "care", "do_not"]
    assert (
        verdicts.of_offers(pd.DataFrame({"method": [], "origin": [], "recall_10": []}))
        == "untested"
    )
