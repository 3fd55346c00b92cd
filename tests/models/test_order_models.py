from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.models.order_model import OrderModel
from crm_core.models.triples import Triples
from tests.examples import examples, fast
from tests.models.histories import AS_OF, Log
from tests.models.rhythms import ORDER_MODELS, TRUE, Seen, customers_of, told

END = date(1997, 9, 30)
PUBLISHED = {
    "bg_nbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
    "mbg_nbd": {"r": 0.5248, "alpha": 6.183, "a": 0.8914, "b": 1.614},
    "pareto_nbd": {"r": 0.5533, "alpha": 10.5777, "s": 0.6062, "beta": 11.6687},
}
LOG_LIKELIHOOD = {"bg_nbd": -9582.429, "mbg_nbd": -9582.136, "pareto_nbd": -9594.976}
HELD_OUT = {"bg_nbd": 1653.4, "mbg_nbd": 1576.7, "pareto_nbd": 1665.5}


#: For tests that try one model at the gate, and the others among the slow tests.
ONE = pytest.mark.parametrize("model", fast(sorted(ORDER_MODELS), "mbg_nbd"), indirect=True)


@pytest.fixture(params=sorted(ORDER_MODELS), scope="module")
def model(request: pytest.FixtureRequest) -> OrderModel:
    return ORDER_MODELS[str(request.param)]


@pytest.fixture(scope="module")
def seen(model: OrderModel) -> Seen:
    return customers_of(model.name, 60_000, seed=11)


# Published values


def test_cdnow_gives_the_published_fit(model: OrderModel, sample_triples: Triples) -> None:
    weeks = model.fit_triples(sample_triples, as_of=END, time_unit="week")
    assert weeks.parameters == pytest.approx(PUBLISHED[model.name], rel=5e-4)
    assert weeks.log_likelihood == pytest.approx(LOG_LIKELIHOOD[model.name], abs=0.05)
    assert weeks.warnings == ()
    days = model.fit_triples(sample_triples, as_of=END)
    for fitted in (weeks, days):
        coming = model.expected_orders(fitted, sample_triples, 273)
        total = float(np.dot(coming, sample_triples.count))
        assert total == pytest.approx(HELD_OUT[model.name], abs=0.1)


def test_cdnows_next_39_weeks_brought_1882_purchases(sample: Log) -> None:
    assert len(sample.after(END, END + timedelta(273)).customer) == 1_882


def test_dense_buyers_seen_on_the_last_day_have_not_left() -> None:
    """Their likelihood spans hundreds of orders of magnitude; a grocery full of them, by the
    same process without leaving, must look to Pareto/NBD as it does to BG/NBD."""
    random = np.random.default_rng(4)
    age = random.integers(200, 272, 1_500)
    orders = np.minimum(random.poisson(random.gamma(1.4, 0.1, 1_500) * age), age - 5)
    last = np.where(orders > 0, age - random.integers(0, 4, 1_500), 0)
    rows = Triples.of(orders, last, age)
    best = {name: model.search(rows).log_likelihood for name, model in ORDER_MODELS.items()}
    assert best["pareto_nbd"] == pytest.approx(best["bg_nbd"], abs=30)
    pareto = ORDER_MODELS["pareto_nbd"]
    here = pareto.here(np.array([0.93, 5.4, 0.12, 6.2]), Triples.of([242], [272], [272]))
    assert here[0] == 1.0


# Against customers who do what the model says


@ONE
def test_parameters_of_a_simulated_shop_are_found(model: OrderModel, seen: Seen) -> None:
    fitted = model.fit_triples(seen.triples, as_of=AS_OF)
    assert fitted.parameters == pytest.approx(TRUE[model.name], rel=0.12)


def test_what_is_foreseen_is_what_they_do(model: OrderModel, seen: Seen) -> None:
    """By how often they had come and whether they were silent for long: six kinds of customer."""
    fitted = told(model.name, TRUE[model.name])
    coming = model.expected_orders(fitted, seen.rows, 180)
    silence = model.p_no_order(fitted, seen.rows, 180)
    often = np.minimum(seen.frequency, 3)
    silent = seen.age_days - seen.recency_days > 150
    for level in (0, 1, 3):
        for long in (False, True):
            group = (often == level) & (silent == long)
            assert group.sum() > 300
            mean = seen.later[group].mean()
            assert coming[group].mean() == pytest.approx(mean, rel=0.09, abs=0.01)
            none = (seen.later[group] == 0).mean()
            assert silence[group].mean() == pytest.approx(none, abs=0.035)


