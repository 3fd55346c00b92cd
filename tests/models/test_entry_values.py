"""Means of small groups are believed as far as chance allows."""

from __future__ import annotations

import numpy as np
import pytest

from crm_core.models.entry_values import HeldBack, held_back


def groups(
    truth: float, seed: int, number: int = 200, people: int = 40
) -> tuple[HeldBack, np.ndarray]:
    rng = np.random.default_rng(seed)
    means = 100 + truth * rng.standard_normal(number)
    values = means[:, None] * rng.gamma(1.0, 1.0, (number, people))
    sums, squares = values.sum(axis=1), (values**2).sum(axis=1)
    return held_back(np.full(number, float(people)), sums, squares, whole=values.mean()), means


def test_of_groups_that_do_not_differ_none_stands_out() -> None:
    found, _ = groups(truth=0.0, seed=3)
    best = found.likely.argmax()
    assert found.mean.max() > 130  # the luckiest of two hundred
    assert found.likely[best] < 112
    assert found.low[best] < 100 < found.high[best]


def test_of_groups_that_differ_ranges_hold_the_truth_and_the_mean_of_the_best_is_not_believed() -> (
    None
):
    found, truth = groups(truth=25.0, seed=4)
    inside = (found.low <= truth) & (truth <= found.high)
    assert 0.90 <= inside.mean() <= 0.99
    top = np.argsort(found.mean)[-20:]
    assert abs(found.likely[top] - truth[top]).mean() < abs(found.mean[top] - truth[top]).mean()
    assert found.spread == pytest.approx(25, rel=0.25)


def test_one_group_alone_is_the_whole() -> None:
    found = held_back(np.array([50.0]), np.array([500.0]), np.array([9000.0]), whole=10.0)
    assert found.likely.tolist() == [10.0]
