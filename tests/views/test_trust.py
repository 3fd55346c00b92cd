"""The page of trust: what chose a model and what it did on a period that chose nothing."""

from __future__ import annotations

import pandas as pd

from crm_core.models.beginnings import FACTS
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.trust import Trusted, trust


def of_value(store: Store, access: Access) -> Trusted:
    return trust(Selection(), store=store, access=access).models[0]


def test_what_customers_began_with_was_tried_and_is_not_used(store: Store, owner: Access) -> None:
    """Sources differ in the demo, but one's own orders say it already."""
    found = of_value(store, owner)
    assert found.begun == ""
    assert set(found.beginnings["fact"]) == set(FACTS)
    assert not found.beginnings["is_used"].any()
    assert (found.beginnings["low"] <= found.beginnings["gain"]).all()
    assert (found.beginnings["gain"] <= found.beginnings["high"]).all()


def test_order_models_are_chosen_before_the_untouched_period(store: Store, owner: Access) -> None:
    found = of_value(store, owner)
    assert found.tested_from is not None
    assert pd.to_datetime(found.choosing["origin"]).max() < pd.Timestamp(found.tested_from)
