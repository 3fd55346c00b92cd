"""A move of money, split: what a shopkeeper would work out on paper, and that it always adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.metrics import APART, CHANGE_BARS, FACTORS, split_change
from crm_core.metrics.change_split import Sums, shapley
from tests.examples import examples

Pair = tuple[Sums, Sums]


def split(*groups: Pair, margin: bool = False) -> pd.DataFrame:
    before, now = (pd.DataFrame([group[side] for group in groups]) for side in (0, 1))
    return split_change(before, now, margin=margin)


def parts(row: pd.Series) -> dict[str, int]:
    return {bar: int(row[bar]) for bar in CHANGE_BARS if row[bar]}


cents = st.integers(0, 5_000_000)
signed = st.integers(-300_000, 300_000)


@st.composite
def sums(draw: st.DrawFn) -> Sums:
    """A group in a period: nothing sold, or customers with one or more orders of one or more
    pieces, at any price (gifts and negative ones as well), with any refunds."""
    apart = {"refund": draw(cents), "back": draw(cents), "unkeyed": draw(signed)}
    rest = draw(signed)
    if not draw(st.booleans()):
        return Sums(**apart, keyed=rest - apart["refund"])
    buyers = draw(st.integers(1, 5_000))
    orders = buyers + draw(st.integers(0, 9_000))
    units = orders + draw(st.integers(0, 30_000))
    revenue, other = draw(st.one_of(cents, signed)), draw(cents)
    cost, cost_other = draw(cents), draw(cents)
    return Sums(
        buyers, orders, units, revenue, other, cost, cost_other, **apart,
        keyed=revenue - apart["refund"] + rest,
    )  # fmt: skip


shops = st.lists(st.tuples(sums(), sums()), min_size=1, max_size=6)


@pytest.mark.slow
@settings(max_examples=examples(400))
@given(shops, st.booleans())
def test_it_adds_up_to_the_cent_and_backwards_is_the_same_with_other_signs(
    groups: list[Pair], margin: bool
) -> None:
    found = split(*groups, margin=margin)
    for row, (before, now) in zip(found.to_dict("records"), groups, strict=True):
        assert sum(row[bar] for bar in CHANGE_BARS) == row["change"] == now.whole - before.whole
    back = split(*[(now, before) for before, now in groups], margin=margin)
    same = [*FACTORS, "unkeyed", "other", "change"]
    assert (found[same] == -back[same]).all(axis=None)
    assert (found["entered"] == -back["left"]).all()
    assert (found["left"] == -back["entered"]).all()


@settings(max_examples=examples(100))
@given(sums(), st.booleans())
def test_what_did_not_change_has_no_part(each: Sums, margin: bool) -> None:
    still = Sums(**{**vars(each), "revenue_otherwise": each.revenue, "cost_otherwise": each.cost})
    row = split((still, still), margin=margin).loc[0]
    assert parts(row) == {}


@settings(max_examples=examples(60))
@given(st.lists(st.floats(0.1, 50), min_size=6, max_size=6))
def test_shapley_is_the_average_over_every_order_of_change(levels: list[float]) -> None:
    from itertools import permutations

    old, new = levels[:3], levels[3:]
    total = np.zeros(3)
    for order in permutations(range(3)):
        now = list(old)
        for player in order:
            was = float(np.prod(now))
            now[player] = new[player]
            total[player] += float(np.prod(now)) - was
    found = shapley(3, lambda on: np.array([np.prod([(old, new)[o][p] for p, o in enumerate(on)])]))
    assert [float(part[0]) for part in found] == pytest.approx(list(total / 6))


def test_more_customers_at_higher_prices_share_what_they_made_together() -> None:
    """2 customers at €10 and 3 at €12: one more customer at €11 on average, €2 more from 2.5."""
    old = Sums(2, 2, 2, 2000, 2400, keyed=2000)
    new = Sums(3, 3, 3, 3600, 3000, keyed=3600)
    assert parts(split((old, new)).loc[0]) == {"customers": 1100, "price": 500}


def test_a_larger_share_given_back_is_refunds_and_nothing_else() -> None:
    old = Sums(2, 2, 2, 2000, 2000, keyed=2000)
    new = Sums(2, 2, 2, 2000, 2000, refund=500, keyed=1500)
    assert parts(split((old, new)).loc[0]) == {"refunds": -500}
    # For a margin, goods that came back were not lost.
    costs = {"cost": 800.0, "cost_otherwise": 800.0}
    old = Sums(2, 2, 2, 2000, 2000, **costs, keyed=1200)
    new = Sums(2, 2, 2, 2000, 2000, **costs, refund=500, back=200, keyed=900)
    assert parts(split((old, new), margin=True).loc[0]) == {"refunds": -300}


def test_dearer_goods_lower_a_margin_by_their_cost_alone() -> None:
    old = Sums(1, 1, 2, 2000, 2000, 800, 1000, keyed=1200)
    new = Sums(1, 1, 2, 2000, 2000, 1000, 800, keyed=1000)
    assert parts(split((old, new), margin=True).loc[0]) == {"goods_cost": -200}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (Sums(), Sums(1, 1, 1, 900, 900, keyed=900), {"entered": 900}),
        (Sums(1, 1, 1, 900, 900, keyed=900), Sums(refund=100, keyed=-100), {"left": -1000}),
        (Sums(refund=100, keyed=-100), Sums(refund=300, keyed=-300), {"refunds": -200}),
        (Sums(unkeyed=500), Sums(unkeyed=700), {"unkeyed": 200}),
        (Sums(keyed=-50), Sums(), {"other": 50}),
        # Given away: what is given back cannot be a share of nothing.
        (
            Sums(1, 1, 1, 0, 0, refund=100, keyed=-100),
            Sums(1, 1, 1, 0, 0, refund=300, keyed=-300),
            {"refunds": -200},
        ),
        (Sums(), Sums(), {}),
    ],
)
def test_what_no_factor_explains_has_a_bar_of_its_own(
    old: Sums, new: Sums, expected: dict[str, int]
) -> None:
    row = split((old, new)).loc[0]
    assert parts(row) == expected
    assert set(expected) <= {*APART, "refunds"}


def test_a_cent_left_over_goes_where_it_is_nearest() -> None:
    """€0.01 made by three factors together is whole, not three thirds that vanish."""
    old, new = Sums(1, 1, 1, 1, 1, keyed=1), Sums(2, 3, 4, 4, 4, keyed=4)
    row = split((old, new)).loc[0]
    assert sum(parts(row).values()) == row["change"] == 3
