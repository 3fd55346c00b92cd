from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from crm_core.errors import CrmError
from crm_core.models.base import Fitted
from crm_core.models.beta_geometric import Likelihood
from crm_core.models.bg_nbd import expected_orders, expected_orders_new, fit_triples, p_no_order
from crm_core.models.triples import Triples
from tests.examples import examples
from tests.models.histories import AS_OF, Log, Rhythm, simulate

END = date(1997, 9, 30)
PUBLISHED = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
PUBLISHED_ERRORS = {"r": 0.0126, "alpha": 0.378, "a": 0.186, "b": 0.705}


def rhythm(r: float, alpha: float, a: float, b: float) -> Fitted:
    """A fit with these very parameters, time in days."""
    given_parameters = {"r": r, "alpha": alpha, "a": a, "b": b}
    nothing = dict.fromkeys(given_parameters)
    return Fitted("bg_nbd", AS_OF, "day", given_parameters, nothing, 0.0, 1, 1, "")


CDNOW = rhythm(0.2426, 7 * 4.4136, 0.7929, 2.4259)


# Published values


def test_cdnow_gives_the_published_parameters(sample_triples: Triples) -> None:
    fitted = fit_triples(sample_triples, as_of=END, time_unit="week")
    assert (fitted.customers, fitted.distinct) == (2_357, 1_016)
    assert fitted.parameters == pytest.approx(PUBLISHED, rel=5e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.429, abs=0.05)
    assert fitted.standard_errors == pytest.approx(PUBLISHED_ERRORS, rel=0.01)
    assert fitted.warnings == ()


def test_days_and_weeks_tell_the_same_story(sample_triples: Triples) -> None:
    weeks = fit_triples(sample_triples, as_of=END, time_unit="week")
    days = fit_triples(sample_triples, as_of=END, time_unit="day")
    assert days.parameters["alpha"] == pytest.approx(30.895, abs=0.02)
    assert days.log_likelihood == pytest.approx(-14363.53, abs=0.05)
    for later in (expected_orders, p_no_order):
        assert later(days, sample_triples, 90) == pytest.approx(
            later(weeks, sample_triples, 90), rel=1e-5
        )


def test_the_39_weeks_held_out_are_foreseen_as_published(
    sample: Log, sample_triples: Triples
) -> None:
    fitted = fit_triples(sample_triples, as_of=END)
    total = np.dot(expected_orders(fitted, sample_triples, 273), sample_triples.count)
    assert total == pytest.approx(1653.4, abs=0.1)
    assert len(sample.after(END, END + timedelta(273)).customer) == 1_882


# The likelihood


def test_counting_equal_histories_loses_nothing() -> None:
    seen = simulate(3_000, seed=5).summary(AS_OF)
    columns = (seen["frequency"], seen["recency_days"], seen["age_days"])
    counted = Triples.of(*columns)
    single = Triples(*columns, np.ones_like(columns[0]))
    assert len(counted) < len(single)
    point = np.log([0.5, 15.0, 0.7, 2.0])
    value, gradient = Likelihood(counted)(point)
    plain_value, plain_gradient = Likelihood(single)(point)
    assert value == pytest.approx(plain_value, rel=1e-13)
    assert gradient == pytest.approx(plain_gradient, rel=1e-10)


def test_parameters_of_a_simulated_shop_are_found() -> None:
    true = Rhythm(r=0.6, alpha=60.0, a=0.8, b=2.4)
    seen = simulate(60_000, seed=11, days=700, rhythm=true).summary(AS_OF)
    fitted = fit_triples(
        Triples.of(seen["frequency"], seen["recency_days"], seen["age_days"]), as_of=AS_OF
    )
    # Orders of one day are one purchase, so a slow shop is recovered to a few percent.
    assert fitted.parameters == pytest.approx(vars(true), rel=0.08)


# Chance of no order


