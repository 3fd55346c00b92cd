from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from crm_core.errors import CrmError
from crm_core.models import churn, measures
from crm_core.models.churn import METHODS, Churn
from crm_core.models.churn_reasons import CODES, reasons
from crm_core.models.snapshots import Snapshot, read_snapshot
from crm_core.models.triples import usual_gap_days
from crm_core.store import Build
from tests.models.histories import AS_OF, Log, shop, simulate

pytestmark = pytest.mark.slow

LOG = simulate(2_200, seed=8, days=540)
ORIGIN = AS_OF - timedelta(90)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    with shop(tmp_path_factory.mktemp("churn"), customer_days=LOG.table()) as opened:
        yield opened


@pytest.fixture(scope="module")
def seen(build: Build) -> Snapshot:
    return read_snapshot(build, ORIGIN, 90)


@pytest.fixture(scope="module")
def learned(build: Build) -> Churn:
    return churn.learn(build, as_of=ORIGIN, horizon_days=90)


def test_the_best_on_the_shops_past_is_chosen(learned: Churn) -> None:
    assert set(learned.brier) == set(METHODS)
    assert learned.brier[learned.method] == min(learned.brier.values())


def test_what_is_said_is_what_comes(learned: Churn, seen: Snapshot) -> None:
    chance = learned.p_no_order(seen)
    assert np.all((chance >= 0) & (chance <= 1))
    assert measures.calibration_error(seen.stayed_away, chance) < 0.04
    usual = measures.brier(seen.stayed_away, np.full(len(seen), seen.stayed_away.mean()))
    assert measures.brier(seen.stayed_away, chance) < 0.8 * usual


def test_the_reliability_table_is_of_the_last_period(learned: Churn) -> None:
    assert len(learned.reliability) > 5
    said = [row[1] for row in learned.reliability]
    assert said == sorted(said)
    for customers, chance, share in learned.reliability:
        assert customers > 50
        assert share == pytest.approx(chance, abs=0.15)


def test_the_last_period_does_not_choose(learned: Churn, tmp_path: Path) -> None:
    """A last period in which nobody came changes the report, not what decided."""
    log = LOG.until(ORIGIN)
    gone = (log.day > np.datetime64(ORIGIN - timedelta(90))) & (log.customer % 50 > 0)
    empty = Log(log.customer[~gone], log.day[~gone], log.cents[~gone])
    with shop(tmp_path, customer_days=empty.table()) as opened:
        found = churn.learn(opened, as_of=ORIGIN, horizon_days=90)
    assert found.brier["rate"] == learned.brier["rate"]
    assert found.reliability[0][2] > 0.9 > learned.reliability[0][2]


def test_the_same_past_gives_the_same_chances(
    learned: Churn, seen: Snapshot, tmp_path: Path
) -> None:
    """Nothing after the day is looked at: not by a model, a learner, or the choice among them."""
    with shop(tmp_path, customer_days=LOG.until(ORIGIN).table()) as opened:
        again = churn.learn(opened, as_of=ORIGIN, horizon_days=90)
    assert again.fitted.to_json() == learned.fitted.to_json()
    assert np.array_equal(again.p_no_order(seen), learned.p_no_order(seen))


def test_the_horizon_is_as_asked_or_the_shops_own(learned: Churn, tmp_path: Path) -> None:
    assert learned.fitted.parameters["horizon_days"] == 90
    with shop(tmp_path, customer_days=simulate(700, seed=8).table()) as opened:
        own = churn.fit(opened, as_of=AS_OF)
        assert own.parameters["horizon_days"] == usual_gap_days(opened, AS_OF)


def test_the_next_order_falls_into_its_window(learned: Churn, seen: Snapshot) -> None:
    """Of those who came within the horizon, about eight in ten came between its ends."""
    window = learned.next_order_days(seen)
    assert np.all(np.diff(window, axis=1) >= 0)
    assert np.all((window >= 0) & (window <= 90))
    after = LOG.after(ORIGIN, AS_OF)
    order = np.lexsort((after.day, after.customer))
    who, first = np.unique(after.customer[order], return_index=True)
    waited = (after.day[order][first] - np.datetime64(ORIGIN)).astype(np.int64)
    days = dict(zip(who.tolist(), waited.tolist(), strict=True))
    came = np.array([days.get(int(key), 0) for key in seen["customer_key"]])
    inside = (came >= np.floor(window[:, 0])) & (came <= np.ceil(window[:, 2]))
    assert inside[came > 0].mean() == pytest.approx(0.8, abs=0.07)


