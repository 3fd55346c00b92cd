"""Where a campaign worked, without believing the best of many."""

from __future__ import annotations

import numpy as np
import pytest

from crm_core.models.lift import COLUMNS, Moments
from crm_core.models.lift_segments import REST, discoveries, found_among, segment_lifts, shrink


def arm(buyers: int, size: int) -> Moments:
    rows = np.zeros((size, len(COLUMNS)))
    rows[:buyers, :2] = 1.0
    return Moments.of(rows)


def test_the_best_of_many_alike_is_not_believed() -> None:
    """Twenty segments in which nothing happened, a hundred times over."""
    random = np.random.default_rng(3)
    shares, found = [], 0
    for _ in range(100):
        treated, control = (
            {f"s{n:02}": arm(random.binomial(200, 0.2), 200) for n in range(20)} for _ in range(2)
        )
        rows = found_among({"by": segment_lifts(treated, control)})["by"]
        (best,) = (row for row in rows if row.is_best)
        assert best.difference == max(row.difference for row in rows)
        shares.append(best.shrunk / best.difference)
        found += any(row.is_found for row in rows)
    assert np.mean(shares) < 0.3
    assert found <= 10


def test_a_segment_that_is_truly_different_stays_so() -> None:
    treated = {f"s{n}": arm(600, 3_000) for n in range(7)} | {"tea": arm(1_200, 3_000)}
    control = {name: arm(600, 3_000) for name in treated}
    first, *others = found_among({"by": segment_lifts(treated, control)})["by"]
    assert (first.code, first.is_found) == ("tea", True)
    assert first.shrunk == pytest.approx(0.2, abs=0.03)
    assert all(abs(row.shrunk) < 0.02 and not row.is_found for row in others)


def test_whoever_divides_people_in_many_ways_has_tried_all_of_them() -> None:
    """One segment at a chance of 3 in 100 passes beside one other; among thirty it does not."""
    treated = {"tea": arm(124, 1_000), "cake": arm(100, 1_000)}
    control = {"tea": arm(90, 1_000), "cake": arm(100, 1_000)}
    alone = segment_lifts(treated, control)
    (tea,) = (row for row in alone if row.code == "tea")
    assert 0.005 < tea.chance < 0.025
    assert [row.code for row in found_among({"one": alone})["one"] if row.is_found] == ["tea"]
    alike = {f"s{place}": arm(100, 1_000) for place in range(28)}
    ways = found_among({"one": alone, "many": segment_lifts(alike, alike)})
    assert not any(row.is_found for rows in ways.values() for row in rows)


def test_a_segment_needs_buyers_in_both_arms() -> None:
    """Where a message drove buyers away, the arm contacted is the one with too few."""
    control = {"big": arm(60, 500), "wide": arm(60, 500), "lost": arm(40, 80), "gone": arm(40, 80)}
    treated = {"big": arm(60, 500), "wide": arm(60, 500), "lost": arm(6, 80), "gone": arm(6, 80)}
    assert {row.code for row in segment_lifts(treated, control)} == {"big", "wide", REST}
    treated["gone"] = arm(0, 80)
    assert {row.code for row in segment_lifts(treated, control)} == {"big", "wide"}


def test_segments_with_few_control_buyers_stand_together() -> None:
    treated = {"big": arm(50, 500), "wide": arm(60, 500), "a": arm(9, 80), "b": arm(9, 80)}
    control = {"big": arm(40, 500), "wide": arm(40, 500), "a": arm(6, 80), "b": arm(6, 80)}
    rows = {row.code: row for row in segment_lifts(treated, control)}
    assert set(rows) == {"big", "wide", REST}
    assert (rows[REST].control, rows[REST].control_buyers) == (160, 12)
    assert segment_lifts({"a": arm(9, 80)}, {"a": arm(60, 80)}) == ()
    fewer = {**control, "a": arm(2, 80), "b": arm(2, 80)}
    assert REST not in {row.code for row in segment_lifts(treated, fewer)}


def test_shrunk_intervals_hold_the_true_lifts() -> None:
    """True lifts scatter by 3 points around 2: nineteen of twenty intervals hold them."""
    random = np.random.default_rng(11)
    held = []
    for _ in range(150):
        errors = random.uniform(0.01, 0.05, 8)
        true = random.normal(0.02, 0.03, 8)
        believed, spread = shrink(random.normal(true, errors), errors)
        held.append(np.abs(believed - true) <= 1.96 * spread)
    assert 0.93 <= np.mean(held) <= 0.98


def test_false_discoveries_are_bounded_as_published() -> None:
    """The fifteen chances of Benjamini & Hochberg (1995): four are kept at 5 %."""
    chances = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
               0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    assert sum(discoveries(chances)) == 4
    assert discoveries(list(reversed(chances)))[-4:] == [True] * 4
    assert discoveries([]) == []
