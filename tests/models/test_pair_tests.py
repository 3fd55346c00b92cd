"""Tails, false discoveries and the range of a lift, against published functions and by drawing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from crm_core.models.discoveries import false_discovery
from crm_core.models.pair_tests import fisher, lift_range, reachable, tail


def test_fisher_is_the_published_test_in_dense_and_sparse_tables() -> None:
    random = np.random.default_rng(1)
    baskets = 500
    a, b = random.integers(1, 480, (2, 400))
    least, most = np.maximum(0, a + b - baskets), np.minimum(a, b)
    both = least + (random.random(400) * (most - least + 1)).astype(int)
    published = stats.hypergeom.sf(both - 1, baskets, a, b)
    told = published > 1e-250
    assert fisher(both, a, b, baskets)[told] == pytest.approx(published[told], rel=1e-9)
    assert fisher(np.array([0]), np.array([5]), np.array([5]), 100).tolist() == [1.0]


def test_a_sum_of_rare_happenings_is_binomial_or_poisson_either_way() -> None:
    seen, mean = np.array([0, 3, 8]), np.full(3, 4.0)
    poisson, binomial = stats.poisson(4.0), stats.binom(16, 0.25)
    assert tail(seen, mean, mean) == pytest.approx(poisson.sf(seen - 1))
    assert tail(seen, mean, mean, above=False) == pytest.approx(poisson.cdf(seen))
    assert tail(seen, mean, mean * 0.75) == pytest.approx(binomial.sf(seen - 1))
    assert tail(seen, mean, mean * 0.75, above=False) == pytest.approx(binomial.cdf(seen))
    seldom = tail(np.array([10]), np.array([200.0]), np.array([100.0]), above=False)
    assert seldom == pytest.approx(stats.binom(400, 0.5).cdf(10), rel=1e-6)
    assert 0 < seldom[0] < 1e-60


def test_false_discoveries_count_every_pair_there_could_be() -> None:
    p = np.array([0.001, 0.2, 0.01, 0.03])
    rest = np.concatenate([p, np.ones(96)])
    assert false_discovery(p, 100) == pytest.approx(stats.false_discovery_control(rest)[:4])


def test_what_is_passed_over_could_not_have_been_found() -> None:
    random = np.random.default_rng(2)
    mean = random.gamma(1.0, 2.0, 5_000)
    seen = random.poisson(mean)
    seen[:20] += 30
    z = (seen - mean) / np.sqrt(mean)
    found = false_discovery(tail(seen, mean, mean), 100_000) <= 0.05
    kept = reachable(z, 100_000, 0.05)
    assert found.sum() >= 20
    assert not (found & ~kept).any()
    assert kept.sum() < 400


def test_nothing_together_has_a_lift_of_nought_and_an_upper_bound() -> None:
    lift, low, high = lift_range(np.array([0]), np.array([40]), np.array([50]), 1_000)
    assert (lift[0], low[0]) == (0.0, 0.0)
    assert high[0] == pytest.approx(3.689 / 2.0, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("times", [1.0, 4.0])
def test_the_range_holds_the_true_lift_in_19_of_20(times: float) -> None:
    random = np.random.default_rng(3)
    cells = np.array([0.02 * 0.05 * times, 0.02 - 0.001 * times, 0.05 - 0.001 * times])
    drawn = random.multinomial(20_000, [*cells, 1 - cells.sum()], 4_000)
    both, a, b = drawn[:, 0], drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2]
    _, low, high = lift_range(both, a, b, 20_000)
    assert 0.93 <= np.mean((low <= times) & (times <= high)) <= 0.97
