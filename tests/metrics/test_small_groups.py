"""A viewer sees no number about fewer than five people, and can take none from a total."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore import WHOLE, explore
from crm_core.metrics.explore_lines import Line
from crm_core.metrics.explore_told import changed, told, without_small
from crm_core.metrics.small_groups import FEWEST, PEOPLE, hidden
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.explore import customers_behind, orders_behind
from tests.examples import examples

DAY = Period(date(2026, 6, 15), date(2026, 6, 15))
MONTH = Period(date(2026, 9, 1), date(2026, 9, 30))


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


def drawn(counts: np.ndarray) -> list[Line]:
    """Rows by columns of so many people each, with the line of all."""
    cells = np.vstack([counts, counts.sum(axis=0)])
    cells = np.hstack([cells.sum(axis=1, keepdims=True), cells])
    everywhere = (WHOLE, *map(str, range(counts.shape[1])))
    found: list[Line] = []
    for place, row in enumerate(cells):
        people = {(PEOPLE.name, c): float(n) for c, n in zip(everywhere, row, strict=True)}
        money = {("revenue", c): float(n) for c, n in zip(everywhere, row, strict=True)}
        is_last = place == len(cells) - 1
        keys = () if is_last else (str(place),)
        found.append(Line("total" if is_last else "row", keys, money | people, money))
    return found


@settings(max_examples=examples(100))
@given(
    hnp.arrays(
        np.int64, st.tuples(st.integers(1, 5), st.integers(2, 5)), elements=st.integers(0, 12)
    )
)
def test_no_cell_follows_from_a_line_or_a_column(counts: np.ndarray) -> None:
    lines, width = drawn(counts), counts.shape[1]
    everywhere = (WHOLE, *map(str, range(width)))
    seen = without_small(Exploration(across="rfm"), lines, everywhere[1:])
    gone = np.array([[c in line.hidden for c in everywhere] for line in seen])
    people = np.array([[line.values[PEOPLE.name, c] for c in everywhere] for line in lines])
    assert gone[(people > 0) & (people < FEWEST)].all()
    for cells, away in ((people, gone), (people.T, gone.T)):
        for row, is_away in zip(cells, away, strict=True):
            assert (is_away & (row > 0)).sum() != 1


def test_of_a_total_alone_a_second_column_is_hidden() -> None:
    (total,) = drawn(np.array([[3, 60, 40]]))[1:]
    (seen,) = without_small(Exploration(by=(), across="rfm"), [total], ("0", "1", "2"))
    assert seen.hidden == {"0", "2"}


def test_running_totals_end_where_a_row_is_hidden() -> None:
    asked = Exploration(by=("month",), show="running")
    lines = told(asked, drawn(np.array([[50], [3], [9], [60], [70]])))
    seen = [line.told["revenue", WHOLE] for line in without_small(asked, lines, ())]
    assert seen == [50, None, None, None, None, 192]


def test_a_share_of_what_is_hidden_is_not_told() -> None:
    asked = Exploration(by=("region", "stage"), show="share")
    lines = [
        Line(kind, keys, {("revenue", WHOLE): n, (PEOPLE.name, WHOLE): n}, {})
        for kind, keys, n in (
            ("part", ("a",), 4.0), ("row", ("a", "x"), 4.0),
            ("part", ("b",), 30.0), ("row", ("b", "x"), 20.0), ("row", ("b", "y"), 10.0),
            ("total", (), 34.0),
        )
    ]  # fmt: skip
    seen = {line.keys: line for line in without_small(asked, told(asked, lines), ())}
    assert seen["b",].hidden
    assert not seen["b", "x"].hidden
    assert seen["b", "x"].told["revenue", WHOLE] is None


def test_a_change_does_not_tell_of_few_people_before() -> None:
    asked = Exploration(by=("region",), show="change")
    now = drawn(np.array([[50], [70], [90]]))
    before = drawn(np.array([[2], [70], [90]]))
    seen = without_small(asked, changed(now, before), (), before)
    assert [bool(line.hidden) for line in seen] == [True, True, False, False]
    # A group that is gone since is shown nowhere, and follows from the changes of the others.
    without = [now[1], now[2], now[3]]
    seen = without_small(asked, changed(without, before), (), before)
    assert [bool(line.hidden) for line in seen] == [True, False, False]


def test_who_was_few_in_the_compared_days_is_hidden_in_a_change(store: Store) -> None:
    asked = Exploration(metrics=("revenue",), by=("first_category",), show="change")
    then = explore(store, Selection(), replace(asked, show="value"), period=DAY, is_guarded=True)
    few = {line.keys for line in then.lines if line.hidden}
    seen = explore(store, Selection(), asked, period=MONTH, compared=DAY, is_guarded=True)
    assert few & {line.keys for line in seen.lines if line.hidden}


def test_columns_that_are_left_out_are_not_told_by_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = Period(date(2026, 9, 6), date(2026, 9, 6))
    asked = Exploration(metrics=("orders",), by=(), across="region")
    monkeypatch.setattr("crm_core.metrics.explore_lines.MOST_COLUMNS", 5)
    seen = explore(store, Selection(), asked, period=day, is_guarded=True)
    assert (seen.left_out, seen.columns[-1]) == (1, "East")  # left out are three from abroad
    assert seen.total.hidden == {"East"}


def test_a_filter_does_not_open_what_its_split_hides(store: Store) -> None:
    """Seven came from the East: by themselves they would tell of the three from abroad."""
    viewer, day = Access("viewer", "ann"), Period(date(2026, 9, 6), date(2026, 9, 6))
    custom = Selection(period="custom", start=day.start, end=day.end)
    asked = Exploration(metrics=("revenue",), by=("region",))
    split = explore(store, Selection(), asked, period=day, is_guarded=True)
    every = [line.keys[0] for line in split.lines if line.kind == "row"]
    assert {line.keys[0] for line in split.lines if line.hidden} == {"Abroad", "East"}
    but_abroad = [code for code in every if code != "Abroad"]
    for codes, told_of in ((["East"], False), (but_abroad, False), (["South"], True)):
        where = tuple(("region", code) for code in codes)
        one = Exploration(("revenue",), (), where=where)
        seen = explore(store, Selection(), one, period=day, is_guarded=True)
        assert (seen.total.values["revenue", WHOLE] is not None) is told_of
        for behind in (orders_behind, customers_behind):
            listed = behind(custom, store=store, access=viewer, asked=one)
            assert listed.is_hidden is not told_of


def test_groups_large_enough_are_all_shown(store: Store) -> None:
    year = Period(date(2025, 11, 1), date(2026, 10, 31))
    asked = Exploration(metrics=("revenue", "buyers"), by=("category",))
    seen = explore(store, Selection(), asked, period=year, is_guarded=True)
    assert seen == explore(store, Selection(), asked, period=year)
