"""Two lists, never mixed: what a customer buys again, and what is new to them, each with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.models.offer_again import Manner
from crm_core.models.offer_baskets import Basket, basket_of, measured
from crm_core.models.offer_new import LEAST_TOGETHER
from tests.models.offer_shops import again, bought, learned, new, shelf

OFTEN = (20, 50, 80, 110)
#: Twenty tea drinkers who come back for tea and milk; half of them have the teapot, half the kettle.
DRINKERS = [
    row
    for who in range(100, 120)
    for row in (
        (who, "id-tea", OFTEN),
        (who, "id-milk", (30, 60)),
        (who, "id-pot" if who % 2 else "id-kettle", (40,)),
    )
]
SHOP = shelf("tea", "milk", "pot", "kettle", "lamp")


def test_what_was_bought_often_and_lately_comes_first() -> None:
    people = bought(
        SHOP,
        *DRINKERS,
        (1, "id-tea", OFTEN),
        (1, "id-milk", (200, 300)),
    )
    assert again(learned(SHOP, people), people, 1) == ["id-tea", "id-milk"]


def test_nobody_is_offered_the_same_pot_twice() -> None:
    """Bought once, by people of whom hardly any came back for it."""
    people = bought(SHOP, *DRINKERS)
    found = learned(SHOP, people)
    assert again(found, people, 101) == ["id-tea", "id-milk"]
    assert found.rebuying.is_usual.tolist() == [True, True, False, False, False]


def test_it_is_too_soon_within_a_quarter_of_ones_own_rhythm() -> None:
    """Every 60 days: on the 10th day nobody needs more; bought twice only, on the 6th."""
    people = bought(
        SHOP,
        *DRINKERS,
        (1, "id-tea", (10, 70, 130)),
        (2, "id-tea", (20, 80, 140)),
        (3, "id-tea", (6, 300)),
        (4, "id-tea", (8, 300)),
    )
    found = learned(SHOP, people)
    assert [again(found, people, who) for who in (1, 2, 3, 4)] == [[], ["id-tea"], [], ["id-tea"]]


def test_what_is_not_due_comes_later_where_the_shops_past_says_so() -> None:
    people = bought(SHOP, *DRINKERS, (1, "id-tea", (40, 150, 250)), (1, "id-milk", (80, 150, 300)))
    assert again(learned(SHOP, people), people, 1) == ["id-tea", "id-milk"]
    by_due = learned(SHOP, people, manner=Manner(240.0, by_due=True))
    assert again(by_due, people, 1) == ["id-milk", "id-tea"]


def test_what_was_given_back_is_offered_in_neither_list() -> None:
    rows = (*DRINKERS, (1, "id-tea", (20, 60)), (2, "id-tea", (20, 60)))
    people = bought(SHOP, *rows, back=[(1, "id-tea")])
    found = learned(SHOP, people)
    assert again(found, people, 1) == []
    assert "id-tea" not in new(found, people, 1)
    assert again(found, people, 2) == ["id-tea"]


def test_a_size_given_back_is_not_the_one_offered_again() -> None:
    shirt = {"product_name": "Shirt"}
    shop = shelf("m", "l", "hat", m=shirt, l=shirt)
    rows = [(who, "id-l", OFTEN) for who in range(100, 120)] + [(99, "id-hat", (5,))]
    people = bought(shop, *rows, (1, "id-l", (30, 90)), (1, "id-m", (25,)), back=[(1, "id-m")])
    assert again(learned(shop, people), people, 1) == ["id-l"]


def test_new_is_what_people_with_the_same_purchases_bought() -> None:
    people = bought(SHOP, *DRINKERS, (1, "id-pot", (40,)), (2, "id-lamp", (3,)))
    found = learned(SHOP, people)
    assert new(found, people, 1) == {"id-tea": ("id-pot", 10), "id-milk": ("id-pot", 10)}
    assert new(found, people, 101) == {"id-kettle": ("id-tea", 10)}
    assert new(found, people, 2) == {}  # nothing that nobody's purchases speak for


def test_a_reason_takes_three_people() -> None:
    few = [row for row in DRINKERS if row[0] < 100 + LEAST_TOGETHER * 2 - 2]
    rest = [(who, "id-milk", (5, 60)) for who in range(200, 220)]
    people = bought(SHOP, *few, *rest, (1, "id-pot", (40,)))
    assert new(learned(SHOP, people), people, 1) == {}


@pytest.mark.parametrize(
    ("odd", "offered"),
    [
        ({"on_hand": 0}, False),
        ({"on_hand": 3}, True),
        ({"on_hand": None}, True),
        ({"sold_age": 400}, False),
        ({"sold_age": None}, False),
    ],
)
def test_what_cannot_be_had_is_not_offered(odd: dict[str, Any], offered: bool) -> None:
    shop = shelf("tea", "milk", "pot", "kettle", tea=odd)
    people = bought(shop, *DRINKERS, (1, "id-pot", (40,)))
    found = learned(shop, people)
    assert ("id-tea" in again(found, people, 101)) is offered
    assert ("id-tea" in new(found, people, 1)) is offered
    # It still speaks for others.
    assert "id-milk" in new(found, people, 1)


def test_sensitive_categories_are_never_spoken_of_nor_given_as_a_reason() -> None:
    kinds = {"tea": {"category": "Health"}, "pot": {"subcategory": "INTIMATE"}}
    shop = shelf("tea", "milk", "pot", "kettle", sensitive=("health", "Intimate "), **kinds)
    people = bought(shop, *DRINKERS, (1, "id-milk", (40,)), (2, "id-tea", (9,)))
    found = learned(shop, people)
    told = [again(found, people, who) for who in people.customers]
    for who in people.customers:
        told += [
            list(new(found, people, who)),
            [why for why, _ in new(found, people, who).values()],
        ]
    assert {"id-tea", "id-pot"}.isdisjoint(one for ids in told for one in ids)
    assert new(found, people, 1) == {"id-kettle": ("id-milk", 10)}


def test_a_product_listed_anew_is_no_news_to_who_has_it() -> None:
    """Under another number, and in other capitals; the old one is no longer sold."""
    shop = shelf(
        "tea", "milk", "pot", "old",
        tea={"product_name": "Green  Tea"},
        old={"product_name": "green tea", "sold_age": 500},
    )  # fmt: skip
    rows = [row for row in DRINKERS if row[1] != "id-kettle"]
    people = bought(shop, *rows, (1, "id-old", (520, 560)), (1, "id-pot", (50,)))
    found = learned(shop, people)
    assert shop.items == 3
    assert again(found, people, 1) == ["id-tea"]
    assert list(new(found, people, 1)) == ["id-milk"]


def test_a_size_of_ones_own_is_offered_again() -> None:
    """Two products of one name: the one the customer bought last, not the one that sold last."""
    shirt = {"product_name": "Shirt"}
    shop = shelf("m", "l", "hat", m=shirt, l={**shirt, "sold_age": 0})
    rows = [(who, "id-l", OFTEN) for who in range(100, 120)] + [(99, "id-hat", (5,))]
    people = bought(shop, *rows, (1, "id-m", (30, 60)), (1, "id-l", (90,)))
    assert again(learned(shop, people), people, 1) == ["id-m"]
    assert again(learned(shop, people), people, 100) == ["id-l"]


def test_where_nobody_buys_twice_nothing_is_offered_again_but_new_things_are() -> None:
    shop = shelf(*(f"p{place}" for place in range(10)))
    rows = [(who, f"id-p{(who + step) % 10}", (who,)) for who in range(30) for step in (0, 1, 2)]
    people = bought(shop, *rows)
    found = learned(shop, people)
    assert not len(found.again(people).person)
    assert set(new(found, people, 0)) <= {f"id-p{place}" for place in range(3, 10)}
    assert new(found, people, 0)


def test_too_few_buyers_and_a_single_product_are_told() -> None:
    for rows, missing in (
        (DRINKERS[:9], "buyers"),
        ([(w, "id-tea", (1,)) for w in range(20)], "products"),
    ):
        people = bought(SHOP, *rows)
        with pytest.raises(CrmError, match="not_enough_data") as caught:
            learned(SHOP, people)
        assert f"{missing}_needed" in caught.value.facts


def test_products_without_a_name_or_category_are_things_of_their_own() -> None:
    shop = shelf("a", "b", a={"product_name": None}, b={"product_name": None, "category": None})
    assert shop.items == 2
    assert shop.category.tolist() == [0, -1]


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1))
def test_weights_are_those_of_a_ridge_regression_on_all_other_items(seed: int) -> None:
    """EASE: each item's column solves the regression of its buyers on what else they bought."""
    draw = np.random.default_rng(seed)
    shop = shelf(*(f"p{place}" for place in range(6)))
    rows = [
        (who, f"id-p{place}", sorted(set(draw.integers(1, 200, 3).tolist())))
        for who in range(40)
        for place in range(6)
        if draw.random() < 0.5
    ]
    people = bought(shop, *rows)
    likeness = learned(shop, people).likeness
    seen = np.zeros((len(people), 6))
    seen[people.person, likeness.column[people.item]] = np.log1p(people.weight)
    for place in range(len(likeness.items)):
        others = np.delete(seen, place, axis=1)
        ridge = others.T @ others + 1_000.0 * np.eye(others.shape[1])
        expected = np.linalg.solve(ridge, others.T @ seen[:, place])
        found = np.delete(likeness.speaks[:, place], place)
        assert np.allclose(found, expected, atol=1e-5)
        assert likeness.speaks[place, place] == 0.0


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4), st.integers(1, 400)), min_size=1))
def test_pieces_of_customers_say_what_all_of_them_say(drawn: list[tuple[int, int, int]]) -> None:
    days: dict[tuple[int, str], set[int]] = {}
    for who, product, age in drawn:
        days.setdefault((who, SHOP.product_id[product]), set()).add(age)
    people = bought(SHOP, *((*key, ages) for key, ages in days.items()), *DRINKERS)
    found = learned(SHOP, people)
    lists = {int(who): again(found, people, who) for who in people.customers}
    news = {int(who): new(found, people, who) for who in people.customers}
    for part in people.parts(3):
        for who in part.customers:
            assert again(found, part, who) == lists[int(who)]
            assert new(found, part, who) == news[int(who)]
            had = {SHOP.item[SHOP.product_id.index(i)] for k, i in days if k == who}
            assert not had & {SHOP.item[SHOP.product_id.index(i)] for i in news[int(who)]}


