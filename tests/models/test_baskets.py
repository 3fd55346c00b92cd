"""What belongs together is found, what only looks so is explained, and odd shops stop nothing."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from crm_core.errors import CrmError
from crm_core.models import baskets as model
from crm_core.models.basket_rows import Baskets, read_baskets
from crm_core.models.baskets import Market, learn, learn_level, need_baskets, validate
from crm_core.models.pair_columns import pair_columns, seen_columns, triple_columns
from crm_core.models.pair_counts import every_pair
from crm_core.models.pair_findings import REASONS, Findings, Sight, instead, together
from crm_core.store import Store
from tests.models.dealt_baskets import baskets_of, planted, written, zipf_lines

Named = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def market(store: Store) -> Market:
    return learn(store, as_of=store.meta.as_of)


@pytest.fixture(scope="module")
def truth() -> list[tuple[str, str, float]]:
    """First, second and with what chance the first takes the second along."""
    told = json.loads(Path("data/truths.json").read_text(encoding="utf-8"))["pairs"]
    return [(p["first"]["product_id"], p["second"]["product_id"], p["chance"]) for p in told]


def reasons(baskets: Baskets, found: Findings) -> Named:
    """By pair of names, what explains it."""
    names = baskets.items.names
    return {
        (names[a], names[b]): REASONS[reason]
        for a, b, reason in zip(
            found.pairs.a.tolist(), found.pairs.b.tolist(), found.reason.tolist(), strict=True
        )
    }


def found_in(baskets: Baskets) -> Named:
    return reasons(baskets, together(Sight.of(baskets)))


def test_the_demo_shows_its_planted_pairs_and_hardly_any_other(
    market: Market, truth: list[tuple[str, str, float]]
) -> None:
    level = market.levels["product"]
    found = reasons(level.baskets, level.findings["together"])
    held = {pair for pair, reason in found.items() if not reason}
    wanted = {tuple(sorted(pair[:2])) for pair in truth}
    assert wanted <= held
    assert len(held - wanted) <= 1  # one in twenty may be chance
    # What the planted chain brings about is told, by its middle.
    chain = pair_columns(level, "together")
    place = [*zip(chain["a"], chain["b"], strict=True)].index(("P1025", "P1048"))
    assert (chain["explained_by"][place], chain["via"][place]) == ("third", "P1037")


def test_the_first_takes_the_second_along_as_often_as_was_planted(
    market: Market, truth: list[tuple[str, str, float]]
) -> None:
    told = pair_columns(market.levels["product"], "together")
    place = {pair: at for at, pair in enumerate(zip(told["a"], told["b"], strict=True))}
    for first, second, chance in truth:
        at = place[tuple(sorted((first, second)))]
        ahead = "ab" if first < second else "ba"
        bought = told[f"baskets_{ahead[0]}"][at]
        wide = 3 * np.sqrt(chance * (1 - chance) / bought)
        # Beside those taken along, some bought both anyway.
        assert chance - wide <= told[f"confidence_{ahead}"][at] <= chance + wide + 0.04
        assert told["stable"][at] or told["baskets_both"][at] < 20
        assert told["extra_margin"][at] > 0


def test_the_columns_are_what_their_names_say(market: Market) -> None:
    level = market.levels["product"]
    told, seen = pair_columns(level, "together"), seen_columns(level)
    total = seen["baskets"][0]
    both, a, b = (told[f"baskets_{side}"] for side in ("both", "a", "b"))
    assert told["support"] == pytest.approx(both / total)
    assert told["confidence_ab"] == pytest.approx(both / a)
    assert told["lift"] == pytest.approx(both * total / (a * b))
    assert told["extra_per_1000"] == pytest.approx(1000 * (both / total - a * b / total**2))
    assert told["p_value"] == pytest.approx(stats.hypergeom.sf(both - 1, total, a, b), rel=1e-6)
    assert ((told["lift_low"] < told["lift"]) & (told["lift"] < told["lift_high"])).all()
    assert all(first < second for first, second in zip(told["a"], told["b"], strict=True))
    assert (told["customers_both"] <= both).all()
    assert (told["customers_both"] >= 3).all()
    assert seen["possible_pairs"] == [240 * 239 // 2]
    assert seen["promotion_days"][0] > 20


def test_a_truth_planted_in_a_large_catalogue_is_found_and_little_else() -> None:
    baskets, pairs = planted(40_000, 1_500, 50, seed=1)
    names = baskets.items.names
    found = {pair for pair, reason in found_in(baskets).items() if not reason}
    wanted = {(names[a], names[b]) for a, b in pairs}
    assert len(found & wanted) >= 48
    assert len(found - wanted) <= 0.1 * len(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_planted_truth_of_the_reference(seed: int) -> None:
    baskets, pairs = planted(200_000, 5_000, 200, seed)
    names = baskets.items.names
    found = {pair for pair, reason in found_in(baskets).items() if not reason}
    wanted = {(names[a], names[b]) for a, b in pairs}
    assert len(found & wanted) >= 195
    assert len(found - wanted) <= 0.05 * len(found)


def test_no_pair_is_named_where_none_was_planted() -> None:
    random = np.random.default_rng(4)
    row, item = zipf_lines(random, 1 + random.poisson(1.5, 20_000), 300)
    baskets = baskets_of(row, item, [f"P{number:03d}" for number in range(300)])
    sight = Sight.of(baskets)
    found = together(sight)
    assert found.holds.sum() <= 1
    assert instead(sight, found).holds.sum() <= 1


def promoted(random: np.random.Generator) -> Baskets:
    """Things 0 and 1 are bought by many on the same three promotions, 2 and 3 by those who buy much,
    4 and 5 belong together; the rest is chance."""
    days, baskets = 200, 30_000
    day = np.sort(random.integers(0, days, baskets))
    promotions = np.isin(np.arange(days) // 5, (8, 20, 33))
    on = promotions[day]
    is_large = random.random(baskets) < 0.05
    size = np.where(is_large, 12, 1 + random.poisson(1.0, baskets))
    row, item = zipf_lines(random, size, 200)
    extra: list[tuple[np.ndarray, int]] = []
    for thing in (0, 1):
        extra.append((np.flatnonzero(on & (random.random(baskets) < 0.3)), 200 + thing))
    for thing in (2, 3):
        extra.append((np.flatnonzero(is_large & (random.random(baskets) < 0.3)), 200 + thing))
    pair = np.flatnonzero(random.random(baskets) < 0.002)
    extra += [(pair, 204), (pair, 205)]
    row = np.concatenate([row, *(rows for rows, _ in extra)])
    item = np.concatenate([item, *(np.full(len(rows), thing) for rows, thing in extra)])
    names = [f"P{number:03d}" for number in range(206)]
    return baskets_of(row, item, names, day=day, promotions=promotions)


def test_promotions_and_large_baskets_explain_what_they_bring_about() -> None:
    found = found_in(promoted(np.random.default_rng(5)))
    assert found["P204", "P205"] == ""
    assert found["P200", "P201"] == "days"
    assert found["P202", "P203"] == "basket_size"
    assert sum(not reason for reason in found.values()) <= 2


def test_two_of_one_shelf_are_no_pair_but_two_that_belong_together_are() -> None:
    random = np.random.default_rng(6)
    baskets, shelf = 20_000, 20
    group = np.repeat(np.arange(10), shelf)
    row = np.repeat(np.arange(baskets), 2)
    favourite = np.repeat(random.integers(0, 10, baskets), 2)
    item = favourite * shelf + random.integers(0, shelf, 2 * baskets)
    pair = np.flatnonzero(random.random(baskets) < 0.01)
    row = np.concatenate([row, pair, pair])
    item = np.concatenate([item, np.full(len(pair), 3), np.full(len(pair), 4)])
    names = [f"P{number:03d}" for number in range(10 * shelf)]
    with_shelves = found_in(baskets_of(row, item, names, group=group))
    assert with_shelves.pop(("P003", "P004")) == ""
    told = Counter(with_shelves.values())
    assert told["category"] > 100
    assert told[""] <= 1


def test_two_that_replace_each_other_are_told() -> None:
    random = np.random.default_rng(7)
    baskets = 20_000
    row, item = zipf_lines(random, 2 + random.poisson(2.0, baskets), 60, slope=0.5)
    line_of = item.copy()
    # Whoever has the first never takes the second.
    has_first = np.isin(row, row[item == 0])
    line_of[has_first & (item == 1)] = 30
    found = baskets_of(row, line_of, [f"P{number:02d}" for number in range(60)])
    sight = Sight.of(found)
    replaced = reasons(found, instead(sight, together(sight)))
    assert replaced["P00", "P01"] == ""
    told = pair_columns(learn_level(found), "instead")
    assert (told["kind"][0], told["baskets_both"][0], told["lift_low"][0]) == ("instead", 0, 0.0)


@pytest.mark.parametrize(("share", "others"), [(0.03, 0.4), (0.1, 1.0), (0.03, 3.0)])
def test_two_that_each_have_a_companion_do_not_replace_each_other(
    share: float, others: float
) -> None:
    """A camera takes its film along, a printer its paper; nobody regards the one when buying the other."""
    random = np.random.default_rng(3)
    count = 20_000
    row, item = zipf_lines(random, random.poisson(others, count), 40, slope=0.3)
    rows, items = [row], [item + 4]
    for thing, companion in ((0, 2), (1, 3)):
        bought = np.flatnonzero(random.random(count) < share)
        taken = bought[random.random(len(bought)) < 0.9]
        rows += [bought, taken]
        items += [np.full(len(bought), thing), np.full(len(taken), companion)]
    _, row = np.unique(np.concatenate(rows), return_inverse=True)  # nobody leaves with nothing
    baskets = baskets_of(row, np.concatenate(items), [f"P{number:02d}" for number in range(44)])
    sight = Sight.of(baskets)
    known = together(sight)
    held = {pair for pair, reason in reasons(baskets, known).items() if not reason}
    assert {("P00", "P02"), ("P01", "P03")} <= held
    found = instead(sight, known)
    assert [pair for pair, reason in reasons(baskets, found).items() if not reason] == []
    # What looked so is told, by what explains it (there are no categories here).
    assert set(reasons(baskets, found).values()) <= {"partners"}


def test_three_beyond_their_pairs_are_told_and_a_chain_is_not() -> None:
    random = np.random.default_rng(8)
    baskets = 20_000
    row, item = zipf_lines(random, 1 + random.poisson(3.0, baskets), 100)
    set_of_three = np.flatnonzero(random.random(baskets) < 0.004)
    chain = np.flatnonzero(random.random(baskets) < 0.03)
    rows = [row, *(3 * [set_of_three]), chain]
    items = [item, *(np.full(len(set_of_three), 100 + n) for n in range(3))]
    items.append(np.full(len(chain), 103))
    for thing in range(3):  # each of the three is bought by itself, too
        alone = np.flatnonzero(random.random(baskets) < 0.05)
        rows.append(alone)
        items.append(np.full(len(alone), 100 + thing))
    for thing in (104, 105):  # 103 takes 104 along, and 105, each by itself
        taken = chain[random.random(len(chain)) < 0.4]
        rows.append(taken)
        items.append(np.full(len(taken), thing))
    names = [f"P{number:03d}" for number in range(106)]
    level = learn_level(baskets_of(np.concatenate(rows), np.concatenate(items), names))
    told = triple_columns(level)
    triples = [*zip(told["a"], told["b"], told["c"], strict=True)]
    assert ("P100", "P101", "P102") in triples
    assert ("P103", "P104", "P105") not in triples
    at = triples.index(("P100", "P101", "P102"))
    assert told["baskets"][at] > 1.5 * told["expected"][at]


def test_one_household_makes_no_pair() -> None:
    lists = [["a", "b"]] * 60 + [["a", "c"], ["b", "d"], ["c", "d"], ["e", "f"], ["c", "e"]] * 100
    alone = written(lists)
    household = np.where(np.arange(len(lists)) < 60, 0, np.arange(len(lists)))
    theirs = replace(alone, customer=household.astype(np.int32))
    assert ("a", "b") in found_in(alone)
    assert ("a", "b") not in found_in(theirs)


def test_counts_are_those_of_going_through_every_basket() -> None:
    random = np.random.default_rng(9)
    row, item = zipf_lines(random, 1 + random.poisson(4.0, 800), 5_300, slope=0.7)
    names = [f"P{number:04d}" for number in range(5_300)]
    counted = baskets_of(row, item, names)  # more things than the triangle holds
    by_hand: Counter[tuple[int, int]] = Counter()
    for basket in range(800):
        by_hand.update(combinations(sorted(set(item[row == basket].tolist())), 2))
    pairs = every_pair(counted, 1)
    found = zip(pairs.a.tolist(), pairs.b.tolist(), pairs.both.tolist(), strict=True)
    assert {(a, b): both for a, b, both in found} == by_hand


def test_where_everybody_buys_one_thing_nothing_is_learned() -> None:
    with pytest.raises(CrmError) as caught:
        need_baskets(written([["a"], ["b"], ["c"]] * 100))
    assert caught.value.code == "not_enough_data"
    assert caught.value.facts["baskets_of_several"] == 0


def test_only_what_had_happened_counts(store: Store) -> None:
    day = date(2025, 6, 30)
    sold = read_baskets(store, day).products
    assert sold.first + timedelta(int(sold.day.max())) <= day
    assert len(sold) < len(read_baskets(store, store.meta.as_of).products)


def test_named_pairs_hold_later_more_often_than_those_of_highest_lift(store: Store) -> None:
    rows = validate(store, origins=[date(2026, 4, 30)], horizon_days=180)
    holds = {str(row["method"]): float(str(row["holds"])) for row in rows}
    assert holds[model.NAME] >= 0.8
    assert holds[model.NAME] > holds["naive_lift"]
