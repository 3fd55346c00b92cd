"""A viewer sees no number about fewer than five people, and can take none from a total."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore import WHOLE, explore
from crm_core.metrics.small_groups import FEWEST, hidden
from crm_core.selection import Period, Selection
from crm_core.store import Store
from tests.examples import examples

DAY = Period(date(2026, 6, 15), date(2026, 6, 15))


def test_one_region_with_one_customer_takes_another_with_it() -> None:
    assert hidden(np.array([[1.0], [40.0], [7.0]])).ravel().tolist() == [True, False, True]


def test_nobody_is_no_small_group() -> None:
    assert not hidden(np.array([[0.0], [40.0]])).any()


@settings(max_examples=examples(100))
@given(
    hnp.arrays(
        np.int64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.integers(0, 12)
    )
)
def test_no_row_or_column_has_one_hidden_cell_beside_open_ones(counts: np.ndarray) -> None:
    away = hidden(counts.astype("float64"))
    assert away[(counts > 0) & (counts < FEWEST)].all()
    sides = [(counts, away)] + ([(counts.T, away.T)] if counts.shape[1] > 1 else [])
    for cells, gone in sides:
        for place in range(cells.shape[1]):
            if gone[:, place].sum() == 1:
                assert not (~gone[:, place] & (cells[:, place] > 0)).any()


@pytest.mark.parametrize("across", ["", "sales_channel"])
def test_a_viewer_cannot_subtract_what_is_hidden(store: Store, across: str) -> None:
    asked = Exploration(metrics=("revenue", "orders"), by=("first_category",), across=across)
    seen = explore(store, Selection(), asked, period=DAY, is_guarded=True)
    known = explore(store, Selection(), asked, period=DAY)
    assert [line.keys for line in seen.lines] == [line.keys for line in known.lines]
    gone = {line.keys: line.hidden for line in seen.lines if line.kind != "total"}
    assert any(gone.values())
    for column in (WHOLE, *seen.columns):
        hidden_here = [keys for keys, columns in gone.items() if column in columns]
        assert len(hidden_here) != 1 or len(gone) == 1 or across
    for seen_line, known_line in zip(seen.lines, known.lines, strict=True):
        for cell, value in known_line.values.items():
            assert seen_line.values[cell] == (None if cell[1] in seen_line.hidden else value)


def test_groups_large_enough_are_all_shown(store: Store) -> None:
    year = Period(date(2025, 11, 1), date(2026, 10, 31))
    asked = Exploration(metrics=("revenue", "buyers"), by=("category",))
    seen = explore(store, Selection(), asked, period=year, is_guarded=True)
    assert seen == explore(store, Selection(), asked, period=year)