@ONE
def test_draws_are_the_figures_behind_them(model: OrderModel, seen: Seen) -> None:
    rows = seen.triples
    at = model.at(told(model.name, TRUE[model.name]))
    random = np.random.default_rng(5)
    drawn = np.stack([model.draw(at, rows, 180, random) for _ in range(20)])
    fitted = told(model.name, TRUE[model.name])
    weight = np.broadcast_to(rows.count, drawn.shape)
    total = float(np.average(drawn, weights=weight))
    expected = np.average(model.expected_orders(fitted, rows, 180), weights=rows.count)
    assert total == pytest.approx(float(expected), rel=0.02)
    silent = float(np.average(drawn == 0, weights=weight))
    chance = np.average(model.p_no_order(fitted, rows, 180), weights=rows.count)
    assert silent == pytest.approx(float(chance), abs=0.005)


# Identities


def test_gradient_is_the_slope(model: OrderModel, sample_triples: Triples) -> None:
    likelihood = model.likelihood(sample_triples, 7)
    random = np.random.default_rng(3)
    for _ in range(4):
        point = random.normal(0.0, 0.7, 4)
        value, gradient = likelihood(point)
        assert np.isfinite(value)
        for place in range(4):
            step = np.zeros(4)
            step[place] = 1e-5
            slope = (likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5
            assert gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-3)


def test_chance_of_no_order_is_a_ratio_of_likelihoods(model: OrderModel) -> None:
    fitted = told(model.name, TRUE[model.name])
    point = np.log(list(TRUE[model.name].values()))
    for x, recency, age in ((0, 0, 30), (1, 20, 90), (7, 80, 90), (40, 300, 350)):
        now, then = (Triples.of([x], [recency], [day]) for day in (age, age + 45))
        ratio = np.exp(model.likelihood(then)(point)[0] - model.likelihood(now)(point)[0])
        assert model.p_no_order(fitted, now, 45)[0] == pytest.approx(ratio, rel=1e-8)


def test_never_is_the_silence_of_an_endless_wait(model: OrderModel) -> None:
    fitted = told(model.name, TRUE[model.name])
    rows = Triples.of([0, 1, 3, 9], [0, 40, 200, 300], [300, 90, 260, 320])
    never = model.p_never(fitted, rows)
    assert model.p_no_order(fitted, rows, 1e12) == pytest.approx(never, abs=1e-4)
    alive = model.p_alive(fitted, rows)
    assert alive is not None
    assert np.all(never >= 1 - alive - 1e-12)


def test_the_first_order_may_be_the_last_but_not_in_bg() -> None:
    once = Triples.of([0], [0], [600])
    for name, model in ORDER_MODELS.items():
        alive = model.p_alive(told(name, TRUE[name]), once)
        assert alive is not None
        assert (alive[0] == 1.0) == (name == "bg_nbd")


def test_who_may_have_left_is_not_told_where_the_data_do_not_tell(model: OrderModel) -> None:
    fitted = told(model.name, TRUE[model.name], "dropout_not_identified")
    assert model.p_alive(fitted, Triples.of([1], [5], [9])) is None


def test_the_window_of_the_next_order_holds_what_it_says(model: OrderModel) -> None:
    fitted = told(model.name, TRUE[model.name])
    rows = Triples.of([0, 2, 12], [0, 60, 300], [90, 90, 310])
    window = model.next_order_days(fitted, rows, 120, (0.1, 0.5, 0.9))
    assert np.all(np.diff(window, axis=1) > 0)
    assert np.all((window > 0) & (window < 120))
    comes = 1 - model.p_no_order(fitted, rows, 120)
    for place in range(len(rows)):
        row = Triples.of(
            [rows.frequency[place]], [rows.recency_days[place]], [rows.age_days[place]]
        )
        by_half = 1 - model.p_no_order(fitted, row, float(window[place, 1]))[0]
        assert by_half == pytest.approx(comes[place] / 2, rel=1e-4)


# Extremes

HISTORY = st.tuples(st.integers(0, 400), st.integers(1, 3_650), st.floats(0.0, 1.0)).map(
    lambda drawn: (
        min(drawn[0], drawn[1]),
        0 if drawn[0] == 0 else max(min(drawn[0], drawn[1]), int(drawn[1] * drawn[2])),
        drawn[1],
    )
)
SCALE = st.floats(-1.5, 1.5)


@settings(max_examples=examples(30), deadline=None)
@given(history=HISTORY, scales=st.tuples(SCALE, SCALE, SCALE, SCALE), horizon=st.integers(1, 1_800))
@pytest.mark.parametrize("name", fast(sorted(ORDER_MODELS), "mbg_nbd"))
def test_longer_horizons_bring_more_orders_and_less_silence(
    name: str, history: tuple[int, int, int], scales: tuple[float, ...], horizon: int
) -> None:
    model = ORDER_MODELS[name]
    varied = {
        key: value * float(10.0**scale)
        for (key, value), scale in zip(TRUE[name].items(), scales, strict=True)
    }
    fitted, row = told(name, varied), Triples.of(*([part] for part in history))
    short, long = (model.expected_orders(fitted, row, days)[0] for days in (horizon, 2 * horizon))
    assert 0.0 <= short <= long * (1 + 1e-5)
    soon, late = (model.p_no_order(fitted, row, days)[0] for days in (horizon, 2 * horizon))
    assert 0.0 <= late <= soon + 1e-9 <= 1.0 + 2e-9
    assert model.p_never(fitted, row)[0] <= late + 1e-6