def test_recall_counts_what_could_not_have_been_offered() -> None:
    """Two of four things were offered, one of them never sold before; the first place is right."""
    basket = Basket(np.array([7]), np.zeros(4, np.int64), np.array([-1, 0, 1, 2]))
    found = measured(basket, np.zeros(3, np.int64), np.array([1, 2, 3]), np.array([0, 5, 2]))
    assert (found.customers, found.recall_10, found.hit_10) == (1, 0.5, 1.0)
    ideal = sum(1 / np.log2(place + 1) for place in (1, 2, 3, 4))
    assert found.ndcg_10 == pytest.approx((1 + 1 / np.log2(4)) / ideal)


def test_only_what_was_never_bought_is_held_against_the_list_of_new_things() -> None:
    people = bought(SHOP, (1, "id-tea", (3,)), (2, "id-milk", (3,)), (3, "id-pot", (1,)))
    unknown = 999
    keys = np.array([1, 1, 1, 2, 9])
    basket = basket_of(keys, np.array([1, 2, unknown, 2, 1]), SHOP).of(people)
    assert basket.customers.tolist() == [1, 2]
    unseen = basket.unseen_by(people)
    assert unseen.customers.tolist() == [1]
    assert sorted(unseen.item.tolist()) == [-1, 1]


def test_purchases_that_fade_slower_count_more() -> None:
    people = bought(SHOP, (1, "id-tea", (240,)))
    assert people.weight == pytest.approx([0.5])
    both = replace(people, weights=np.array([[0.5, 0.9]]))
    assert both.weighed(1).weight.tolist() == [0.9]
