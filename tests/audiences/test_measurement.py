"""What became of the people of a campaign, in a shop small enough to reckon by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crm_core.audiences.campaign_result import ArmLift, Terms, campaign_result
from crm_core.audiences.measurement import (
    CONTROLS,
    TREATMENT,
    assigned_counts,
    campaign_names,
    measure,
    outcomes,
    touched,
    touched_assignment,
    with_untouched,
)
from crm_core.errors import CrmError
from crm_core.models.lift import COLUMNS, OUTCOMES, together
from crm_core.records import OfferTerms
from crm_core.store import Store
from tests.small_shop import Rows, day, line, order, small_shop

SENT = "2026-03-10"
HOLDOUT = CONTROLS[0]


def touch(place: int, who: str, arm: str, campaign: str = "spring", when: str = SENT) -> Any:
    return {
        "touch_id": f"t{place}",
        "customer_id": who,
        "campaign": campaign,
        "arm": arm,
        "contact_channel": "email",
        "sent_at": datetime.fromisoformat(f"{when}T09:00:00"),
    }


def bought(*told: tuple[str, str, str]) -> Rows:
    """Orders of (customer, day, price); tea costs the shop 4 a piece."""
    rows: Rows = {"orders": [], "order_lines": []}
    for place, (who, when, price) in enumerate(told, start=1):
        rows["orders"].append(order(f"o{place}", who, f"{when}T10:00:00"))
        rows["order_lines"].append(line(f"o{place}", "tea", price, unit_cost=Decimal("4")))
    return rows


def spring() -> Rows:
    rows = bought(
        ("ann", "2025-10-01", "99"),  # before the 84 days
        ("ann", "2026-02-01", "20"),
        ("ann", "2026-03-09", "10"),  # the day before
        ("ann", "2026-03-10", "30"),  # the day of the message counts
        ("ann", "2026-04-08", "50"),  # the thirtieth day
        ("ann", "2026-04-09", "70"),  # over
        ("ben", "2026-03-01", "40"),
        ("cat", "2026-03-20", "15"),
        ("dan", "2026-01-05", "25"),
        ("eve", "2026-06-01", "5"),
    )
    rows["refunds"] = [
        refund("r1", "o7", "2026-03-15", "40"),  # of an order from before, given in the window
        refund("r2", "o8", "2026-05-01", "15"),  # of an order in the window, given after it
        refund("r3", "o2", "2026-03-12", "5"),
    ]
    rows["touches"] = [
        touch(1, "ann", "treated"),
        touch(2, "ben", "treated"),
        touch(3, "cat", "control"),
        touch(4, "dan", "control"),
        touch(5, "fay", "control"),  # never bought
        touch(6, "eve", "treated"),
        touch(7, "eve", "control"),  # in two arms
        touch(8, "ann", "treated"),  # sent twice
    ]
    return rows


def refund(name: str, of: str, when: str, amount: str) -> dict[str, Any]:
    return {
        "refund_id": name,
        "order_id": of,
        "refunded_at": datetime.fromisoformat(f"{when}T12:00:00"),
        "amount": Decimal(amount),
        "restocked": False,
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_shop(tmp_path_factory.mktemp("spring"), spring()).open()


def test_money_counts_in_the_window_by_its_own_day(shop: Store) -> None:
    rows = shop.fetch(outcomes(shop, touched_assignment(shop, "spring")))
    told = rows.sort_values(["arm", "spend", "spend_before"])[["arm", *COLUMNS]].to_numpy().tolist()
    assert told == [
        [HOLDOUT, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],  # fay, who never bought
        [HOLDOUT, 0.0, 0.0, 0.0, 0.0, 25.0, 1.0, 0.0],  # dan
        [HOLDOUT, 1.0, 1.0, 15.0, 11.0, 0.0, 0.0, 0.0],  # cat
        [TREATMENT, 0.0, 0.0, -40.0, -40.0, 40.0, 1.0, 0.0],  # ben got his money back
        [TREATMENT, 1.0, 2.0, 75.0, 67.0, 30.0, 2.0, 0.0],  # ann: 30 + 50 - 5 back
    ]


def test_sums_are_those_of_the_members(shop: Store) -> None:
    assignment = touched_assignment(shop, "spring")
    rows = shop.fetch(outcomes(shop, assignment))
    for arm, strata in measure(shop, assignment).arms.items():
        mine, whole = rows[rows["arm"] == arm][list(COLUMNS)].to_numpy(), together(strata)
        assert whole.n == len(mine)
        assert np.allclose(whole.sums, mine.sum(axis=0))
        assert np.allclose(whole.products, mine.T @ mine)


def test_who_is_in_two_arms_counts_nowhere_and_is_told(shop: Store) -> None:
    assignment = touched_assignment(shop, "spring")
    assert len(shop.fetch(touched(shop, "spring"))) == 5
    assert assigned_counts(shop, assignment) == ({"_all": {TREATMENT: 3, HOLDOUT: 4}}, 1)
    assert campaign_result(shop, assignment).in_two_arms == 1


def test_a_covariate_recorded_later_is_refused(shop: Store) -> None:
    assignment = touched_assignment(shop, "spring")
    for later in (SENT, "2026-03-20"):
        with pytest.raises(CrmError) as refused:
            outcomes(shop, assignment, known_until=day(later))
        assert refused.value.code == "covariate_later"


def test_an_unknown_campaign_is_asked_about(shop: Store) -> None:
    assert campaign_names(shop) == ["spring"]
    with pytest.raises(CrmError) as refused:
        touched_assignment(shop, "sprin")
    assert (refused.value.code, refused.value.facts["match"]) == ("no_such_campaign", "spring")


def test_few_buyers_give_a_difference_and_no_interval(shop: Store) -> None:
    found = campaign_result(
        shop, touched_assignment(shop, "spring"), terms=Terms(cost_per_contact=2.0, fixed_cost=6.0)
    )
    (one,) = found.lifts
    assert found.verdict == "few"
    assert one.lifts["buyers"].difference == pytest.approx(1 / 2 - 1 / 3)
    assert one.cost == 10.0
    assert one.total("margin")[0] == pytest.approx(2 * (27 / 2 - 11 / 3))
    assert one.gain == pytest.approx(one.total("margin")[0] - 10.0)
    assert all(one.lifts[name].low is None for name in OUTCOMES)


@pytest.mark.slow
def test_a_window_without_orders_or_not_over_is_said_without_nan(tmp_path: Path) -> None:
    rows = bought(("ann", "2026-01-02", "20"), ("gil", "2026-06-20", "9"))
    rows["touches"] = [
        touch(1, "ann", "treated", "quiet"),
        touch(2, "stranger", "treated", "quiet"),
        touch(3, "another", "control", "quiet"),
        touch(4, "ann", "treated", "fresh", "2026-06-15"),
        touch(5, "another", "control", "fresh", "2026-06-15"),
        touch(6, "another", "control", "silent", "2026-04-01"),
    ]
    store = small_shop(tmp_path, rows).open()
    quiet = campaign_result(store, touched_assignment(store, "quiet"))
    assert quiet.verdict == "few"
    assert {arm.code: (arm.members, arm.buyers) for arm in quiet.arms} == {
        TREATMENT: (2, 0),
        HOLDOUT: (1, 0),
    }
    for one in quiet.lifts[0].lifts.values():
        assert (one.difference, one.low) == (0.0, None)
    fresh = campaign_result(store, touched_assignment(store, "fresh"))
    assert (fresh.verdict, fresh.segments) == ("interim", {})
    nobody = campaign_result(store, touched_assignment(store, "silent"))
    assert (nobody.verdict, nobody.lifts) == ("nobody", ())


def test_without_a_random_control_nothing_is_called_a_lift(tmp_path: Path) -> None:
    rows = bought(
        ("ann", "2026-03-01", "20"),
        ("ann", "2026-03-15", "20"),
        ("ben", "2026-03-02", "20"),
        ("cat", "2026-03-03", "20"),
        ("new", "2026-03-20", "20"),  # not known before
        ("ben", "2026-06-20", "20"),
    )
    rows["touches"] = [touch(1, "ann", "treated")]
    store = small_shop(tmp_path, rows).open()
    assignment = touched_assignment(store, "spring")
    found = campaign_result(store, assignment)
    assert (found.verdict, found.is_random) == ("observational", False)
    assert [(arm.code, arm.members) for arm in found.arms] == [(TREATMENT, 1), ("untouched", 2)]
    assert found.lifts[0].lifts["buyers"].low is None
    assert measure(store, with_untouched(store, assignment)).arms.keys() == {
        TREATMENT,
        "untouched",
    }


def offered(*, code: str = "TEA5") -> OfferTerms:
    return OfferTerms("Tea gift", "amount", value=5.0, code=code, cost=3.0, cap=10)


@pytest.fixture(scope="module")
def gifts(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Ann used the code twice in her window and once after it, ben bought without; cat was held out."""
    rows = bought(
        ("ann", "2026-03-11", "20"),
        ("ann", "2026-03-12", "20"),
        ("ann", "2026-05-20", "20"),
        ("ben", "2026-03-13", "20"),
        ("cat", "2026-03-20", "15"),
    )
    for place in range(3):
        rows["orders"][place] |= {"coupon_code": "tea5"}
        rows["order_lines"][place] |= {"discount": Decimal("5")}
    rows["touches"] = [
        touch(1, "ann", "treated"),
        touch(2, "ben", "treated"),
        touch(3, "cat", "control"),
    ]
    return small_shop(tmp_path_factory.mktemp("gifts"), rows).open()


