"""Products that stand out are told from those that chance pushed up."""

from __future__ import annotations

import numpy as np
import pytest

from crm_core.models.contact_shares import held_back, moved, stands_out

SHOP = 0.1


def test_a_product_written_about_twice_as_often_stands_out() -> None:
    orders = np.full(40, 400.0)
    contacted = np.full(40, 40.0)
    contacted[7] = 90.0
    found = held_back(contacted, orders, SHOP)
    assert np.flatnonzero(found.is_above).tolist() == [7]
    assert not found.is_below.any()
    assert found.low[7] > SHOP
    assert SHOP < found.likely[7] < 90 / 400


def test_two_contacts_of_three_orders_say_little() -> None:
    found = held_back(np.array([2.0, 40.0]), np.array([3.0, 400.0]), SHOP)
    assert found.likely[0] < 0.35
    assert found.high[0] - found.low[0] > 0.6


@pytest.mark.parametrize("seed", range(5))
def test_chance_alone_raises_few_alarms(seed: int) -> None:
    random = np.random.default_rng(seed)
    orders = random.integers(20, 400, 200).astype(float)
    contacted = random.binomial(orders.astype(int), SHOP).astype(float)
    found = held_back(contacted, orders, SHOP)
    alarms = int((found.is_above | found.is_below).sum())
    assert alarms <= 2
    again = random.binomial(orders.astype(int), SHOP).astype(float)
    alarms = int(moved((contacted, orders), (again, orders)).sum())
    assert alarms <= 2


def test_a_share_that_tripled_has_moved() -> None:
    whole = np.full(30, 200.0)
    now, before = np.full(30, 20.0), np.full(30, 20.0)
    now[3] = 60.0
    assert np.flatnonzero(moved((now, whole), (before, whole))).tolist() == [3]


def test_no_products_are_no_trouble() -> None:
    nothing = np.zeros(0)
    assert not len(held_back(nothing, nothing, 0.0).likely)
    assert not len(stands_out(nothing))
