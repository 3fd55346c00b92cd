"""An arm is a function of the campaign's number and the customer's key, and of nothing else."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.audiences.arms import HOLDOUT, assign, globally_held, hashed, held_out

KEYS = st.lists(st.integers(-(2**62), 2**62), unique=True, max_size=60)
SHARES = st.floats(0, 0.9)


def array(keys: list[int]) -> np.ndarray:
    return np.array(keys, np.int64)


def strata_of(keys: list[int]) -> np.ndarray:
    return array(keys) % 3


def arms(keys: list[int], share: float, campaign: int = 5) -> dict[int, int]:
    drawn = assign(campaign, array(keys), strata_of(keys), share)
    return dict(zip(keys, drawn.tolist(), strict=True))


@given(KEYS, SHARES, st.randoms())
def test_the_order_of_people_does_not_matter(keys: list[int], share: float, random: object) -> None:
    mixed = list(keys)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert arms(keys, share) == arms(mixed, share)


@given(KEYS, SHARES)
def test_each_stratum_holds_out_its_share_within_one_person(keys: list[int], share: float) -> None:
    drawn = assign(5, array(keys), strata_of(keys), share)
    for stratum in range(3):
        mine = drawn[strata_of(keys) == stratum]
        assert (mine == HOLDOUT).sum() == held_out(len(mine), share)
        assert abs((mine == HOLDOUT).sum() - len(mine) * share) <= 0.5 + 1e-9


@given(KEYS, st.floats(0, 0.45), st.floats(0, 0.45))
def test_a_greater_holdout_keeps_everybody_of_a_smaller(
    keys: list[int], less: float, more: float
) -> None:
    less, more = sorted((less, more))
    few, many = arms(keys, less), arms(keys, more)
    assert all(many[key] == HOLDOUT for key in keys if few[key] == HOLDOUT)


def test_anybody_can_draw_the_arms_again() -> None:
    keys = list(range(1, 41))
    told = sorted(keys, key=lambda key: hashlib.sha256(f"12:{key}".encode()).hexdigest())
    drawn = assign(12, array(keys), np.zeros(40, np.int64), 0.25)
    assert {key for key, arm in zip(keys, drawn, strict=True) if arm == HOLDOUT} == set(told[:10])


def test_two_campaigns_draw_apart() -> None:
    keys = list(range(2_000))
    one, two = (assign(number, array(keys), np.zeros(2_000, np.int64), 0.5) for number in (1, 2))
    assert 850 < ((one == HOLDOUT) & (two == HOLDOUT)).sum() * 2 < 1150


@given(KEYS, SHARES, SHARES)
def test_the_global_control_grows_and_never_changes(
    keys: list[int], one: float, two: float
) -> None:
    less, more = sorted((one, two))
    few, many = (globally_held(b"secret", array(keys), share) for share in (less, more))
    assert not (few & ~many).any()
    alone = [globally_held(b"secret", array([key]), less)[0] for key in keys]
    assert alone == few.tolist()


def test_the_global_control_is_the_share_asked_for_and_the_shops_own() -> None:
    keys = np.arange(40_000)
    held = globally_held(b"one shop", keys, 0.05)
    assert held.mean() == pytest.approx(0.05, abs=0.004)
    assert (held & globally_held(b"another", keys, 0.05)).mean() < 0.005
    assert not globally_held(b"one shop", keys, 0.0).any()


def test_nobody_and_one() -> None:
    assert arms([], 0.5) == {}
    assert arms([7], 0.1) == {7: 0}
    assert arms([7], 0.5) == {7: HOLDOUT}
    assert len(hashed(b"x", array([]))) == 0


@pytest.mark.slow
def test_a_million_people_are_drawn_in_seconds() -> None:
    keys = np.arange(1_000_000) * 7_919
    start = time.process_time()
    drawn = assign(3, keys, keys % 5, 0.1)
    assert time.process_time() - start < 10
    assert (drawn == HOLDOUT).sum() == 100_000