def test_chance_of_no_order_is_what_simulated_customers_do() -> None:
    """Customers who live on after the fit's day, drawn from the very parameters."""
    true = Rhythm()
    random = np.random.default_rng(23)
    customers, horizon = 400_000, 60
    rate = random.gamma(true.r, 1 / true.alpha, customers)
    leaving = random.beta(true.a, true.b, customers)
    age = 200.0
    # Nobody came again in the first 200 days: they are all still here, by the model's story.
    quiet = random.exponential(1 / np.maximum(rate, 1e-12)) > age
    again = random.exponential(1 / np.maximum(rate[quiet], 1e-12)) <= horizon
    once = p_no_order(rhythm(**vars(true)), Triples.of([0], [0], [200]), horizon)[0]
    assert once == pytest.approx(1 - again.mean(), abs=0.004)
    # One repeat within the first 40 days, none in the 160 after it.
    first = random.exponential(1 / np.maximum(rate, 1e-12))
    came = first <= 40
    left = came & (random.random(customers) < leaving)
    second = random.exponential(1 / np.maximum(rate, 1e-12)) + first
    silent = came & (left | (second > age))
    later = silent & ~left & (second <= age + horizon)
    share = 1 - later.sum() / silent.sum()
    days = np.clip(np.round(first[silent]), 0, 40).astype(np.int64)
    rows = Triples.of(np.ones_like(days), days, np.full_like(days, 200))
    said = np.average(p_no_order(rhythm(**vars(true)), rows, horizon), weights=rows.count)
    assert said == pytest.approx(share, abs=0.004)


def test_it_is_the_ratio_of_two_likelihoods() -> None:
    point = np.log([0.5, 15.0, 0.7, 2.0])
    fitted = rhythm(0.5, 15.0, 0.7, 2.0)
    for x, recency, age in ((0, 0, 30), (1, 20, 90), (7, 80, 90), (40, 300, 350)):
        now = Triples.of([x], [recency], [age])
        then = Triples.of([x], [recency], [age + 45])
        ratio = np.exp(Likelihood(then)(point)[0] - Likelihood(now)(point)[0])
        assert p_no_order(fitted, now, 45)[0] == pytest.approx(ratio, rel=1e-9)


HISTORY = st.tuples(st.integers(0, 400), st.integers(1, 3_650), st.floats(0.0, 1.0)).map(
    lambda drawn: (
        min(drawn[0], drawn[1]),
        0 if drawn[0] == 0 else max(min(drawn[0], drawn[1]), int(drawn[1] * drawn[2])),
        drawn[1],
    )
)
PARAMETERS = st.builds(
    rhythm,
    st.floats(0.02, 20.0),
    st.floats(0.5, 900.0),
    st.floats(0.002, 900.0),
    st.floats(0.05, 9_000.0),
)


@settings(max_examples=examples(60), deadline=None)
@given(history=HISTORY, fitted=PARAMETERS, horizon=st.integers(1, 1_800))
def test_longer_horizons_bring_more_orders_and_less_silence(
    history: tuple[int, int, int], fitted: Fitted, horizon: int
) -> None:
    row = Triples.of(*([part] for part in history))
    short, long = (expected_orders(fitted, row, days)[0] for days in (horizon, 2 * horizon))
    assert 0.0 <= short <= long * (1 + 1e-5)
    chances = [p_no_order(fitted, row, days)[0] for days in (horizon, 2 * horizon)]
    assert 0.0 <= chances[1] <= chances[0] <= 1.0


@settings(max_examples=examples(40), deadline=None)
@given(x=st.integers(1, 60), recency=st.integers(60, 900), silence=st.integers(0, 900))
def test_silence_never_raises_hope(x: int, recency: int, silence: int) -> None:
    rows = Triples.of([x, x], [recency, recency], [recency + silence, recency + silence + 30])
    now, later = expected_orders(CDNOW, rows, 180)
    assert later <= now
    now, later = p_no_order(CDNOW, rows, 180)
    assert later >= now


# Expected orders where the published form has no answer


