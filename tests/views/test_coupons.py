"""The demo's codes: what they give away, and that its campaigns' codes stayed with those written to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm_core.audiences import members, size
from crm_core.metrics.exploration import Exploration
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.coupon_people import ONLY_DISCOUNTS, habits, held_out
from crm_core.views.coupons import code_orders, coupons
from crm_core.views.explore import orders_behind

YEAR = Selection(period="12m")


def test_a_code_has_the_orders_that_explore_finds(store: Store, owner: Access) -> None:
    view = coupons(YEAR, store=store, access=owner)
    code = view.rows["code"].iloc[0]
    asked = Exploration(metrics=("orders",), where=(("coupon", code),))
    there = orders_behind(YEAR, store=store, access=owner, asked=asked)
    here = code_orders(YEAR, store=store, access=owner, kind="code", code=code)
    assert here.total == there.total == view.rows["orders"].iloc[0]
    assert view.rows["orders"].sum() == view.orders


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"category": ("Tea",)},
        {"sales_channel": ("web",)},
        {"region": ("South",), "category": ("Tea", "Kitchen")},
        {"segment": ("stage.active",)},
    ],
)
def test_the_audience_of_a_code_are_the_people_the_page_showed(
    store: Store, owner: Access, asked: dict[str, tuple[str, ...]]
) -> None:
    shown = replace(YEAR, **asked)
    code = coupons(YEAR, store=store, access=owner).rows["code"].iloc[0]
    found = code_orders(shown, store=store, access=owner, kind="code", code=code, size=5_000)
    people = set(found.rows["customer_key"].dropna().astype(int))
    assert found.rule is not None
    assert len(people) > 5
    listed = store.fetch(members(store, found.rule, ()))
    assert set(listed["customer_key"].astype(int)) == people


def test_codes_of_the_demos_campaigns_were_not_used_by_people_held_out(
    store: Store, owner: Access
) -> None:
    rows = held_out(YEAR, store=store, access=owner).rows.set_index("code")
    assert rows.loc[["TEA12", "WINBACK12"], "state"].tolist() == ["clean", "clean"]
    assert rows.loc["TEA12", "written_orders"] >= 5
    assert not (rows["state"] == "leak").any()


@pytest.mark.slow
def test_the_rule_of_discount_only_buyers_picks_the_people_counted(
    store: Store, owner: Access
) -> None:
    view = habits(YEAR, store=store, access=owner)
    assert view.only
    assert size(store, ONLY_DISCOUNTS).customers == view.only
