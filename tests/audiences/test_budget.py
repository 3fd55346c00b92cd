"""The choice under a budget against the exact one, and what is said when there is no choice."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from crm_core.audiences.budget import NONE, Options, Plan, best_plan, profit_curve

CASES = range(40)


def options(seed: int, customers: int, offers: int) -> tuple[Options, float]:
    """Every second time each customer costs something else, as an offer does that is often used."""
    random = np.random.default_rng(seed)
    gain = random.lognormal(0, 1, (customers, offers))
    cost = random.uniform(0.1, 1.5, offers)
    if seed % 2:
        cost = cost * random.lognormal(0, 0.7, (customers, offers))
    caps = np.where(random.random(offers) < 0.5, random.integers(1, customers, offers), np.inf)
    return Options(gain, cost, caps), float(random.uniform(0, 1) * cost.mean() * customers)


def held(plan: Plan, told: Options, budget: float) -> None:
    chosen = np.flatnonzero(plan.choice != NONE)
    counts = np.bincount(plan.choice[chosen], minlength=len(told.caps))
    assert (counts <= told.caps).all()
    assert plan.spent == pytest.approx(told.costs[chosen, plan.choice[chosen]].sum())
    assert plan.spent <= budget + 1e-9
    assert plan.net <= plan.bound + 1e-9


def best_of_all(told: Options, budget: float) -> float:
    """By trying every choice."""
    best, offers = 0.0, len(told.caps)
    for choice in itertools.product(range(-1, offers), repeat=len(told.gain)):
        counts = np.bincount([c for c in choice if c >= 0], minlength=offers)
        spent = sum(told.costs[i, c] for i, c in enumerate(choice) if c >= 0)
        if spent <= budget and (counts <= told.caps).all():
            best = max(best, sum(told.net[i, c] for i, c in enumerate(choice) if c >= 0))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_a_few_customers_get_the_best_there_is(seed: int) -> None:
    told, budget = options(seed, 6, 3)
    plan = best_plan(told, budget)
    held(plan, told, budget)
    assert plan.net == pytest.approx(best_of_all(told, budget))


@pytest.mark.parametrize("seed", CASES)
def test_some_dozens_are_within_a_hundredth_of_the_exact_choice(seed: int) -> None:
    milp = pytest.importorskip("scipy.optimize")
    random = np.random.default_rng(1_000 + seed)
    customers, offers = int(random.integers(8, 60)), int(random.integers(1, 6))
    told, budget = options(seed, customers, offers)
    plan = best_plan(told, budget)
    held(plan, told, budget)
    rows = [
        (np.kron(np.eye(customers), np.ones((1, offers))), np.ones(customers)),
        (told.costs.ravel()[None, :], np.array([budget])),
        (np.tile(np.eye(offers), customers), np.minimum(told.caps, customers)),
    ]
    exact = milp.milp(
        -told.net.ravel(),
        constraints=[milp.LinearConstraint(matrix, ub=most) for matrix, most in rows],
        integrality=np.ones(customers * offers),
        bounds=milp.Bounds(0, 1),
    )
    assert plan.net >= 0.99 * -exact.fun - 1e-9
    assert plan.bound >= -exact.fun - 1e-6


def test_money_that_does_not_pay_is_not_spent() -> None:
    gain = np.array([[3.0], [0.5], [2.0]])
    dear = Options(gain, np.array([4.0]), np.array([np.inf]))
    assert best_plan(dear, 100.0).verdict == "none"
    cheap = Options(gain, np.array([0.1]), np.array([np.inf]))
    assert best_plan(cheap, 100.0).verdict == "all"
    assert best_plan(cheap, float("inf")).verdict == "all"
    some = best_plan(Options(gain, np.array([1.0]), np.array([np.inf])), 100.0)
    assert (some.verdict, some.choice.tolist()) == ("some", [0, NONE, 0])
    assert best_plan(cheap, 0.0).verdict == "none"


def test_nobody_to_choose_from() -> None:
    nobody = Options(np.zeros((0, 2)), np.array([1.0, 2.0]), np.array([np.inf, 5.0]))
    assert best_plan(nobody, 10.0).net == 0.0
    assert profit_curve(nobody)[-1].customers == 0


def test_the_curve_rises_to_where_it_pays_and_falls_beyond() -> None:
    gain, each, everybody = np.linspace(2.0, 0.0, 101)[:, None], np.array([1.0]), np.array([np.inf])
    curve = profit_curve(Options(gain, each, everybody, low=gain * 0.5, high=gain * 1.5))
    assert (curve[0].customers, curve[-1].customers) == (0, 101)
    nets = [step.net for step in curve]
    top = nets.index(max(nets))
    assert nets[: top + 1] == sorted(nets[: top + 1])
    assert nets[top:] == sorted(nets[top:], reverse=True)
    assert curve[top].spent == pytest.approx(50, abs=7)
    assert all(step.low <= step.net <= step.high for step in curve)


def test_an_unsure_lift_leaves_what_the_offer_gives_away_as_it_is() -> None:
    given = 8.0
    low, gain, high = (np.full((100, 1), 100 * lift - given) for lift in (0.05, 0.1, 0.15))
    last = profit_curve(Options(gain, np.array([0.5]), np.array([np.inf]), low, high))[-1]
    assert (last.net, last.low, last.high) == pytest.approx((150, -350, 650))


@pytest.mark.slow
def test_a_million_customers_and_five_offers_take_less_than_a_minute() -> None:
    random = np.random.default_rng(3)
    gain = random.lognormal(0, 1, (1_000_000, 5))
    caps = np.array([np.inf, 50_000, 100_000, np.inf, 20_000])
    told = Options(gain, np.array([0.1, 0.4, 0.8, 1.2, 2.0]), caps)
    start = time.process_time()
    plan = best_plan(told, 150_000.0)
    assert time.process_time() - start < 60
    held(plan, told, 150_000.0)
    assert plan.gap < 0.001
