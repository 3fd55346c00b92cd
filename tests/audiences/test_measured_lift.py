"""What the shop's own campaigns say of a channel, for the next one to begin with."""

from __future__ import annotations

import math

import pytest

from crm_core.audiences.campaign_result import campaign_result
from crm_core.audiences.measured_lift import measured_lift
from crm_core.audiences.measurement import assignment_of
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.campaign import lift_to_begin_with

ME = Access("single_user", "ann")


@pytest.mark.slow
def test_only_campaigns_with_an_interval_teach_a_lift(store: Store) -> None:
    """The win-back has 5 control buyers; the tea club's range holds zero, so no plan counts on it."""
    found = measured_lift(store, "email")
    assert found is not None
    assert found.campaigns == ("tea_club_2026_05",)
    assert found.low < 0 < found.lift < found.high
    assert not found.is_sure
    begun = lift_to_begin_with(Selection(), store=store, access=ME, contact_channel="email")
    assert begun == 0.1


def test_the_lift_is_a_share_of_what_comes_without_a_message(store: Store) -> None:
    found = measured_lift(store, "email")
    told = campaign_result(store, assignment_of(store, "tea_club_2026_05"), parts=False)
    (treated,) = (arm for arm in told.arms if arm.code == "treatment")
    assert found is not None
    assert treated.margin is not None
    (one,), price = told.lifts, told.lifts[0].full_price
    extra, low, high = (each * one.members for each in (price.difference, price.low, price.high))
    # What they brought without a message holds no price that an offer lowered.
    brought = treated.margin + extra - one.total("margin")[0]
    assert found.lift == pytest.approx(extra / (brought - extra))
    assert found.lift == pytest.approx(extra / (treated.margin - one.total("margin")[0]))
    assert math.isclose(found.low, low / (brought - low))
    assert math.isclose(found.high, high / (brought - high))


def test_a_channel_nobody_measured_has_no_lift(store: Store) -> None:
    assert measured_lift(store, "post") is None
