"""What is used up is told from what is liked: by how rarely it is bought again soon."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from crm_core.models.rebuy_clock import Days, Tried, apart, tried


def days(rows: list[tuple[int, int, int]]) -> Days:
    """Rows of (item, customer, day)."""
    columns = np.asarray(rows, dtype=np.int64).reshape(-1, 3).T
    return Days.of(columns[0], columns[1], columns[2])


def ordered(by: dict[int, list[int]]) -> Days:
    return days([(0, customer, day) for customer, all_days in by.items() for day in all_days])


def test_quick_rebuys_to_expect_are_the_mean_over_every_way_they_could_have_fallen() -> None:
    visits = [0, 4, 5, 11, 20, 22, 30]
    bought = [0, 5, 20, 30]
    found = tried(days([(0, 1, day) for day in bought]), ordered({1: visits}), 1)
    limit = found.usual_days[0] * 0.5
    counts = []
    for chosen in combinations(visits[1:], len(bought) - 1):
        gaps = np.diff([visits[0], *chosen])
        counts.append(int((gaps <= np.floor(limit)).sum()))
    assert found.expected[0] == pytest.approx(np.mean(counts))
    assert found.quick[0] == (np.diff(bought) <= np.floor(limit)).sum()
    assert (found.gaps[0], found.usual_days[0]) == (3, 10.0)


def people(item: str, *, seed: int, customers: int = 60) -> tuple[Days, Days]:
    """Customers who come every five days or so; coffee is used up in forty days, a treat is taken
    on every eighth visit, whenever that is."""
    random = np.random.default_rng(seed)
    visits: dict[int, list[int]] = {}
    rows: list[tuple[int, int, int]] = []
    for customer in range(customers):
        visits[customer] = sorted({int(day) for day in np.cumsum(random.gamma(2.0, 2.5, 120)) + 1})
        last = -40
        for day in visits[customer]:
            due = day - last >= 40 if item == "coffee" else random.random() < 1 / 8
            if due:
                rows.append((0, customer, day))
                last = day
    return days(rows), ordered(visits)


@pytest.mark.parametrize("seed", range(3))
def test_coffee_has_a_clock_and_a_treat_as_often_bought_has_none(seed: int) -> None:
    coffee = tried(*people("coffee", seed=seed), 1)
    assert coffee.has_clock().tolist() == [True]
    assert coffee.usual_days[0] == pytest.approx(42, abs=4)
    assert coffee.quick[0] == 0
    treat = tried(*people("treat", seed=seed), 1)
    assert treat.has_clock().tolist() == [False]
    assert abs(treat.strength[0]) < 3


def test_of_many_items_that_are_only_liked_hardly_one_is_said_to_have_a_clock() -> None:
    said = [tried(*people("treat", seed=seed, customers=25), 1) for seed in range(100, 160)]
    together = Tried(**{n: np.concatenate([getattr(s, n) for s in said]) for n in vars(said[0])})
    assert together.has_clock().sum() == 0
    assert abs(float(together.strength.mean())) < 0.35
    assert 0.6 < float(together.strength.std()) < 1.3


def test_nothing_bought_is_nothing_tried() -> None:
    assert not tried(days([]), ordered({1: [1, 2]}), 0).has_clock().size


def test_items_with_a_clock_never_lie_within_each_other() -> None:
    lies = {
        "pSencha": ["sGreen tea", "cTea"],
        "pDragon Well": ["sGreen tea", "cTea"],
        "sGreen tea": ["cTea"],
    }
    strong = {"pSencha": 9.0, "pDragon Well": 8.0, "sGreen tea": 4.0, "cTea": 5.0}
    assert apart(strong, lies) == ["pDragon Well", "pSencha"]
    assert apart(strong | {"sGreen tea": 13.0}, lies) == ["sGreen tea"]
    assert apart(strong | {"cTea": 20.0}, lies) == ["cTea"]


def test_a_subcategory_of_two_categories_is_told_once() -> None:
    lies = {"pFuel": ["sOther", "cFuel"], "sOther": ["cCoupons"]}
    found = apart({"pFuel": 5.0, "sOther": 2.0, "cFuel": 3.0}, lies)
    assert found == ["pFuel"]
