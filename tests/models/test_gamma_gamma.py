from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.models.gamma_gamma import Likelihood, Spend, expected_spend, fit_spend
from tests.models.histories import AS_OF, Log

END = date(1997, 9, 30)


@pytest.fixture(scope="module")
def spend(sample: Log) -> Spend:
    seen = sample.summary(END)
    return Spend.of(seen["frequency"], seen["repeat_cents"])


def test_cdnow_gives_the_published_parameters(spend: Spend) -> None:
    fitted = fit_spend(spend, as_of=END)
    assert fitted.customers == 946
    assert fitted.parameters == pytest.approx({"p": 6.2496, "q": 3.7442, "v": 15.44}, rel=5e-4)
    assert fitted.log_likelihood == pytest.approx(-4055.92, abs=0.05)
    assert fitted.warnings == ()
    assert expected_spend(fitted, [0], [0])[0] == pytest.approx(35.17, abs=0.01)


def test_gradient_is_the_slope(spend: Spend) -> None:
    likelihood = Likelihood(spend, spend.mean)
    for point in ([2.0, 3.0, 1.0], [6.0, 4.0, 0.4], [0.4, 1.2, 3.0]):
        _, slopes = likelihood(*point)
        for place in range(3):
            more, less = list(point), list(point)
            more[place] += 1e-6
            less[place] -= 1e-6
            slope = (likelihood(*more)[0] - likelihood(*less)[0]) / 2e-6
            assert slopes[place] == pytest.approx(slope, rel=1e-5, abs=1e-2)


def test_counting_equal_customers_loses_nothing(sample: Log, spend: Spend) -> None:
    seen = sample.summary(END)
    kept = (seen["frequency"] > 0) & (seen["repeat_cents"] > 0)
    ones = np.ones(int(kept.sum()), dtype=np.int64)
    single = Spend(seen["frequency"][kept], seen["repeat_cents"][kept], ones)
    assert len(spend) < len(single)
    plain = fit_spend(single, as_of=END)
    assert fit_spend(spend, as_of=END).parameters == pytest.approx(plain.parameters, rel=1e-6)


def test_parameters_of_a_simulated_shop_are_found() -> None:
    random = np.random.default_rng(4)
    x = random.integers(1, 12, 40_000)
    personal = random.gamma(4.0, 1 / 60.0, 40_000)
    total = random.gamma(6.0 * x) / personal
    fitted = fit_spend(Spend.of(x, np.round(total * 100)), as_of=AS_OF)
    assert fitted.parameters == pytest.approx({"p": 6.0, "q": 4.0, "v": 60.0}, rel=0.05)


def test_the_currency_does_not_matter(spend: Spend) -> None:
    dear = Spend(spend.frequency, spend.repeat_cents * 150, spend.count)
    one, other = fit_spend(spend, as_of=END), fit_spend(dear, as_of=END)
    assert other.parameters["v"] == pytest.approx(150 * one.parameters["v"], rel=1e-6)
    assert other.parameters["q"] == pytest.approx(one.parameters["q"], rel=1e-6)


FEW = fit_spend(
    Spend.of([1, 2, 3, 1, 2, 5, 1, 1, 4, 2, 6, 1], [900, 3000, 2500, 4000, 3900, 9000] * 2),
    as_of=AS_OF,
)


@settings(deadline=None)
@given(x=st.integers(1, 200), mean=st.floats(0.01, 500.0))
def test_little_known_customers_are_drawn_to_the_shop(x: int, mean: float) -> None:
    shop = expected_spend(FEW, [0], [0])[0]
    few, many = expected_spend(FEW, [x, x + 1], [x * mean, (x + 1) * mean])
    low, high = sorted((shop, mean))
    assert low - 1e-9 <= few <= high + 1e-9
    assert abs(many - mean) <= abs(few - mean) + 1e-9


# Shops that tell little


def test_a_shop_without_repeat_buyers_is_too_few() -> None:
    with pytest.raises(CrmError) as caught:
        fit_spend(Spend.of([0] * 500, [0] * 500), as_of=AS_OF)
    assert caught.value.code == "not_enough_data"
    assert caught.value.facts["repeat_buyers"] == 0


def test_where_all_spend_the_same_that_is_expected() -> None:
    x = np.arange(60) % 6 + 1
    fitted = fit_spend(Spend.of(x, x * 1_999), as_of=AS_OF)
    assert fitted.warnings == ("spend_hardly_differs",)
    assert expected_spend(fitted, [0, 1, 9], [0, 19.99, 179.91]) == pytest.approx(19.99, rel=1e-3)


def test_a_tail_without_a_mean_keeps_the_observed_one() -> None:
    random = np.random.default_rng(6)
    total = random.gamma(2.0, 1.0, 3_000) / random.gamma(0.7, 1.0, 3_000) * 1_000 + 1
    spend = Spend.of(np.ones(3_000), np.round(total))
    fitted = fit_spend(spend, as_of=AS_OF)
    assert fitted.warnings == ("spend_mean_uncertain",)
    assert expected_spend(fitted, [0], [0])[0] == pytest.approx(spend.mean, rel=1e-6)
    assert np.all(expected_spend(fitted, [1, 50], [1e-2, 1e9]) > 0)


def test_unpaid_and_returned_days_are_left_out_but_valued() -> None:
    spend = Spend.of([1] * 30 + [1, 2], [2_000, 3_000, 5_000] * 10 + [0, -500])
    assert spend.customers == 30
    fitted = fit_spend(spend, as_of=AS_OF)
    none, minus = expected_spend(fitted, [1, 2], [0.0, -5.0])
    assert 0 < minus <= none < 50


def test_spend_that_goes_with_frequency_is_said() -> None:
    x = np.arange(400) % 20 + 1
    fitted = fit_spend(Spend.of(x, x * (1_000 + 300 * x) + np.arange(400)), as_of=AS_OF)
    assert "spend_correlates_with_frequency" in fitted.warnings