def test_nothing_breaks_at_the_poles_or_at_the_edges(model: OrderModel) -> None:
    rows = Triples.of([0, 0, 1, 300, 5_000], [0, 0, 9, 700, 5_000], [0, 3_650, 30, 700, 5_000])
    third, fourth = model.parameters[2:]
    for one in (0.001, 0.5, 1 - 1e-9, 1.0, 1 + 1e-7, 2.0, 1_000.0):
        for two in (0.05, 1.0, 2.4, 1e5):
            fitted = told(model.name, {"r": 0.24, "alpha": 31.0, third: one, fourth: two})
            for horizon in (1, 3_650):
                orders = model.expected_orders(fitted, rows, horizon)
                silence = model.p_no_order(fitted, rows, horizon)
                assert np.all(np.isfinite(orders) & (orders >= 0))
                assert np.all((silence >= 0) & (silence <= 1))
            window = model.next_order_days(fitted, rows, 90, (0.1, 0.9))
            assert np.all((window >= 0) & (window <= 90))
            assert np.all(np.isfinite(model.p_never(fitted, rows)))
    near = [
        model.expected_orders_new(
            told(model.name, {"r": 0.24, "alpha": 31.0, third: value, fourth: 2.4}), 365
        )
        for value in (1 - 1e-6, 1.0, 1 + 1e-6)
    ]
    assert near == pytest.approx([near[1]] * 3, rel=1e-5)


@pytest.mark.parametrize("buyers", [0, 1, 9])
def test_a_handful_is_too_few(model: OrderModel, buyers: int) -> None:
    rows = Triples.of([1] * buyers, [5] * buyers, [9] * buyers)
    with pytest.raises(CrmError) as caught:
        model.fit_triples(rows, as_of=AS_OF)
    assert caught.value.code == "not_enough_data"
    assert (caught.value.facts["buyers"], caught.value.facts["buyers_needed"]) == (buyers, 10)


def test_a_single_day_is_too_short(model: OrderModel) -> None:
    with pytest.raises(CrmError, match="not_enough_data"):
        model.fit_triples(Triples.of([0] * 50, [0] * 50, [0] * 50), as_of=AS_OF)


ODD_SHOPS = {
    "all bought once": Triples.of([0] * 300, [0] * 300, list(range(1, 301))),
    "all came the same day": Triples.of([0, 1, 2], [0, 9, 20], [30, 30, 30], [60, 30, 10]),
    "one with 5,000 orders": Triples.of([0] * 99 + [5_000], [0] * 99 + [5_100], [5_200] * 100),
    "year-long gaps": Triples.of([0, 1, 2, 3], [0, 400, 900, 1_300], [1_400] * 4, [40, 30, 20, 9]),
    "ten customers": Triples.of([0, 1, 2], [0, 7, 30], [40, 50, 60], [5, 3, 2]),
    "every day": Triples.of([200] * 20, [200] * 20, [200] * 20),
}


@pytest.mark.parametrize("shop", ODD_SHOPS)
def test_odd_shops_give_numbers_or_say_what_is_unknown(model: OrderModel, shop: str) -> None:
    rows = ODD_SHOPS[shop]
    fitted = model.fit_triples(rows, as_of=AS_OF)
    assert all(np.isfinite(value) for value in fitted.parameters.values())
    assert fitted.to_json()
    orders = model.expected_orders(fitted, rows, 365)
    assert np.all(np.isfinite(orders) & (orders >= 0))
    if shop == "all bought once":
        assert "all_one_time_buyers" in fitted.warnings
        assert np.all(orders < 0.05)
        assert np.all(model.p_no_order(fitted, rows, 365) > 0.95)


@ONE
def test_a_shop_nobody_leaves_is_said_to_hide_it(model: OrderModel) -> None:
    random = np.random.default_rng(7)
    age = random.integers(300, 360, 2_000)
    orders = random.poisson(random.gamma(3.0, 0.01, 2_000) * age)
    last = np.where(orders > 0, age - random.integers(0, 3, 2_000), 0)
    rows = Triples.of(orders, last, age)
    fitted = model.fit_triples(rows, as_of=AS_OF)
    assert "dropout_not_identified" in fitted.warnings
    assert model.p_alive(fitted, rows) is None
    assert np.all(np.isfinite(model.expected_orders(fitted, rows, 365)))
