from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from crm_core.models.lessons import Past
from crm_core.models.snapshots import read_snapshot, stream_snapshots
from crm_core.models.triples import read_triples
from tests.models.histories import AS_OF, Log, shop, simulate

CUT = AS_OF - timedelta(120)


def test_a_shopkeepers_customer(tmp_path: Path) -> None:
    log = Log(
        np.array([1, 1, 1, 1, 2]),
        np.array(
            ["2026-01-01", "2026-01-11", "2026-03-02", "2026-04-20", "2026-05-01"],
            dtype="datetime64[D]",
        ),
        np.array([1_000, 2_000, 500, 9_900, 100]),
    )
    with shop(tmp_path, customer_days=log.table()) as build:
        seen = read_snapshot(build, date(2026, 3, 31), 30)
    assert seen["customer_key"].tolist() == [1]  # the other had not come yet
    known = {
        name: int(seen[name][0])
        for name in ("frequency", "recency_days", "age_days", "cents", "repeat_cents")
    }
    assert known == {
        "frequency": 2,
        "recency_days": 60,
        "age_days": 89,
        "cents": 3_500,
        "repeat_cents": 2_500,
    }
    assert (seen["last_gap_days"][0], seen["longest_gap_days"][0]) == (50, 50)
    assert (seen["gap_squares"][0], seen["last_cents"][0]) == (10**2 + 50**2, 500)
    assert (seen["orders_30d"][0], seen["orders_90d"][0]) == (1, 3)
    assert seen.silent_days.tolist() == [29]
    assert (seen.next_orders.tolist(), seen.next_cents.tolist()) == ([1], [9_900])
    assert seen.stayed_away.tolist() == [0.0]


def test_nothing_seen_depends_on_what_came_later(tmp_path: Path) -> None:
    log = simulate(1_500, seed=4)
    found = []
    for name, told in (("all", log), ("known", log.until(CUT))):
        (tmp_path / name).mkdir()
        with shop(tmp_path / name, customer_days=told.table()) as build:
            found.append(read_snapshot(build, CUT, 60))
    whole, known = found
    assert all(np.array_equal(whole[name], known[name]) for name in whole.past)
    assert np.array_equal(whole.plain(), known.plain())
    assert np.all(np.isfinite(whole.plain()))
    assert whole.next_orders.sum() > 0 == known.next_orders.sum()


def test_pieces_make_the_whole(tmp_path: Path) -> None:
    with shop(tmp_path, customer_days=simulate(900, seed=4).table()) as build:
        whole = read_snapshot(build, CUT)
        pieces = list(stream_snapshots(build, CUT, batch_rows=250))
    assert len(pieces) > 2
    keys = np.concatenate([piece["customer_key"] for piece in pieces])
    assert np.array_equal(keys, whole["customer_key"])
    assert len(whole.next_orders) == 0


def test_lessons_end_before_the_day_they_are_for(tmp_path: Path) -> None:
    """A learner tested on a day has seen nothing after it, and its trials nothing after as_of."""
    log = simulate(2_500, seed=4)
    with shop(tmp_path, customer_days=log.table()) as build:
        past = Past(build, AS_OF, read_triples(build, AS_OF), "mbg_nbd")
        lessons = past.lessons(CUT, 60)
        deciding, last = past.trials(60)
        assert past.sight(AS_OF - timedelta(30), 60) is None
        assert past.lessons(AS_OF - timedelta(330), 60) is None
    assert lessons is not None
    assert all(
        origin + timedelta(days) <= CUT
        for (origin, days), sight in past._seen.items()
        if sight is not None and origin < CUT - timedelta(59)
    )
    assert last is not None
    assert last.snapshot.origin == AS_OF - timedelta(60)
    assert [s.snapshot.origin for s in deciding] == [AS_OF - timedelta(d) for d in (120, 180)]
    assert len(lessons.design) == len(lessons.spent) == len(lessons.customer_key)


@pytest.mark.parametrize("cents", [-500, 0])
def test_money_that_went_back_is_no_obstacle(tmp_path: Path, cents: int) -> None:
    log = simulate(600, seed=4)
    back = Log(log.customer, log.day, np.where(log.customer % 3 == 0, cents, log.cents))
    with shop(tmp_path, customer_days=back.table()) as build:
        assert np.all(np.isfinite(read_snapshot(build, CUT, 30).plain()))
