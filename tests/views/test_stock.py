"""The demo's planted empty shelves are found, and no others; small groups stay hidden."""

from __future__ import annotations

import json

import pytest

from crm_core.pipeline.workspace import DEMO_DATA
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.stock import lost_sales, product_stock, short_products

YEAR = Selection(period="12m")


def test_the_planted_empty_shelves_are_found_and_no_others(store: Store, owner: Access) -> None:
    truths = json.loads((DEMO_DATA / "truths.json").read_text(encoding="utf-8"))
    planted = {
        (each["product_id"], each["first_day"], each["last_day"]) for each in truths["stock_outs"]
    }
    view = lost_sales(YEAR, store=store, access=owner)
    assert view is not None
    told = zip(view.rows["product_id"], view.rows["first"], view.rows["last"], strict=True)
    assert {(pid, f"{a:%Y-%m-%d}", f"{b:%Y-%m-%d}") for pid, a, b in told} == planted
    assert (view.rows["low"] < view.rows["expected"]).all()
    assert view.rows["money"].is_monotonic_decreasing


@pytest.mark.slow
def test_pieces_of_a_few_people_are_not_told_to_everybody(store: Store, viewer: Access) -> None:
    view = short_products(YEAR, store=store, access=viewer, weeks=12, page=1, size=200)
    assert (view.rows["units"].dropna() >= 5).all()
    key = int(view.rows["product_key"].iloc[0])
    days = product_stock(YEAR, store=store, access=viewer, product_key=key)
    assert days["units"].isna().all()
    assert days["on_hand"].notna().all()