def test_an_offer_costs_each_use_and_lower_prices_are_taken_off_once(gifts: Store) -> None:
    assignment = touched_assignment(gifts, "spring")

    def told(offer: OfferTerms | None) -> ArmLift:
        terms = Terms(cost_per_contact=1.0, offer=offer)
        return campaign_result(gifts, assignment, terms=terms, parts=False).lifts[0]

    bare, coded, any_order = told(None), told(offered()), told(offered(code=""))
    assert (bare.cost, coded.cost, any_order.cost) == (2.0, 2.0 + 2 * 3.0, 2.0 + 3 * 3.0)
    assert coded.spent is not None
    assert coded.spent.uses == 2
    assert coded.total("margin") == bare.total("margin")
    assert coded.total("margin")[0] == pytest.approx((15 + 15 + 20 - 3 * 4) - 2 * (15 - 4))
    assert coded.gain == pytest.approx(coded.total("margin")[0] - 8.0)
    assert coded.full_price.difference * 2 == pytest.approx(coded.total("margin")[0] + 10.0)
    assert told(replace(offered(), cap=1)).cost == 2.0 + 3.0


def test_a_window_that_has_not_begun_is_said_so(gifts: Store) -> None:
    assignment = touched_assignment(gifts, "spring")
    later = gifts.meta.as_of + timedelta(days=1)
    ahead = replace(assignment, first=later, last=later)
    assert campaign_result(gifts, ahead, parts=False).verdict == "not_begun"
    today = replace(assignment, first=gifts.meta.as_of, last=gifts.meta.as_of)
    assert campaign_result(gifts, today, parts=False).verdict == "interim"
