"""Whether care pays is told rightly where the truth is known, and not at all where groups differ."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from crm_core.models.care_gaps import LEAST_CASES, Association, Pairs, associate, gap
from crm_core.models.care_pays import care_pays
from tests.models.care_shops import AS_OF, META, RULES, CareShop, care_shop


def told(shop: CareShop, exposure: str = "slow_reply") -> dict[int, Association]:
    found = care_pays(
        shop.tables,
        as_of=AS_OF,
        shop=META,
        rules=RULES,
        customers=1500,
        exposures=(exposure,),
    )
    return {each.horizon_days: each for each in found}


def test_people_who_leave_after_slow_replies_are_found() -> None:
    shop = care_shop(3, leaves=0.5)
    found = told(shop)[90]
    assert found.state == "shown"
    assert shop.effect_90 < -0.2
    assert found.bought.low < shop.effect_90 < found.bought.high < 0
    assert found.value.high < 0
    assert found.before.low < 0 < found.before.high


def test_a_shop_whose_slow_replies_do_nothing_shows_nothing_sure() -> None:
    found = told(care_shop(11, leaves=0.0))[90]
    assert found.state == "shown"
    assert found.bought.low < 0 < found.bought.high
    assert found.value.low < 0 < found.value.high


def test_a_shop_that_answers_its_best_customers_first_gets_no_figure() -> None:
    found = told(care_shop(5, leaves=0.0, favours=True))
    assert {each.state for each in found.values()} == {"differs"}
    assert found[90].before.high < 0
    assert found[90].bought is None
    assert found[90].value is None


def test_nothing_of_the_kind_is_said_to_be_nothing() -> None:
    found = told(care_shop(1, leaves=0.0, customers=40), "late")[90]
    assert (found.state, found.cases) == ("none", 0)


def test_few_cases_say_nothing() -> None:
    found = told(care_shop(1, leaves=0.0, customers=60))[90]
    assert found.state == "few"
    assert found.matched < LEAST_CASES
    assert found.bought is None


@pytest.mark.slow
def test_intervals_hold_the_truth_over_many_shops() -> None:
    held, refused, true_zero = 0, 0, 0
    for seed in range(100, 130):
        shop = care_shop(seed, leaves=0.3, customers=800)
        found = told(shop)[90]
        refused += found.state == "differs"
        if found.state == "shown":
            held += found.bought.low <= shop.effect_90 <= found.bought.high
        null = told(care_shop(seed, leaves=0.0, customers=800))[90]
        refused += null.state == "differs"
        if null.state == "shown":
            true_zero += null.bought.low <= 0 <= null.bought.high
    assert refused <= 8
    assert held + true_zero >= 0.88 * (60 - refused)


def rows(case_did: list[float], other_did: list[float], *, known: bool = True) -> Pairs:
    n = len(case_did)
    names = ("before", "bought_90", "value_90")
    return Pairs(
        case=np.arange(n),
        case_key=np.arange(n),
        other_key=np.arange(n) + 1000,
        last_day=np.full(n, int(np.datetime64(AS_OF).astype(int)) - 200),
        known=np.full(n, known),
        case_did={name: np.array(case_did, float) for name in names},
        other_did={name: np.array(other_did, float) for name in names},
    )


def test_of_people_nobody_knew_before_nothing_can_be_checked() -> None:
    found = associate(
        rows([1.0, 0.0] * 60, [0.0, 1.0] * 60, known=False), "contact", 90, as_of=AS_OF
    )
    assert (found.state, found.checked, found.bought) == ("unchecked", 0, None)


def test_days_that_are_not_over_are_not_counted() -> None:
    one = rows([1.0, 0.0] * 60, [0.0, 1.0] * 60)
    assert associate(one, "contact", 90, as_of=AS_OF).matched == 120
    assert associate(one, "contact", 90, as_of=AS_OF - timedelta(150)).matched == 0


def test_the_interval_is_that_of_paired_differences() -> None:
    random = np.random.default_rng(1)
    case, other = random.normal(1, 2, 400), random.normal(0, 2, 400)
    found = gap(rows(case.tolist(), other.tolist()), "value_90")
    error = (case - other).std(ddof=1) / 20
    assert found.difference == pytest.approx((case - other).mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.01)


def test_people_in_many_pairs_count_once_for_how_sure_it_is() -> None:
    one = rows([1.0, 0.0] * 100, [0.0] * 200)
    many = Pairs(
        one.case,
        one.case_key % 20,
        one.other_key,
        one.last_day,
        one.known,
        one.case_did,
        one.other_did,
    )
    plain, shared = (gap(each, "bought_90") for each in (one, many))
    assert plain.difference == shared.difference == 0.5
    assert shared.high - shared.low > 2.5 * (plain.high - plain.low)