def test_it_beats_the_plain_rules_on_a_later_period(build: Build) -> None:
    rows = churn.validate(build, origins=[ORIGIN], horizon_days=90)
    by_method = {str(row["method"]): row for row in rows}
    ours = by_method.pop("churn")
    assert set(by_method) == {"naive_share", "naive_silence"}
    for theirs in by_method.values():
        assert float(str(ours["brier"])) < float(str(theirs["brier"]))
        assert float(str(ours["auc"])) > float(str(theirs["auc"]))
    with pytest.raises(CrmError, match="not_enough_data"):
        churn.validate(build, origins=[ORIGIN + timedelta(1)], horizon_days=90)


# Reasons


def test_reasons_are_facts_a_shopkeeper_can_check(seen: Snapshot) -> None:
    found = reasons(seen, usual_days=100, horizon_days=90)
    assert found.codes.shape == (len(seen), 3)
    assert set(np.unique(found.codes)) <= {"", *CODES}
    assert set(np.unique(found.codes)) >= {"one_order", "silent_beyond_own_gap", "within_own_gap"}
    said = {code: (found.codes == code).any(axis=1) for code in CODES}
    assert np.all(found.facts["purchase_days"][said["one_order"]] == 1)
    assert np.all(found.facts["silent_days"][said["silent_beyond_usual"]] > 100)
    late = said["silent_beyond_own_gap"]
    assert np.all(found.facts["silent_days"][late] > found.facts["own_gap_days"][late])
    fewer = said["orders_fewer"]
    assert np.all(found.facts["orders_recent"][fewer] < found.facts["orders_before"][fewer])
    assert not np.any(said["within_own_gap"] & late)


# Shops that tell little


@pytest.mark.parametrize(("customers", "days"), [(1, 300), (10, 300), (100, 300), (2_000, 1)])
def test_too_little_is_named(customers: int, days: int, tmp_path: Path) -> None:
    log = simulate(customers, seed=3, days=days)
    with shop(tmp_path, customer_days=log.table()) as opened, pytest.raises(CrmError) as caught:
        churn.learn(opened, as_of=AS_OF)
    assert caught.value.code == "not_enough_data"
    assert caught.value.facts["model"] == "churn"
    assert any(name.endswith("_needed") for name in caught.value.facts)


def test_nobody_came_back(tmp_path: Path) -> None:
    log = simulate(900, seed=3)
    _, first = np.unique(log.customer, return_index=True)
    once = Log(log.customer[first], log.day[first], log.cents[first])
    with shop(tmp_path, customer_days=once.table()) as opened, pytest.raises(CrmError) as caught:
        churn.learn(opened, as_of=AS_OF)
    assert caught.value.facts["repeat_buyers"] == 0


def odd(log: Log, kind: str) -> Log:
    if kind == "one with 700 orders":
        days = np.datetime64(AS_OF) - np.arange(700)
        return Log(
            np.concatenate([log.customer, np.full(700, 10**6)]),
            np.concatenate([log.day, days]),
            np.concatenate([log.cents, np.full(700, 99)]),
        )
    cents = np.full(len(log.cents), 1_000 if kind == "constant prices" else -1_000)
    return Log(log.customer, log.day, cents)


@pytest.mark.parametrize("kind", ["one with 700 orders", "constant prices", "all paid back"])
def test_odd_shops_get_chances_all_the_same(kind: str, tmp_path: Path) -> None:
    log = odd(simulate(700, seed=3), kind)
    with shop(tmp_path, customer_days=log.table()) as opened:
        found = churn.learn(opened, as_of=AS_OF, horizon_days=60)
        now = read_snapshot(opened, AS_OF)
    chance = found.p_no_order(now)
    assert np.all(np.isfinite(chance) & (chance >= 0) & (chance <= 1))
    assert np.all(np.isfinite(found.next_order_days(now)))
    assert found.fitted.to_json()