def test_expected_orders_are_the_published_form() -> None:
    """Fader, Hardie & Lee (2005), equation 10, where its 2F1 behaves."""
    r, alpha, a, b = (CDNOW.parameters[name] for name in ("r", "alpha", "a", "b"))
    for x, recency, age, t in ((0, 0, 200, 273), (2, 213, 272, 273), (26, 200, 240, 90)):
        z = t / (alpha + age + t)
        grown = ((alpha + age) / (alpha + age + t)) ** (r + x)
        form = hyp2f1(r + x, b + x, a + b + x - 1, z) * grown
        odds = a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x) if x else 0.0
        published = (a + b + x - 1) / (a - 1) * (1 - form) / (1 + odds)
        found = expected_orders(CDNOW, Triples.of([x], [recency], [age]), t)[0]
        assert found == pytest.approx(published, rel=1e-6)


def test_nothing_breaks_at_the_poles_or_at_the_edges() -> None:
    rows = Triples.of([0, 0, 1, 300, 5_000], [0, 0, 9, 700, 5_000], [0, 3_650, 30, 700, 5_000])
    for a in (0.001, 0.5, 1 - 1e-9, 1.0, 1 + 1e-7, 2.0, 1_000.0):
        for b in (0.05, 0.5, 1.0, 2.4, 1e5):
            fitted = rhythm(0.24, 31.0, a, b)
            for horizon in (1, 365, 3_650):
                orders = expected_orders(fitted, rows, horizon)
                silence = p_no_order(fitted, rows, horizon)
                assert np.all(np.isfinite(orders))
                assert np.all(orders >= 0)
                assert np.all((silence >= 0) & (silence <= 1))
    near = [expected_orders_new(rhythm(0.24, 31.0, a, 2.4), 365) for a in (1 - 1e-6, 1.0, 1 + 1e-6)]
    assert near == pytest.approx([near[1]] * 3, rel=1e-5)


def test_a_new_customer_is_one_with_no_history() -> None:
    assert expected_orders_new(CDNOW, 273) == pytest.approx(
        expected_orders(CDNOW, Triples.of([0], [0], [0]), 273)[0]
    )
    curve = [expected_orders_new(CDNOW, days) for days in (0, 7, 30, 90, 365)]
    assert curve[0] == 0.0
    assert curve == sorted(curve)


# Shops that tell little


def test_one_customer_is_too_few() -> None:
    with pytest.raises(CrmError) as caught:
        fit_triples(Triples.of([1], [5], [9]), as_of=AS_OF)
    assert caught.value.code == "not_enough_data"
    assert caught.value.facts["buyers"] == 1
    assert caught.value.facts["buyers_needed"] == 10


def test_an_empty_shop_is_too_few() -> None:
    with pytest.raises(CrmError, match="not_enough_data"):
        fit_triples(Triples.of([], [], []), as_of=AS_OF)


def test_a_shop_where_nobody_came_back_expects_next_to_nothing() -> None:
    rows = Triples.of([0] * 300, [0] * 300, list(range(1, 301)))
    fitted = fit_triples(rows, as_of=AS_OF)
    assert fitted.warnings == ("all_one_time_buyers", "dropout_not_identified")
    assert np.all(expected_orders(fitted, rows, 365) < 0.05)
    assert np.all(p_no_order(fitted, rows, 365) > 0.95)


def test_a_shop_nobody_leaves_is_said_to_hide_it() -> None:
    random = np.random.default_rng(7)
    age = random.integers(300, 360, 2_000)
    orders = random.poisson(random.gamma(3.0, 0.01, 2_000) * age)
    last = np.where(orders > 0, age - random.integers(0, 3, 2_000), 0)
    rows = Triples.of(orders, last, age)
    fitted = fit_triples(rows, as_of=AS_OF)
    assert "dropout_not_identified" in fitted.warnings
    assert np.all(np.isfinite(expected_orders(fitted, rows, 365)))


def test_heavy_buyers_do_not_break_the_fit() -> None:
    random = np.random.default_rng(9)
    age = random.integers(2_000, 5_000, 400)
    x = random.integers(0, age)
    rows = Triples.of(x, np.where(x > 0, np.maximum(age - 4, x), 0), age)
    fitted = fit_triples(rows, as_of=AS_OF)
    assert np.all(np.isfinite(expected_orders(fitted, rows, 3_650)))
