from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.models.reconcile import fitted_table, in_cents, reconciled
from tests.examples import examples

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 12), st.integers(0, 2**32 - 1))


def days(parts: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A whole, parts that were forecast without regard to it (some of them nothing), variances."""
    rng = np.random.default_rng(seed)
    whole = np.round(rng.gamma(0.7, 2_000, length) * rng.integers(0, 2, length), 2)
    said = rng.gamma(0.5, 500, (parts, length)) * rng.integers(0, 2, (parts, length))
    return whole, said, rng.gamma(0.5, 100, parts) * rng.integers(0, 2, parts)


@settings(max_examples=examples(100))
@given(SHAPES)
def test_parts_add_to_the_whole_at_every_date_to_the_cent_and_none_is_negative(
    shape: tuple[int, int, int],
) -> None:
    whole, parts, variances = days(*shape)
    told = in_cents(whole, reconciled(whole, parts, variances))
    assert (told >= 0).all()
    cents = np.rint(told * 100).astype(np.int64)
    assert np.abs(told * 100 - cents).max() < 1e-6
    assert (cents.sum(axis=0) == np.rint(whole * 100).astype(np.int64)).all()


@settings(max_examples=examples(50))
@given(SHAPES)
def test_parts_that_add_up_already_stay_as_they_are(shape: tuple[int, int, int]) -> None:
    _, parts, variances = days(*shape)
    told = reconciled(parts.sum(axis=0), parts, variances)
    assert np.allclose(told, parts, atol=1e-6)


def test_who_erred_most_in_the_past_gives_way_most() -> None:
    whole, parts = np.array([1_000.0]), np.array([[400.0], [400.0]])
    told = reconciled(whole, parts, np.array([9.0, 1.0]))
    assert told.ravel().tolist() == [580.0, 420.0]


def test_a_part_that_would_fall_below_zero_stops_and_the_others_take_the_rest() -> None:
    told = reconciled(np.array([60.0]), np.array([[10.0], [100.0]]), np.array([100.0, 1.0]))
    assert told.ravel().tolist() == [0.0, 60.0]


def test_a_cent_that_cannot_be_shared_is_given_to_one() -> None:
    told = in_cents(np.array([100.0]), np.full((3, 1), 100 / 3))
    assert sorted(told.ravel().tolist()) == [33.33, 33.33, 33.34]


@settings(max_examples=examples(60))
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_table_meets_its_margins_and_adds_up_to_the_cent(
    rows: int, columns: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    seed_table = rng.gamma(0.5, 10, (rows, columns)) + 1e-6
    down = np.round(rng.gamma(0.5, 5_000, rows) + 0.01, 2)
    across = rng.dirichlet(np.ones(columns)) * down.sum()
    told = fitted_table(seed_table, down, across)
    assert (told >= 0).all()
    assert round(float(told.sum()), 2) == round(float(down.sum()), 2)
    assert np.allclose(told.sum(axis=1), down, atol=0.01 * columns + 1e-3 * down.sum())


def test_a_table_of_a_region_nobody_bought_in_before_is_filled_by_its_margins() -> None:
    told = fitted_table(
        np.array([[5.0, 5.0], [0.0, 0.0]]), np.array([90.0, 10.0]), np.array([50.0, 50.0])
    )
    assert told.sum(axis=1).round(2).tolist() == [90.0, 10.0]
