"""What a list of a size can show, against published sample sizes."""

from __future__ import annotations

import pytest

from crm_core.audiences.power import (
    Arms,
    detectable_mean,
    detectable_share,
    people_for_mean,
    people_for_share,
    rounded_up,
)


@pytest.mark.parametrize(
    ("base", "rise", "each"),
    [
        (0.0057, 0.20, 75_104),
        (0.0057, 0.50, 13_534),
        (0.02, 0.10, 80_637),
        (0.02, 0.20, 21_066),
        (0.106, 0.10, 13_811),
        (0.106, 0.20, 3_590),
    ],
)
def test_sample_sizes_of_two_shares(base: float, rise: float, each: int) -> None:
    people = people_for_share(base, base * rise, 0.5)
    assert people / 2 == pytest.approx(each, abs=1)
    half = round(people / 2)
    assert detectable_share(base, Arms(half, half)) == pytest.approx(base * rise, rel=1e-3)


def test_a_small_holdout_needs_more_people() -> None:
    people = people_for_share(0.02, 0.004, 0.1)
    assert people == pytest.approx(105_332 + 11_703, abs=3)
    assert detectable_share(0.02, Arms(105_332, 11_703)) == pytest.approx(0.004, rel=1e-3)


def test_sample_size_of_two_means() -> None:
    assert people_for_mean(15.04, 0.5, 0.5) / 2 == pytest.approx(14_197, rel=1e-3)
    assert detectable_mean(15.04, Arms(14_203, 14_203)) == pytest.approx(0.5, rel=1e-3)


def test_without_a_holdout_nothing_can_be_seen() -> None:
    assert detectable_share(0.1, Arms(1_000, 0)) is None
    assert detectable_mean(10, Arms(0, 0)) is None
    assert detectable_share(0.99, Arms(5, 5)) is None
    assert people_for_share(0.9, 0.2, 0.5) == float("inf")


def test_more_people_see_smaller_rises() -> None:
    seen = [detectable_share(0.1, Arms(people * 9, people)) for people in (20, 100, 1_000)]
    assert seen == sorted(seen, reverse=True)


def test_figures_are_never_finer_or_smaller_than_they_are() -> None:
    assert [rounded_up(value) for value in (0.05472, 0.0501, 1.21, 987, 0)] == [
        0.055, 0.051, 1.3, 990, 0,
    ]  # fmt: skip
