"""Shelves are built from the strongest ties on."""

from __future__ import annotations

from crm_core.models.pair_groups import tied_groups


def test_one_thing_that_goes_with_everything_does_not_tie_all_into_one() -> None:
    pairs = [("milk", f"thing{number:02}", 3.0 - number / 10) for number in range(20)]
    groups = tied_groups([*pairs, ("beer", "nuts", 1.5)])
    assert groups[0] == ("milk", "thing00", "thing01", "thing02", "thing03", "thing04")
    assert groups[1:] == [("beer", "nuts")]


def test_two_groups_become_one_by_a_tie_if_there_is_room() -> None:
    ties = [("a", "b", 9.0), ("c", "d", 8.0), ("b", "c", 7.0), ("e", "f", 6.0), ("d", "e", 5.0)]
    assert tied_groups(ties) == [("a", "b", "c", "d", "e", "f")]
    assert tied_groups(ties, most=4) == [("a", "b", "c", "d"), ("e", "f")]


def test_without_pairs_there_are_no_groups() -> None:
    assert tied_groups([]) == []
