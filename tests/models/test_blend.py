from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from crm_core.errors import CrmError
from crm_core.models import blend, measures
from crm_core.models.lessons import Past
from crm_core.models.resampling import gini_gain
from crm_core.models.rhythm import Rhythm
from crm_core.models.snapshots import read_snapshot
from crm_core.models.triples import read_triples
from tests.models.histories import AS_OF, Log, shop, simulate

pytestmark = pytest.mark.slow

ORIGIN = AS_OF - timedelta(90)


def with_habit(log: Log) -> Log:
    """Among the quiet, those who once paid much come back in every third month: something that
    trees can see and a steady rate cannot."""
    _, first = np.unique(log.customer, return_index=True)
    who, start, cents = log.customer[first], log.day[first], log.cents[first]
    dear = cents > np.quantile(cents, 0.7)
    who, start, cents = who[dear], start[dear], cents[dear]
    extra = [(who, start + 30 * month, cents * 3) for month in range(1, 18)]
    columns = [np.concatenate(parts) for parts in zip(*extra, strict=True)]
    kept = columns[1] <= np.datetime64(AS_OF)
    whole = [
        np.concatenate([old, new[kept]])
        for old, new in zip((log.customer, log.day, log.cents), columns, strict=True)
    ]
    key = whole[0] * 100_000 + whole[1].astype(np.int64)
    _, fresh = np.unique(key, return_index=True)
    return Log(*(column[fresh] for column in whole))


def learned(log: Log, folder: Path) -> tuple[blend.Blend, np.ndarray, np.ndarray, np.ndarray]:
    with shop(folder, customer_days=log.table()) as build:
        histories = read_triples(build, ORIGIN)
        past = Past(build, ORIGIN, histories, "mbg_nbd")
        found = blend.learn(past, 90, customers=histories.customers)
        seen = read_snapshot(build, ORIGIN, 90)
    rhythm = Rhythm.learned(seen, "mbg_nbd")
    expected = rhythm.expected_revenue(seen, 90)
    return found, found.revenue(rhythm, seen), expected, seen.next_cents / 100.0


def test_where_it_pays_it_ranks_better_and_keeps_the_total(tmp_path: Path) -> None:
    found, said, expected, spent = learned(with_habit(simulate(2_700, seed=8, days=540)), tmp_path)
    assert found.pays
    assert all(gain.low > 0 for day, gain in found.gains.items() if day != found.last)
    assert said.sum() == pytest.approx(expected.sum())
    assert np.all(np.isfinite(said) & (said >= 0))
    gain = gini_gain(spent, said, expected, seed=1)
    assert gain is not None
    assert gain.low > 0


def test_a_shop_of_one_year_learns_from_shorter_periods(tmp_path: Path) -> None:
    """What paid on quarters is used, though no whole year could be seen yet."""
    log = with_habit(simulate(2_700, seed=8, days=364))
    with shop(tmp_path, customer_days=log.table()) as build:
        histories = read_triples(build, AS_OF)
        found = blend.learn(Past(build, AS_OF, histories, "mbg_nbd"), 365, customers=2_700)
    assert all(gain.low > 0 for day, gain in found.gains.items() if day != found.last)
    assert found.pays
    assert found.learned_days < 92


def test_where_the_order_model_is_the_truth_it_stays(tmp_path: Path) -> None:
    found, said, expected, _ = learned(simulate(2_600, seed=8, days=540), tmp_path)
    assert not found.pays
    assert np.array_equal(said, expected)


def test_a_small_shop_is_told_how_small(tmp_path: Path) -> None:
    with shop(tmp_path, customer_days=simulate(900, seed=8).table()) as build:
        histories = read_triples(build, AS_OF)
        past = Past(build, AS_OF, histories, "mbg_nbd")
        with pytest.raises(CrmError) as caught:
            blend.learn(past, 90, customers=histories.customers)
    assert caught.value.facts["customers_needed"] == 2_000


def test_mixing_keeps_the_total_whatever_the_trees_say() -> None:
    assert blend.mixed(np.array([9.0, 0.0]), np.array([1.0, 2.0])).sum() == pytest.approx(3.0)
    nothing = np.zeros(2)
    assert np.array_equal(blend.mixed(nothing, np.array([1.0, 2.0])), [1.0, 2.0])
    assert np.array_equal(blend.mixed(np.array([1.0, 2.0]), nothing), nothing)


def test_a_gain_is_the_difference_of_two_ginis_and_knows_chance() -> None:
    random = np.random.default_rng(2)
    worth = random.gamma(0.3, 10.0, 3_000)
    good, poor = worth + random.gamma(1.0, 5.0, 3_000), np.round(worth / 20.0)
    gain = gini_gain(worth, good, poor, seed=5)
    assert gain is not None
    both = [measures.gini(worth, said) for said in (good, poor)]
    assert both[0] is not None
    assert both[1] is not None
    assert gain.gain == pytest.approx(both[0] - both[1], abs=1e-9)
    assert gain.low < gain.gain < gain.high
    same = gini_gain(worth, good, good, seed=5)
    assert same is not None
    assert (same.low, same.gain, same.high) == (0.0, 0.0, 0.0)
    assert gini_gain([0.0, 0.0], [1.0, 2.0], [2.0, 1.0], seed=5) is None
