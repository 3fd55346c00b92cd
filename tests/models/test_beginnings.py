from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from crm_core.models import beginnings
from crm_core.models.beginnings import Beginnings
from crm_core.models.lessons import Past
from crm_core.models.lifetime_value import HORIZON_DAYS
from crm_core.models.threads import one_thread
from crm_core.models.triples import read_triples
from tests.models.histories import AS_OF, Log, Rhythm, shop, simulate


def first_lines(customers: np.ndarray, source: np.ndarray) -> pa.Table:
    """A dear and a cheap line of everybody's first order; one channel, and no known region."""
    rows = len(customers)
    cents = np.concatenate([np.full(rows, 500), np.full(rows, 9_900)])
    return pa.table(
        {
            "entry": ["sale"] * rows * 2,
            "order_no": np.ones(rows * 2, dtype=np.int64),
            "customer_key": np.tile(customers, 2),
            "gross": pa.array(cents / 100.0).cast(pa.decimal128(18, 2), safe=False),
            "category": ["Tea"] * rows + ["Pots"] * rows,
            "sales_channel": ["web"] * rows * 2,
            "region": pa.nulls(rows * 2, pa.string()),
            "acquisition_source": np.tile(source, 2),
        }
    )


def two_crowds() -> tuple[Log, np.ndarray, np.ndarray]:
    """Friends of customers, who buy often, and people from adverts, who hardly come again."""
    friends = simulate(700, seed=3, days=720, rhythm=Rhythm(r=2.0, alpha=60.0))
    adverts = simulate(700, seed=4, days=720, rhythm=Rhythm(r=0.05, alpha=60.0))
    log = Log(
        np.concatenate([friends.customer, adverts.customer + 10_000]),
        np.concatenate([friends.day, adverts.day]),
        np.concatenate([friends.cents, adverts.cents]),
    )
    customers = np.unique(log.customer)
    return log, customers, np.where(customers < 10_000, "friend", "advert")


def learned(folder: Path, log: Log, lines: pa.Table) -> Beginnings:
    with shop(folder, customer_days=log.table(), ledger=lines) as build, one_thread():
        past = Past(build, AS_OF, read_triples(build, AS_OF), "mbg_nbd")
        return beginnings.learn(past, HORIZON_DAYS)


def test_a_source_whose_customers_hardly_return_is_found(tmp_path: Path) -> None:
    log, customers, source = two_crowds()
    found = learned(tmp_path, log, first_lines(customers, source))
    assert found.used == "acquisition_source"
    assert found.multipliers["friend"] > 1.0 > found.multipliers["advert"]
    assert set(found.gains) == {"acquisition_source"}  # nothing else has two values
    deciding = [gain for day, gain in found.gains[found.used].items() if day != found.last]
    assert deciding
    assert all(gain.low > 0 for gain in deciding)


def test_a_source_that_means_nothing_is_not_used(tmp_path: Path) -> None:
    log, customers, _ = two_crowds()
    drawn = np.random.default_rng(1).choice(["a", "b", "c"], len(customers))
    found = learned(tmp_path, log, first_lines(customers, drawn))
    assert found.used == ""
    assert found.multipliers == {}
    assert set(found.gains) == {"acquisition_source"}


@pytest.mark.slow
def test_what_came_last_does_not_choose(tmp_path: Path) -> None:
    """Whatever happens in the last period, the same fact is used; its multipliers then move."""
    log, customers, source = two_crowds()
    with shop(tmp_path, customer_days=log.table()) as build:
        histories = read_triples(build, AS_OF)
    last = np.datetime64(AS_OF - timedelta(histories.history_days // 4))
    kept = (log.day <= last) | (log.customer >= 10_000)
    odd = Log(log.customer[kept], log.day[kept], log.cents[kept])
    (tmp_path / "odd").mkdir()
    lines = first_lines(customers, source)
    (tmp_path / "usual").mkdir()
    usual, other = learned(tmp_path / "usual", log, lines), learned(tmp_path / "odd", odd, lines)
    assert usual.used == other.used == "acquisition_source"
    assert usual.last == other.last
    for day, gain in other.gains[other.used].items():
        assert (usual.gains[usual.used][day] == gain) is (day != other.last)


def test_a_shop_without_lines_is_left_as_it_is(tmp_path: Path) -> None:
    log = simulate(300, seed=5)
    with shop(tmp_path, customer_days=log.table()) as build:
        past = Past(build, AS_OF, read_triples(build, AS_OF), "mbg_nbd")
        assert beginnings.learn(past, HORIZON_DAYS) == Beginnings()


def test_the_first_category_is_that_of_the_dearest_line(tmp_path: Path) -> None:
    customers = np.arange(3)
    lines = first_lines(customers, np.array(["friend", "advert", "friend"]))
    with shop(tmp_path, ledger=lines) as build:
        told = build.fetch(beginnings.began(build).order_by("customer_key"))
    assert list(told["first_category"]) == ["Pots"] * 3
    assert list(told["acquisition_source"]) == ["friend", "advert", "friend"]
